"""Public corpora, in the folders and tables in which their authors publish them."""

from collections.abc import Sequence
from numbers import Integral
from pathlib import Path

import pandas as pd
from sklearn.utils import Bunch

from ..utils.validation import StrOptions, validate_params
from ._files import bunch_of_clips
from ._tables import read_table
from .layouts import layout

__all__ = ["load_esc50", "load_urbansound8k"]

_LOADER_CONSTRAINTS = {
    "path": [str, Path],
    "folds": ["array-like", None],
    "on_error": [StrOptions({"raise", "skip"})],
    "n_jobs": [Integral, None],
}


@layout("meta/esc50.csv")
@validate_params({**_LOADER_CONSTRAINTS, "esc10": ["boolean"]}, prefer_skip_nested_validation=True)
def load_esc50(
    path: str | Path,
    *,
    esc10: bool = False,
    folds: Sequence[int] | None = None,
    on_error: str = "raise",
    n_jobs: int | None = None,
) -> Bunch:
    """Load ESC-50: 2000 clips of 5 s, 50 classes of environmental sound, 5 folds.

    Its layout is ``meta/esc50.csv`` and ``audio/``. Clips of one source recording never cross folds.

    Parameters
    ----------
    path : str or Path
        The folder that holds ``meta`` and ``audio``.
    esc10 : bool, default=False
        Only the clips of ESC-10, a subset of 10 classes.
    folds : sequence of int or None, default=None
        Only these folds; None is all.
    on_error : {"raise", "skip"}, default="raise"
        Whether the first bad file is an error, or all of them are left out and reported together in one warning.
    n_jobs : int or None, default=None
        Threads that decode files. None is 1, -1 is one per processor.

    Returns
    -------
    Bunch
        As :func:`load_audio_folder`: data (paths), target (categories), target_names, durations, sample_rates, skipped,
        ``folds`` (n,) for ``PredefinedSplit(folds)``, and ``groups`` (n,), the source recording.

    Raises
    ------
    FileNotFoundError
        If the folder, its table or a clip is missing.
    ValueError
        For a bad file, a table with missing columns, a fold that there is not, or only one class.

    References
    ----------
    Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015.

    Examples
    --------
    >>> from sklearn.model_selection import PredefinedSplit
    >>> from skxai.datasets import load_esc50
    >>> clips = load_esc50("ESC-50-master", esc10=True)  # doctest: +SKIP
    >>> PredefinedSplit(clips.folds).get_n_splits()  # doctest: +SKIP
    5
    """
    path = Path(path)
    meta = path / "meta" / "esc50.csv"
    rows = _read_meta(meta, ["filename", "fold", "category", "esc10", "src_file"], corpus="ESC-50")
    if esc10:
        rows = rows[rows["esc10"].str.lower() == "true"]
    table = pd.DataFrame(
        {
            "file": [str(path / "audio" / name) for name in rows["filename"]],
            "label": rows["category"],
            "fold": rows["fold"],
            "group": rows["src_file"],
        }
    )
    return bunch_of_clips(_only_folds(table, folds, meta), source=meta, on_error=on_error, n_jobs=n_jobs)


@layout("metadata/UrbanSound8K.csv")
@validate_params(_LOADER_CONSTRAINTS, prefer_skip_nested_validation=True)
def load_urbansound8k(
    path: str | Path, *, folds: Sequence[int] | None = None, on_error: str = "raise", n_jobs: int | None = None
) -> Bunch:
    """Load UrbanSound8K: 8732 clips of up to 4 s, 10 classes of urban sound, 10 folds.

    Its layout is ``metadata/UrbanSound8K.csv`` and ``audio/fold1`` to ``audio/fold10``. The authors ask to use their
    folds and not to shuffle: clips of one recording then never cross folds.

    Parameters
    ----------
    path : str or Path
        The folder that holds ``metadata`` and ``audio``.
    folds : sequence of int or None, default=None
        Only these folds; None is all.
    on_error : {"raise", "skip"}, default="raise"
        Whether the first bad file is an error, or all of them are left out and reported together in one warning.
    n_jobs : int or None, default=None
        Threads that decode files. None is 1, -1 is one per processor.

    Returns
    -------
    Bunch
        As :func:`load_esc50`; ``groups`` is the source recording, fsID.

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`load_esc50`.

    References
    ----------
    Salamon, Jacoby and Bello, "A Dataset and Taxonomy for Urban Sound Research", ACM Multimedia 2014.

    Examples
    --------
    >>> from skxai.datasets import load_urbansound8k
    >>> clips = load_urbansound8k("UrbanSound8K", n_jobs=-1)  # doctest: +SKIP
    >>> clips.target_names[:3]  # doctest: +SKIP
    ['air_conditioner', 'car_horn', 'children_playing']
    """
    path = Path(path)
    meta = path / "metadata" / "UrbanSound8K.csv"
    rows = _read_meta(meta, ["slice_file_name", "fsID", "fold", "class"], corpus="UrbanSound8K")
    table = pd.DataFrame(
        {
            "file": [str(path / "audio" / f"fold{fold}" / name) for fold, name in zip(rows["fold"], rows["slice_file_name"])],
            "label": rows["class"],
            "fold": rows["fold"],
            "group": rows["fsID"],
        }
    )
    return bunch_of_clips(_only_folds(table, folds, meta), source=meta, on_error=on_error, n_jobs=n_jobs)


def _read_meta(meta, columns, *, corpus):
    if not meta.is_file():
        raise FileNotFoundError(
            f"{meta}: there is no such file; path must be the folder of {corpus} as its authors publish it."
        )
    return read_table(meta, columns, name="path")


def _only_folds(table, folds, source):
    table = table.astype({"fold": int})
    known = sorted(set(table["fold"]))
    wanted = known if folds is None else list(folds)
    if not wanted or not set(wanted) <= set(known):
        raise ValueError(f"folds must be some of {known}, those of {source}; got {wanted}.")
    return table[table["fold"].isin(wanted)]
