"""A trained torch module of anybody's as a classifier that is ready at once."""

from numbers import Real
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.multiclass import check_classification_targets
from torch import nn

from ..engine import FeatureRange, Output
from ..utils.validation import Interval, StrOptions, check_features, columns_of
from .base import NetworkPredictions


class PretrainedClassifier(NetworkPredictions):
    """A trained torch module as a fitted classifier: ``fit`` trains nothing, ``clone`` keeps the weights.

    Parameters
    ----------
    module : torch.nn.Module
        The trained module: ``(n, ...)`` → ``(n, k)``. It is never changed.
    classes : array-like of shape (k,) or None, default=None
        The label of each output, in their order. None: the outputs are those of the sorted labels of the y in ``fit``, or of
        0 … k − 1 without one; k is the number of outputs of the last linear layer, and y must hold k different labels. Where
        the module was trained with its outputs in another order, or y lacks a class, give ``classes``.
    output : {"logits", "probabilities"} or callable, default="logits"
        What the module returns, or a function from that to logits ``(n, k)``. Of a tuple the first element counts.
    silence : float or None, default=None
        The feature value where there is nothing to hear, the "floor" of masking. None is the lowest one seen in ``fit``, which
        is right for decibels and min–max scales; for a network on waveforms it is 0.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        ``classes``, or ``classes_inferred_``, or 0 … k − 1, the first there is.
    classes_inferred_ : ndarray of shape (k,) or None
        The sorted labels that the last ``fit`` took from y; None if ``classes`` or no y was given.
    module_ : torch.nn.Module
        ``module`` itself.
    feature_range_ : FeatureRange, after ``fit``
        Lowest and highest feature value seen in ``fit``, and silence, the "floor" of masking.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from skxai.models import PretrainedClassifier
    >>> trained = nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    >>> classifier = PretrainedClassifier(trained, classes=["cough", "wheeze"])
    >>> classifier.predict_proba(np.zeros((3, 1, 32, 32))).shape
    (3, 2)

    Without ``classes`` the outputs are those of the sorted labels of y:

    >>> PretrainedClassifier(trained).fit(np.zeros((3, 1, 32, 32)), ["wheeze", "cough", "wheeze"]).classes_
    array(['cough', 'wheeze'], dtype='<U6')
    """

    _parameter_constraints = {
        "module": [nn.Module],
        "classes": ["array-like", None],
        "output": [StrOptions({"logits", "probabilities"}), callable],
        "silence": [Interval(Real, None, None, closed="neither"), None],
    }

    def __init__(
        self, module: nn.Module, classes: ArrayLike | None = None, *, output: Output = "logits", silence: float | None = None
    ):
        self.module = module
        self.classes = classes
        self.output = output
        self.silence = silence

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> Self:
        """Check the arguments, note the range of features ``X (n, ...)``, learn the label of each output; train nothing.

        Labels ``y (n,)`` are of any type. Without ``classes`` their sorted values become ``classes_``, and without both
        0 … k − 1. Raise ValueError for a label that is not in ``classes``; without these for another number of labels than
        of outputs, and for a module without a linear layer, whose outputs cannot be counted.
        """
        self._validate_params()
        if y is None:
            X, self.classes_inferred_ = check_features(self, X, reset=True), None
        else:
            X, y = check_features(self, X, y, reset=True)
            check_classification_targets(y)
            self.classes_inferred_ = self._infer_classes(y)
        self.feature_range_ = FeatureRange.of(X, self)
        return self

    @property
    def module_(self) -> nn.Module:
        """``module``, under the name that fitted classifiers have."""
        return self.module

    @property
    def output_(self) -> Output:
        """``output``, under the name that fitted classifiers have."""
        return self.output

    @property
    def silence_(self) -> float | None:
        """``silence``, under the name that fitted classifiers have."""
        return self.silence

    @property
    def classes_(self) -> np.ndarray:
        """The labels, in the order of the outputs."""
        if self.classes is not None:
            return np.asarray(self.classes)
        inferred = getattr(self, "classes_inferred_", None)
        return np.arange(self._count_outputs()) if inferred is None else inferred

    def _infer_classes(self, y):
        """Return the sorted labels of ``y`` as those of the outputs; None where ``classes`` tells them, and ``y`` agrees."""
        labels = np.unique(y)
        if self.classes is not None:
            refusal = f"y must hold only labels in classes of {type(self).__name__}, {{classes}}; got {{label!r}} in y."
            columns_of(labels, self.classes_, refusal)
            return None
        k = self._count_outputs()
        if len(labels) != k:
            # The last sentence is what scikit-learn expects to read where its tag multi_class is False.
            raise ValueError(
                f"y has {len(labels)} class{'es' * (len(labels) != 1)}, but the last linear layer of "
                f"{type(self.module).__name__} has {k} output{'s' * (k != 1)}: give classes=, the label of each output, to "
                f"{type(self).__name__}.{' Only binary classification is supported.' * (k <= 2 < len(labels))}"
            )
        return labels

    def _count_outputs(self):
        k = _last_linear_width(self.module)
        if k is None:
            raise ValueError(
                f"The 'classes' parameter of {type(self).__name__} must be given for a module without a linear layer, "
                f"such as {type(self.module).__name__}: the number of its outputs cannot be read off."
            )
        return k

    def __sklearn_is_fitted__(self):
        """Return True: the module is trained already."""
        return True

    def __sklearn_clone__(self):
        """Return a new classifier around the same trained module."""
        return type(self)(self.module, self.classes, output=self.output, silence=self.silence)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.target_tags.required = False
        tags.classifier_tags.poor_score = True
        k = _last_linear_width(self.module) if self.classes is None else np.size(self.classes)
        if k is not None:
            tags.classifier_tags.multi_class = k > 2
        return tags


def _last_linear_width(module):
    """Return the number of outputs of the last linear layer; None without one, or where fit will refuse ``module``."""
    layers = module.modules() if isinstance(module, nn.Module) else ()
    widths = [layer.out_features for layer in layers if isinstance(layer, nn.Linear)]
    return widths[-1] if widths else None
