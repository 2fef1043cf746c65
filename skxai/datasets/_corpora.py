"""Public corpora, in the folders and tables in which their authors publish them."""

from collections.abc import Sequence
from numbers import Integral
from pathlib import Path

from sklearn.utils import Bunch

from ..utils.validation import StrOptions, validate_params
from ._files import bunch_of_clips
from ._tables import read_table
from .layouts import layout

_LOADER_CONSTRAINTS = {
    "path": [str, Path],
    "folds": ["array-like", None],
    "on_error": [StrOptions({"raise", "skip"})],
    "n_jobs": [Integral, None],
}
_ESC50 = (
    "ESC-50: 2000 clips of environmental sound, 5 s each, in 50 classes and 5 folds, from Freesound; ESC-10 is a subset of 10 "
    "classes. Piczak, ACM Multimedia 2015, https://github.com/karolpiczak/ESC-50. Licence: CC BY-NC 3.0; ESC-10 CC BY 3.0."
)
_URBANSOUND8K = (
    "UrbanSound8K: 8732 clips of urban sound, up to 4 s each, in 10 classes and 10 folds, from Freesound. Salamon, Jacoby and "
    "Bello, ACM Multimedia 2014, https://urbansounddataset.weebly.com/urbansound8k.html. Licence: CC BY-NC 3.0."
)


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
    on_error, n_jobs
        As in :func:`load_audio_folder`.

    Returns
    -------
    Bunch
        As of :func:`load_audio_folder`, with ``folds`` and with ``groups``, the source recording.

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`load_audio_folder`, and for a fold that there is not.

    References
    ----------
    Piczak, "ESC: Dataset for Environmental Sound Classification", ACM Multimedia 2015.

    Examples
    --------
    >>> from skxai.datasets import load_esc50
    >>> load_esc50("ESC-50-master", esc10=True).target_names[:3]  # doctest: +SKIP
    ['chainsaw', 'clock_tick', 'crackling_fire']
    """
    path = Path(path)
    meta = path / "meta" / "esc50.csv"
    rows = _read_meta(meta, {"category": "label", "src_file": "group", "filename": "file", "esc10": "esc10"}, "ESC-50")
    rows["file"] = [str(path / "audio" / name) for name in rows["file"]]
    if esc10:
        rows = rows[rows["esc10"].str.lower() == "true"]
    return bunch_of_clips(_only_folds(rows, folds, meta), _ESC50, source=meta, on_error=on_error, n_jobs=n_jobs)


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
    folds, on_error, n_jobs
        As in :func:`load_esc50`.

    Returns
    -------
    Bunch
        As of :func:`load_esc50`, with its errors; ``groups`` is the source recording, fsID.

    References
    ----------
    Salamon, Jacoby and Bello, "A Dataset and Taxonomy for Urban Sound Research", ACM Multimedia 2014.

    Examples
    --------
    >>> from skxai.datasets import load_urbansound8k
    >>> load_urbansound8k("UrbanSound8K", n_jobs=-1).target_names[:3]  # doctest: +SKIP
    ['air_conditioner', 'car_horn', 'children_playing']
    """
    path = Path(path)
    meta = path / "metadata" / "UrbanSound8K.csv"
    rows = _read_meta(meta, {"class": "label", "fsID": "group", "slice_file_name": "file"}, "UrbanSound8K")
    rows["file"] = [str(path / "audio" / f"fold{fold}" / name) for fold, name in zip(rows["fold"], rows["file"])]
    return bunch_of_clips(_only_folds(rows, folds, meta), _URBANSOUND8K, source=meta, on_error=on_error, n_jobs=n_jobs)


def _read_meta(meta, names, corpus):
    """Return the columns that ``names`` renames, and ``fold``."""
    if not meta.is_file():
        raise FileNotFoundError(
            f"{meta}: there is no such file; path must be the folder of {corpus} as its authors publish it."
        )
    columns = [*names, "fold"]
    return read_table(meta, columns, name="path")[columns].rename(columns=names)


def _only_folds(table, folds, source):
    table = table.astype({"fold": int})
    known = sorted(set(table["fold"]))
    wanted = known if folds is None else list(folds)
    if not wanted or not set(wanted) <= set(known):
        raise ValueError(f"folds must be some of {known}, those of {source}; got {wanted}.")
    return table[table["fold"].isin(wanted)]
