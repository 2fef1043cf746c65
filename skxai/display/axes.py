"""Where features lie in a picture: columns by seconds, rows evenly by index with their hertz written beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..features import FeatureAxes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["label_axes", "place_rows", "place_times", "row_ticks"]

_OCTAVES = np.array([0, 125, 250, 500, 1000, 2000, 4000, 8000, 16000, 32000, 64000])
_CLOSEST = 0.09  # of the axis, between two tick labels


def place_times(axes: FeatureAxes | None, n_columns: int) -> tuple[float, float]:
    """Return the left edge of the first column and the right edge of the last: seconds, or indices without axes."""
    if axes is None or not has_seconds(axes):
        return -0.5, n_columns - 0.5
    edges = axes.time_edges
    return float(edges[0]), float(edges[-1])


def has_seconds(axes: FeatureAxes | None) -> bool:
    """Return whether the columns' places are known in seconds."""
    return axes is not None and axes.frame_step is not None and bool(np.isfinite(axes.frame_step))


def place_rows(rows: np.ndarray, values: Any, *, beyond: float | None = np.nan) -> np.ndarray:
    """Return where values (hertz, say) lie between rows, whose pictures are of equal height and centred at 0, 1, ….

    ``rows`` are the increasing values at the rows' centres ``(f,)``. A place is a fractional row index in [−0.5, f − 0.5]; for
    a value beyond it is NaN, or, with ``beyond=None``, the picture's edge.
    """
    if len(rows) == 1:
        inside = np.isclose(values, rows[0])
        return np.where(inside, 0.0, np.nan if beyond is not None else np.where(np.less(values, rows[0]), -0.5, 0.5))
    outer = [rows[0] - (rows[1] - rows[0]) / 2, rows[-1] + (rows[-1] - rows[-2]) / 2]
    centres = np.concatenate([outer[:1], rows, outer[1:]])
    places = np.concatenate([[-0.5], np.arange(len(rows)), [len(rows) - 0.5]])
    return np.interp(values, centres, places, left=beyond, right=beyond)


def row_ticks(axes: FeatureAxes) -> tuple[np.ndarray, list[str]]:
    """Return places (fractional row indices) and labels of ticks at round values of the rows: hertz or cepstral indices."""
    from matplotlib.ticker import MaxNLocator

    rows = np.asarray(axes.rows, dtype=float)
    even = MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=axes.kind == "cepstrum")
    values = np.asarray(even.tick_values(rows[0], rows[-1]))
    is_even = np.abs(rows - np.linspace(rows[0], rows[-1], len(rows))).max() <= 0.02 * abs(rows[-1] - rows[0])
    if axes.kind == "frequency" and not is_even:
        octaves = _thin_out(rows, _OCTAVES)
        values = octaves if len(octaves) >= 3 else values
    values = _thin_out(rows, values)
    return place_rows(rows, values), [f"{value:g}" for value in values]


def label_axes(ax: Axes, axes: FeatureAxes | None, shape: tuple[int, ...]) -> None:
    """Give an Axes with a picture of ``shape`` rows and columns its limits, ticks and labels; None as axes counts them."""
    ax.set(xlim=place_times(axes, shape[1]), xlabel="Time (s)" if has_seconds(axes) else "Time frame")
    ax.set(ylim=(-0.5, shape[0] - 0.5), ylabel="Feature row")
    if axes is not None and axes.rows is not None:
        places, labels = row_ticks(axes)
        ax.set_yticks(places, labels)
        ax.set_ylabel(axes.row_label)


def _thin_out(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the values that are on the axis and far enough from each other, the greatest first chosen."""
    chosen, last = [], np.inf
    for value, place in sorted(zip(values, place_rows(rows, values)), reverse=True):
        if np.isfinite(place) and last - place >= _CLOSEST * len(rows):
            chosen.append(value)
            last = place
    return np.array(chosen[::-1])
