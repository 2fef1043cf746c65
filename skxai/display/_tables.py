"""The panels of maps: which there are, how large they are, and what stands over and beside them."""

import math

import numpy as np

from ._layout import columns_of, wrapped

__all__ = ["SIGNAL", "draw_titles", "panels_of", "size_of"]

SIGNAL, STRIP = 1.35, 0.36  # heights of a signal and of the relevance under it, in inches
_LETTERS, _BOLD_LETTERS = 12.5, 10.5  # of small titles, in an inch
_LETTERS_BESIDE = 15  # of a title beside a row


def panels_of(methods, n_clips, is_signal, n_columns):
    """Return clip and method (None: the plain features) of each panel, and the rows and columns of a new figure."""
    clips = range(n_clips)
    if methods == [""]:
        panels = [(clip, "") for clip in clips]
    elif is_signal:
        panels = [(clip, name) for name in (None, *methods) for clip in clips]
        return panels, (len(methods) + 1, n_clips)
    else:
        panels = [(clip, name) for clip in clips for name in (None, *methods)]
        if n_clips > 1:
            return panels, (n_clips, len(methods) + 1)
    most = 1 if is_signal else 4 if methods == [""] else 7
    n_columns = columns_of(len(panels), n_columns or most)
    return panels, (math.ceil(len(panels) / n_columns), n_columns)


def size_of(shape, titles, *, is_signal, is_table):
    """Return width and height of a panel in inches: many of them make a figure that a page still holds."""
    n_columns = shape[1]
    if shape == (1, 1):
        return (5.6, 2.4) if is_signal else (5.6, 3.4)
    if is_signal:
        return np.clip(9 / n_columns, 2.2, 6.5), STRIP if is_table else SIGNAL
    width = np.clip(11 / n_columns, 1.15, 2.6)
    height = width * (0.95 if n_columns > 5 else 0.8)
    if not is_table:
        return width, height + 0.3  # each has a title of its own
    beside = [wrapped(title, _LETTERS_BESIDE).split("\n") for title in ([""] if titles is None else titles)]
    longest = max(len(line) for lines in beside for line in lines)
    return width, max(height, 1.3, longest / _BOLD_LETTERS)


def draw_titles(all_axes, panels, shape, titles, *, width, is_new, is_signal):
    """Name clips and methods: over the panels, or, in a table of a new figure, at its outer columns and rows only."""
    n_columns = shape[1]
    n_clips, is_table = len({clip for clip, _ in panels}), len({name for _, name in panels}) > 1
    dense = is_new and len(panels) > 1
    titles = [""] * n_clips if titles is None else [str(title) for title in titles]
    for i, (ax, (clip, name)) in enumerate(zip(all_axes, panels)):
        of_clip = titles[clip] if name is None or not is_table else ""
        of_method = name if is_table and name is not None and (clip == 0 or not is_new) else ""
        title, header = of_clip or of_method, ""
        if is_new and is_table and is_signal:
            title, header = (of_clip, "") if name is None else ("", of_method)
        elif is_new and is_table and n_clips > 1:
            title, header = of_method, of_clip
        elif is_table and name is None:
            title = of_clip or "features"
        ax.set_title(wrapped(title, _LETTERS * width), fontsize="small" if len(panels) > 1 else "medium")
        if dense:
            ax.tick_params(labelsize="small")
            ax.xaxis.label.set_size("small")
            ax.yaxis.label.set_size("small")
        if is_new and i % n_columns:
            ax.set_ylabel("")
            ax.set_yticks([])
        if is_new and i + n_columns < len(panels):
            ax.set_xlabel("")
            ax.set_xticks([])
        if header and is_signal:
            ax.set_ylabel(header, rotation=0, ha="right", va="center", fontsize="small")
        elif header:
            _draw_header(ax, wrapped(header, _LETTERS_BESIDE))


def _draw_header(ax, text):
    """Write the name of a row of a table left of its labels."""
    at = {"xycoords": ax.yaxis.label, "xytext": (-6, 0), "textcoords": "offset points", "ha": "right", "va": "center"}
    ax.annotate(text, (0, 0.5), rotation=90, multialignment="center", fontsize="small", fontweight="bold", **at)
