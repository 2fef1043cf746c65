"""Fitting the classifier inside an explainer: once for the same classifier and data, whoever asks."""

import warnings
from pathlib import Path

import joblib
import numpy as np
from filelock import FileLock
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, check_memory
from skorch import NeuralNet
from torch import nn

from ..utils.validation import columns_of


def check_classifier(estimator, y, owner):
    """Say what is missing where ``estimator`` is not yet a classifier that can be explained, or is so already."""
    name = type(estimator).__name__
    if isinstance(estimator, nn.Module):
        raise TypeError(
            f"estimator of {owner} must be a classifier; got a torch module, {name}. Wrap a trained module: "
            f"{owner}(PretrainedClassifier(module, classes=…))."
        )
    if isinstance(estimator, FrozenEstimator):
        inner = estimator.estimator
        if not _is_fitted(inner):
            raise NotFittedError(
                f"estimator of {owner} is a FrozenEstimator, which trains nothing, of a {type(inner).__name__} that is not "
                f"fitted. Fit it first, or leave FrozenEstimator out to have {owner} train it."
            )
    elif is_trained_by_fit(estimator) and _is_fitted(estimator) and not _is_fitted(clone(estimator)):
        remedy = f"{owner}(FrozenEstimator({name.lower()})) explains it as it is"
        if y is None:
            raise ValueError(f"y must be given to {owner}, which trains a clone of the fitted {name}; {remedy}, without y.")
        warnings.warn(f"{owner} trains a clone of the {name}, which is fitted already; {remedy}.", UserWarning, stacklevel=3)


def _is_fitted(estimator):
    if isinstance(estimator, NeuralNet):
        return hasattr(estimator, "module_")
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


def fit_once(estimator, X, y, memory=None):
    """Fit a clone of a classifier, or fetch the one that was fitted before; return it and its classes ``(k,)``.

    A classifier in ``FrozenEstimator`` is not trained. ``memory``, a path or joblib.Memory, keeps fitted classifiers.
    """
    if isinstance(estimator, FrozenEstimator):
        return _with_classes(estimator)
    memory = check_memory(memory)
    unfitted = clone(estimator)
    if memory.location is None or not is_trained_by_fit(estimator):
        return _fit(unfitted, X, y)
    y = None if y is None else np.asarray(y)
    key = joblib.hash((unfitted, X, y))
    locks = Path(memory.location) / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    # Parallel workers that need the same classifier wait for the first of them instead of training it again.
    with FileLock(locks / f"{key}.lock"):
        return memory.cache(_fit)(unfitted, X, y)


def _fit(estimator, X, y):
    """Fit in place; module-level, so that joblib can cache it by its arguments."""
    if not isinstance(estimator, NeuralNet):
        return _with_classes(estimator.fit(X, y))
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None.")
    # skorch takes no strings: it is trained on columns, and its classes_ are made the labels of the columns.
    given = getattr(estimator, "classes", None)
    classes = np.unique(y) if given is None else np.asarray(given)
    refusal = f"y holds {{label!r}}, which is not in classes of {type(estimator).__name__}: {{classes}}."
    estimator.fit(X, columns_of(y, classes, refusal))
    estimator.classes_inferred_ = classes
    return estimator, classes


def _with_classes(estimator):
    return estimator, np.asarray(estimator.classes_)


def is_trained_by_fit(estimator):
    """Return False for classifiers that come trained: ``FrozenEstimator`` and ``PretrainedClassifier``."""
    if isinstance(estimator, FrozenEstimator):
        return False
    return isinstance(estimator, NeuralNet) or get_tags(estimator).requires_fit
