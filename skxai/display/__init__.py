"""Pictures the scikit-learn way: data, ``from_estimator``, ``from_…`` and ``plot(ax=None)``."""

from .perturbation_curve import PerturbationCurveDisplay
from .randomisation import RandomisationDisplay
from .ranking import RankingDisplay
from .saliency import SaliencyDisplay
from .score_distribution import ScoreDistributionDisplay

__all__ = ["PerturbationCurveDisplay", "RandomisationDisplay", "RankingDisplay", "SaliencyDisplay", "ScoreDistributionDisplay"]
