"""Every feature transformer keeps scikit-learn's contracts."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from skxai.features import (
    MFCC,
    AudioLoader,
    BandpassFilter,
    FeatureScaler,
    FixedFrames,
    FixedLength,
    MelSpectrogram,
    ResizeFeatures,
    Spectrogram,
)

TRANSFORMERS = [
    AudioLoader(),
    FixedLength(duration=0.01, sample_rate=1000),
    BandpassFilter(low=100, high=1600, sample_rate=16000),
    Spectrogram(sample_rate=16000),
    MelSpectrogram(sample_rate=16000),
    MFCC(sample_rate=16000),
    FixedFrames(),
    ResizeFeatures(),
    FeatureScaler(),
    FeatureScaler("standard"),
]


@parametrize_with_checks(TRANSFORMERS)
def test_sklearn_check(estimator, check):
    check(estimator)


@pytest.fixture
def waveforms():
    return np.random.default_rng(0).standard_normal((3, 2000)).astype(np.float32)


@pytest.mark.parametrize("transformer", TRANSFORMERS, ids=lambda transformer: type(transformer).__name__)
class TestTransformer:
    def test_pickled_transformer_gives_the_same(self, transformer, waveforms):
        fitted = clone(transformer).fit(waveforms)
        np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).transform(waveforms), fitted.transform(waveforms))

    def test_output_is_float32_and_batches_do_not_matter(self, transformer, waveforms):
        fitted = clone(transformer).fit(waveforms)
        together = fitted.transform(waveforms.astype(float))
        alone = np.concatenate([fitted.transform(waveform[None]) for waveform in waveforms])
        assert together.dtype == np.float32
        np.testing.assert_allclose(alone, together, rtol=1e-5, atol=1e-5)

    def test_input_and_globals_stay_untouched(self, transformer, waveforms):
        before, rng, numpy_rng = waveforms.copy(), torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
        threads = torch.get_num_threads()
        waveforms.setflags(write=False)
        output = clone(transformer).fit_transform(waveforms[:, ::-1][:, ::-1])
        assert not np.shares_memory(output, waveforms)
        np.testing.assert_array_equal(waveforms, before)
        assert torch.equal(torch.get_rng_state(), rng)
        assert torch.get_num_threads() == threads
        np.testing.assert_array_equal(np.random.get_state()[1], numpy_rng)  # noqa: NPY002

    def test_nan_is_refused(self, transformer, waveforms):
        waveforms[1, 7] = np.nan
        with pytest.raises(ValueError, match=f"(?s)NaN.*{type(transformer).__name__}|{type(transformer).__name__}.*NaN"):
            clone(transformer).fit(waveforms)

    def test_clips_of_another_length_than_in_fit_are_refused(self, transformer, waveforms):
        fitted = clone(transformer).fit(waveforms)
        with pytest.raises(ValueError, match=f"X has 1999 features, but {type(transformer).__name__} is expecting 2000"):
            fitted.transform(waveforms[:, 1:])
