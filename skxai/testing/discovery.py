"""Everything of one kind that the package offers, as ``sklearn.utils.discovery`` does for scikit-learn.

A registry is the namespace of its package: what ``skxai.explainers`` imports is an explainer of skxai. It stands
behind the packages whose members it looks at.
"""

import inspect

from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin

from .. import explainers, features, metrics, models
from ..metrics.base import is_metric

__all__ = ["all_classifiers", "all_explainers", "all_features", "all_metrics"]


def all_explainers():
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


def all_metrics():
    """Return all metrics.

    Returns
    -------
    list of (str, callable)
        Sorted by name.

    Examples
    --------
    >>> from skxai.testing.discovery import all_metrics
    >>> "average_drop" in dict(all_metrics())
    True
    """
    return _members(metrics, is_metric)


def all_features():
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


def all_classifiers():
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
    def concrete(value):
        return inspect.isclass(value) and issubclass(value, BaseEstimator) and not inspect.isabstract(value)

    return _members(package, lambda value: concrete(value) and issubclass(value, kind))


def _members(package, wanted):
    found = [(name, value) for name, value in vars(package).items() if not name.startswith("_") and wanted(value)]
    return sorted(found, key=lambda pair: pair[0])
