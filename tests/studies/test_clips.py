"""The clips of a study, and its honest test split."""

import numpy as np
import pytest

from skxai.studies import Clips, load_clips, split_clips


def clips(labels, groups=None, folds=None):
    n = len(labels)
    groups = np.arange(n) if groups is None else np.asarray(groups)
    return Clips(np.zeros((n, 4), np.float32), np.asarray(labels), groups, folds, groups.astype(str), 1.0, 4)


def test_the_last_fold_is_the_test():
    folds = np.repeat([1, 2, 3], 4)
    train, held_out, explained = split_clips(clips(["a", "b"] * 6, folds=folds), 2)
    assert set(folds[train]) == {1, 2}
    assert set(folds[held_out]) == {3}
    assert set(explained) <= set(held_out)


def test_recordings_are_never_shared_without_folds():
    groups = np.repeat(np.arange(12), 5)
    labels = np.repeat(["a", "b"] * 6, 5)
    train, held_out, _ = split_clips(clips(labels, groups), 10)
    assert not set(groups[train]) & set(groups[held_out])
    assert sorted([*train, *held_out]) == list(range(60))


def test_equal_parts_are_equal_also_where_a_class_is_rare():
    labels = np.array(["common"] * 90 + ["rare"] * 10)
    data = clips(labels, folds=np.tile([1, 2], 50))
    _, _, explained = split_clips(data, 20)
    assert np.unique(labels[explained], return_counts=True)[1].tolist() == [5, 5]
    _, held_out, drawn = split_clips(data, 20, equal_parts=False)
    assert len(drawn) == 20
    assert set(drawn) <= set(held_out)


@pytest.mark.parametrize(
    ("labels", "groups", "folds", "message"),
    [
        (["a", "a"], None, None, "at least 2 classes; got 1, np.str_\\('a'\\)"),
        (["a", "a", "b"], None, None, "at least 2 clips of each class.* class 'b' has 1"),
        (["a", "a", "b", "b"], [0, 0, 1, 1], None, "at least 2 recordings of each class"),
        (["a", "a", "b", "b"], None, np.array([1, 2, 1, 1]), "class 'b' has no clip to test on"),
    ],
)
def test_a_split_that_cannot_be_honest_is_an_error(labels, groups, folds, message):
    with pytest.raises(ValueError, match=message):
        split_clips(clips(labels, groups, folds), 2)


def test_slices_of_real_recordings_hold_sound(esc10):
    data = load_clips(esc10, slice_duration=1.0)
    level = np.sqrt((data.X.astype(float) ** 2).mean(axis=1))
    assert data.X.shape[1] == data.sample_rate == 22050
    assert level.min() > 0
    assert len(np.unique(data.y)) == 10
    assert "left out as silent" in data.notes[0]
    # a recording's slices stay in its fold
    for group in np.unique(data.groups)[:20]:
        assert len(set(data.folds[data.groups == group])) == 1


def test_no_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="data must be a folder with audio"):
        load_clips(tmp_path / "nothing")
