"""Everything of one kind that the package offers, as ``sklearn.utils.discovery`` does for scikit-learn.

What ``skxai.explainers`` imports is an explainer of skxai, and so with features and models; metrics are declared.
"""

import inspect

from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

from .. import explainers, features, models
from ..metrics import all_metrics

__all__ = ["all_classifiers", "all_explainers", "all_features", "all_metrics"]


def all_explainers() -> list[tuple[str, type]]:
    """Return all explainers.

    Returns
    -------
    list of (str, type)
        Sorted by name; abstract bases are left out.

    Examples
    --------
    >>> from skxai.testing.discovery import all_explainers
    >>> "GradCAM" in dict(all_explainers())
    True
    """
    return _classes(explainers, explainers.Explainer)


def all_features() -> list[tuple[str, type]]:
    """Return all feature transformers.

    Returns
    -------
    list of (str, type)
        Sorted by name; abstract bases are left out.

    Examples
    --------
    >>> from skxai.testing.discovery import all_features
    >>> "MelSpectrogram" in dict(all_features())
    True
    """
    return _classes(features, TransformerMixin)


def all_classifiers() -> list[tuple[str, type]]:
    """Return all classifiers.

    Returns
    -------
    list of (str, type)
        Sorted by name; abstract bases are left out.

    Examples
    --------
    >>> from skxai.testing.discovery import all_classifiers
    >>> "AcoumonClassifier" in dict(all_classifiers())
    True
    """
    return _classes(models, ClassifierMixin)


def _classes(package, kind):
    found = [
        (name, value)
        for name, value in vars(package).items()
        if not name.startswith("_") and inspect.isclass(value) and issubclass(value, BaseEstimator) and issubclass(value, kind)
    ]
    return sorted((name, value) for name, value in found if not inspect.isabstract(value))
