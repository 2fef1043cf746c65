"""The cells of a map: how relevant each is, and which hertz and seconds it covers."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..features import FeatureAxes, feature_axes
from ..features.mel import hertz_to_mel, mel_to_hertz
from ..features.short_time import SHORT_TIME
from ..metrics.base import check_maps

_EVEN = 0.25  # of a row, by which rows may lie off even ones: resized mel rows lie on the chords between the bands


@dataclass(frozen=True, eq=False)
class Cells:
    """The relevance ``|a|`` of clips by cell ``(n, f, t)``, and the edges of the cells in hertz and seconds.

    It is summed over channels; where rows are no frequencies, which leaves one, over rows; of waveforms over frames of 20 ms.
    """

    relevance: np.ndarray
    axes: FeatureAxes
    frequency_edges: np.ndarray | None
    time_edges: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """The relevance of each clip, ``(n,)``."""
        return self.relevance.sum(axis=(1, 2), dtype=np.float64)

    @property
    def sounding_edges(self) -> tuple[np.ndarray | None, np.ndarray]:
        """Both edges, cut where there is no sound: at 0 s, at 0 Hz and at half the sample rate."""
        times = np.maximum(self.time_edges, 0)
        if self.frequency_edges is None:
            return None, times
        return np.clip(self.frequency_edges, 0, self.axes.sample_rate / 2), times


def cells_of(maps: ArrayLike, features: Any, owner: str) -> Cells:
    """Return the cells of maps ``(n, 1, f, t)``, ``(n, f, t)``, or ``(n, t)`` for axes without rows, as new arrays."""
    axes = axes_of(features, owner)
    checked = check_maps(maps, None)
    n_rows, n_columns = axes.shape
    shape = (n_columns,) if n_rows is None else (n_rows, n_columns)
    if checked.ndim > 4 or checked.ndim <= len(shape) or checked.shape[-len(shape) :] != shape:
        raise ValueError(
            f"maps of {owner} must have the rows and columns of the features, (clips, …, {', '.join(map(str, shape))}); "
            f"got {checked.shape}."
        )
    relevance = np.abs(checked).reshape(len(checked), -1, 1 if axes.frequencies is None else n_rows, n_columns)
    relevance = relevance[:, 0] if relevance.shape[1] == 1 else relevance.sum(axis=1)
    if axes.kind == "waveform":
        return _in_frames(relevance, axes)
    edges = None if axes.frequencies is None else frequency_edges(axes.frequencies, axes.sample_rate)
    return Cells(relevance, axes, edges, axes.time_edges)


def _in_frames(relevance, axes):
    """Return the cells of waveforms: one sample's relevance tells little, it swings with the sound's own period."""
    size = max(1, round(SHORT_TIME / axes.frame_step))
    starts = np.arange(0, len(axes.times), size)
    edges = np.append(axes.time_edges[starts], axes.time_edges[-1])
    times = (edges[1:] + edges[:-1]) / 2
    axes = replace(axes, times=times, frame_step=size * axes.frame_step)
    return Cells(np.add.reduceat(relevance, starts, axis=2), axes, None, edges)


def axes_of(features: Any, owner: str) -> FeatureAxes:
    """Return the axes of fitted features, or those given; refuse features without any."""
    axes = features if isinstance(features, FeatureAxes) else feature_axes(features)
    if axes is None:
        raise ValueError(
            f"features of {owner} must be FeatureAxes or a fitted pipeline with a step that takes waveforms; "
            f"got {type(features).__name__}."
        )
    return axes


def frequency_edges(frequencies: ArrayLike, sample_rate: int) -> np.ndarray:
    """Return where rows begin and end in hertz ``(f + 1,)``: half-way between centres, in mel where rows are even in mel.

    Features that were enlarged repeat the outer centres. The outer rows reach as far outward as inward: below 0 Hz there is no
    sound, but the row has its height. A single row covers all up to half the rate.
    """
    rows = np.asarray(frequencies, dtype=float)
    if len(rows) == 1:
        return np.array([0.0, sample_rate / 2])
    for scale, back in ((np.asarray, np.asarray), (hertz_to_mel, mel_to_hertz)):
        edges = _even_edges(scale(rows))
        if edges is not None:
            return back(edges)
    if (np.diff(rows) <= 0).any():
        raise ValueError(f"frequencies of the features' axes must increase from row to row; got {rows!r}.")
    return np.concatenate([[1.5 * rows[0] - 0.5 * rows[1]], (rows[1:] + rows[:-1]) / 2, [1.5 * rows[-1] - 0.5 * rows[-2]]])


def _even_edges(values):
    """Return the edges of cells of one width, or None if the centres are not even, but for repeated outer ones."""
    n = len(values)
    middle = np.arange(n // 4, n - n // 4)
    if len(middle) < 2:
        return None
    step, first = np.polyfit(middle, values[middle], 1)
    own = (values > values[0]) & (values < values[-1])
    own[[0, -1]] = values[0] < values[1], values[-2] < values[-1]
    off = np.abs(values - first - step * np.arange(n))[own]
    if not step > 0 or (off > _EVEN * step).any():
        return None
    return first + step * (np.arange(n + 1) - 0.5)
