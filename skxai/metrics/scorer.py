"""Metrics as scorers for ``cross_val_score`` and ``GridSearchCV``: greater is better, whatever the metric's direction."""

import inspect
import warnings

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils.metadata_routing import MetadataRequest

from ..datasets import EventTruth
from ..engine import shared_passes
from ._pipeline import runs_module, split_pipeline
from .base import all_metrics, find_metric, find_scored_metric


def get_scorer_names():
    """Return the names of skxai's scorers.

    A metric that is declared elsewhere has a scorer, too, which ``get_scorer`` finds by its name.

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> from skxai.metrics import get_scorer_names
    >>> "insertion_auc" in get_scorer_names()
    True
    """
    return sorted(metric.scorer_name for _, metric in all_metrics())


def available_scorers(y=None, truth=None, explainers=()):
    """Return the names of the scorers whose needs are met.

    Parameters
    ----------
    y : array-like of shape (n,) or None, default=None
        True labels. Without them the metrics by accuracy are left out.
    truth : EventTruth, array-like or None, default=None
        Where the classes sound. Without it the metrics of localisation are left out; those that compare classes need an
        ``EventTruth``.
    explainers : sequence of explainer, Pipeline or search, default=()
        What is scored. Where the classifier of one holds no torch module, the metrics that change its module are left out.

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


def get_scorer(name, **params):
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
    return _Scorer(name, params)


def explanation_scorer(*names, **params):
    """Return one scorer for several metrics: features, maps and shared passes are computed once.

    Parameters
    ----------
    *names : str
        Of ``get_scorer_names()``.
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
    return _Scorer(names[0], params) if len(names) == 1 else _MultiScorer(names, params)


def evaluate(estimator, X, y=None, scoring=None, maps=None, truth=None, **params):
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
    scorers = [_Scorer(name, {}) for name in (available_scorers(y, truth, [estimator]) if scoring is None else scoring)]
    _check_params(params, [scorer.metric for scorer in scorers])
    with shared_passes():
        explainer, features = (estimator, X) if maps is not None else split_pipeline(estimator, X)
        maps = explainer.transform(features) if maps is None else maps
        return {
            scorer.metric.__name__: scorer.per_clip(explainer, features, maps, y, truth, _accepted(scorer.metric, params))
            for scorer in scorers
        }


class _RoutesTruth:
    """Asks scikit-learn's metadata routing for the truth, where a metric needs it: it is cut into folds as X and y are."""

    def get_metadata_routing(self):
        request = MetadataRequest(owner=self)
        if any(metric.requires_truth for metric in self.metrics):
            request.score.add_request(param="truth", alias=True)
        return request


class _Scorer(_RoutesTruth):
    """One metric as a scorer."""

    def __init__(self, name, params):
        metric = find_scored_metric(name)
        if metric is None:
            raise ValueError(f"scorer {name!r} is unknown; get_scorer_names() gives {', '.join(get_scorer_names())}.")
        self.name, self.params, self.metric = name, params, metric
        self.metrics = [self.metric]
        unknown = sorted(set(params) - set(_parameters(self.metric)))
        if unknown:
            raise ValueError(
                f"{unknown[0]!r} is not a parameter of {self.metric.__name__}; they are {', '.join(_parameters(self.metric))}."
            )

    def __call__(self, estimator, X, y=None, truth=None):
        with shared_passes():
            explainer, features = split_pipeline(estimator, X)
            return self.of_maps(explainer, features, explainer.transform(features), y, truth)

    def of_maps(self, explainer, features, maps, y, truth):
        """Return the score of maps that are there already."""
        values = self.per_clip(explainer, features, maps, y, truth, self.params)
        return mean_of_defined(values, self.metric.__name__) * (1 if self.metric.greater_is_better else -1)

    def per_clip(self, explainer, features, maps, y, truth, params):
        """Return the metric's values, one a clip."""
        if self.metric.requires_y and y is None:
            raise ValueError(f"y must be given for the scorer {self.name!r}; got None.")
        if truth is not None and "truth" in _parameters(self.metric):
            params = {**params, "truth": truth}
        return self.metric(explainer, features, maps, y, **params)

    def __repr__(self):
        return f"get_scorer({', '.join([repr(self.name), *_shown(self.params)])})"


class _MultiScorer(_RoutesTruth):
    """Several metrics as one scorer."""

    def __init__(self, names, params):
        if not names:
            raise ValueError("names must hold at least one scorer; got none.")
        self.names, self.params = names, params
        self.metrics = [_Scorer(name, {}).metric for name in names]
        _check_params(params, self.metrics)
        self.scorers = [_Scorer(name, _accepted(metric, params)) for name, metric in zip(names, self.metrics)]

    def __call__(self, estimator, X, y=None, truth=None):
        with shared_passes():
            explainer, features = split_pipeline(estimator, X)
            maps = explainer.transform(features)
            return {scorer.name: scorer.of_maps(explainer, features, maps, y, truth) for scorer in self.scorers}

    def __repr__(self):
        return f"explanation_scorer({', '.join([*map(repr, self.names), *_shown(self.params)])})"


def mean_of_defined(values, name, of=None):
    """Return the mean of the values that are not NaN, and warn once with the number of the others.

    Parameters
    ----------
    values : ndarray of shape (n,)
        One a clip.
    name : str
        Of the metric. One that is declared ``partial`` is for some clips only: no warning tells of the others.
    of : str or None, default=None
        Whose values they are, for the warning.
    """
    undefined = np.isnan(values)
    if undefined.any() and not getattr(find_metric(name), "partial", False):
        warnings.warn(
            f"{name}{f' of {of}' if of else ''} is undefined for {undefined.sum()} of {len(values)} clips (a constant map, "
            "probability 0 or a constant effect); the score is the mean of the others.",
            UndefinedMetricWarning,
            stacklevel=2,
        )
    return float(values[~undefined].mean()) if not undefined.all() else float("nan")


def _parameters(metric):
    parameters = inspect.signature(metric).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def _check_params(params, metrics):
    """Refuse a parameter that no metric takes: it would be lost in silence."""
    for name in params:
        if not any(name in _parameters(metric) for metric in metrics):
            raise ValueError(f"{name!r} is not a parameter of any of {', '.join(metric.__name__ for metric in metrics)}.")


def _accepted(metric, params):
    return {name: value for name, value in params.items() if name in _parameters(metric)}


def _shown(params):
    return [f"{name}={value!r}" for name, value in params.items()]
