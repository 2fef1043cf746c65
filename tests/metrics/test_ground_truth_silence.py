"""Digital silence is where the samples are 0, and relevance in it is measured."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from torch import nn

from skxai.explainers import EnergyMap
from skxai.features import AudioLoader, FeatureScaler, MelSpectrogram, ResizeFeatures, Spectrogram
from skxai.metrics import silence_mass
from skxai.metrics.silence import silent_columns
from skxai.models import PretrainedClassifier

RATE = 8000


@pytest.fixture
def waveforms():
    """Noise that is silent from 0.6 s on; from 0.2 to 0.5 s and from 0.9 s on; never; and all the time."""
    waveforms = np.random.default_rng(0).standard_normal((4, RATE)).astype(np.float32)
    waveforms[0, 4800:] = 0
    waveforms[1, 1600:4000] = waveforms[1, 7200:] = 0
    waveforms[3] = 0
    return waveforms


@pytest.mark.parametrize("make", [Spectrogram, MelSpectrogram])
@pytest.mark.parametrize("scaled", [False, True])
def test_columns_without_a_sample_that_sounds_are_silent(waveforms, make, scaled):
    extraction = make_pipeline(make(RATE, n_fft=256), *([FeatureScaler("standard")] if scaled else [])).fit(waveforms)
    centres = np.arange(126) * 64
    frames = [[not wave[max(0, centre - 128) : centre + 128].any() for centre in centres] for wave in waveforms]
    # A Hann window is all but 0 at its ends: one column more may be silent at each edge.
    found = silent_columns(extraction.transform(waveforms))
    for silent, expected in zip(found[:3], np.array(frames)):
        assert silent[expected].all()
        assert silent.sum() <= expected.sum() + 2 * np.abs(np.diff(expected.astype(int))).sum()
    assert not found[2].any()
    assert found[3].all()


def test_relevance_in_silence_is_counted(waveforms):
    X = make_pipeline(MelSpectrogram(RATE, n_fft=256), ResizeFeatures((16, 32)), FeatureScaler()).fit_transform(waveforms)
    maps = np.random.default_rng(0).normal(size=X.shape).astype(np.float32)
    silent = silent_columns(X)
    assert 10 < silent[0].sum() < 13
    expected = [np.abs(a[..., s]).sum() / np.abs(a).sum() for a, s in zip(maps, silent)]
    np.testing.assert_allclose(silence_mass(None, X, maps)[:3], [*expected[:2], np.nan], rtol=1e-6)
    inside = maps * silent[:, None, None]
    np.testing.assert_allclose(silence_mass(None, X, inside)[:2], 1)
    np.testing.assert_array_equal(silence_mass(None, X, maps - inside)[:2], 0)
    assert np.isnan(silence_mass(None, X, 0 * maps)).all()


def test_a_clip_without_any_sound_has_no_silence_to_compare_with(waveforms):
    X = make_pipeline(MelSpectrogram(RATE, n_fft=256), ResizeFeatures((16, 32)), FeatureScaler()).fit_transform(waveforms)
    assert np.ptp(X[3]) > 0  # what resizing makes of a constant
    explainer = EnergyMap(PretrainedClassifier(nn.Sequential(nn.Flatten(), nn.Linear(512, 2)))).fit(X)
    np.testing.assert_array_equal(np.isnan(silence_mass(explainer, X, np.ones_like(X))), [False, False, True, True])


def test_a_run_is_at_least_as_long_as_asked_for():
    X = np.ones((1, 2, 12))
    X[0, :, [1, 3, 4, 7, 8, 9, 11]] = 0
    for least, expected in ((1, [1, 3, 4, 7, 8, 9, 11]), (2, [3, 4, 7, 8, 9]), (3, [7, 8, 9]), (4, [])):
        assert np.flatnonzero(silent_columns(X, least)[0]).tolist() == expected
    X[0, 0, 8] = 0.5  # one cell sounds
    assert np.flatnonzero(silent_columns(X)[0]).tolist() == [3, 4]
    with pytest.raises(ValueError, match="min_columns must be at least 1; got 0"):
        silence_mass(None, X, X, min_columns=0)


def test_silence_of_real_recordings_is_found(esc10):
    clips = pd.read_csv(esc10 / "meta" / "clips.csv")
    silent, sounding = clips[clips.tail_silence_s > 1].head(6), clips[clips.zero_fraction == 0].head(4)
    chosen = pd.concat([silent, sounding])
    waveforms = AudioLoader(22050, duration=5.0).fit_transform([esc10 / "audio" / file for file in chosen.file])
    found = silent_columns(MelSpectrogram(22050, n_mels=32).fit_transform(waveforms))
    times = np.arange(found.shape[1]) * 256 / 22050
    assert len(found) == 10
    for columns, runs in zip(found, chosen.zero_runs_s):
        for start, end in json.loads(runs):
            assert columns[(times > start + 0.05) & (times < end - 0.05)].all()
    assert not found[6:].any()


def test_silence_of_waveforms_is_0_and_not_the_lowest_sample(waveforms):
    network = nn.Linear(RATE, 2)
    maps = np.abs(np.random.default_rng(1).standard_normal(waveforms.shape))
    explainer = EnergyMap(PretrainedClassifier(network, silence=0.0)).fit(waveforms)
    expected = [maps[0, 4800:].sum() / maps[0].sum(), maps[1, waveforms[1] == 0].sum() / maps[1].sum(), np.nan, np.nan]
    for min_columns in (None, 160):
        np.testing.assert_allclose(silence_mass(explainer, waveforms, maps, min_columns=min_columns), expected)
    unaware = EnergyMap(PretrainedClassifier(network)).fit(waveforms)
    assert np.isnan(silence_mass(unaware, waveforms, maps)[:3]).all()


def test_two_samples_at_least_are_silence_and_the_scale_of_the_clips_does_not_matter():
    maps = np.ones((2, 6))
    X = np.array([[1.0, 0.0, 0.5, 1.0, 0.2, 1.0], [1.0, 0.0, 0.0, 0.5, 1.0, 1.0]])
    for scale in (1, 1e-9):
        np.testing.assert_allclose(silence_mass(None, scale * X, maps), [np.nan, 1 / 3])
