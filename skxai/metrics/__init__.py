"""Faithfulness metrics and the scorers made of them. One import below registers a metric."""

from ._base import metric
from ._scorer import (
    UndefinedMetricWarning,
    evaluate,
    explanation_scorer,
    get_scorer,
    get_scorer_names,
    split_pipeline,
)
from .label_flip import label_flip_rate
from .masked_prediction import average_drop, average_increase, mean_top_weights, prediction_change
from .monotonicity import monotonicity_correlation
from .perturbation_curve import (
    PerturbationCurve,
    deletion_accuracy_auc,
    deletion_auc,
    deletion_curve,
    insertion_accuracy_auc,
    insertion_auc,
    insertion_curve,
)
from .randomisation import parameter_randomisation
from .single_deletion import single_deletion

__all__ = sorted(
    {
        "PerturbationCurve",
        "UndefinedMetricWarning",
        "deletion_curve",
        "evaluate",
        "explanation_scorer",
        "get_scorer",
        "get_scorer_names",
        "insertion_curve",
        "metric",
        "split_pipeline",
    }
    | {name for name, value in globals().items() if hasattr(value, "greater_is_better")}
)
