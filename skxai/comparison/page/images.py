"""Features and maps as tiny pictures, and where seconds and hertz are on them. Colours are the page's own: it has two."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from ...display.axes import has_seconds, place_rows, place_times, row_ticks
from ...display.relevance import envelope, mean_of_columns, relative_relevance
from ...display.style import grey_map, relevance_map
from ...features import FeatureAxes

MOST_COLUMNS, MOST_ROWS = 512, 192  # of a picture; more are averaged
LINE_ROWS = 64  # of the picture of a waveform


def draw_features(features: np.ndarray) -> list[str]:
    """Return clips as pictures, data URIs, of one scale of grey, that of the figures: the least value is transparent.

    Features are ``(m, 1, f, t)`` or ``(m, f, t)``; rows ``(m, p)`` are drawn as lines.
    """
    low, high = (float(bound(features)) for bound in (np.min, np.max))
    scaled = (features - low) / (high - low) if high > low else np.full(features.shape, 0.5)
    if features.ndim == 2:
        return [png(_draw_line(clip), alpha=True) for clip in scaled]
    darkness = grey_map()
    return [png(1 - darkness(_shrink(clip))[..., 0], alpha=True) for clip in _channel_means(scaled)]


def draw_maps(maps: np.ndarray) -> tuple[list[str], bool]:
    """Return maps as grey pictures, data URIs of the shape of those of the features, and whether any value is negative.

    Relevance of 0 is black, of 1 white. Maps with negative values are grey at 0 instead, and black where the relevance is
    against the class.
    """
    signed = bool((maps < 0).any())
    if maps.ndim == 2:
        maps = mean_of_columns(maps, MOST_COLUMNS)[:, None, :]
    relevance = relative_relevance(maps)
    levels = [_shrink(clip, np.add if signed else np.maximum) for clip in _channel_means(relevance)]
    return [png((level + 1) / 2 if signed else level) for level in levels], signed


def _channel_means(arrays: np.ndarray) -> np.ndarray:
    """Return one picture ``(f, t)`` a clip: the mean of its channels."""
    return arrays.reshape(len(arrays), -1, *arrays.shape[-2:]).mean(axis=1)


def _shrink(picture: np.ndarray, how: np.ufunc = np.add) -> np.ndarray:
    """Return a picture of at most so many rows and columns: of each the greatest, or by default the mean, of its own."""
    for axis, most in enumerate((MOST_ROWS, MOST_COLUMNS)):
        if picture.shape[axis] > most:
            edges = np.linspace(0, picture.shape[axis], most + 1).round().astype(int)
            picture = how.reduceat(picture, edges[:-1], axis=axis)
            if how is np.add:
                picture = picture / np.expand_dims(np.diff(edges), 1 - axis)
    return picture


def _draw_line(clip: np.ndarray) -> np.ndarray:
    """Return the picture of a line, filled between the least and the greatest value of each column."""
    low, high = envelope(clip, MOST_COLUMNS) if len(clip) > MOST_COLUMNS else (clip, clip)
    half = 0.5 / LINE_ROWS
    rows = (np.arange(LINE_ROWS)[:, None] + 0.5) / LINE_ROWS
    return ((rows >= low - half) & (rows <= high + half)).astype(float)


def png(levels: np.ndarray, *, alpha: bool = False) -> str:
    """Return levels ``(rows, columns)`` in [0, 1], the lowest row first, as the data URI of a PNG: grey, or black's opacity."""
    grey = np.round(255 * np.clip(levels[::-1], 0, 1)).astype(np.uint8)
    pixels = np.stack([np.zeros_like(grey), grey], axis=2) if alpha else grey
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def make_frame(axes: FeatureAxes | None, shape: tuple[int, ...]) -> dict[str, Any]:
    """Return limits and ticks of a picture of features ``(…, f, t)`` or ``(p,)``; without axes in rows and columns.

    "left" and "right" are in seconds, or columns; "seconds" tells whether; "line", whether the picture is one; "x" and "y" are
    ticks, pairs of a place in percent and a label.
    """
    left, right = place_times(axes, shape[-1])
    ticks = [value for value in _round_values(left, right) if left <= value <= right]
    frame = {
        "left": left,
        "right": right,
        "seconds": has_seconds(axes),
        "line": len(shape) == 1,
        "x": [(100 * (value - left) / (right - left), f"{value:g}") for value in ticks],
        "x_label": "Time (s)" if has_seconds(axes) else "Time frame",
        "y": [],
        "y_label": "",
    }
    if len(shape) > 1:
        frame["y_label"] = "Feature row" if axes is None or axes.rows is None else axes.row_label
        if axes is not None and axes.rows is not None:
            places, labels = row_ticks(axes)
            frame["y"] = [(100 * (place + 0.5) / shape[-2], label) for place, label in zip(places, labels)]
    return frame


def place_event(event: Sequence, axes: FeatureAxes, frame: dict[str, Any], n_rows: int) -> dict[str, Any] | None:
    """Return where an event (label, onset, offset, low, high) is on a picture, in percent; None if it is not on it."""
    label, onset, offset, low, high = event
    span = frame["right"] - frame["left"]
    left, right = (float(np.clip(100 * (time - frame["left"]) / span, 0, 100)) for time in (onset, offset))
    bottom, top = 0.0, 100.0
    if axes.frequencies is not None:
        bottom, top = (float(100 * (place + 0.5) / n_rows) for place in place_rows(axes.frequencies, [low, high], beyond=None))
    if right <= left or top <= bottom:
        return None
    return {"label": str(label), "left": left, "bottom": bottom, "width": right - left, "height": top - bottom}


def ramp_tables(*, signed: bool, dark: bool) -> list[str]:
    """Return the tables of an SVG filter that gives grey its colour: red, green, blue and opacity, as text.

    The colours are those of the figures. On a dark page what is most relevant is the lightest, and the ramp is turned around.
    """
    strength = np.linspace(-1 if signed else 0, 1, 17)
    shown = np.abs(strength) if not dark else 1 - np.abs(strength)
    colours = relevance_map(signed=signed)((np.where(strength < 0, -shown, shown) + 1) / 2 if signed else shown)[:, :3]
    opacity = 0.9 * np.abs(strength)
    return [" ".join(f"{value:.3f}" for value in channel) for channel in (*colours.T, opacity)]


def _round_values(left: float, right: float, n_most: int = 5) -> np.ndarray:
    step = 10 ** np.floor(np.log10((right - left) / n_most))
    step = next(step * factor for factor in (1, 2, 5, 10) if (right - left) / (step * factor) <= n_most)
    return np.round(np.arange(np.ceil(left / step), np.floor(right / step) + 1) * step, 6) + 0.0  # no −0
