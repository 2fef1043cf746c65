"""How pictures look: colours that the colour-blind tell apart, lines that differ without colour, new figures.

Matplotlib is imported inside the functions: a display that is never drawn costs nothing.
"""

import math

import numpy as np

__all__ = ["PALETTE", "as_given", "band_style", "columns_of", "grey_map", "line_style", "new_axes", "relevance_map"]

# Okabe & Ito, "Color universal design", 2008, without the yellow, which a white page swallows; black comes last.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")

_RELEVANCE = ("#FFE08A", "#F5A300", "#D55E00", "#8E1B3E")  # lightness falls all the way, hue stays warm
_AGAINST = ("#A6D3F2", "#56B4E9", "#0072B2", "#1B2A6B")
_LIGHTEST, _DARKEST = 1.0, 0.25  # of the spectrogram's grey: on black no overlay would be seen


def line_style(i, n_points=None):
    """Return the keywords of the i-th line: colour, dashes and marker each with a period of their own.

    Parameters
    ----------
    i : int
        Which line.
    n_points : int or None, default=None
        Points of the line, of which about eight get a marker, each line's at another place; None for no markers.

    Returns
    -------
    dict
    """
    style = {"color": PALETTE[i % len(PALETTE)], "linestyle": _DASHES[i % len(_DASHES)], "linewidth": 1.6}
    if n_points is None:
        return style
    every = max(1, n_points // 8)
    marks = {"marker": _MARKERS[i % len(_MARKERS)], "markersize": 4.5, "markevery": (i * every // 4 % every, every)}
    return style | marks


def band_style(i):
    """Return the keywords of the band around the i-th line."""
    return {"color": PALETTE[i % len(PALETTE)], "alpha": 0.15, "linewidth": 0}


def grey_map():
    """Return the colour map of spectrograms: white is the least value, dark grey the greatest."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("skxai_grey", [str(_LIGHTEST), str(_DARKEST)])


def relevance_map(*, signed=False):
    """Return the colour map of relevance, whose opacity grows with the relevance.

    Parameters
    ----------
    signed : bool, default=False
        False is for [0, 1]; True for [−1, 1], where blue stands for relevance against the class.

    Returns
    -------
    matplotlib.colors.ListedColormap
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


def new_axes(ax, shape=(1, 1), *, panel, n_panels=None, owner, share=True):
    """Return the axes to draw on: the given ones, or those of a new figure in constrained layout.

    Parameters
    ----------
    ax : Axes, array-like of Axes or None
        The caller's; one for each panel.
    shape : tuple of (int, int), default=(1, 1)
        Rows and columns of a new figure.
    panel : tuple of (float, float)
        Width and height of a panel of a new figure, in inches.
    n_panels : int or None, default=None
        How many of a new figure's panels are used; the others are removed. None is all.
    owner : str
        Whose error it is.
    share : bool, default=True
        Whether the panels of a new figure have the same limits.

    Returns
    -------
    list of Axes
        As many as there are panels.
    """
    n_panels = shape[0] * shape[1] if n_panels is None else n_panels
    if ax is None:
        import matplotlib.pyplot as plt

        size = (panel[0] * shape[1], panel[1] * shape[0])
        _, grid = plt.subplots(*shape, figsize=size, layout="constrained", squeeze=False, sharex=share, sharey=share)
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
