"""Where the panels of a figure lie, and how long names are broken."""

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AxesLike", "as_given", "columns_of", "new_axes", "wrapped"]

AxesLike: TypeAlias = "Axes | Sequence[Axes] | None"  # None is a new figure


def new_axes(ax, shape=(1, 1), *, panel, first=1.0, n_panels=None, owner, share=True):
    """Return as a list one Axes for each panel: the given ones, or those of a new figure of ``shape`` rows and columns.

    ``panel`` is the width and height of one in inches, ``first`` the height of the first row in panels, ``n_panels`` how many
    are used (None: all). ``share`` gives all the same limits; ``owner`` is whose error it is.
    """
    n_panels = shape[0] * shape[1] if n_panels is None else n_panels
    if ax is None:
        import matplotlib.pyplot as plt

        heights = np.r_[first, np.ones(shape[0] - 1)]
        size = (panel[0] * shape[1], panel[1] * heights.sum())
        shared = {"sharex": share, "sharey": share, "height_ratios": heights}
        figure, grid = plt.subplots(*shape, figsize=size, layout="constrained", squeeze=False, **shared)
        if n_panels > 1:
            figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, wspace=0.0, hspace=0.0)
        for unused in grid.flat[n_panels:]:
            unused.remove()
        return list(grid.flat[:n_panels])
    given = list(np.ravel(np.asarray(ax, dtype=object)))
    if len(given) != n_panels:
        wanted = "one Axes" if n_panels == 1 else f"an array of {n_panels} Axes, one a panel, or None"
        raise ValueError(f"ax of {owner} must be {wanted}; got {len(given)}.")
    return given


def columns_of(n_panels, n_columns=4):
    """Return how many of at most ``n_columns`` columns leave the fewest gaps in the last row, without one more row."""
    return math.ceil(n_panels / math.ceil(n_panels / n_columns))


def as_given(axes):
    """Return one Axes as it is, and several as an array, for ``ax_``."""
    if len(axes) == 1:
        return axes[0]
    array = np.empty(len(axes), dtype=object)
    array[:] = axes
    return array


def wrapped(text, width):
    """Break lines of more than ``width`` characters between words, and longer words where their parts meet."""
    return "\n".join(_filled(line.split(" "), width, " ") for line in str(text).split("\n"))


def _filled(parts, width, between):
    lines = []
    for part in parts:
        if between and len(part) > width:
            # After underscores, and before the humps of CamelCase; abbreviations such as CAM stay whole.
            part = _filled(re.split(r"(?<=[_-])|(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", part), width, "")
        if lines and len(lines[-1].rsplit("\n", 1)[-1]) + len(between) + len(part.split("\n", 1)[0]) <= width:
            lines[-1] += between + part
        else:
            lines.append(part)
    return "\n".join(lines)
