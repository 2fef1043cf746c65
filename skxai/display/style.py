"""How pictures look: colours that the colour-blind tell apart, lines that differ without colour, and how files keep both.

Matplotlib is imported inside the functions: a display that is never drawn costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.colors import ListedColormap

__all__ = [
    "PALETTE",
    "REFERENCE",
    "band_style",
    "colours_of",
    "grey_map",
    "line_style",
    "name_style",
    "readable_name",
    "reference_style",
    "relevance_map",
    "vector_text",
]

# The first six are those of Okabe & Ito, "Color universal design", 2008, without their yellow, which a white page swallows;
# then three dark ones that the colour-blind tell from them. Black is left for what others are compared with.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#661147", "#6C3FD1", "#4D4A12")
REFERENCE = "#000000"
_DASHES = ("-", "--", "-.", (0, (1, 1.2)), (0, (9, 2)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", "p", ">", "h")
_GOLDEN = 0.618
_RELEVANCE = ("#FFE08A", "#F5A300", "#D55E00", "#8E1B3E")  # lightness falls all the way, hue stays warm
_AGAINST = ("#A6D3F2", "#56B4E9", "#0072B2", "#123A9C")
_DARKEST = 0.15  # of the spectrogram's grey: on black no overlay would be seen
_LIGHTER = 2.0  # exponent that keeps the background of a spectrogram lighter than its sounds


def line_style(i: int, n_points: int | None = None, n_marks: int = 8) -> dict[str, Any]:
    """Return the keywords of the i-th line: colour, dashes and marker each with a period of their own.

    About ``n_marks`` of its ``n_points`` get a marker, each line's at another place; None is for no markers.
    """
    style: dict[str, Any] = {"color": PALETTE[i % len(PALETTE)], "linestyle": _DASHES[i % len(_DASHES)], "linewidth": 1.5}
    if n_points is None:
        return style
    every = max(1, n_points // n_marks)
    start = int(every * (0.5 + i * _GOLDEN) % every)  # marks of neighbouring lines lie far from each other
    return style | {"marker": _MARKERS[i % len(_MARKERS)], "markersize": 4.5, "markevery": (start, every)}


def colours_of(names: Iterable[str], controls: Sequence[str] = ()) -> dict[str, str]:
    """Return the colour of each method: the same in all pictures that show the same methods in the same order."""
    others = [name for name in names if name not in controls]
    colours = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(others)}
    return {name: colours.get(name, REFERENCE) for name in names}


def readable_name(metric: str) -> str:
    """Return the name of a metric, or of another column of a comparison, as a reader would write it."""
    words = metric.replace("_", " ").replace(" auc", " AUC").replace(" iou", " IoU")
    return words if words.startswith("ms ") else words[:1].upper() + words[1:]  # milliseconds are no Ms


def name_style(is_control: bool) -> dict[str, str]:
    """Return the keywords of a method's name as text: those of controls are grey and in italics."""
    return {"style": "italic", "color": "0.35"} if is_control else {"style": "normal", "color": "black"}


def reference_style(i: int = 0) -> dict[str, Any]:
    """Return the keywords of the i-th line that others are compared with, such as a control: thin, black, without marker."""
    return {"color": REFERENCE, "linestyle": ("-", ":", "--")[i % 3], "linewidth": 1.0}


def band_style(colour: Any) -> dict[str, Any]:
    """Return the keywords of the band around a line."""
    return {"color": colour, "alpha": 0.15, "linewidth": 0}


def grey_map() -> ListedColormap:
    """Return the colour map of spectrograms: white is the least value, dark grey the greatest."""
    from matplotlib.colors import ListedColormap

    grey = 1 - (1 - _DARKEST) * np.linspace(0, 1, 256) ** _LIGHTER
    return ListedColormap(np.repeat(grey[:, np.newaxis], 3, axis=1), name="skxai_grey")


def relevance_map(*, signed: bool = False) -> ListedColormap:
    """Return the colour map of relevance in [0, 1], whose opacity grows with it; of [−1, 1] where ``signed``.

    Blue is relevance against the class.
    """
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap

    def ramp(colours):
        strength = np.linspace(0, 1, 256)
        rgba = LinearSegmentedColormap.from_list("", colours)(strength)
        rgba[:, 3] = 0.8 * strength
        return rgba

    if signed:
        return ListedColormap(np.concatenate([ramp(_AGAINST)[::-1], ramp(_RELEVANCE)]), name="skxai_signed_relevance")
    return ListedColormap(ramp(_RELEVANCE), name="skxai_relevance")


def vector_text() -> AbstractContextManager[None]:
    """Save figures in this context: in SVG and PDF text stays text, to be searched and edited, and not outlines."""
    import matplotlib as mpl

    return mpl.rc_context({"svg.fonttype": "none", "pdf.fonttype": 42, "ps.fonttype": 42})
