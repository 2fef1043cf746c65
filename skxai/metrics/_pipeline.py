"""A fitted pipeline, or a search, taken apart into what is scored: an explainer and the features that reach it."""

from typing import Any

from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from skorch import NeuralNet

from ..engine import module_of, shared
from ..models.base import NetworkPredictions


@shared(equal=["steps"])
def _features(steps, X):
    """Return the features of X, once for all pipelines that begin with the same steps inside ``shared_passes()``."""
    return steps.transform(X)


def split_pipeline(estimator: Any, X: Any) -> tuple[Any, Any]:
    """Take a Pipeline apart into its explainer and the features that reach it.

    Parameters
    ----------
    estimator : explainer, Pipeline or search
        A fitted explainer, a Pipeline that ends in one, or a refitted search over either.
    X : array-like
        What its first step takes.

    Returns
    -------
    explainer : Explainer
    features : array-like

    Raises
    ------
    TypeError
        If there is no explainer at the end, or the search was not refitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from torch import nn
    >>> from skxai.explainers import VanillaSaliency
    >>> from skxai.features import FixedFrames
    >>> from skxai.metrics import split_pipeline
    >>> from skxai.models import PretrainedClassifier
    >>> trained = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    >>> X = np.ones((5, 1, 3, 7))
    >>> pipe = make_pipeline(FixedFrames(4), VanillaSaliency(PretrainedClassifier(trained))).fit(X)
    >>> explainer, features = split_pipeline(pipe, X)
    >>> features.shape
    (5, 1, 3, 4)
    """
    while hasattr(estimator, "cv_results_"):
        if not hasattr(estimator, "best_estimator_"):
            raise TypeError(f"estimator must be refitted to be scored; got {type(estimator).__name__} with refit=False.")
        estimator = estimator.best_estimator_
    features = X
    if isinstance(estimator, Pipeline):
        if len(estimator) > 1:
            features = _features(estimator[:-1], X)
        estimator = estimator[-1]
    if not hasattr(estimator, "explain"):
        raise TypeError(
            "estimator must be an explainer, a Pipeline that ends in one, or a search over either; got "
            f"{type(estimator).__name__}."
        )
    return estimator, features


def runs_module(estimator: Any) -> bool:
    """Return whether the classifier behind an explainer, a Pipeline that ends in one, or a search over either is a module.

    Before ``fit`` its class tells, so that one of another package's counts as none.
    """
    while not hasattr(estimator, "explain"):
        last = estimator[-1] if isinstance(estimator, Pipeline) else getattr(estimator, "estimator", None)
        if last is None:
            return False
        estimator = last
    if getattr(estimator, "requires_module", True):
        return True
    classifier = getattr(estimator, "estimator_", estimator.estimator)
    while isinstance(classifier, FrozenEstimator):
        classifier = classifier.estimator
    known = isinstance(classifier, (NetworkPredictions, NeuralNet))
    return known or module_of(classifier) is not None
