"""Folders and tables of clips: every file is decoded, nothing bad gets through, and nothing is dropped silently."""

import struct
import warnings

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from sklearn.model_selection import PredefinedSplit

from skxai.datasets import load_audio_folder

RATE = 8000


def write(path, *, seconds=0.5, rate=RATE, value=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(0).normal(scale=0.1, size=(int(seconds * rate), 2))
    if value is not None:
        samples[len(samples) // 2] = value
    sf.write(path, samples, rate, **options)
    return path


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return path


@pytest.fixture
def folder(tmp_path):
    """Two classes with two clips each, in different formats, rates and depths."""
    write(tmp_path / "cough" / "1.wav")
    write(tmp_path / "cough" / "night" / "2.FLAC", seconds=1.0)
    write(tmp_path / "wheeze" / "1.ogg", rate=16000)
    write(tmp_path / "wheeze" / "2.mp3", seconds=2.0, rate=16000)
    return tmp_path


def test_subfolders_are_the_classes(folder):
    clips = load_audio_folder(folder, n_jobs=2)
    assert clips.target.tolist() == ["cough", "cough", "wheeze", "wheeze"]
    assert clips.target_names == ["cough", "wheeze"]
    assert clips.data.tolist() == [
        str(folder / name) for name in ("cough/1.wav", "cough/night/2.FLAC", "wheeze/1.ogg", "wheeze/2.mp3")
    ]
    assert clips.durations == pytest.approx([0.5, 1.0, 0.5, 2.0])
    assert clips.sample_rates.tolist() == [8000, 8000, 16000, 16000]
    assert clips.skipped.empty
    assert clips.skipped.columns.tolist() == ["file", "reason"]
    assert "folds" not in clips


def test_hidden_files_and_other_extensions_are_no_clips(folder):
    for name in (
        "cough/README.md",
        "cough/LICENSE",
        "cough/._1.wav",
        ".cache/x.wav",
        "cough/.old/x.wav",
        "notes/a.txt",
        "labels.csv",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("no audio")
    assert load_audio_folder(folder).data.size == 4


def no_audio(path):
    path.write_text("no audio")


def streaming_wav(path):
    """As an encoder writes that cannot know the length."""
    content = bytearray(write(path).read_bytes())
    content[40:44] = struct.pack("<I", 0xFFFFFFFF)
    path.write_bytes(content)


BAD = {
    "empty": ("x.wav", lambda path: path.write_bytes(b""), "empty, 0 bytes"),
    "no samples": ("x.wav", lambda path: write(path, seconds=0), "no samples"),
    "text": ("x.wav", no_audio, "not an audio file"),
    "unreadable format": ("x.m4a", no_audio, "not an audio file"),
    "nan": ("x.wav", lambda path: write(path, value=np.nan, subtype="FLOAT"), "NaN or infinite"),
    "inf": ("x.wav", lambda path: write(path, value=np.inf, subtype="FLOAT"), "NaN or infinite"),
    "cut flac": ("x.flac", lambda path: cut(write(path)), "truncated"),
    "cut wav": ("x.wav", lambda path: cut(write(path)), "truncated"),
    "cut aiff": ("x.aiff", lambda path: cut(write(path)), "truncated"),
    "cut au": ("x.au", lambda path: cut(write(path)), "truncated"),
    "cut ogg": ("x.ogg", lambda path: cut(write(path, seconds=5)), "truncated"),
    "cut mp3": ("x.mp3", lambda path: cut(write(path, seconds=5)), "truncated"),
    "stray": ("../x.wav", write, "no label"),
}


@pytest.mark.parametrize(("name", "spoil", "message"), BAD.values(), ids=BAD.keys())
def test_bad_file_is_named_with_what_is_wrong(folder, name, spoil, message):
    path = (folder / "cough" / name).resolve()
    spoil(path)
    with pytest.raises(ValueError, match=f"{path}.*{message}"):
        load_audio_folder(folder)


def test_wav_of_unknown_length_is_sound(folder):
    streaming_wav(folder / "cough" / "3.wav")
    assert load_audio_folder(folder).durations[1] == pytest.approx(0.5)


def test_skip_reports_all_in_one_warning_and_goes_on(folder):
    bad = [folder / "cough" / "3.wav", folder / "wheeze" / "0.flac", folder / "stray.wav"]
    no_audio(bad[0])
    cut(write(bad[1]))
    write(bad[2])
    with pytest.warns(UserWarning, match="3 skipped") as record:
        clips = load_audio_folder(folder, on_error="skip")
    assert len(record) == 1
    assert record[0].filename == __file__
    assert all(str(path) in str(record[0].message) for path in bad)
    assert sorted(clips.skipped["file"]) == sorted(map(str, bad))
    assert clips.data.size == 4


def test_sound_files_raise_no_warning(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_audio_folder(folder, on_error="skip")


def test_error_counts_the_others(folder):
    no_audio(folder / "cough" / "3.wav")
    no_audio(folder / "cough" / "4.wav")
    with pytest.raises(ValueError, match=r'cough/3.wav.*And 1 more.*on_error="skip"'):
        load_audio_folder(folder)


def test_no_clips_or_one_class_is_an_error(folder):
    (folder / "notes" / "old").mkdir(parents=True)
    with pytest.raises(ValueError, match=r"notes: no audio clips"):
        load_audio_folder(folder / "notes")
    (folder / "cough" / "1.wav").unlink()
    with pytest.raises(ValueError, match=r"at least 2 classes; all 1 are 'night'"):
        load_audio_folder(folder / "cough")
    with pytest.raises(FileNotFoundError, match=r"nowhere: there is no such folder"):
        load_audio_folder(folder / "nowhere")


def test_nothing_left_after_skipping_is_an_error(tmp_path):
    for label in ("cough", "wheeze"):
        (tmp_path / label).mkdir()
        no_audio(tmp_path / label / "1.wav")
    with (
        pytest.warns(UserWarning, match="2 skipped"),
        pytest.raises(ValueError, match="no audio clips found, 2 skipped"),
    ):
        load_audio_folder(tmp_path, on_error="skip")


@pytest.mark.parametrize("as_csv", [False, True])
def test_table_of_labels_with_folds_and_groups(folder, as_csv):
    table = pd.DataFrame(
        {
            "file": ["wheeze/1.ogg", "cough/1.wav", str(folder / "cough" / "night" / "2.FLAC")],
            "label": ["NA", "2", "2"],
            "fold": [1, 2, 2],
            "group": ["anna", "anna", "ben"],
        }
    )
    if as_csv:
        table.to_csv(folder / "labels.csv", index=False)
    clips = load_audio_folder(folder, labels=folder / "labels.csv" if as_csv else table)
    assert clips.data.tolist() == [str(folder / file) for file in table["file"]]
    assert clips.target.tolist() == ["NA", "2", "2"]
    assert clips.groups.tolist() == ["anna", "anna", "ben"]
    splits = list(PredefinedSplit(clips.folds).split())
    assert [test.tolist() for _, test in splits] == [[0], [1, 2]]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"file": ["cough/1.wav", "cough/9.wav"]}, FileNotFoundError, r"cough/9.wav: there is no such"),
        ({"file": ["cough/1.wav", "cough/1.wav"]}, ValueError, r"cough/1.wav is listed twice"),
        ({"label": ["a", None]}, ValueError, r"row 2 has 'wheeze/1.ogg' and ''"),
        ({"label": ["a", "a"]}, ValueError, r"labels: .*2 classes; all 2 are 'a'"),
        ({"fold": [1, 1.5]}, ValueError, r"fold must be a whole number; .*wheeze/1.ogg has '1.5'"),
        ({"fold": [1, None]}, ValueError, r"fold must be a whole number"),
    ],
)
def test_bad_rows_are_named(folder, change, error, message):
    table = pd.DataFrame({"file": ["cough/1.wav", "wheeze/1.ogg"], "label": ["a", "b"], **change})
    with pytest.raises(error, match=message):
        load_audio_folder(folder, labels=table)


def test_bad_tables_are_named(folder):
    with pytest.raises(ValueError, match=r"columns \['file', 'label'\]; \['label'\] missing, got \['file', 'class'\]"):
        load_audio_folder(folder, labels=pd.DataFrame({"file": ["x"], "class": ["y"]}))
    with pytest.raises(ValueError, match="no rows"):
        load_audio_folder(folder, labels=pd.DataFrame({"file": [], "label": []}))
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv"):
        load_audio_folder(folder, labels=folder / "nothing.csv")
    (folder / "empty.csv").touch()
    with pytest.raises(ValueError, match=r"empty.csv: not a CSV table"):
        load_audio_folder(folder, labels=folder / "empty.csv")
    with pytest.raises(ValueError, match=r"'on_error'.*'ignore'"):
        load_audio_folder(folder, on_error="ignore")
