"""The table of a page: rows of methods, columns of metrics, with intervals and marks."""

import inspect

import numpy as np
import pandas as pd

from ...display.style import spoken
from ...testing.discovery import all_metrics
from ..table import greater_is_better
from ..text import ARROWS, best_methods, chance_in_words, drawn_in_words, is_ranked, marked_methods

RANK = "mean rank"
TIPS = {
    RANK: "Rank of the method among all, averaged over the clips and over the metrics of truth. 1 is the best.",
    "ms_per_map": "Milliseconds that a map took, without passes that a method above had made already.",
}


def table_context(table):
    """Return the table as columns and rows, the best mean rank first.

    Parameters
    ----------
    table : Comparison

    Returns
    -------
    dict
        "columns": dicts of name, words, arrow, tip, whether greater is better, and whether it makes the rank. "rows": dicts of
        method, whether it is a floor, and a cell for each column: value, text, half of the interval as text, the interval
        as "low", "mean" and "high" in percent of the column's range, and the marks "best" and "chance". "legend": dict.
    """
    shown = [name for name in table.columns if table[name].notna().any()]
    intervals, better = table.intervals(), table.better_than(table.chance)
    shown.sort(key=lambda name: (not is_ranked(name, better), name not in better))  # stable
    ranks = table.ranks().loc["mean"] if len(table) > 1 else pd.Series(dtype=float)
    methods = [*table.index]
    cells, columns = {method: [] for method in methods}, []
    if ranks.notna().any():
        columns.append(_column(RANK, greater=False, ranked=False))
        best = best_methods(ranks[methods].drop([*table.floors]).astype(float), False)
        for method in methods:
            cells[method].append(_cell(ranks[method], 2, best=method in best))
        methods.sort(key=lambda method: (np.isnan(ranks[method]), ranks[method]))
    for name in shown:
        greater = False if name == "ms_per_map" else greater_is_better(name)
        columns.append(_column(name, greater=greater, ranked=is_ranked(name, better)))
        best, not_better = marked_methods(table, name, better)
        of_metric = intervals.loc[name] if name in better else None
        for method in methods:
            cell = _cell(table.loc[method, name], 3 if name in better else 2, best=method in best, chance=method in not_better)
            if of_metric is not None:
                cell |= _interval(of_metric, method)
            cells[method].append(cell)
    rows = [{"method": method, "floor": method in table.floors, "cells": cells[method]} for method in methods]
    return {"columns": columns, "rows": rows, "legend": _legend(table, rows)}


def _column(name, *, greater, ranked):
    known = dict(all_metrics()).get(name)
    tip = TIPS.get(name) or (inspect.getdoc(known).splitlines()[0] if known else "")
    for known_already in (" Smaller is better.", " Greater is better."):  # an arrow says so
        tip = tip.removesuffix(known_already)
    return {"name": name, "words": spoken(name), "arrow": ARROWS[greater].strip(), "greater": greater, "tip": tip,
            "ranked": ranked}  # fmt: skip


def _cell(value, decimals, *, best=False, chance=False):
    value = float(value)
    text = "–" if np.isnan(value) else f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−")  # no −0.000
    return {"value": None if np.isnan(value) else value, "text": text, "half": "", "best": best, "chance": chance}


def _interval(of_metric, method):
    """Return half of a method's interval, and where it lies between the least and the greatest of the metric."""
    low, high, mean = (of_metric.loc[method, name] for name in ("low", "high", "mean"))
    left = np.nanmin([of_metric.low.min(), of_metric["mean"].min()])
    right = np.nanmax([of_metric.high.max(), of_metric["mean"].max()])
    if np.isnan(low + high) or right <= left:
        return {}
    low, high, mean = (100 * (value - left) / (right - left) for value in (low, high, mean))
    half = (of_metric.loc[method, "high"] - of_metric.loc[method, "low"]) / 2
    return {"half": f"±{half:.3f}", "low": low, "high": high, "mean": mean}


def _legend(table, rows):
    return {
        "drawn": drawn_in_words(table),
        "floors": list(table.floors),
        "chance": chance_in_words(table),
        "has_chance": any(cell["chance"] for row in rows for cell in row["cells"]),
    }
