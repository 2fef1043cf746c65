"""How much relevance lies where there is nothing to hear?"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array

from ..engine import silence_of, unwrap
from ..utils.statistics import ratio_or_nan
from .base import metric

# Of a clip's range of values. What resizing in float32 makes of a constant is less, and of a clip that is all silent it is a
# range of its own: ROUNDING is of the greatest value.
TOLERANCE, ROUNDING = 1e-4, 1e-6


@metric(greater_is_better=False, bounds=(0, 1), family="axiomatic", partial=True)
def silence_mass(
    estimator: Any, X: ArrayLike, maps: np.ndarray, y: ArrayLike | None = None, *, min_columns: int | None = None
) -> np.ndarray:
    r"""Share of the relevance that lies in digital silence.

    .. math:: \frac{\sum_{i \in S} |a_i|}{\sum_i |a_i|}

    with S the silent columns: at least ``min_columns`` in a row, all of whose cells have the clip's lowest value, up to 1e-4 of
    its range. That is what a spectrogram in decibels makes of samples that are exactly 0, or more than ``top_db`` below the
    loudest. If the classifier declares which value is silence (``silence_``, 0 for waveforms), that is taken, not the lowest.
    No sound is there: the classifier goes by the silence itself, or the map is smeared. A map that knows nothing has the share
    of S in the clip. Smaller is better.

    Parameters
    ----------
    estimator : explainer, classifier or None
        Of an explainer ``feature_range_`` says which differences are rounding, and ``silence_`` of its classifier what silence
        is, where it is not the lowest value.
    X : array-like of shape (n, ..., t)
        The clips; time is the last axis. The rows must be frequencies: cepstra of silence are not the clip's lowest value.
    maps : array-like of shape (n, ...)
        Their maps.
    y : ignored
        Parameter not used, present for API consistency.
    min_columns : int or None, default=None
        Shortest silence in columns. None is 2, and in clips of one axis, where a column is a sample and two in a row may be a
        zero crossing, a hundredth of the clip.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]; NaN for a map of zeros, and for a clip without silence or without anything else.

    References
    ----------
    .. [1] Piczak, "ESC: dataset for environmental sound classification", ACM Multimedia 2015: clips shorter than 5 s are
       padded with zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.metrics import silence_mass
    >>> X = np.array([[[-10.0, -80.0, -80.0, -80.0], [-80.0, -30.0, -80.0, -80.0]]])
    >>> silence_mass(None, X, np.array([[[3.0, 0.0, 1.0, 0.0], [2.0, 1.0, 0.0, 1.0]]])).tolist()
    [0.25]
    """
    clips = check_array(X, dtype=np.float32, allow_nd=True, input_name="X")
    if min_columns is None:
        min_columns = max(2, clips.shape[1] // 100) if clips.ndim == 2 else 2
    if min_columns < 1:
        raise ValueError(f"min_columns must be at least 1; got {min_columns!r}.")
    greatest = np.abs(getattr(estimator, "feature_range_", 0)).max()
    silent = silent_columns(clips, min_columns, greatest, silence=silence_of(unwrap(estimator)))
    relevance = np.abs(maps).astype(np.float64).reshape(len(maps), -1, maps.shape[-1]).sum(axis=1)
    mass = ratio_or_nan((relevance * silent).sum(axis=1), relevance.sum(axis=1))
    return np.where(silent.any(axis=1) & ~silent.all(axis=1), mass, np.nan)


def silent_columns(X: np.ndarray, min_columns: int = 2, greatest: float = 0.0, silence: float | None = None) -> np.ndarray:
    """Return which columns of clips ``(n, ..., t)`` are silent, ``(n, t)``; see ``silence_mass``."""
    columns = X.reshape(len(X), -1, X.shape[-1])
    lowest, highest = columns.min(axis=(1, 2)), columns.max(axis=(1, 2))
    if silence is not None:
        columns = np.abs(columns - silence)
        lowest, highest = np.zeros(len(X)), columns.max(axis=(1, 2))
    rounding = ROUNDING * np.maximum(greatest, np.abs(columns).max(axis=(1, 2)))
    at_lowest = columns.max(axis=1) <= (lowest + TOLERANCE * (highest - lowest) + rounding)[:, None]
    # A run of that length around a column: the columns before it and those after it, counted up to the next sound.
    before, after = _run_lengths(at_lowest), _run_lengths(at_lowest[:, ::-1])[:, ::-1]
    return at_lowest & (before + after - 1 >= min_columns)


def _run_lengths(flags):
    """Return for each column of ``(n, t)`` how many columns up to it are True without a gap."""
    places = np.arange(1, flags.shape[1] + 1)
    return places - np.maximum.accumulate(np.where(flags, 0, places), axis=1)
