"""What the package asks of a fitted classifier, and the one place where it is read."""

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted
from torch import nn

from ._scores import Output


class FeatureRange(NamedTuple):
    """The lowest and the highest feature value seen in ``fit``, and that of silence, where there is nothing to hear.

    Silence is the lowest value, as on a decibel or min–max scale, or what the classifier tells by ``silence_``: 0 in a
    waveform, whose lowest value is a loud one.
    """

    lowest: float
    highest: float
    silence: float

    @classmethod
    def of(cls, X: ArrayLike, classifier: BaseEstimator | None = None) -> "FeatureRange":
        """Return the range of features ``X (n, ...)``, with the silence that their classifier tells."""
        lowest, highest = float(np.min(X)), float(np.max(X))
        silence = silence_of(classifier)
        return cls(lowest, highest, lowest if silence is None else silence)


@runtime_checkable
class FittedClassifier(Protocol):
    """What every fitted classifier has: enough for controls, for `Occlusion`, `RISE` and `KernelSHAP`, and for metrics."""

    @property
    def classes_(self) -> np.ndarray:
        """The labels ``(k,)``, in the order of the columns."""

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Return the class probabilities ``(n, k)`` of features ``(n, ...)``."""


@runtime_checkable
class FittedNetworkClassifier(FittedClassifier, Protocol):
    """What a fitted classifier with a torch module has: those of ``skxai.models``, and your own if explainers are to use it.

    Only ``module_`` must be there; with each of the others it is said what stands in its place, as for a skorch
    ``NeuralNetClassifier``. On a skorch net in ``FrozenEstimator`` they can be set, such as ``net.silence_ = 0.0``.
    """

    @property
    def module_(self) -> nn.Module:
        """The trained module: features ``(b, ...)`` → what ``output_`` says. It is copied and never touched."""

    @property
    def output_(self) -> Output:
        """What the module returns: "logits", "probabilities", or a function from it to logits ``(b, k)``.

        Without it skorch's criterion tells: CrossEntropyLoss takes logits, NLLLoss probabilities. No other will do.
        """

    @property
    def silence_(self) -> float | None:
        """The feature value where there is nothing to hear, the "floor" of masking. None, or without it, the lowest one."""

    @property
    def cam_layer_(self) -> str | int | None:
        """The layer of class activation maps, unless they are given one. None, or without it, the last convolution."""

    @property
    def feature_range_(self) -> FeatureRange:
        """The values of the features seen in ``fit``. Without it those of the clips in hand."""


def unwrap(estimator: BaseEstimator) -> BaseEstimator:
    """Return the classifier inside explainers and ``FrozenEstimator``."""
    while True:
        if isinstance(estimator, FrozenEstimator):
            estimator = estimator.estimator
        elif hasattr(estimator, "explain"):
            check_is_fitted(estimator, "estimator_")
            estimator = estimator.estimator_
        else:
            return estimator


def module_of(estimator: BaseEstimator) -> nn.Module | None:
    """Return the torch module of a classifier, or of the one in an explainer or ``FrozenEstimator``; None without one."""
    module = getattr(unwrap(estimator), "module_", None)
    return module if isinstance(module, nn.Module) else None


def output_of(classifier: BaseEstimator) -> Output:
    """Return what a classifier's module returns; raise ValueError if neither the classifier nor its criterion says it."""
    if hasattr(classifier, "output_"):
        return classifier.output_
    criterion = getattr(classifier, "criterion_", None)
    if isinstance(criterion, nn.CrossEntropyLoss):
        return "logits"
    if isinstance(criterion, nn.NLLLoss):  # skorch takes the log itself: the module returns probabilities
        return "probabilities"
    raise ValueError(
        f"criterion of {type(classifier).__name__} must be CrossEntropyLoss (the module returns logits) or NLLLoss (it "
        f"returns probabilities); got {type(criterion).__name__}. Wrap the module in PretrainedClassifier(module, "
        "output=…) instead."
    )


def silence_of(estimator: BaseEstimator | None) -> float | None:
    """Return the feature value of silence that a classifier tells; None where it is the lowest one."""
    silence = getattr(estimator, "silence_", None)
    return None if silence is None else float(silence)


def cam_layer_of(estimator: BaseEstimator) -> str | int | None:
    """Return the layer at which a classifier wants class activation maps; None where it is the last convolution."""
    return getattr(unwrap(estimator), "cam_layer_", None)


def feature_range(estimator: BaseEstimator, X: np.ndarray) -> FeatureRange:
    """Return the ``FeatureRange`` of what an estimator saw in ``fit``; that of X for one that keeps none."""
    if hasattr(estimator, "feature_range_"):
        return estimator.feature_range_
    return FeatureRange.of(X, estimator)
