"""One panel each: a spectrogram under a map, a signal over a strip of relevance, the strip alone; the box of an event."""

import numpy as np

from .axes import has_seconds, label_axes, place_times
from .relevance import envelope
from .style import PALETTE, grey_map, relevance_map

__all__ = ["draw_box", "draw_signal", "draw_spectrogram", "draw_strip", "signal_columns"]

_COLUMNS_PER_INCH = 150  # of a signal: a picture shows no more, and a vector file stays small
_STRIP = (0.42, 0.10)  # where the strip of relevance begins and ends below a signal, as shares of its height
_IMAGE = {"origin": "lower", "aspect": "auto", "interpolation": "nearest"}


def draw_spectrogram(ax, features, relevance, axes, *, limits, signed):
    """Draw features ``(f, t)`` in grey and, if it is given, relevance of the same shape over them; return both images."""
    shape = features.shape
    extent = (*place_times(axes, shape[1]), -0.5, shape[0] - 0.5)
    grey = ax.imshow(features, cmap=grey_map(), vmin=limits[0], vmax=limits[1], extent=extent, **_IMAGE)
    overlay = None if relevance is None else _draw_relevance(ax, relevance, extent, signed)
    label_axes(ax, axes, shape)
    return grey, overlay


def draw_signal(ax, signal, relevance, axes, *, limits, signed):
    """Draw a signal ``(p,)`` and, if it is given, its relevance ``(c,)`` as a strip below; return None and the strip."""
    left, right = place_times(axes, len(signal))
    low, high = limits
    height, overlay = high - low, None
    bottom, top = low - _STRIP[0] * height, low - _STRIP[1] * height
    if relevance is not None:
        overlay = _draw_relevance(ax, relevance[np.newaxis], (left, right, bottom, top), signed)
    n_columns = signal_columns(ax)
    if len(signal) <= n_columns:
        centres = left + (np.arange(len(signal)) + 0.5) * (right - left) / len(signal)
        ax.plot(centres, signal, color="0.15", linewidth=0.9)
    else:
        centres = left + (np.arange(n_columns) + 0.5) * (right - left) / n_columns
        ax.fill_between(centres, *envelope(signal, n_columns), step="mid", color="0.25", linewidth=0.4)
    if relevance is not None:
        ax.axhline(top, color="0.3", linewidth=0.6)
    ax.set(xlim=(left, right), ylim=(low - 0.05 * height if relevance is None else bottom, high + 0.05 * height))
    ax.set_yticks([tick for tick in ax.get_yticks() if low <= tick <= high])
    ax.set_ylabel(axes.row_label if axes is not None and axes.kind == "waveform" else "Feature value")
    ax.set_xlabel("Time (s)" if has_seconds(axes) else "Feature")
    return None, overlay


def draw_strip(ax, signal, relevance, axes, *, signed, limits=None):
    """Draw the relevance ``(c,)`` of a signal ``(p,)`` that is drawn elsewhere; return None and the strip."""
    left, right = place_times(axes, len(signal))
    overlay = _draw_relevance(ax, relevance[np.newaxis], (left, right, 0, 1), signed)
    ax.set(xlim=(left, right), ylim=(0, 1), yticks=[], xlabel="Time (s)" if has_seconds(axes) else "Feature")
    return None, overlay


def _draw_relevance(ax, relevance, extent, signed):
    """Draw relevance of shape (rows, columns) into its extent, and tell where it is constant."""
    colours = {"cmap": relevance_map(signed=signed), "vmin": -1 if signed else 0, "vmax": 1}
    if not relevance.any():
        at = {"transform": ax.get_yaxis_transform(), "ha": "center", "va": "center"}
        ax.text(0.5, (extent[2] + extent[3]) / 2, "constant map", fontsize="small", style="italic", **at)
    return ax.imshow(relevance, extent=extent, **colours, **_IMAGE)


def signal_columns(ax):
    """Return how many columns of a signal an Axes shows."""
    return max(200, round(_COLUMNS_PER_INCH * ax.get_window_extent().width / ax.figure.dpi))


def draw_box(ax, label, left, right, bottom, top):
    """Draw the box of an event, with its label where there is one."""
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    halo = [withStroke(linewidth=2.5, foreground="white", alpha=0.8)]
    box = Rectangle((left, bottom), right - left, top - bottom, fill=False, edgecolor=PALETTE[0], linewidth=1.3)
    box.set_path_effects(halo)
    ax.add_patch(box)
    if not label:
        return
    low, high = ax.get_ylim()
    above = top < low + 0.88 * (high - low)  # there is room for the label
    style = {"color": PALETTE[0], "fontsize": "small", "path_effects": halo, "va": "bottom" if above else "top"}
    at_left = left < np.mean(ax.get_xlim())
    style["ha"] = "left" if at_left else "right"
    shift = (2 if at_left else -2, 1 if above else -2)
    ax.annotate(str(label), (left if at_left else right, top), xytext=shift, textcoords="offset points", **style)
