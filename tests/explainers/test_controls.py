"""Floors: noise, the clip itself and its edges; none of them looks at the model."""

import numpy as np
import pytest
from scipy import ndimage
from torch import nn

from skxai.explainers import EdgeMap, EnergyMap, Explainer, RandomMap
from skxai.models import PretrainedClassifier
from skxai.testing.discovery import all_explainers


@pytest.fixture
def X():
    return np.random.default_rng(0).standard_normal((6, 1, 9, 12)).astype(np.float32)


def fitted(make, X, **params):
    network = nn.Sequential(nn.Flatten(), nn.Linear(X[0].size, 2))
    return make(PretrainedClassifier(network), **params).fit(X)


def test_controls_are_declared_not_to_explain():
    assert {make for _, make in all_explainers() if not make.explains_model} == {RandomMap, EnergyMap, EdgeMap}
    assert Explainer.explains_model


class TestRandomMap:
    def test_values_are_uniform(self, X):
        maps = fitted(RandomMap, np.tile(X, (1, 1, 10, 10)), random_state=0).transform(np.tile(X, (1, 1, 10, 10)))
        shares = np.histogram(maps, bins=10, range=(0, 1))[0] / maps.size
        np.testing.assert_allclose(shares, 0.1, atol=5 * np.sqrt(0.09 / maps.size))

    def test_clips_have_noise_of_their_own_and_equal_clips_the_same(self, X):
        X[4] = X[1]
        maps = fitted(RandomMap, X, random_state=0).transform(X)
        np.testing.assert_array_equal(maps[4], maps[1])
        others = np.delete(maps, 4, axis=0).reshape(5, -1)
        assert np.abs(np.corrcoef(others) - np.eye(5)).max() < 0.4

    def test_seed_draws_the_noise(self, X):
        first, same, other = (fitted(RandomMap, X, random_state=seed).transform(X) for seed in (0, 0, 1))
        np.testing.assert_array_equal(first, same)
        assert np.abs(np.corrcoef(first.ravel(), other.ravel())[0, 1]) < 0.2

    def test_without_a_seed_each_fit_draws_anew_and_keeps_it(self, X):
        first, second = (fitted(RandomMap, X) for _ in range(2))
        assert not np.array_equal(first.transform(X), second.transform(X))
        np.testing.assert_array_equal(first.transform(X), first.transform(X))


def test_energy_map_is_the_clip_above_its_floor(X):
    maps = fitted(EnergyMap, X).transform(X)
    np.testing.assert_allclose(maps, X - X.min(axis=(1, 2, 3), keepdims=True), rtol=1e-6)
    # decibels and their scaling differ by one factor
    np.testing.assert_allclose(fitted(EnergyMap, X).transform(3 * X - 7), 3 * maps, rtol=1e-4, atol=1e-5)


def test_energy_of_waveforms_is_the_distance_from_silence():
    X = np.random.default_rng(0).standard_normal((3, 50)).astype(np.float32)
    explainer = EnergyMap(PretrainedClassifier(nn.Linear(50, 2), silence=0.0)).fit(X)
    np.testing.assert_array_equal(explainer.transform(X), np.abs(X))


class TestEdgeMap:
    @pytest.mark.parametrize("shape", [(1, 9, 12), (2, 9, 12), (9, 12)])
    def test_is_the_magnitude_of_sobels_gradient(self, shape):
        X = np.random.default_rng(1).standard_normal((4, *shape)).astype(np.float32)
        expected = np.empty_like(X)
        for picture, magnitude in zip(X.reshape(-1, 9, 12), expected.reshape(-1, 9, 12)):
            magnitude[:] = np.hypot(*(ndimage.sobel(picture.astype(float), axis, mode="nearest") for axis in (0, 1)))
        np.testing.assert_allclose(fitted(EdgeMap, X).transform(X), expected, rtol=1e-4, atol=1e-5)

    def test_of_a_clip_of_one_axis_is_the_difference_of_its_neighbours(self):
        X = np.array([[0.0, 0.0, 1.0, 1.0, 5.0]], dtype=np.float32)
        np.testing.assert_allclose(fitted(EdgeMap, X).transform(X), 4 * np.array([[0.0, 1.0, 1.0, 4.0, 4.0]]))

    def test_nothing_is_relevant_where_nothing_changes(self, X):
        X[:, :, :, 6:] = -80.1
        assert not fitted(EdgeMap, X).transform(X)[..., 7:].any()
