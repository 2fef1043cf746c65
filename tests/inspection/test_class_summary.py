"""One sentence a class: the band and the time that hold most of its relevance, if there are such."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skxai.features import MFCC, FeatureAxes, MelSpectrogram, ResizeFeatures, feature_axes
from skxai.inspection import summarise_relevance

RATE = 16000
SILENCE = np.zeros((1, RATE))
EVEN = FeatureAxes(np.arange(20) * 100.0 + 50, (np.arange(20) + 0.5) / 20, RATE)  # cells of 100 Hz and 0.05 s


def maps_of(rows=slice(None), columns=slice(None), n=4, level=1.0):
    maps = np.zeros((n, 20, 20))
    maps[:, rows, columns] = level
    return maps


def row_of(maps, axes=EVEN, **params):
    return summarise_relevance(maps, axes, ["rain"] * len(maps), **params).loc["rain"]


@pytest.mark.parametrize(
    ("rows", "columns", "sentence"),
    [
        ((10, 14), (0, 6), "mostly 1–1.4 kHz in the first 0.3 s"),
        ((2, 5), (15, 20), "mostly 200–500 Hz in the last 0.25 s"),
        ((0, 3), (4, 8), "mostly below 300 Hz between 0.2 and 0.4 s"),
        ((17, 20), (4, 8), "mostly above 1.7 kHz between 0.2 and 0.4 s"),
        ((8, 12), (4, 8), "mostly 0.8–1.2 kHz between 0.2 and 0.4 s"),
    ],
)
def test_rectangle_is_told(rows, columns, sentence):
    rows, columns = slice(*rows), slice(*columns)
    row = row_of(maps_of(rows, columns), share=0.99)
    assert row["sentence"].startswith(f"rain: {sentence} (")
    np.testing.assert_allclose(row[["low", "high"]].astype(float), [100 * rows.start, 100 * rows.stop])
    np.testing.assert_allclose(row[["start", "stop"]].astype(float), [columns.start / 20, columns.stop / 20], atol=1e-9)
    assert row["share"] == pytest.approx(1)
    assert row["area"] == (rows.stop - rows.start) * (columns.stop - columns.start) / 400
    assert row["n_clips"] == 4


def test_share_of_the_sentence_is_at_least_half_and_that_of_the_rectangle():
    rng = np.random.default_rng(0)
    for _ in range(20):
        maps = rng.gamma(0.05, size=(3, 20, 20)) * np.outer(rng.gamma(0.3, size=20), rng.gamma(0.3, size=20))
        row = row_of(maps)
        inside_rows = (EVEN.frequencies > row["low"]) & (EVEN.frequencies < row["high"])
        inside_columns = (EVEN.times > row["start"]) & (EVEN.times < row["stop"])
        shares = maps / maps.sum(axis=(1, 2), keepdims=True)
        assert row["share"] == pytest.approx(shares[:, inside_rows][:, :, inside_columns].sum(axis=(1, 2)).mean(), rel=1e-5)
        assert row["share"] >= 0.5 - 1e-9


def test_axis_without_preference_counts_whole():
    assert row_of(maps_of())["sentence"] == "rain: no preferred frequency or time"
    noise = np.random.default_rng(0).random((50, 20, 20))
    assert row_of(noise)["sentence"] == "rain: no preferred frequency or time"
    band = row_of(maps_of(rows=[4, 5]))
    assert band["sentence"].startswith("rain: mostly 400–500 Hz, at no preferred time (50 % of the relevance on 5 %")
    assert (band["start"], band["stop"]) == pytest.approx((0, 1))
    time = row_of(maps_of(columns=[3]))
    assert (
        time["sentence"]
        == "rain: mostly between 0.15 and 0.2 s, at no preferred frequency (100 % of the relevance on 5 % of the picture)"
    )
    assert (time["low"], time["high"]) == pytest.approx((0, 2000))


def test_events_at_any_time_have_a_band_and_no_time():
    rng = np.random.default_rng(0)
    maps = np.zeros((200, 20, 20))
    for clip, onset in zip(maps, rng.integers(0, 20, size=200)):
        clip[10:13, onset] = 1
    row = row_of(maps)
    assert row["sentence"].startswith("rain: mostly 1–1.2 kHz, at no preferred time (67 %")


def test_each_clip_has_the_same_weight_and_those_of_zeros_none():
    loud, faint = maps_of([3], [3], n=1, level=1e6), maps_of([12], [12], n=3)
    row = row_of(np.concatenate([loud, faint, np.zeros((2, 20, 20))]))
    assert row["n_clips"] == 4
    assert (row["low"], row["high"], row["share"]) == pytest.approx((1200, 1300, 0.75))


def test_a_row_for_each_class():
    maps = np.concatenate([maps_of([3], [3]), maps_of([12], [12]), np.zeros((1, 20, 20))])
    table = summarise_relevance(maps, EVEN, [7] * 4 + [2] * 4 + [5])
    assert table.index.tolist() == [2, 5, 7]
    assert table["low"].tolist()[::2] == pytest.approx([1200, 300])
    assert table.loc[5, "sentence"] == "5: no relevance"
    assert np.isnan(table.loc[5, "share"])


def test_even_map_over_mel_rows_prefers_no_frequency():
    pipe = make_pipeline(MelSpectrogram(RATE), ResizeFeatures((32, 32))).fit(SILENCE)
    assert row_of(np.ones((2, 1, 32, 32)), pipe)["sentence"] == "rain: no preferred frequency or time"


def test_cepstra_have_times_only():
    mfcc = MFCC(RATE).fit(SILENCE)
    maps = np.zeros((1, 1, *feature_axes(mfcc).shape))
    assert row_of(maps + 1, mfcc)["sentence"] == "rain: no preferred time"
    maps[..., 3:5, :6] = 1
    row = row_of(maps, mfcc)
    assert "Hz" not in row["sentence"]
    assert "frequency" not in row["sentence"]
    assert np.isnan(row["low"])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="y of summarise_relevance must have one class for each of 4 maps; got 3"):
        summarise_relevance(maps_of(), EVEN, [1, 2, 3])
    with pytest.raises(ValueError, match="'share' parameter of summarise_relevance"):
        summarise_relevance(maps_of(), EVEN, [1] * 4, share=0.2)
