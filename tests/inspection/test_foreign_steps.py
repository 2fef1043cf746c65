"""Steps of other packages join by three methods: their axes, the truth in their features and the sound of their maps."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import make_pipeline

from skxai.datasets import make_audio_events
from skxai.features import FeatureAxes, FeatureTransformer, MelSpectrogram, Spectrogram, event_truth, feature_axes
from skxai.inspection import relevance_profile, sonify

RATE = 8000


class LowerRows(TransformerMixin, BaseEstimator):
    """The lower half of the rows; no subclass of anything in skxai."""

    def fit(self, X, y=None):
        self.n_rows_ = X.shape[-2]
        return self

    def transform(self, X):
        return X[..., : self.n_rows_ // 2, :]

    def axes(self, axes):
        return FeatureAxes(axes.frequencies[: self.n_rows_ // 2], axes.times, axes.sample_rate, frame_step=axes.frame_step)

    def linear_power(self, X):
        return self.transform(X)

    def carry_back(self, masks, *, unheard=0.0):
        above = np.full((*masks.shape[:-2], self.n_rows_ - masks.shape[-2], masks.shape[-1]), unheard, dtype=np.float32)
        return np.concatenate([masks, above], axis=-2)


class PairsOfBins(TransformerMixin, BaseEstimator):
    """A spectrogram of a foreign make: the power of neighbouring bins is added."""

    n_fft, sample_rate = 254, RATE  # 128 bins

    def fit(self, X, y=None):
        self.spectrogram_ = Spectrogram(RATE, n_fft=self.n_fft, to_db=False).fit(X)
        self.n_features_in_ = self.spectrogram_.n_features_in_
        return self

    def transform(self, X):
        return np.log10(self.linear_power(X) + 1e-10)

    def axes(self, axes):
        of_bins = self.spectrogram_.axes()
        centres = of_bins.frequencies.reshape(-1, 2).mean(axis=1)
        return FeatureAxes(centres, of_bins.times, RATE, frame_step=of_bins.frame_step)

    def linear_power(self, X):
        return self.spectrogram_.transform(X)[:, :, 0::2] + self.spectrogram_.transform(X)[:, :, 1::2]

    def carry_back(self, masks, *, unheard=0.0):
        return np.repeat(masks, 2, axis=2)


@pytest.fixture(scope="module")
def scenes():
    return make_audio_events(4, n_events=2, sample_rate=RATE, random_state=0)


@pytest.mark.parametrize("first", [MelSpectrogram(RATE, n_fft=512, n_mels=32, top_db=None), PairsOfBins()])
def test_truth_and_axes_of_a_foreign_step_are_those_of_its_cells(first, scenes):
    whole = make_pipeline(first).fit(scenes.data)
    half = make_pipeline(first, LowerRows()).fit(scenes.data)
    n_rows = feature_axes(whole).shape[0] // 2
    np.testing.assert_array_equal(feature_axes(half).frequencies, feature_axes(whole).frequencies[:n_rows])
    expected, truth = (event_truth(steps, scenes.events, background=scenes.background) for steps in (whole, half))
    np.testing.assert_allclose(truth.masks, expected.masks[:, :, :, :n_rows], rtol=1e-6)
    assert relevance_profile(truth.of(scenes.target), half).per_frequency.shape == (4, n_rows)


def test_map_over_a_foreign_step_is_carried_back(scenes):
    mel = MelSpectrogram(RATE, n_fft=512, n_mels=32).fit(scenes.data)
    half = make_pipeline(mel, LowerRows()).fit(scenes.data)
    maps = np.random.default_rng(0).random((4, 1, 16, feature_axes(half).shape[1]), dtype=np.float32)
    for unheard in (0.0, 0.5):
        above = np.full_like(maps, unheard)
        expected = sonify(scenes.data, np.concatenate([maps, above], axis=2), mel, scaling=None)
        np.testing.assert_array_equal(sonify(scenes.data, maps, half, scaling=None, unheard=unheard), expected)


def test_map_over_a_foreign_spectrogram_is_carried_back(scenes):
    pairs = PairsOfBins().fit(scenes.data)
    maps = np.random.default_rng(0).random((4, 1, *feature_axes(pairs).shape), dtype=np.float32)
    expected = sonify(scenes.data, np.repeat(maps, 2, axis=2), pairs.spectrogram_, scaling=None)
    np.testing.assert_array_equal(sonify(scenes.data, maps, pairs, scaling=None), expected)


class Unfollowed(FeatureTransformer):
    def _transform(self, X):
        return np.sqrt(np.abs(X))


def test_what_a_step_does_not_tell_is_refused_by_name(scenes):
    steps = make_pipeline(Spectrogram(RATE, n_fft=256), Unfollowed()).fit(scenes.data)
    assert feature_axes(steps).shape == feature_axes(steps[:1]).shape
    with pytest.raises(TypeError, match=r"event_truth .* Unfollowed does not tell. Write its method linear_power"):
        event_truth(steps, scenes.events)
    with pytest.raises(TypeError, match=r"sonify .* Unfollowed does not tell. Write its method carry_back"):
        sonify(scenes.data, np.ones((4, 1, *feature_axes(steps).shape)), steps)
