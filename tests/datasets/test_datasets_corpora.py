"""Corpora in their authors' layouts, with their authors' folds."""

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from sklearn.model_selection import PredefinedSplit
from sklearn.utils import Bunch

from skxai import datasets
from skxai.datasets import load_esc50, load_urbansound8k


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.zeros(100), 8000)


@pytest.fixture
def esc50(tmp_path):
    rows = [("1-9-A.wav", 1, "dog", True, 9), ("2-7-A.wav", 2, "rain", True, 7), ("2-8-A.wav", 2, "crow", False, 8)]
    meta = pd.DataFrame(rows, columns=["filename", "fold", "category", "esc10", "src_file"])
    (tmp_path / "meta").mkdir()
    meta.assign(target=0, take="A").to_csv(tmp_path / "meta" / "esc50.csv", index=False)
    for name in meta["filename"]:
        write(tmp_path / "audio" / name)
    return tmp_path


@pytest.fixture
def urbansound8k(tmp_path):
    rows = [("9-3-0-0.wav", 9, 1, "dog_bark"), ("9-3-0-1.wav", 9, 1, "siren"), ("7-2-0-0.wav", 7, 10, "siren")]
    meta = pd.DataFrame(rows, columns=["slice_file_name", "fsID", "fold", "class"])
    (tmp_path / "metadata").mkdir()
    meta.assign(start=0.0, end=4.0, salience=1, classID=0).to_csv(tmp_path / "metadata" / "UrbanSound8K.csv", index=False)
    for name, fold in zip(meta["slice_file_name"], meta["fold"]):
        write(tmp_path / "audio" / f"fold{fold}" / name)
    return tmp_path


def test_esc50(esc50):
    clips = load_esc50(esc50)
    assert clips.data.tolist() == [str(esc50 / "audio" / name) for name in ("1-9-A.wav", "2-7-A.wav", "2-8-A.wav")]
    assert clips.target.tolist() == ["dog", "rain", "crow"]
    assert clips.folds.tolist() == [1, 2, 2]
    assert clips.groups.tolist() == ["9", "7", "8"]


def test_esc10_is_a_subset_of_esc50(esc50):
    assert load_esc50(esc50, esc10=True).target_names == ["dog", "rain"]


def test_only_some_folds(esc50):
    assert load_esc50(esc50, folds=[2]).target.tolist() == ["rain", "crow"]
    with pytest.raises(ValueError, match=r"folds must be some of \[1, 2\].*got \[2, 6\]"):
        load_esc50(esc50, folds=[2, 6])


def test_esc10_of_real_audio(esc10):
    clips = load_esc50(esc10, folds=[1, 5], n_jobs=2)
    assert len(clips.target_names) == 10
    measured = pd.read_csv(esc10 / "meta" / "clips.csv", index_col="file")["duration"]
    np.testing.assert_allclose(clips.durations, measured[[Path(file).name for file in clips.data]], atol=1e-3)
    groups = [set(clips.groups[test]) for _, test in PredefinedSplit(clips.folds).split()]
    assert len(groups) == 2
    assert not groups[0] & groups[1]


def test_urbansound8k(urbansound8k):
    clips = load_urbansound8k(urbansound8k)
    assert clips.data.tolist() == [
        str(urbansound8k / "audio" / name) for name in ("fold1/9-3-0-0.wav", "fold1/9-3-0-1.wav", "fold10/7-2-0-0.wav")
    ]
    assert clips.target.tolist() == ["dog_bark", "siren", "siren"]
    assert clips.folds.tolist() == [1, 1, 10]
    assert clips.groups.tolist() == ["9", "9", "7"]
    assert [test.tolist() for _, test in PredefinedSplit(clips.folds).split()] == [[0, 1], [2]]


def test_missing_clip_is_named_or_skipped(urbansound8k):
    (urbansound8k / "audio" / "fold1" / "9-3-0-1.wav").unlink()
    with pytest.raises(FileNotFoundError, match=r"fold1/9-3-0-1.wav: there is no such"):
        load_urbansound8k(urbansound8k)
    with pytest.warns(UserWarning, match=r"9-3-0-1.wav") as record:
        clips = load_urbansound8k(urbansound8k, on_error="skip")
    assert record[0].filename == __file__
    assert clips.folds.tolist() == [1, 10]


@pytest.mark.parametrize(("load", "table"), [(load_esc50, "meta/esc50.csv"), (load_urbansound8k, "metadata/UrbanSound8K.csv")])
def test_another_folder_is_named(tmp_path, load, table):
    with pytest.raises(FileNotFoundError, match=f"{tmp_path / table}: .*as its authors publish it"):
        load(tmp_path)
    (tmp_path / table).parent.mkdir()
    (tmp_path / table).write_text("file,label\na,b\n")
    with pytest.raises(ValueError, match=r"must have the columns.*got \['file', 'label'\]"):
        load(tmp_path)


def test_every_bunch_says_what_it_is(esc50, urbansound8k):
    files, folder = ["1-9-A.wav", "2-7-A.wav"], esc50 / "audio"
    table = pd.DataFrame({"file": files, "label": ["dog", "rain"], "start": 0.0, "end": 0.01})
    made = {
        "load_esc50": (load_esc50(esc50), "Licence: CC BY-NC 3.0; ESC-10 CC BY 3.0"),
        "load_urbansound8k": (load_urbansound8k(urbansound8k), "Licence: CC BY-NC 3.0"),
        "load_audio_folder": (datasets.load_audio_folder(folder, labels=table), str(folder)),
        "slice_events": (datasets.slice_events([folder / name for name in files], table, duration=0.01), "0.01 s"),
        "mix_clips": (datasets.mix_clips(np.eye(2), ["dog", "rain"], sample_rate=8000), "2 clips"),
        "make_audio_events": (datasets.make_audio_events(1, duration=0.2, sample_rate=4000), "Licence: BSD-3-Clause"),
    }
    functions = {name: getattr(datasets, name) for name in datasets.__all__ if inspect.isfunction(getattr(datasets, name))}
    assert set(made) == {name for name, each in functions.items() if inspect.signature(each).return_annotation is Bunch}
    for bunch, words in made.values():
        assert words in bunch.DESCR
