"""Integrated gradients are complete: what they add up to is the difference of the scores."""

import numpy as np
import pytest
import torch
from torch import nn

from skxai.explainers import IntegratedGradients
from skxai.models import PretrainedClassifier
from skxai.utils.random import torch_seed

SHAPE = (1, 9, 12)


@pytest.fixture
def X():
    return np.random.default_rng(0).random((4, *SHAPE), dtype=np.float32)


def network(nonlinearity):
    with torch_seed(1):
        return nn.Sequential(nn.Conv2d(1, 6, 3), nonlinearity, nn.Flatten(), nn.Linear(420, 8), nonlinearity, nn.Linear(8, 3))


def explained(net, X, **params):
    """Return the maps of class 1, what each adds up to, and the difference of the scores."""
    explainer = IntegratedGradients(PretrainedClassifier(net), target=1, **params).fit(X)
    maps = explainer.transform(X)
    with torch.no_grad():
        baseline = {"floor": np.full_like(X, X.min()), "mean": np.ones_like(X) * X.mean(axis=(1, 2, 3), keepdims=True)}
        b = baseline.get(params.get("baseline", "floor"), np.full_like(X, 0.3))
        difference = (net(torch.from_numpy(X)) - net(torch.from_numpy(b)))[:, 1].numpy()
    return maps, maps.sum(axis=(1, 2, 3)), difference


@pytest.mark.parametrize("baseline", ["floor", "mean", 0.3])
def test_maps_are_complete(X, baseline):
    _, total, difference = explained(network(nn.Tanh()), X, baseline=baseline, n_steps=10)
    np.testing.assert_allclose(total, difference, rtol=1e-4, atol=1e-5)


def test_quadrature_of_a_smooth_network_converges_at_once_and_one_with_relus_slowly(X):
    def error(net, n_steps):
        _, total, difference = explained(net, 20 * X, n_steps=n_steps)
        return np.abs(total - difference).max() / np.abs(difference).max()

    smooth, kinked = network(nn.Softplus()), network(nn.ReLU())
    assert error(smooth, 4) < error(smooth, 1) / 20
    assert error(smooth, 20) < 1e-4
    assert error(kinked, 20) > error(kinked, 500)
    assert error(kinked, 500) < 1e-3


def test_of_a_linear_network_one_step_gives_difference_times_weight(X):
    net = nn.Sequential(nn.Flatten(), nn.Linear(108, 3))
    maps, _, _ = explained(net, X, baseline=0.3, n_steps=1)
    np.testing.assert_allclose(maps, (X - 0.3) * net[1].weight[1].detach().numpy().reshape(SHAPE), atol=1e-6)


def test_what_is_at_the_baseline_is_not_relevant(X):
    X[:, :, 4] = X.min()
    maps, _, _ = explained(network(nn.Tanh()), X)
    assert not maps[:, :, 4].any()
    assert maps.any(axis=(1, 3))[:, [3, 5]].all()
    assert (maps < 0).any(), "maps are signed."
