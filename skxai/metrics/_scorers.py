"""What ``get_scorer`` and ``explanation_scorer`` return."""

import difflib
import inspect

from sklearn.utils.metadata_routing import MetadataRequest

from ..engine import shared_passes
from ._pipeline import split_pipeline
from .base import find_metric, find_scored_metric, get_scorer_names, mean_of_defined


class _RoutesTruth:
    """Asks scikit-learn's metadata routing for the truth, where a metric needs it: it is cut into folds as X and y are."""

    def get_metadata_routing(self):
        request = MetadataRequest(owner=self)
        if any(metric.requires_truth for metric in self.metrics):
            request.score.add_request(param="truth", alias=True)
        return request


def _remedy(name):
    """Say which scorer may be meant by an unknown name."""
    loss = find_metric(name) if isinstance(name, str) else None
    if loss is not None:
        return f"{name} is a loss, whose scorer is {loss.scorer_name!r}: greater is better."
    near = difflib.get_close_matches(str(name), get_scorer_names(), 1)
    return f"{f'is it {near[0]!r}? ' if near else ''}get_scorer_names() gives {', '.join(get_scorer_names())}."


class Scorer(_RoutesTruth):
    """One metric as a scorer."""

    def __init__(self, name, params):
        metric = find_scored_metric(name)
        if metric is None:
            raise ValueError(f"scorer {name!r} is unknown; {_remedy(name)}")
        self.name, self.params, self.metric = name, params, metric
        self.__name__ = name
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


class MultiScorer(_RoutesTruth):
    """Several metrics as one scorer."""

    def __init__(self, names, params):
        self.__name__ = "explanation_scorer"
        self.names, self.params = names, params
        self.metrics = [Scorer(name, {}).metric for name in names]
        check_params(params, self.metrics)
        self.scorers = [Scorer(name, accepted(metric, params)) for name, metric in zip(names, self.metrics)]

    def __call__(self, estimator, X, y=None, truth=None):
        with shared_passes():
            explainer, features = split_pipeline(estimator, X)
            maps = explainer.transform(features)
            return {scorer.name: scorer.of_maps(explainer, features, maps, y, truth) for scorer in self.scorers}

    def __repr__(self):
        return f"explanation_scorer({', '.join([*map(repr, self.names), *_shown(self.params)])})"


class MeanScorer(MultiScorer):
    """The mean of several metrics as one scorer."""

    def __call__(self, estimator, X, y=None, truth=None):
        scores = super().__call__(estimator, X, y, truth)
        return sum(scores.values()) / len(scores)

    def __repr__(self):
        return f"{super().__repr__()[:-1]}, combine='mean')"


def _parameters(metric):
    parameters = inspect.signature(metric).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind is parameter.KEYWORD_ONLY]


def check_params(params, metrics):
    """Refuse a parameter that no metric takes: it would be lost in silence."""
    for name in params:
        if not any(name in _parameters(metric) for metric in metrics):
            raise ValueError(f"{name!r} is not a parameter of any of {', '.join(metric.__name__ for metric in metrics)}.")


def accepted(metric, params):
    return {name: value for name, value in params.items() if name in _parameters(metric)}


def _shown(params):
    return [f"{name}={value!r}" for name, value in params.items()]
