"""The regions of a clip that carry its relevance."""

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import ndimage

from ..utils.validation import Interval, validate_params
from ._cells import cells_of

_TOUCHING = np.zeros((3, 3, 3), dtype=bool)
_TOUCHING[1] = True  # cells of one clip that touch, if only at a corner: the line of a gliding tone is one region


@validate_params(
    {"top": [Interval(Real, 0, 1, closed="right")], "min_share": [Interval(Real, 0, 1, closed="both")]},
    prefer_skip_nested_validation=True,
)
def relevance_regions(maps: ArrayLike, features: Any, *, top: float = 0.25, min_share: float = 0.02) -> pd.DataFrame:
    r"""Find the regions that carry the relevance, in hertz and seconds.

    The fewest cells that hold ``top`` of a clip's relevance Σ|a| are kept, with all that tie with the last one; cells that
    touch, at a side or at a corner, are one region. Cells of waveforms are frames of 20 ms.

    Parameters
    ----------
    maps : array-like of shape (n, 1, f, t), (n, f, t), or (n, t) for axes without rows
        Maps of clips; their magnitude counts, channels are added.
    features : Pipeline, transformer, fitted search or FeatureAxes
        The fitted feature pipeline of the maps, which knows their axes (see `skxai.features.feature_axes`), or the axes.
    top : float, default=0.25
        Share of the clip's relevance that the cells of all regions hold at least, in (0, 1].
    min_share : float, default=0.02
        Regions with less of the clip's relevance are left out.

    Returns
    -------
    DataFrame
        A row for each region, by clip and then by falling share:

        - clip : int. Index of the clip. A clip whose map is all zeros has no region.
        - start, stop : float. In seconds; the edges of the outermost cells, within the sound.
        - low, high : float. In hertz, likewise. NaN where rows are no frequencies (`MFCC`), and for waveforms.
        - share : float. The region's share of the clip's relevance, in (0, 1].
        - peak_time, peak_frequency : float. Centre of the region's most relevant cell.
        - peak : float. That cell's relevance over that of the clip's most relevant cell, in (0, 1].

    Raises
    ------
    ValueError
        If the features have no axes, or the maps are not finite or have another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.features import MelSpectrogram
    >>> from skxai.inspection import relevance_regions
    >>> mel = MelSpectrogram(16000, n_mels=32).fit(np.zeros((1, 16000)))
    >>> maps = np.zeros((1, 1, 32, 63))
    >>> maps[0, 0, 12:16, :20] = 3
    >>> relevance_regions(maps, mel, top=1.0).round(2)[["clip", "start", "stop", "low", "high", "share"]]
       clip  start  stop      low     high  share
    0     0    0.0  0.31  1118.24  1767.79    1.0
    """
    cells = cells_of(maps, features, "relevance_regions")
    relevance = cells.relevance
    labels, share = _label(cells, top, min_share)
    found = [[(side.start, side.stop) for side in box] for box in ndimage.find_objects(labels)]
    boxes = np.array(found, dtype=int).reshape(-1, 3, 2)
    clip, rows, columns = boxes[:, 0, 0], boxes[:, 1], boxes[:, 2]
    peaks = _peaks(relevance, labels, len(boxes))
    frequency_edges, time_edges = cells.sounding_edges
    nowhere = np.full(len(boxes), np.nan)
    table = pd.DataFrame(
        {
            "clip": clip,
            "start": time_edges[columns[:, 0]],
            "stop": time_edges[columns[:, 1]],
            "low": nowhere if frequency_edges is None else frequency_edges[rows[:, 0]],
            "high": nowhere if frequency_edges is None else frequency_edges[rows[:, 1]],
            "share": share,
            "peak_time": cells.axes.times[peaks[2]],
            "peak_frequency": nowhere if cells.axes.frequencies is None else cells.axes.frequencies[peaks[1]],
            "peak": relevance[peaks].astype(float) / relevance.max(axis=(1, 2))[clip],
        }
    )
    return table.sort_values(["clip", "share", "start", "low"], ascending=[True, False, True, True], ignore_index=True)


def _label(cells, top, min_share):
    """Return the regions' numbers ``(n, f, t)``, 0 outside and then from 1, and their shares of the relevance."""
    labels, n_regions = ndimage.label(cells.relevance >= _thresholds(cells, top)[:, None, None], _TOUCHING)
    clips, *_ = inside = np.nonzero(labels)
    shares = np.bincount(labels[inside], cells.relevance[inside] / cells.total[clips], minlength=n_regions + 1)
    kept = shares >= min_share
    kept[0] = False
    return np.where(kept, kept.cumsum(), 0)[labels], shares[kept]


def _thresholds(cells, top):
    """Return for each clip the least relevance of the fewest cells that hold ``top`` of it, above 0; inf for zeros."""
    rising = np.sort(cells.relevance.reshape(len(cells.relevance), -1), axis=1)
    held = rising[:, ::-1].cumsum(axis=1, dtype=np.float64)
    enough = held >= top * held[:, -1:] * (1 - 1e-12)  # rounding
    last = np.take_along_axis(rising, rising.shape[1] - 1 - enough.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(last > 0, last, np.inf)


def _peaks(relevance, labels, n_regions):
    """Return the indices of each region's most relevant cell, of several the first."""
    inside = np.flatnonzero(labels)
    values, regions = relevance.ravel()[inside], labels.ravel()[inside] - 1
    greatest = np.zeros(n_regions, dtype=relevance.dtype)
    np.maximum.at(greatest, regions, values)
    at_peak = values == greatest[regions]
    _, first = np.unique(regions[at_peak], return_index=True)
    return np.unravel_index(inside[at_peak][first], relevance.shape)
