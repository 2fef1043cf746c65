"""The table of a page: rows of methods, columns of metrics, with intervals and marks."""

import inspect
from typing import Any

import numpy as np

from ...display.style import readable_name
from ...metrics import find_metric
from ..overview import ARROWS, MEAN_RANK, Cell, Column, Overview

MS_PER_MAP = "ms_per_map"
TIPS = {
    MEAN_RANK: "Rank of the method among all, averaged over the clips and over the faithfulness and ground-truth metrics. "
    "1 is the best.",
    MS_PER_MAP: "Milliseconds that a map took, without passes that a method above had made already.",
}


def table_context(overview: Overview) -> dict[str, Any]:
    """Return the table as "columns" and "rows" with "cells", the best mean rank first.

    A cell has its interval as text, "half", and as "low", "mean" and "high" in percent of the column's range.
    """
    columns = sorted(overview.columns, key=lambda column: (not column.is_ranked, not column.is_metric))
    methods = overview.methods
    if overview.ranks is not None and not all(np.isnan(cell.mean) for cell in overview.ranks.cells.values()):
        ranks = {method: cell.mean for method, cell in overview.ranks.cells.items()}
        columns = [overview.ranks, *columns]
        methods = sorted(methods, key=lambda method: (np.isnan(ranks[method]), ranks[method]))
    cells = [_cells_context(column) for column in columns]
    rows = [
        {"method": method, "is_control": method in overview.controls, "cells": [each[method] for each in cells]}
        for method in methods
    ]
    return {"columns": [_column_context(column) for column in columns], "rows": rows}


def _column_context(column: Column) -> dict[str, Any]:
    metric = find_metric(column.name)
    tip = TIPS.get(column.name) or (inspect.getdoc(metric) or "" if metric else "").partition("\n")[0]
    for direction in (" Smaller is better.", " Greater is better."):  # which the arrow says
        tip = tip.removesuffix(direction)
    greater = False if column.name == MS_PER_MAP else column.greater_is_better
    return {
        "name": column.name,
        "words": readable_name(column.name),
        "arrow": ARROWS[greater],
        "greater": greater,
        "tip": tip,
        "ranked": column.is_ranked,
    }


def _cells_context(column: Column) -> dict[str, dict[str, Any]]:
    """Return the cells of a column by method, each interval in percent of the range of all."""
    ends = [[cell.mean, cell.low, cell.high] for cell in column.cells.values()]
    defined = [value for value in np.ravel(ends) if not np.isnan(value)]
    left, right = (min(defined), max(defined)) if defined else (0.0, 0.0)
    return {method: _cell_context(cell, left, right, column.is_metric) for method, cell in column.cells.items()}


def _cell_context(cell: Cell, left: float, right: float, is_metric: bool) -> dict[str, Any]:
    is_defined = not np.isnan(cell.mean)
    decimals = 3 if is_metric else 2
    number = f"{round(cell.mean, decimals) + 0.0:.{decimals}f}".replace("-", "−")  # no −0.000
    context = {
        "value": cell.mean if is_defined else None,
        "text": number if is_defined else "–",
        "half": "",
        "best": cell.best,
        "not_better": cell.not_better,
    }
    if np.isnan(cell.half) or right <= left:
        return context
    ends = {name: 100 * (getattr(cell, name) - left) / (right - left) for name in ("low", "high", "mean")}
    return context | ends | {"half": f"±{cell.half:.3f}"}
