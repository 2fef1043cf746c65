"""Relevance per hertz and per second: densities over cells of unequal width."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skxai.features import MFCC, FeatureAxes, FixedFrames, MelSpectrogram, ResizeFeatures, Spectrogram, feature_axes
from skxai.inspection import relevance_profile

RATE = 16000
SILENCE = np.zeros((1, RATE))
STEPS = {
    "linear": [Spectrogram(RATE, n_fft=512)],
    "mel": [MelSpectrogram(RATE, n_mels=40)],
    "mel made smaller": [MelSpectrogram(RATE), ResizeFeatures((32, 32))],
    "mel made larger": [MelSpectrogram(RATE, n_mels=12), ResizeFeatures((40, 200))],
    "mel of other length": [MelSpectrogram(RATE, f_min=50, f_max=6000), FixedFrames(100)],
}


def fitted(steps):
    return make_pipeline(*steps).fit(SILENCE)


def noise(axes, n=3, seed=0):
    return np.random.default_rng(seed).standard_normal((n, 1, *axes.shape))


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_densities_integrate_to_one_and_tell_the_shares(steps):
    pipe = fitted(steps)
    maps = noise(feature_axes(pipe))
    profile = relevance_profile(maps, pipe)
    relevance = np.abs(maps[:, 0])
    shares = relevance / relevance.sum(axis=(1, 2), keepdims=True)
    of_rows, of_columns = (
        profile.per_frequency * np.diff(profile.frequency_edges),
        profile.per_time * np.diff(profile.time_edges),
    )
    np.testing.assert_allclose(of_rows, shares.sum(axis=2), rtol=1e-6)
    np.testing.assert_allclose(of_columns, shares.sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(of_rows.sum(axis=1), 1)
    np.testing.assert_allclose(of_columns.sum(axis=1), 1)


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_each_centre_lies_in_its_cell(steps):
    pipe = fitted(steps)
    profile = relevance_profile(noise(feature_axes(pipe)), pipe)
    for centres, edges in ((profile.frequencies, profile.frequency_edges), (profile.times, profile.time_edges)):
        own = np.append(True, np.diff(centres) > 0) & np.append(np.diff(centres) > 0, True)  # enlarging repeats the outer ones
        assert (np.diff(edges) > 0).all()
        assert ((edges[:-1] < centres) & (centres < edges[1:]))[own].all()
        assert own.sum() > 0.8 * len(centres)


def test_rows_of_a_mel_spectrogram_end_half_way_in_mel():
    mel = MelSpectrogram(RATE, n_mels=40).fit(SILENCE)
    edges = relevance_profile(noise(feature_axes(mel)), mel).frequency_edges
    in_mel = 2595 * np.log10(1 + edges / 700)
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    np.testing.assert_allclose(in_mel, top * (np.arange(41) + 0.5) / 41)


def test_even_map_is_even_in_time_and_on_linear_rows_and_falls_with_the_height_of_mel_rows():
    linear, mel = fitted(STEPS["linear"]), fitted(STEPS["mel"])
    profile = relevance_profile(np.ones((1, 1, *feature_axes(linear).shape)), linear)
    np.testing.assert_allclose(profile.per_time, profile.per_time[0, 0])
    np.testing.assert_allclose(profile.per_frequency, profile.per_frequency[0, 0])
    of_mel = relevance_profile(np.ones((1, 1, *feature_axes(mel).shape)), mel).per_frequency[0]
    assert (np.diff(of_mel) < 0).all()


def test_enlarging_a_picture_leaves_its_axes_where_they_were():
    mel = MelSpectrogram(RATE, n_mels=12).fit(SILENCE)
    larger = make_pipeline(MelSpectrogram(RATE, n_mels=12), ResizeFeatures((36, 63 * 3))).fit(SILENCE)
    ends = [relevance_profile(noise(feature_axes(pipe)), pipe) for pipe in (mel, larger)]
    np.testing.assert_allclose(ends[1].time_edges[::3], ends[0].time_edges, atol=1e-9)
    off = (ends[1].frequency_edges[::3] - ends[0].frequency_edges) / np.diff(ends[0].frequency_edges)[[*range(12), 11]]
    assert np.abs(off).max() < 0.1  # the rows between lie on chords


def test_map_of_zeros_is_undefined_and_the_sign_does_not_count():
    axes = FeatureAxes(np.array([100.0, 250.0, 700.0]), np.array([0.1, 0.3]), RATE)
    maps = np.zeros((2, 3, 2))
    maps[1] = [[1, -1], [0, 2], [-4, 0]]
    profile = relevance_profile(maps, axes)
    assert np.isnan(profile.per_frequency[0]).all()
    assert np.isnan(profile.per_time[0]).all()
    np.testing.assert_allclose(profile.frequency_edges, [25, 175, 475, 925])
    np.testing.assert_allclose(profile.per_frequency[1], [2 / 8 / 150, 2 / 8 / 300, 4 / 8 / 450])
    np.testing.assert_allclose(profile.per_time[1], [5 / 8 / 0.2, 3 / 8 / 0.2])
    assert len(profile[[1]]) == 1
    np.testing.assert_array_equal(profile[1:].per_frequency, profile.per_frequency[1:])


def test_channels_are_added_and_waveforms_have_no_frequency():
    axes = FeatureAxes(np.array([100.0, 250.0, 700.0]), np.array([0.1, 0.3]), RATE)
    maps = np.random.default_rng(0).random((2, 2, 3, 2))
    np.testing.assert_allclose(
        relevance_profile(maps, axes).per_time, relevance_profile(maps.sum(axis=1), axes).per_time, rtol=1e-6
    )
    samples = replace(axes, frequencies=None, kind="sample", times=np.arange(8) / RATE, frame_step=1 / RATE)
    profile = relevance_profile(-np.eye(8), samples)
    assert profile.per_frequency is None
    np.testing.assert_allclose(profile.per_time, np.eye(8) * RATE)


def test_cepstra_have_times_only():
    mfcc = MFCC(RATE).fit(SILENCE)
    maps = noise(feature_axes(mfcc))
    profile = relevance_profile(maps, mfcc)
    assert profile.per_frequency is None
    assert profile.frequencies is None
    np.testing.assert_allclose((profile.per_time * np.diff(profile.time_edges)).sum(axis=1), 1)


def test_bad_arguments_are_named():
    mel = MelSpectrogram(RATE).fit(SILENCE)
    good = noise(feature_axes(mel))
    for maps in (good[..., :-1], good[:, :, 1:], good[0, 0]):
        with pytest.raises(ValueError, match=r"maps of relevance_profile must have the rows and columns of the features"):
            relevance_profile(maps, mel)
    with pytest.raises(ValueError, match="NaN"):
        relevance_profile(good * np.nan, mel)
    with pytest.raises(ValueError, match="features of relevance_profile must be FeatureAxes or a fitted pipeline"):
        relevance_profile(good, make_pipeline(ResizeFeatures((64, 63))).fit(good))
    axes = feature_axes(mel)
    with pytest.raises(ValueError, match="must increase"):
        relevance_profile(good, replace(axes, frequencies=axes.frequencies[::-1]))
    with pytest.raises(ValueError, match="frame_step"):
        relevance_profile(good[..., :1], FeatureAxes(axes.frequencies, axes.times[:1], RATE))
