"""One's own clips: a folder a class, or a table of files and labels."""

from numbers import Integral
from pathlib import Path

import pandas as pd
from sklearn.utils import Bunch

from ..utils.validation import StrOptions, validate_params
from ._files import AUDIO_SUFFIXES, bunch_of_clips
from ._tables import cell_text, read_table


@validate_params(
    {
        "path": [str, Path],
        "labels": [str, Path, pd.DataFrame, None],
        "on_error": [StrOptions({"raise", "skip"})],
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def load_audio_folder(
    path: str | Path, *, labels: str | Path | pd.DataFrame | None = None, on_error: str = "raise", n_jobs: int | None = None
) -> Bunch:
    """Find the clips of a folder, with their labels, and verify each by decoding it.

    Without ``labels`` every subfolder is a class, and the audio files in it, at any depth, are its clips. Hidden files, and
    those without an audio file's extension (README.md, LICENSE, ...), are ignored. A file that has one and is no audio is an
    error, and so is an audio file that lies beside the class folders.

    Parameters
    ----------
    path : str or Path
        The folder.
    labels : str, Path, DataFrame or None, default=None
        A table, or the path of its CSV file, with the columns ``file`` (relative to ``path``, or absolute) and ``label``, and
        optionally ``fold`` (whole numbers) and ``group`` (such as the patient). Then only the files in it are clips.
    on_error : {"raise", "skip"}, default="raise"
        Whether the first bad file is an error, or all of them are left out and reported together in one warning.
    n_jobs : int or None, default=None
        Threads that decode files. None is 1, -1 is one per processor.

    Returns
    -------
    Bunch
        - data : ndarray of str, shape (n,). Paths, for :class:`skxai.features.AudioLoader`.
        - target, target_names : ndarray of str, shape (n,), and list. Labels; the classes, sorted.
        - durations, sample_rates : ndarray of float and of int, shape (n,). In seconds, and in hertz.
        - skipped : DataFrame with the columns ``file`` and ``reason``. What was left out; empty when nothing was.
        - folds : ndarray of int, shape (n,). Only with a column ``fold``; for ``PredefinedSplit(folds)``.
        - groups : ndarray of str, shape (n,). Only with a column ``group``; for ``GroupKFold`` and the like.
        - DESCR : str. What it is, where it is from, and its licence where that is known.

    Raises
    ------
    FileNotFoundError
        For a missing folder, table or clip.
    ValueError
        For an empty, truncated or non-audio file or one with NaN or infinite samples, for no clips or only one class, and for a
        table with missing columns or labels, files listed twice, or folds that are not whole numbers.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, soundfile
    >>> from skxai.datasets import load_audio_folder
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for label in ("cough", "wheeze"):
    ...         (Path(folder) / label).mkdir()
    ...         soundfile.write(Path(folder) / label / "1.wav", np.zeros(8000), 16000)
    ...     clips = load_audio_folder(folder)
    >>> clips.target.tolist(), clips.durations.tolist()
    (['cough', 'wheeze'], [0.5, 0.5])
    """
    path = Path(path)
    if not path.is_dir():
        raise FileNotFoundError(f"{path}: there is no such folder.")
    if labels is None:
        source: str | Path = path
        table, outside = _class_folders(path), _beside_class_folders(path)
    else:
        source = "labels" if isinstance(labels, pd.DataFrame) else labels
        table, outside = _labelled_files(path, read_table(labels, ["file", "label"], name="labels"), source), []
    description = f"Audio clips of the folder {path}, with labels by {'subfolder' if labels is None else 'a table'}."
    return bunch_of_clips(table, description, source=source, on_error=on_error, n_jobs=n_jobs, outside=outside)


def _class_folders(path):
    folders = sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    clips = [(str(file), folder.name) for folder in folders for file in sorted(folder.rglob("*")) if _is_clip(file, folder)]
    return pd.DataFrame(clips, columns=["file", "label"], dtype=str)


def _beside_class_folders(path):
    """Audio files without a class: left out silently they would be missed."""
    reason = "lies beside the class folders, so it has no label; move it into one, or give labels."
    strays = sorted(file for file in path.iterdir() if _is_clip(file, path))
    return [({"file": str(file)}, ValueError(f"{file}: {reason}")) for file in strays]


def _is_clip(file, folder):
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.suffix.lower() in AUDIO_SUFFIXES and not hidden and not file.is_dir()


def _labelled_files(path, rows, source):
    table = pd.DataFrame({"file": rows["file"].map(cell_text), "label": rows["label"].map(cell_text)})
    for number, (file, label) in enumerate(zip(table["file"], table["label"]), start=1):
        if not file or not label:
            raise ValueError(f"{source}: every row must have a file and a label; row {number} has {file!r} and {label!r}.")
    table["file"] = [str(path / file) for file in table["file"]]
    twice = table["file"][table["file"].duplicated()]
    if len(twice):
        raise ValueError(f"{source}: a file must be listed once; {twice.iloc[0]} is listed twice.")
    if "fold" in rows:
        folds = pd.to_numeric(rows["fold"], errors="coerce")
        wrong = folds.isna() | (folds % 1 != 0)
        if wrong.any():
            file, fold = table["file"][wrong].iloc[0], cell_text(rows["fold"][wrong].iloc[0])
            raise ValueError(f"{source}: fold must be a whole number; {file} has {fold!r}.")
        table["fold"] = folds.astype(int)
    if "group" in rows:
        table["group"] = rows["group"].map(cell_text)
    return table
