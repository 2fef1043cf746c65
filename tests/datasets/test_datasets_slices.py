"""Slices of long recordings: where they lie, that they hold their event, and what is wrong with a bad annotation."""

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from skxai.datasets import slice_events

RATE = 8000


def table(*rows):
    return pd.DataFrame(rows, columns=["file", "start", "end", "label"])


@pytest.fixture
def night(tmp_path):
    """Ten seconds whose samples tell their own time: a ramp from 0 to 1."""
    path = tmp_path / "night.wav"
    sf.write(path, np.arange(10 * RATE) / (10 * RATE), RATE, subtype="FLOAT")
    return path


@pytest.fixture
def day(tmp_path):
    """Four seconds in stereo at 16 kHz: a tone of 500 Hz, and silence."""
    path = tmp_path / "day.flac"
    sine = 0.5 * np.sin(2 * np.pi * 500 * np.arange(4 * 16000) / 16000)
    sf.write(path, np.column_stack([sine, 0 * sine]), 16000)
    return path


STARTS = {
    "shorter: centred": ((4.0, 4.4), {}, [3.7]),
    "as long": ((4.0, 5.0), {}, [4.0]),
    "at the beginning: moved in": ((0.0, 0.2), {}, [0.0]),
    "at the end: moved in": ((9.7, 10.0), {}, [9.0]),
    "longer: several": ((2.0, 5.0), {}, [2.0, 3.0, 4.0]),
    "the rest fills half a clip": ((2.0, 4.5), {}, [2.0, 3.0, 4.0]),
    "the rest fills less": ((2.0, 4.4), {}, [2.0, 3.0]),
    "the rest is asked for": ((2.0, 4.4), {"min_overlap": 0.4}, [2.0, 3.0, 4.0]),
    "overlapping clips": ((2.0, 4.0), {"hop": 0.5, "min_overlap": 1.0}, [2.0, 2.5, 3.0]),
    "another duration": ((2.0, 5.0), {"duration": 2.0}, [2.0, 4.0]),
    "rest at the end: moved in": ((7.0, 9.6), {"duration": 2.0, "min_overlap": 0.3}, [7.0, 8.0]),
    "moved to the same place: once": ((8.0, 10.0), {"hop": 0.25, "duration": 1.5}, [8.0, 8.25, 8.5]),
}


@pytest.mark.parametrize(("event", "options", "starts"), STARTS.values(), ids=STARTS.keys())
def test_clips_of_an_event(night, event, options, starts):
    clips = slice_events(night, table(("night.wav", *event, "cough")), **options)
    assert clips.starts == pytest.approx(starts)
    assert clips.data.dtype == np.float32
    assert clips.data.shape == (len(starts), options.get("duration", 1) * RATE)
    np.testing.assert_allclose(10 * clips.data[:, 0], starts, atol=1e-3)  # the ramp says where a clip begins


def test_clips_come_in_the_order_of_the_annotations(night, day):
    rows = table((str(day), 1, 2, "tone"), ("night.wav", 5, 6, "ramp"), ("day.flac", 0, 1, "tone"))
    clips = slice_events([night, day], rows, sample_rate=RATE)
    assert clips.target.tolist() == ["tone", "ramp", "tone"]
    assert clips.target_names == ["ramp", "tone"]
    assert clips.groups.tolist() == [str(day), str(night), str(day)]
    assert clips.starts.tolist() == [1, 5, 0]
    assert clips.sample_rate == RATE
    assert clips.skipped.empty


def test_annotations_from_a_csv_file(night, tmp_path):
    table(("night.wav", 1, 2, "cough")).to_csv(tmp_path / "events.csv", index=False)
    assert slice_events([night], tmp_path / "events.csv").starts.tolist() == [1.0]


def test_recordings_are_resampled_and_channels_averaged(day):
    clip = slice_events(day, table(("day.flac", 1, 2, "tone")), sample_rate=RATE).data[0]
    expected = 0.25 * np.sin(2 * np.pi * 500 * np.arange(RATE) / RATE)
    np.testing.assert_allclose(clip, expected, atol=2e-3)


def test_common_rate_is_kept_and_differing_rates_are_named(night, day):
    assert slice_events(day, table(("day.flac", 1, 2, "tone"))).sample_rate == 16000
    with pytest.raises(ValueError, match=r"day.flac: has a sample rate of 16000 Hz and .*night.wav has 8000 Hz"):
        slice_events([night, day], table(("night.wav", 1, 2, "cough")))


def test_only_a_recording_shorter_than_a_clip_is_padded(night):
    clips = slice_events(night, table(("night.wav", 3, 4, "cough")), duration=12.0)
    assert clips.starts.tolist() == [0.0]
    assert (clips.data[0, 1 : 10 * RATE] > 0).all()
    assert (clips.data[0, 10 * RATE :] == 0).all()


BAD = {
    "ends before it starts": (("night.wav", 3, 2, "x"), r"night.wav, row 2 .*start must come before end; got start=3"),
    "no length": (("night.wav", 3, 3, "x"), "start must come before end"),
    "negative": (("night.wav", -1, 3, "x"), "start must not be negative; got start=-1"),
    "beyond the end": (("night.wav", 3, 10.5, "x"), r"beyond the recording's end at 10.000 s; got start=3, end=10.5"),
    "not a number": (("night.wav", "early", 3, "x"), "start and end must be seconds; got start=early"),
    "missing": (("night.wav", None, 3, "x"), "start and end must be seconds"),
    "no label": (("night.wav", 2, 3, ""), "must have a label"),
    "unknown file": (("noon.wav", 2, 3, "x"), "row 2 .*'noon.wav' is none of the 1 recordings"),
}


@pytest.mark.parametrize(("row", "message"), BAD.values(), ids=BAD.keys())
def test_bad_annotation_is_named_or_skipped(night, row, message):
    rows = table(("night.wav", 1, 2, "x"), row)
    with pytest.raises(ValueError, match=message):
        slice_events(night, rows)
    with pytest.warns(UserWarning, match=message) as record:
        clips = slice_events(night, rows, on_error="skip")
    assert record[0].filename == __file__
    assert clips.starts.tolist() == [1.0]
    assert clips.skipped["file"].tolist() == [row[0]]


def test_bad_recordings_are_named_or_skipped(night, tmp_path):
    cut, missing = tmp_path / "cut.wav", tmp_path / "missing.wav"
    cut.write_bytes(night.read_bytes()[:1000])
    rows = table(("cut.wav", 1, 2, "x"), ("night.wav", 1, 2, "x"), ("cut.wav", 5, 6, "x"))
    with pytest.raises(ValueError, match=r"cut.wav: truncated"):
        slice_events([night, cut], rows)
    with pytest.raises(FileNotFoundError, match=r"missing.wav: there is no such"):
        slice_events([night, missing], table(("night.wav", 1, 2, "x")))
    with pytest.warns(UserWarning, match="3 skipped"):
        clips = slice_events([night, cut, missing], rows, on_error="skip")
    assert clips.groups.tolist() == [str(night)]
    assert clips.skipped["file"].tolist() == ["cut.wav", "cut.wav", str(missing)]


def test_name_of_several_recordings_is_ambiguous(night, tmp_path):
    (tmp_path / "b").mkdir()
    other = tmp_path / "b" / "night.wav"
    other.write_bytes(night.read_bytes())
    with pytest.raises(ValueError, match=r"'night.wav' is several recordings"):
        slice_events([night, other], table(("night.wav", 1, 2, "x")))
    assert slice_events([night, other], table((str(other), 1, 2, "x"))).groups.tolist() == [str(other)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"annotations": pd.DataFrame({"file": ["a"], "start": [1], "end": [2]})},
            r"annotations: .*\['label'\] missing",
        ),
        ({"recordings": []}, "recordings.*at least one"),
        ({"duration": 0}, "duration.*Got 0"),
        ({"duration": 1e-6}, "duration.*one sample"),
        ({"hop": 0.0}, "hop.*Got 0"),
        ({"min_overlap": 0.0}, "min_overlap.*Got 0"),
        ({"sample_rate": 0}, "sample_rate.*Got 0"),
    ],
)
def test_bad_arguments_are_named(night, arguments, message):
    with pytest.raises(ValueError, match=message):
        slice_events(**{"recordings": night, "annotations": table(("night.wav", 1, 2, "x")), **arguments})
