"""Faithfulness metrics and the scorers made of them. One import below registers a metric."""

from ._pipeline import split_pipeline
from .base import UndefinedMetricWarning, all_metrics, find_metric, get_scorer_names, metric
from .coherence import visual_coherence
from .discriminativity import class_discriminativity
from .faithfulness_estimate import faithfulness_estimate
from .input_invariance import input_invariance
from .label_flip import label_flip_rate
from .label_randomisation import label_randomisation, train_on_permuted_labels
from .localisation import max_iou, pointing_game, relevance_mass_accuracy, relevance_rank_accuracy
from .masked_prediction import average_drop, average_increase, prediction_change
from .model_parameter_randomisation import (
    RandomisationCurve,
    model_parameter_randomisation,
    model_parameter_randomisation_curve,
)
from .monotonicity import monotonicity_correlation
from .perturbation_auc import deletion_accuracy_auc, deletion_auc, insertion_accuracy_auc, insertion_auc
from .perturbation_curve import PerturbationCurve, deletion_curve, insertion_curve
from .scorer import available_scorers, evaluate, explanation_scorer, get_scorer
from .silence import silence_mass
from .top_weights import mean_top_weights

__all__ = sorted(
    {
        "PerturbationCurve",
        "RandomisationCurve",
        "UndefinedMetricWarning",
        "all_metrics",
        "available_scorers",
        "deletion_curve",
        "evaluate",
        "explanation_scorer",
        "find_metric",
        "get_scorer",
        "get_scorer_names",
        "insertion_curve",
        "label_randomisation",
        "metric",
        "model_parameter_randomisation_curve",
        "split_pipeline",
        "train_on_permuted_labels",
    }
    | {name for name, _ in all_metrics()}
)
