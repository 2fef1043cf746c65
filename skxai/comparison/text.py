"""The table of a comparison as text, for a screen."""

import numpy as np
import pandas as pd

from .table import greater_is_better, measures_truth

ARROWS = {True: " ↑", False: " ↓", None: ""}
GAP = "  "


def comparison_as_text(table, width=120):
    """Return a line for each metric and a column for each method.

    Parameters
    ----------
    table : Comparison
    width : int, default=120
        Columns of the screen; methods that do not fit beside each other follow in a further block.

    Returns
    -------
    str
        Means with half of their 95 % interval, an arrow for the metric's direction, a star at the best method that looks at the
        model, and a dagger at those that are not better than random maps; last what the signs mean. Metrics that are undefined
        for all methods are left out.
    """
    shown = [name for name in table.columns if table[name].notna().any()]
    intervals, better = table.intervals(), table.better_than(table.chance)
    labels = [f"{name}{ARROWS[greater_is_better(name)]}" for name in shown]
    cells = {method: [] for method in table.index}
    for name in shown:
        best, not_better = marked_methods(table, name, better)
        for method in table.index:
            half = (intervals.high - intervals.low)[name, method] / 2 if name in better else np.nan
            marks = ("*" if method in best else "") + ("†" if method in not_better else "")
            cells[method].append(_cell(table.loc[method, name], half, marks))
    if len(table) > 1:
        labels.append(f"mean rank{ARROWS[False]}")
        ranks = table.ranks().loc["mean"]
        for method in table.index:
            cells[method].append(_cell(ranks[method]))
    has_daggers = any("†" in cell for column in cells.values() for cell in column)
    return "\n".join([*_blocks(labels, cells, width), "", *_legend(table, has_daggers)])


def marked_methods(table, name, better):
    """Return the best methods by a column, and those that are not better than chance, by ``better_than(table.chance)``."""
    best = best_methods(table[name].drop([*table.floors]), greater_is_better(name))
    return best, list(better.index[(~better[name]).fillna(False)]) if is_ranked(name, better) else []


def is_ranked(name, better):
    """Return whether a column is a metric that counts for the mean rank."""
    return name in better and measures_truth(name)


def best_methods(values, greater):
    """Return the methods with the best mean as printed; none where all are equal, or nobody could be better."""
    printed = values.dropna().round(3)
    best = printed.index[printed == (printed.max() if greater else printed.min())]
    return [] if greater is None or len(best) == len(printed) else list(best)


def _cell(mean, half=np.nan, marks=""):
    number = "–" if np.isnan(mean) else f"{mean:.3f}"
    return number + (" " * 7 if np.isnan(half) else f" ±{half:.3f}") + f"{marks:2}"


def _blocks(labels, cells, width):
    """Yield lines of at most ``width`` columns: as many methods side by side as fit, all blocks about the same."""
    label_width = max(len(label) for label in labels)
    widths = {method: max(len(method), *(len(cell) for cell in column)) for method, column in cells.items()}
    fitting = max(1, (width - label_width) // (max(widths.values()) + len(GAP)))
    methods = list(cells)
    per_block = int(np.ceil(len(methods) / np.ceil(len(methods) / fitting)))
    for start in range(0, len(methods), per_block):
        block = methods[start : start + per_block]
        if start:
            yield ""
        yield GAP.join([" " * label_width, *(method.rjust(widths[method]) for method in block)])
        for line, label in enumerate(labels):
            yield GAP.join([label.ljust(label_width), *(cells[method][line].rjust(widths[method]) for method in block)])


def drawn_in_words(table):
    """Return over what a comparison's bootstrap is, such as "57 recordings of 200 clips"."""
    n_clips = len(table.scores)
    n_groups = n_clips if table.groups is None else len(pd.unique(table.groups))
    return f"{n_clips} clips" if n_groups == n_clips else f"{n_groups} recordings of {n_clips} clips"


def chance_in_words(table):
    """Return the rows of random maps that the others are held against, such as "RandomMap"."""
    return " or ".join(dict.fromkeys(table.chance.values()))


def _legend(table, has_daggers):
    drawn, chance = drawn_in_words(table), chance_in_words(table)
    yield f"means ± half of the 95 % interval (bootstrap over {drawn}); ↑ greater is better, ↓ smaller is better"
    best = f"* best method{' but for the floors ' + ', '.join(table.floors) if table.floors else ''}"
    yield best + (f"; † not better than {chance} (interval of the difference)" if has_daggers else "")
    yield "mean rank over the clips and the metrics of truth; ms_per_map without passes that a method before had made"
