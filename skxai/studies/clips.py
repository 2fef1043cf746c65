"""The clips of a study: from a folder in any of the known layouts, or built-in scenes; and its honest test split."""

from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from ..datasets import AudioEvent, load_audio_folder, make_audio_events, slice_events
from ..datasets.layouts import find_loader

# A slice this far below the loudest one of its recording holds no event: Wang cut annotated events, not pauses.
QUIETEST_SLICE_DB = -40.0


@dataclass(frozen=True)
class Clips:
    """Labelled clips and where they come from.

    Attributes
    ----------
    X : ndarray of shape (n, samples) or (n,)
        Waveforms, or paths.
    y : ndarray of shape (n,)
        Labels.
    groups : ndarray of shape (n,)
        The recording; train and test never share one.
    folds : ndarray of shape (n,) or None
        The data set's own folds, where it has them.
    names : ndarray of shape (n,)
        What a person would call the clip.
    duration : float
        Of the longest clip, in seconds.
    sample_rate : int or None
        Of the waveforms, in hertz.
    events : list or None
        The true events of each clip, where they are known.
    notes : tuple of str
        What a person should know of how they were chosen.
    """

    X: np.ndarray
    y: np.ndarray
    groups: np.ndarray
    folds: np.ndarray | None
    names: np.ndarray
    duration: float
    sample_rate: int | None = None
    events: list[list[AudioEvent]] | None = None
    notes: tuple[str, ...] = ()

    def take(self, indices: np.ndarray) -> "Clips":
        """Return the clips at ``indices``."""
        return replace(
            self,
            X=self.X[indices],
            y=self.y[indices],
            groups=self.groups[indices],
            folds=None if self.folds is None else self.folds[indices],
            names=self.names[indices],
            events=None if self.events is None else [self.events[index] for index in indices],
        )


def load_clips(
    data: str | PathLike | None = None,
    *,
    slice_duration: float | None = None,
    labels: str | PathLike | None = None,
    n_scenes: int = 600,
    scenes_sample_rate: int = 16000,
    on_error: str = "raise",
    n_jobs: int | None = None,
    seed: int = 0,
) -> Clips:
    """Load the clips of a study.

    Parameters
    ----------
    data : path or None, default=None
        A folder: ESC-50's layout, UrbanSound8K's, or a sub-folder for each class. None makes scenes.
    slice_duration : float or None, default=None
        Seconds of the slices that recordings are cut into; those without sound are left out. None keeps them whole.
    labels : path or None, default=None
        A CSV with the columns file and label, in the place of sub-folders.
    n_scenes : int, default=600
        How many scenes of 1 s to make.
    scenes_sample_rate : int, default=16000
        Their sample rate in hertz.
    on_error : {"raise", "skip"}, default="raise"
        What to do with an unreadable file.
    n_jobs : int or None, default=None
        Files read at a time.
    seed : int, default=0
        Of the scenes.

    Returns
    -------
    Clips
    """
    if data is None:
        scenes = make_audio_events(n_scenes, sample_rate=scenes_sample_rate, duration=1.0, random_state=seed)
        names = np.array([f"scene {number}" for number in range(n_scenes)])
        return Clips(scenes.data, scenes.target, names, None, names, 1.0, scenes_sample_rate, list(scenes.events))
    folder = Path(data)
    if not folder.is_dir():
        raise FileNotFoundError(f"data must be a folder with audio; {str(folder)!r} is not a folder.")
    if labels is None and (loader := find_loader(folder)) is not None:
        bunch = loader(folder, on_error=on_error, n_jobs=n_jobs)
    else:
        bunch = load_audio_folder(folder, labels=labels, on_error=on_error, n_jobs=n_jobs)
    files, durations = np.asarray(bunch.data), np.asarray(bunch.durations)
    groups = np.asarray(bunch.groups) if "groups" in bunch else files
    folds = np.asarray(bunch.folds) if "folds" in bunch else None
    names = np.array([Path(file).name for file in files])
    clips = Clips(files, np.asarray(bunch.target), groups, folds, names, float(durations.max()))
    return clips if slice_duration is None else _slice(clips, durations, int(min(bunch.sample_rates)), slice_duration)


def _slice(clips: Clips, durations: np.ndarray, rate: int, duration: float) -> Clips:
    annotations = pd.DataFrame({"file": clips.X, "start": 0.0, "end": durations, "label": clips.y})
    slices = slice_events(clips.X, annotations, duration=duration, sample_rate=rate)
    recording = pd.Series(np.arange(len(clips.X)), index=clips.X)[np.asarray(slices.groups)].to_numpy()
    level = np.sqrt((slices.data.astype(np.float64) ** 2).mean(axis=1))
    loudest = np.zeros(len(clips.X))
    np.maximum.at(loudest, recording, level)
    audible = np.flatnonzero(level > loudest[recording] * 10 ** (QUIETEST_SLICE_DB / 20))
    note = (
        f"{len(slices.data)} slices of {duration:g} s at {rate} Hz; {len(slices.data) - len(audible)} were left out as silent "
        f"(more than {-QUIETEST_SLICE_DB:g} dB below the loudest of their recording)."
    )
    names = np.array([f"{clips.names[index]} at {start:g} s" for index, start in zip(recording, slices.starts)])
    folds = None if clips.folds is None else clips.folds[recording]
    whole = Clips(slices.data, np.asarray(slices.target), clips.groups[recording], folds, names, duration, rate, None, (note,))
    return whole.take(audible)


def split_clips(
    clips: Clips, n_test: int, *, equal_parts: bool = True, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split clips into training and test: the last fold where there are folds, otherwise a fifth; recordings stay whole.

    Parameters
    ----------
    clips : Clips
    n_test : int
        How many test clips to explain, at most.
    equal_parts : bool, default=True
        The same number of each class, rather than a draw from all.
    seed : int, default=0
        Of the draw.

    Returns
    -------
    train, held_out, explained : ndarray of int
        Indices: the training clips, all test clips, and those of them that are explained.

    Raises
    ------
    ValueError
        If there are fewer than two classes, or a class has no clip to train on or none to test on.
    """
    classes, counts = np.unique(clips.y, return_counts=True)
    if len(classes) < 2:
        raise ValueError(f"data must hold at least 2 classes; got 1, {classes[0]!r}.")
    if counts.min() < 2:
        rarest = str(classes[counts.argmin()])
        raise ValueError(
            f"data must hold at least 2 clips of each class, one to train on and one to test on; class {rarest!r} has 1."
        )
    if clips.folds is not None and len(np.unique(clips.folds)) > 1:
        in_test = clips.folds == clips.folds.max()
    else:
        # No more folds than the rarest class has recordings.
        recordings = min(len(np.unique(clips.groups[clips.y == label])) for label in classes)
        if recordings < 2:
            raise ValueError("data must hold at least 2 recordings of each class: train and test never share a recording.")
        folds = StratifiedGroupKFold(min(5, recordings), shuffle=True, random_state=seed)
        _, test = next(folds.split(clips.X, clips.y, clips.groups))
        in_test = np.isin(np.arange(len(clips.y)), test)
    train, held_out = np.flatnonzero(~in_test), np.flatnonzero(in_test)
    for part, indices in (("train", train), ("test", held_out)):
        missing = sorted(set(classes) - set(clips.y[indices]))
        if missing:
            raise ValueError(f"class {str(missing[0])!r} has no clip to {part} on; the last fold is for the test.")
    rng = np.random.default_rng(seed)
    if not equal_parts:
        return train, held_out, np.sort(rng.choice(held_out, min(n_test, len(held_out)), replace=False))
    of_class = [held_out[clips.y[held_out] == label] for label in classes]
    n_each = max(1, min(n_test // len(classes), *(len(indices) for indices in of_class)))
    return train, held_out, np.sort(np.concatenate([rng.choice(indices, n_each, replace=False) for indices in of_class]))
