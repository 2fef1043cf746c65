"""Explainers: Transformers whose ``transform`` returns saliency maps. One import below registers one of them."""

from inspect import isclass

from ._base import Explainer
from .edge_map import EdgeMap
from .energy_map import EnergyMap
from .faster_score_cam import FasterScoreCAM
from .grad_cam import GradCAM
from .grad_cam_plus_plus import GradCAMPlusPlus
from .random_map import RandomMap
from .score_cam import ScoreCAM
from .smooth_grad import SmoothGrad
from .smooth_grad_cv import SmoothGradCV
from .vanilla_saliency import VanillaSaliency

__all__ = sorted(name for name, value in globals().items() if isclass(value) and issubclass(value, Explainer))
