"""Metrics as scorers for ``cross_val_score`` and ``GridSearchCV``: greater is better, whatever the metric's direction."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..datasets import EventTruth
from ..engine import shared_passes
from ._pipeline import runs_module, split_pipeline
from ._scorers import MeanScorer, MultiScorer, Scorer, accepted, check_params
from .base import all_metrics


def available_scorers(
    y: ArrayLike | None = None, truth: EventTruth | ArrayLike | None = None, explainers: Iterable[Any] = ()
) -> list[str]:
    """Return the names of the scorers whose needs are met.

    Parameters
    ----------
    y : array-like of shape (n,) or None, default=None
        True labels, for the metrics by accuracy.
    truth : EventTruth, array-like or None, default=None
        Where the classes sound, for the ground-truth metrics; those that compare classes need an ``EventTruth``.
    explainers : sequence of explainer, Pipeline or search, default=()
        What is scored. Where the classifier of one holds no torch module, the metrics that change it are left out.

    Returns
    -------
    list of str
        Sorted; of ``get_scorer_names()``.

    Examples
    --------
    >>> from skxai.metrics import available_scorers
    >>> "relevance_mass_accuracy" in available_scorers(), "insertion_auc" in available_scorers()
    (False, True)
    """
    return sorted(
        metric.scorer_name
        for _, metric in all_metrics()
        if not (metric.requires_y and y is None)
        and _has_truth(metric, truth)
        and not (metric.requires_module and not all(map(runs_module, explainers)))
    )


def _has_truth(metric, truth):
    if metric.requires_truth == "of every class":
        return isinstance(truth, EventTruth)
    return truth is not None or not metric.requires_truth


def get_scorer(name: str, **params: Any) -> Scorer:
    """Return a scorer by its name.

    Parameters
    ----------
    name : str
        One of ``get_scorer_names()``, or of a metric of your own (see ``metric``). A loss has the prefix ``neg_`` and is
        negated: greater is better.
    **params
        Parameters of the metric, such as ``baseline`` or ``step``.

    Returns
    -------
    callable
        ``scorer(estimator, X, y=None)`` → float, the mean over the clips. ``estimator`` is an explainer, a Pipeline that ends
        in one, or a search over either. A metric that needs the truth takes it as ``scorer(estimator, X, y, truth=truth)``,
        the truth of these clips. To have it cut into folds with the clips, pass it on by scikit-learn's metadata routing:
        ``cross_val_score(explainer, X, y, scoring=get_scorer("relevance_mass_accuracy"), params={"truth": truth})``, or
        ``GridSearchCV(…).fit(X, y, truth=truth)``, under ``sklearn.config_context(enable_metadata_routing=True)``. A
        ``truth`` among ``params`` here does not follow the folds.

    Raises
    ------
    ValueError
        For an unknown name or parameter.

    Examples
    --------
    >>> from skxai.metrics import get_scorer
    >>> get_scorer("neg_deletion_auc", step=0.05)
    get_scorer('neg_deletion_auc', step=0.05)
    """
    return Scorer(name, params)


def explanation_scorer(*names: str, combine: str | None = None, **params: Any) -> Scorer | MultiScorer:
    """Return one scorer for several metrics: features, maps and shared passes are computed once.

    Parameters
    ----------
    *names : str
        Of ``get_scorer_names()``.
    combine : {"mean"} or None, default=None
        "mean" gives one number, the mean of the scores, for what takes no dict: ``cross_val_score``, ``HalvingGridSearchCV``.
    **params
        Parameters that are given to each metric that takes them.

    Returns
    -------
    callable
        ``scorer(estimator, X, y=None)`` → dict from name to float, for ``scoring=`` of ``GridSearchCV`` and
        ``cross_validate``. One name gives a number and no dict, as ``get_scorer`` does: it is what ``cross_val_score`` needs.
        For the truth see ``get_scorer``.

    Raises
    ------
    ValueError
        For no name, an unknown name, or a parameter that no metric takes.

    Examples
    --------
    >>> from skxai.metrics import explanation_scorer
    >>> explanation_scorer("insertion_auc", "neg_deletion_auc")
    explanation_scorer('insertion_auc', 'neg_deletion_auc')
    """
    if not names or not all(isinstance(name, str) for name in names):
        raise ValueError(
            "names must be given one by one, as in explanation_scorer('insertion_auc', 'neg_deletion_auc'); "
            f"got {', '.join(map(repr, names)) or 'none'}."
        )
    if combine == "mean":
        return MeanScorer(names, params)
    if combine is not None:
        raise ValueError(f"combine of explanation_scorer must be 'mean' or None; got {combine!r}.")
    return Scorer(names[0], params) if len(names) == 1 else MultiScorer(names, params)


def evaluate(
    estimator: Any,
    X: Any,
    y: ArrayLike | None = None,
    scoring: Sequence[str] | None = None,
    maps: np.ndarray | None = None,
    truth: EventTruth | ArrayLike | None = None,
    **params: Any,
) -> dict[str, np.ndarray]:
    """Measure explanations clip by clip.

    Parameters
    ----------
    estimator : explainer, Pipeline or search
        Fitted; see ``split_pipeline``.
    X : array-like
        What the estimator takes.
    y : array-like of shape (n,) or None, default=None
        True labels, for the metrics by accuracy.
    scoring : list of str or None, default=None
        Of ``get_scorer_names()``. None is all that can be computed with what is given, see ``available_scorers``.
    maps : ndarray of shape (n, ...) or None, default=None
        The maps, where they were computed already; X then holds features, and ``estimator`` is the explainer.
    truth : EventTruth, array-like of shape (n, ...) or None, default=None
        Where the classes sound in the features of the clips, for the metrics that need it; see ``relevance_mass_accuracy``.
    **params
        Parameters that are given to each metric that takes them.

    Returns
    -------
    dict from str to ndarray of shape (n,)
        The metrics' own values by metric name: a loss is not negated. NaN where undefined.

    Raises
    ------
    ValueError
        For an unknown scorer, or a parameter that no metric takes.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from skxai.explainers import VanillaSaliency
    >>> from skxai.metrics import evaluate
    >>> from skxai.models import PretrainedClassifier
    >>> X = np.random.default_rng(0).random((5, 12))
    >>> explainer = VanillaSaliency(PretrainedClassifier(nn.Linear(12, 2))).fit(X)
    >>> evaluate(explainer, X, scoring=["neg_average_drop"])["average_drop"].shape
    (5,)
    """
    scorers = [Scorer(name, {}) for name in (available_scorers(y, truth, [estimator]) if scoring is None else scoring)]
    check_params(params, [scorer.metric for scorer in scorers])
    with shared_passes():
        explainer, features = (estimator, X) if maps is not None else split_pipeline(estimator, X)
        maps = explainer.transform(features) if maps is None else maps
        return {
            scorer.metric.__name__: scorer.per_clip(explainer, features, maps, y, truth, accepted(scorer.metric, params))
            for scorer in scorers
        }
