"""The regions that carry the relevance have the band and the time of what was put there."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skxai.datasets import event_masks, make_audio_events
from skxai.features import MFCC, FeatureAxes, MelSpectrogram, ResizeFeatures, Spectrogram, event_truth, feature_axes
from skxai.inspection import relevance_profile, relevance_regions

RATE = 16000
SILENCE = np.zeros((1, RATE))


@pytest.fixture(scope="module")
def mel():
    return MelSpectrogram(RATE, n_mels=40).fit(SILENCE)


def box_of(profile, rows, columns):
    """What the cells of the slices cover, within the sound: low, high, start, stop."""
    frequencies, times = np.clip(profile.frequency_edges, 0, RATE / 2), np.maximum(profile.time_edges, 0)
    return [frequencies[rows.start], frequencies[rows.stop], times[columns.start], times[columns.stop]]


def test_planted_rectangles_come_back_to_the_cell(mel):
    rng = np.random.default_rng(0)
    axes = feature_axes(mel)
    maps = np.zeros((20, 1, *axes.shape))
    planted = []
    for clip in maps[:, 0]:  # one in the lower half of the clip, a fainter and smaller one in the upper half
        for level, bottom, height in ((3.0, 0, 8), (-2.0, 20, 5)):
            first_row, first_column = bottom + rng.integers(0, 10), rng.integers(0, 40)
            box = slice(first_row, first_row + height), slice(first_column, first_column + 1 + rng.integers(0, 20))
            clip[box] = level
            planted.append((box, np.abs(level) * clip[box].size))
    table = relevance_regions(maps, mel, top=1, min_share=0)
    profile = relevance_profile(maps, mel)
    assert table["clip"].tolist() == np.repeat(np.arange(20), 2).tolist()
    for clip in range(20):
        both = sorted(planted[2 * clip : 2 * clip + 2], key=lambda it: -it[1])
        found = table[table["clip"] == clip]
        expected = [box_of(profile, *box) for box, _ in both]
        np.testing.assert_allclose(found[["low", "high", "start", "stop"]].to_numpy(), expected)
        np.testing.assert_allclose(found["share"], [sum_ / (both[0][1] + both[1][1]) for _, sum_ in both])
        assert sorted(found["peak"]) == pytest.approx([2 / 3, 1])
        for peak, low, high in zip(found["peak_frequency"], found["low"], found["high"]):
            assert low < peak < high


def test_regions_are_the_fewest_cells_that_hold_the_share():
    axes = FeatureAxes(np.array([100.0, 200.0, 300.0]), np.arange(5) / 10, RATE)
    maps = np.array([[[8, 0, 0, 0, 1], [0, 0, 0, 0, 0], [0, 0, 5, 4, 2]]])
    for top, shares in ((0.4, [8]), (0.5, [8, 5]), (0.7, [9, 8]), (0.9, [11, 8]), (1, [11, 8, 1])):
        table = relevance_regions(maps, axes, top=top, min_share=0)
        np.testing.assert_allclose(table["share"], np.array(shares) / 20)
        assert table["share"].sum() >= top - 1e-9
    assert len(relevance_regions(maps, axes, top=1, min_share=0.06)) == 2


def test_cells_that_touch_at_a_corner_are_one_region_and_those_of_other_clips_are_not():
    axes = FeatureAxes(np.array([100.0, 200.0, 300.0]), np.arange(3) / 10, RATE)
    glide = np.eye(3)
    table = relevance_regions([glide, glide[::-1]], axes, top=1)
    assert table["clip"].tolist() == [0, 1]
    np.testing.assert_allclose(table[["low", "high", "start", "stop"]], [[50, 350, 0, 0.25]] * 2)


def test_cells_of_equal_relevance_are_taken_together_and_zeros_never():
    axes = FeatureAxes(np.array([100.0, 200.0, 300.0]), np.arange(3) / 10, RATE)
    table = relevance_regions([np.full((3, 3), 2.0), np.zeros((3, 3)), -np.eye(3)], axes, top=0.3)
    assert table["clip"].tolist() == [0, 2]
    np.testing.assert_allclose(table["share"], 1)
    assert list(relevance_regions(np.zeros((1, 3, 3)), axes).columns) == list(table.columns)


def test_regions_end_where_the_sound_does():
    linear = Spectrogram(RATE).fit(SILENCE)
    table = relevance_regions(np.ones((1, 1, *feature_axes(linear).shape)), linear)
    np.testing.assert_allclose(table[["start", "low", "high"]], [[0, 0, RATE / 2]])


def test_regions_do_not_depend_on_scale_sign_or_the_other_clips(mel):
    maps = np.random.default_rng(0).standard_normal((6, 1, *feature_axes(mel).shape))
    whole = relevance_regions(maps, mel, min_share=0.001)
    scaled = relevance_regions(-8 * maps, mel, min_share=0.001)
    assert whole.equals(scaled)
    alone = relevance_regions(maps[4:5], mel, min_share=0.001)
    assert whole[whole["clip"] == 4].drop(columns="clip").reset_index(drop=True).equals(alone.drop(columns="clip"))


def test_regions_of_cepstra_are_spans_of_time():
    mfcc = MFCC(RATE).fit(SILENCE)
    maps = np.zeros((1, 1, *feature_axes(mfcc).shape))
    maps[0, 0, 3, 10:15] = 1
    maps[0, 0, 8, 14:20] = -2
    table = relevance_regions(maps, mfcc, top=1)
    step = mfcc.times_[1]
    np.testing.assert_allclose(table[["start", "stop", "share"]], [[9.5 * step, 19.5 * step, 1]])
    assert table[["low", "high", "peak_frequency"]].isna().all(axis=None)


def test_oracle_of_each_event_of_a_mixture_names_its_band_and_time():
    scenes = make_audio_events(24, classes=["alarm", "wheeze"], n_events=2, snr_db=20.0, reverberation=0.0, random_state=0)
    extraction = make_pipeline(MelSpectrogram(RATE), ResizeFeatures((48, 48))).fit(scenes.data)
    axes = feature_axes(extraction)
    truth = event_truth(extraction, scenes.events, background=scenes.background)
    boxes = event_masks(scenes.events, "alarm", axes.frequencies, axes.times)
    profile = relevance_profile(boxes.astype(float), extraction)
    table = relevance_regions(boxes, extraction, top=1, min_share=0)
    assert table["clip"].tolist() == list(range(24))
    for mask, found in zip(boxes, table.to_dict("records")):  # the map of 0 and 1: exact to a cell
        (rows, columns) = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        expected = box_of(profile, slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
        np.testing.assert_allclose([found[name] for name in ("low", "high", "start", "stop")], expected)
    window = 0.064  # s, over which a frame hears an event
    for label in truth.classes:  # the map of its energy: within the event, to a cell
        table = relevance_regions(truth.energy_of([label] * 24), extraction, top=0.9)
        largest = table.groupby("clip").first()
        assert len(largest) == 24
        for region, events in zip(largest.to_dict("records"), scenes.events):
            event = next(event for event in events if event.label == label)
            bottom, top = cells_at(profile.frequency_edges, [event.low, event.high])
            first, last = cells_at(profile.time_edges, [event.onset - window, event.offset + window])
            low, high, start, stop = box_of(profile, slice(max(bottom - 1, 0), min(top + 2, 48)), slice(first, last + 1))
            assert low <= region["low"] < region["high"] <= high
            assert start <= region["start"] < region["stop"] <= stop


def cells_at(edges, values):
    """Indices of the cells that hold these values, or of the outer ones."""
    return np.clip(np.searchsorted(edges, values) - 1, 0, len(edges) - 2)


def test_bad_arguments_are_named(mel):
    maps = np.ones((1, 1, *feature_axes(mel).shape))
    for name, value in (("top", 0), ("top", 1.5), ("min_share", -0.1)):
        with pytest.raises(ValueError, match=f"'{name}' parameter of relevance_regions"):
            relevance_regions(maps, mel, **{name: value})
    with pytest.raises(ValueError, match="maps of relevance_regions must have the rows and columns"):
        relevance_regions(maps[..., 1:], mel)
