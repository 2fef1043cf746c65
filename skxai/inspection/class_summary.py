"""One sentence a class: at which frequencies and when its relevance lies."""

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils.validation import column_or_1d

from ..utils.validation import Interval, validate_params
from ._cells import cells_of

_PREFERRED = 1.25  # times as dense as an even map: a mean over clips that is less dense prefers nothing


@validate_params({"share": [Interval(Real, 0.5, 1, closed="left")]}, prefer_skip_nested_validation=True)
def summarise_relevance(maps: ArrayLike, features: Any, y: ArrayLike, *, share: float = 0.5) -> pd.DataFrame:
    r"""Tell at which frequencies and when the relevance of each class lies.

    The clips of a class have the same weight: their shares |a| / Σ|a| are averaged. Of this mean the shortest run of rows and
    the shortest run of columns are taken that each hold the share q, with the least q ≥ ``share`` for which their rectangle
    holds ``share``: so "mostly" is true of both at once. On an even map a run is q of the axis: if it is not shorter by a
    factor of 1.25 at least, the class has no preferred frequency, or no preferred time, and the whole axis counts.

    Rows count alike, whatever their height: on a mel scale the run is the shortest in mel. Columns of waveforms are frames of
    20 ms.

    Parameters
    ----------
    maps : array-like of shape (n, 1, f, t), (n, f, t), or (n, t) for axes without rows
        Maps of clips; their magnitude counts, channels are added.
    features : Pipeline, transformer, fitted search or FeatureAxes
        The fitted feature pipeline of the maps, which knows their axes (see `skxai.features.feature_axes`), or the axes.
    y : array-like of shape (n,)
        The class of each clip: the true one, or the one that was explained.
    share : float, default=0.5
        How much of the relevance is told of, in [0.5, 1).

    Returns
    -------
    DataFrame
        A row for each class, sorted:

        - n_clips : int. How many clips have any relevance.
        - low, high : float. The band in hertz, all rows if none is preferred; NaN where rows are no frequencies (`MFCC`).
        - start, stop : float. In seconds, likewise.
        - share : float. Mean share of the relevance within both.
        - area : float. Their share of the cells, or of a waveform's frames: the ``share`` of an even map.
        - sentence : str.

    Raises
    ------
    ValueError
        If the features have no axes, ``y`` is not one class for each clip, or the maps are not finite or have another shape.

    References
    ----------
    .. [1] Wang, thesis on the acoustic monitoring of ventilated patients, TU Berlin, 2022: such sentences, found by eye.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.features import MelSpectrogram
    >>> from skxai.inspection import summarise_relevance
    >>> mel = MelSpectrogram(16000, n_mels=32).fit(np.zeros((1, 16000)))
    >>> maps = np.full((2, 1, 32, 63), 0.1)
    >>> maps[0, 0, 11:17, :20] = 3
    >>> for sentence in summarise_relevance(maps, mel, ["wheeze", "rain"])["sentence"]:
    ...     print(sentence)
    rain: no preferred frequency or time
    wheeze: mostly 0.98–2 kHz in the first 0.25 s (52 % of the relevance on 5 % of the picture)
    """
    cells = cells_of(maps, features, "summarise_relevance")
    labels = column_or_1d(y)
    if len(labels) != len(cells.relevance):
        raise ValueError(
            f"y of summarise_relevance must have one class for each of {len(cells.relevance)} maps; got {len(labels)}."
        )
    total, rows, classes = cells.total, [], np.unique(labels)
    for label in classes:
        of_class = (labels == label) & (total > 0)
        shares = cells.relevance[of_class] / total[of_class, None, None]
        rows.append(_summary(label, shares.mean(axis=0) if len(shares) else None, len(shares), cells, share))
    return pd.DataFrame(rows, index=pd.Index(classes, name="class"))


def _summary(label, mean, n_clips, cells, share):
    """Return the row of a class, given its mean share of relevance by cell ``(f, t)``."""
    if mean is None:
        names = ("low", "high", "start", "stop", "share", "area")
        return {"n_clips": 0, **dict.fromkeys(names, np.nan), "sentence": f"{label}: no relevance"}
    band, span = _rectangle(mean, share)
    held, area = float(mean[band, span].sum()), mean[band, span].size / mean.size
    frequency_edges, time_edges = cells.sounding_edges
    low, high = (np.nan, np.nan) if frequency_edges is None else frequency_edges[[band.start, band.stop]]
    start, stop = time_edges[[span.start, span.stop]]
    where = None if frequency_edges is None else _band_in_words(band, low, high, len(mean))
    when = _span_in_words(span, start, stop, mean.shape[1])
    whole = "clip" if cells.axes.kind == "waveform" else "picture"
    sentence = f"{label}: {_in_words(where, when, frequency_edges is not None, held, area, whole)}"
    return dict(n_clips=n_clips, low=low, high=high, start=start, stop=stop, share=held, area=area, sentence=sentence)


def _rectangle(mean, share):
    """Return the rows and the columns, as slices, that hold ``share`` together and equally much each, or all of them."""
    rows, columns = mean.sum(axis=1), mean.sum(axis=0)
    for both in np.linspace(share, (1 + share) / 2, 51):  # of runs that hold so much, no two share less than 2·both − 1
        band, span = _shortest_run(rows, both), _shortest_run(columns, both)
        if mean[band, span].sum() >= share * (1 - 1e-9):
            break
    return band, span


def _shortest_run(shares, share):
    """Return the shortest slice that holds ``share`` of the shares, of these the fullest; all if that is no preference."""
    n, edges = len(shares), np.concatenate([[0.0], shares.cumsum()])
    for length in range(1, n + 1):
        held = np.round((edges[length:] - edges[:-length]) / edges[-1], 9)  # of equally full ones the first, on any machine
        if held.max() >= share - 1e-9:
            if length * _PREFERRED > share * n:
                break
            first = int(held.argmax())
            return slice(first, first + length)
    return slice(0, n)


def _in_words(where, when, has_frequencies, held, area, whole):
    if where is None and when is None:
        return "no preferred frequency or time" if has_frequencies else "no preferred time"
    places = [word for word in (where, when) if word]
    if has_frequencies and len(places) < 2:
        places.append("at no preferred time" if when is None else "at no preferred frequency")
    separator = ", " if where is None or when is None else " "
    shares = f"{100 * held:.0f} % of the relevance on {max(1, round(100 * area))} % of the {whole}"
    return f"mostly {separator.join(places)} ({shares})"


def _band_in_words(band, low, high, n_rows):
    if (band.start, band.stop) == (0, n_rows):
        return None
    if band.start == 0:
        return f"below {format_hertz(high)}"
    if band.stop == n_rows:
        return f"above {format_hertz(low)}"
    return f"{format_hertz(low, high, unit=False)}–{format_hertz(high)}"


def _span_in_words(span, start, stop, n_columns):
    if (span.start, span.stop) == (0, n_columns):
        return None
    if span.start == 0:
        return f"in the first {_seconds(stop)} s"
    if span.stop == n_columns:
        return f"in the last {_seconds(stop - start)} s"
    return f"between {_seconds(start)} and {_seconds(stop)} s"


def _seconds(value):
    """Write a time with two digits, and none beyond the hundredths, or beyond the units of a long one."""
    return f"{value:.0f}" if value >= 100 else f"{round(value, 2):.2g}"


def format_hertz(value: float, unit_of: float | None = None, *, unit: bool = True) -> str:
    """Write a frequency with two digits, in kilohertz if it, or the one whose unit it shares (``unit_of``), has thousands."""
    kilo = (value if unit_of is None else unit_of) >= 995
    digits = f"{float(f'{value / 1000 if kilo else value:.2g}'):g}"
    return f"{digits} {'kHz' if kilo else 'Hz'}" if unit else digits
