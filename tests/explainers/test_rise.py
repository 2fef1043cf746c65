"""RISE weighs random masks by what the classifier makes of the clip through them."""

import numpy as np
import pytest
import torch
from torch import nn

from skxai.explainers import RISE, rise
from skxai.models import PretrainedClassifier
from skxai.utils.random import torch_seed


def masks(n=400, extents=(9, 12), cell=(2, 5), probability=0.3):
    return rise._Masks(np.random.default_rng(0), n, extents, cell, probability, torch.device("cpu"))[slice(0, n)]


@pytest.fixture
def X():
    return np.random.default_rng(0).random((3, 1, 9, 12), dtype=np.float32)


def explained(X, **params):
    with torch_seed(0):
        net = nn.Sequential(nn.Flatten(), nn.Linear(X[0].size, 2))
    return RISE(PretrainedClassifier(net), random_state=0, **params).fit(X)


@pytest.mark.parametrize("probability", [0.3, 0.7])
def test_every_value_is_seen_with_the_same_probability(probability):
    drawn = masks(2000, probability=probability)
    assert 0 <= drawn.min() <= drawn.max() <= 1
    np.testing.assert_allclose(drawn.mean(0), probability, atol=5 * 0.5 / np.sqrt(2000))


def test_masks_of_a_larger_cell_are_smoother():
    fine, coarse = (masks(extents=(24, 24), cell=(size, size)).diff(dim=2).abs().mean() for size in (2, 8))
    assert coarse < fine / 2


def test_a_cell_of_the_whole_clip_shows_all_or_nothing():
    drawn = masks(extents=(1, 12), cell=(1, 12))
    assert set(drawn.unique().tolist()) == {0, 1}
    assert (drawn.amin((1, 2)) == drawn.amax((1, 2))).all()


def test_without_centering_the_map_is_higher_by_the_mean_weight_times_what_the_masks_show(X):
    params = {"n_masks": 50, "cell": (2, 5), "probability": 0.3, "baseline": 0.0, "target": 1}
    centered, plain = (explained(X, centered=centered, **params) for centered in (True, False))
    shown, p = masks(50).numpy(), np.empty((3, 50))
    for number, mask in enumerate(shown):
        p[:, number] = plain.predict_proba(X * mask)[:, 1]
    expected = np.einsum("ni,irc->nrc", p, shown)[:, None] / (50 * 0.3)
    np.testing.assert_allclose(plain.transform(X), expected, rtol=1e-4)
    difference = p.mean(axis=1)[:, None, None, None] * shown.mean(axis=0) / 0.3
    np.testing.assert_allclose(centered.transform(X), expected - difference, atol=1e-5)


def test_many_masks_order_the_values_as_their_weights_do(X):
    X = X.reshape(3, -1)[:, :13].copy()
    X[:] = 1
    explainer = explained(X, n_masks=3000, cell=1, baseline=0.0, target=1)
    weights = explainer.estimator_.module_[1].weight.detach().numpy()
    evidence = weights[1] - weights[0]
    smoothed = np.convolve(np.pad(evidence, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")  # cells fade into each other
    assert np.corrcoef(explainer.transform(X)[0], smoothed)[0, 1] > 0.9


def test_masks_are_made_a_block_at_a_time(X, monkeypatch):
    made, make = [], rise._Masks.__getitem__
    monkeypatch.setattr(rise._Masks, "__getitem__", lambda self, numbers: made.append(numbers) or make(self, numbers))
    explained(X, n_masks=500, batch_size=20).transform(X)
    assert max(numbers.stop - numbers.start for numbers in made) <= 20


def test_channels_are_seen_through_the_same_mask():
    stereo = np.random.default_rng(0).random((2, 2, 6, 7), dtype=np.float32)
    maps = explained(stereo, n_masks=30).transform(stereo)
    np.testing.assert_array_equal(maps[:, 0], maps[:, 1])


def test_seed_draws_the_masks(X):
    first, again = (explained(X, n_masks=30) for _ in range(2))
    np.testing.assert_array_equal(first.transform(X), again.transform(X))
    other = explained(X, n_masks=30).set_params(random_state=1).fit(X)
    assert (other.transform(X) != first.transform(X)).any()


@pytest.mark.parametrize("params", [{"n_masks": 0}, {"probability": 1.0}, {"probability": 0}, {"cell": 10}, {"cell": (1, 2, 3)},
                                    {"centered": "yes"}])  # fmt: skip
def test_parameter_out_of_range_is_named(X, params):
    (name,) = params
    with pytest.raises(ValueError, match=f"'{name}' parameter of RISE"):
        explained(X, **params)
