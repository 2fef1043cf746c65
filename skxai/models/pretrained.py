"""A trained torch module of anybody's as a classifier that is ready at once."""

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from torch import nn

from ..utils.validation import StrOptions, check_features
from ._base import NetworkPredictions


class PretrainedClassifier(NetworkPredictions):
    """A trained torch module as a fitted classifier: ``fit`` trains nothing, ``clone`` keeps the weights.

    Parameters
    ----------
    module : torch.nn.Module
        The trained module: ``(n, ...)`` → ``(n, k)``. It is never changed.
    classes : array-like of shape (k,) or None, default=None
        The label of each output. None takes 0 … k − 1, counted by the last linear layer.
    output : {"logits", "probabilities"} or callable, default="logits"
        What the module returns, or a function from that to logits ``(n, k)``. Of a tuple the first element counts.

    Attributes
    ----------
    classes_ : ndarray of shape (k,)
        The labels.
    module_ : torch.nn.Module
        ``module`` itself.
    feature_range_ : tuple of float
        Lowest and highest feature value seen in ``fit``, if it was called; the lowest is the "floor" of masking.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from skxai.models import PretrainedClassifier
    >>> trained = nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    >>> classifier = PretrainedClassifier(trained, classes=["cough", "wheeze"])
    >>> classifier.predict_proba(np.zeros((3, 1, 32, 32))).shape
    (3, 2)
    """

    _parameter_constraints = {
        "module": [nn.Module],
        "classes": ["array-like", None],
        "output": [StrOptions({"logits", "probabilities"}), callable],
    }

    def __init__(self, module, classes=None, *, output="logits"):
        self.module = module
        self.classes = classes
        self.output = output

    def fit(self, X, y=None):
        """Check the arguments and note the range of the features; train nothing.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Features of 2 to 4 dimensions.
        y : array-like of shape (n,) or None
            Checked when given, and otherwise ignored.

        Returns
        -------
        self
        """
        self._validate_params()
        if y is None:
            X = check_features(self, X, reset=True)
        else:
            X, y = check_features(self, X, y, reset=True)
            check_classification_targets(y)
        self.feature_range_ = (float(X.min()), float(X.max()))
        return self

    @property
    def module_(self):
        """The module, under the name that fitted classifiers have."""
        return self.module

    @property
    def output_(self):
        """What the module returns, under the name that fitted classifiers have."""
        return self.output

    @property
    def classes_(self):
        """The labels, in the order of the outputs."""
        if self.classes is not None:
            return np.asarray(self.classes)
        linear = [layer for layer in self.module.modules() if isinstance(layer, nn.Linear)]
        if not linear:
            raise ValueError(
                "The 'classes' parameter of PretrainedClassifier must be given for a module without a linear layer, "
                f"such as {type(self.module).__name__}: the number of its outputs cannot be read off."
            )
        return np.arange(linear[-1].out_features)

    def __sklearn_is_fitted__(self):
        """Return True: the module is trained already."""
        return True

    def __sklearn_clone__(self):
        """Return a new classifier around the same trained module."""
        return type(self)(self.module, self.classes, output=self.output)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.target_tags.required = False
        tags.classifier_tags.poor_score = True
        return tags
