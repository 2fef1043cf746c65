"""Occlusion is the drop of the probability where a window is hidden."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from torch import nn

from skxai.explainers import Occlusion
from skxai.explainers.occlusion import _covered
from skxai.models import PretrainedClassifier
from skxai.utils.random import torch_seed


class Weighted(ClassifierMixin, BaseEstimator):
    """p of "loud" is the weighted mean of the features, which lie in [0, 1]."""

    classes_ = np.array(["loud", "quiet"])

    def __init__(self, weights=None):
        self.weights = weights

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def predict_proba(self, X):
        loud = (np.asarray(X, float) * self.weights).reshape(len(X), -1).sum(axis=1)
        return np.column_stack([loud, 1 - loud])


def fitted(X, weights, **params):
    return Occlusion(Weighted(weights / weights.sum()), target="loud", **{"baseline": 0.0} | params).fit(X)


def clips(*shape):
    generator = np.random.default_rng(0)
    return generator.random((3, *shape), dtype=np.float32), generator.random(shape)


@pytest.mark.parametrize("shape", [(13,), (9, 12), (1, 9, 12)])
def test_window_of_one_value_gives_what_each_value_adds(shape):
    X, weights = clips(*shape)
    maps = fitted(X, weights, window=1).transform(X)
    np.testing.assert_allclose(maps, X * weights / weights.sum(), atol=1e-6)


def test_windows_are_averaged_where_they_overlap_and_cut_off_at_the_end():
    X, weights = clips(5)
    each = X * weights / weights.sum()
    maps = fitted(X, weights, window=2, stride=1).transform(X)
    np.testing.assert_allclose(maps[:, 0], each[:, 0] + each[:, 1], atol=1e-6)
    np.testing.assert_allclose(maps[:, 1], each[:, 1] + (each[:, 0] + each[:, 2]) / 2, atol=1e-6)
    apart = fitted(X, weights, window=2, stride=2).transform(X)
    np.testing.assert_allclose(apart[:, 3], each[:, 2] + each[:, 3], atol=1e-6)
    np.testing.assert_allclose(apart[:, 4], each[:, 4], atol=1e-6)


def test_window_of_the_whole_clip_gives_one_number():
    X, weights = clips(9, 12)
    explainer = fitted(X, weights, window=1.0)
    maps = explainer.transform(X)
    np.testing.assert_allclose(maps, np.ones_like(X) * explainer.predict_proba(X)[:, :1, None], atol=1e-6)


def test_channels_are_hidden_together():
    X, weights = clips(2, 9, 12)
    maps = fitted(X, weights, window=1).transform(X)
    both = (X * weights / weights.sum()).sum(axis=1)
    np.testing.assert_allclose(maps, np.stack([both, both], axis=1), atol=1e-6)


def test_what_speaks_against_the_class_is_below_zero():
    X, weights = clips(13)
    explainer = fitted(X, weights, window=1)
    np.testing.assert_allclose(explainer.explain(X, "quiet"), -explainer.explain(X, "loud"), atol=1e-6)


@pytest.mark.parametrize(
    ("given", "same"),
    [({"window": 0.125}, {"window": (2, 3)}), ({"window": (0.5, 7)}, {"window": (7, 7)}),
     ({"window": 4, "stride": 0.3}, {"window": 4, "stride": 2}), ({}, {"window": (2, 3), "stride": (1, 2)})],
)  # fmt: skip
def test_shares_are_of_the_clip_and_of_the_window_rounded_up(given, same):
    X, weights = clips(13, 24)
    np.testing.assert_array_equal(*(fitted(X, weights, **params).transform(X) for params in (given, same)))


class Doubling(nn.Module):
    """Doubles its input, in place as if it were its own or not, before a linear layer."""

    def __init__(self, own):
        super().__init__()
        self.own, self.dense = own, nn.Linear(13, 2)

    def forward(self, x):
        return self.dense(x.mul_(2) if self.own else x.mul(2))


def test_module_that_works_in_place_on_its_input_does_not_reach_the_clips():
    X, _ = clips(13)
    maps = []
    for own in (True, False):
        with torch_seed(0):
            classifier = PretrainedClassifier(Doubling(own))
        maps.append(Occlusion(classifier, window=1, target=1).fit(X).transform(X))
    np.testing.assert_allclose(*maps, atol=1e-6)


@pytest.mark.parametrize("extent", [1, 2, 7, 13, 32])
def test_windows_cover_every_value_whatever_the_sizes(extent):
    for window in range(1, extent + 1):
        for stride in range(1, window + 1):
            covered = _covered(extent, window, stride)
            assert covered.any(0).all()
            assert covered.any(1).all(), "a window lies outside of the clip."
            assert covered[:-1].sum(1).eq(window).all(), "more than one window is cut off."


@pytest.mark.parametrize(
    ("params", "message"),
    [({"window": 13}, "'window' parameter of Occlusion must be a number of values from 1 to 12 and 30.* Got 13"),
     ({"window": (2, 3, 4)}, r"one for each axis. Got \(2, 3, 4\)"), ({"window": (2, True)}, "Got"),
     ({"window": (2, 1.5)}, "Got"), ({"stride": 3}, "'stride' parameter of Occlusion must be .* from 1 to 2 and 4"),
     ({"window": 0}, "'window' parameter of Occlusion"), ({"window": 1.5}, "'window' parameter of Occlusion"),
     ({"baseline": "silence"}, "'baseline' parameter of Occlusion")],
)  # fmt: skip
def test_sizes_that_do_not_fit_are_refused_in_fit(params, message):
    X, weights = clips(12, 30)
    with pytest.raises(ValueError, match=message):
        fitted(X, weights, **params)
