"""Features of a single row say when, and nothing about frequencies: the row stands for all of them."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skxai.features import MelSpectrogram, ResizeFeatures, feature_axes
from skxai.inspection import relevance_profile, relevance_regions, sonify, summarise_relevance

RATE = 8000
CLIPS = np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32)


@pytest.fixture(scope="module", params=[1, 32])
def features(request):
    return make_pipeline(MelSpectrogram(RATE, n_fft=512, n_mels=request.param), ResizeFeatures((1, 20))).fit(CLIPS)


@pytest.fixture
def maps():
    maps = np.zeros((2, 1, 1, 20), dtype=np.float32)
    maps[..., 4:10] = -3
    return maps


def test_profile_is_flat_over_all_frequencies(features, maps):
    profile = relevance_profile(maps, features)
    np.testing.assert_array_equal(profile.frequency_edges, [0, RATE / 2])
    np.testing.assert_allclose(profile.per_frequency, np.full((2, 1), 2 / RATE))
    np.testing.assert_allclose((profile.per_time * np.diff(profile.time_edges)).sum(axis=1), 1)
    assert (np.flatnonzero(profile.per_time[0]) == np.arange(4, 10)).all()


def test_region_and_sentence_say_when(features, maps):
    start, stop = feature_axes(features).time_edges[[4, 10]]
    regions = relevance_regions(maps, features, top=1)
    np.testing.assert_allclose(regions[["start", "stop", "low", "high", "share"]], [[start, stop, 0, RATE / 2, 1]] * 2)
    summary = summarise_relevance(maps, features, ["cough", "cough"], share=0.9)
    np.testing.assert_allclose(summary[["start", "stop", "low", "high", "share"]], [[start, stop, 0, RATE / 2, 1]])
    assert summary["sentence"].str.contains("at no preferred frequency").all()


def test_sound_is_cut_in_time_at_all_frequencies(features, maps):
    seconds, (start, stop) = np.arange(RATE) / RATE, feature_axes(features).time_edges[[4, 10]]
    kept = sonify(CLIPS, maps, features)
    inside, outside = (seconds > start + 0.08) & (seconds < stop - 0.08), (seconds < start - 0.08) | (seconds > stop + 0.08)
    np.testing.assert_allclose(kept[:, inside], CLIPS[:, inside], atol=1e-4)
    assert np.abs(kept[:, outside]).max() < 1e-4
