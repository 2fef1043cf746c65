"""Resampling: torchaudio's filter at any pair of rates, in bounded memory."""

import tracemalloc

import numpy as np
import pytest
import torch

from skxai.utils import audio_files
from skxai.utils.audio_files import resample
from skxai.utils.torchaudio import torchaudio


@pytest.mark.parametrize(("rate", "new_rate"), [(44100, 22050), (22050, 16000), (16000, 22050), (8000, 22050), (48000, 44100)])
@pytest.mark.parametrize("n_samples", [1, 7, 5001])
def test_tap_by_tap_is_the_filter_of_torchaudio(rate, new_rate, n_samples, monkeypatch):
    waveform = np.random.default_rng(0).uniform(-1, 1, (2, n_samples)).astype(np.float32)
    expected = torchaudio.functional.resample(torch.from_numpy(waveform), rate, new_rate).numpy()
    monkeypatch.setattr(audio_files, "_LARGEST_KERNEL", 0)
    got = resample(waveform, rate, new_rate)
    assert got.dtype == np.float32
    assert got.shape == expected.shape
    np.testing.assert_allclose(got, expected, atol=1e-4)  # torchaudio rounds the phases of its kernel to float32


@pytest.mark.parametrize(("rate", "new_rate"), [(44101, 22050), (22050, 44101), (47999, 8001), (65537, 22050)])
def test_a_tone_stays_a_tone_between_rates_without_a_common_divisor(rate, new_rate):
    def tone(at_rate):
        return np.sin(2 * np.pi * 440 * np.arange(at_rate) / at_rate)

    tracemalloc.start()
    got = resample(tone(rate).astype(np.float32), rate, new_rate)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert got.shape == (new_rate,)
    np.testing.assert_allclose(got[100:-100], tone(new_rate)[100:-100], atol=2e-3)  # a filter of 6 zero crossings ripples
    assert peak < 200e6
