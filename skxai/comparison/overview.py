"""What a comparison shows to people, as text, in a notebook or on a page: means, intervals, directions and marks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..metrics import find_metric

ARROWS = {True: "↑", False: "↓", None: ""}
MEAN_RANK = "mean rank"


def greater_is_better(metric: str) -> bool | None:
    """Return the direction of a metric by its name; None for a column that is no metric of skxai's."""
    return getattr(find_metric(metric), "greater_is_better", None)


def ranks_methods(metric: str) -> bool:
    """Return whether methods are ranked by a metric, a faithfulness or ground-truth metric; by unknown ones they are."""
    return getattr(find_metric(metric), "ranks_methods", True)


@dataclass(frozen=True)
class Cell:
    """The mean of a method by one metric with its interval, NaN where there is none, and the marks beside it."""

    mean: float
    low: float = np.nan
    high: float = np.nan
    best: bool = False  # no method has a better mean, controls left out
    not_better: bool = False  # not significantly better than random maps

    @property
    def half(self) -> float:
        """Half of the interval's width."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Column:
    """One metric, or another column of the table."""

    name: str
    greater_is_better: bool | None  # None where it is unknown
    is_metric: bool  # there are scores of the clips behind it
    is_ranked: bool  # a faithfulness or ground-truth metric: it counts for the mean rank
    cells: dict[str, Cell]  # by method


@dataclass(frozen=True)
class Overview:
    """What a comparison shows to people."""

    methods: list[str]  # the rows of the table
    columns: list[Column]  # in the table's order, without those that are undefined for all methods
    ranks: Column | None  # the mean rank over the ranked columns; None for a single method
    controls: tuple[str, ...]  # the methods without a model
    chance: str  # the rows of random maps that the others are held against, such as "RandomMap"
    clips: list[str]  # what the clips are called
    sample: str  # what the bootstrap draws from, such as "57 recordings of 200 clips"

    @property
    def marks_chance(self) -> bool:
        """Whether any method is marked as not better than random maps."""
        return any(cell.not_better for column in self.columns for cell in column.cells.values())


def make_columns(table: pd.DataFrame, intervals: pd.DataFrame, better: pd.DataFrame, controls: Sequence[str]) -> list[Column]:
    """Return the columns of a table of means that have a value, with intervals and marks.

    ``intervals`` and ``better`` (than random maps) are those of ``Comparison``. Controls are never marked as the best.
    """
    columns = []
    for name in table.columns[table.notna().any()]:
        is_metric, greater = name in better, greater_is_better(name)
        is_ranked = is_metric and ranks_methods(name)
        best = best_methods(table[name].drop([*controls]), greater)
        not_better = list(better.index[(~better[name]).fillna(False)]) if is_ranked else []
        cells = {}
        for method, mean in table[name].items():
            low, high = intervals.loc[(name, method), ["low", "high"]] if is_metric else (np.nan, np.nan)
            cells[method] = Cell(float(mean), low, high, method in best, method in not_better)
        columns.append(Column(name, greater, is_metric, is_ranked, cells))
    return columns


def make_ranks(ranks: Mapping[str, float], controls: Sequence[str]) -> Column:
    """Return mean ranks by method as a column."""
    means = pd.Series(ranks, dtype=float)
    best = best_methods(means.drop([*controls]), False)
    cells = {method: Cell(float(rank), best=method in best) for method, rank in means.items()}
    return Column(MEAN_RANK, False, False, False, cells)


def best_methods(means: pd.Series, greater: bool | None) -> list[str]:
    """Return the methods with the best mean as printed; none where all are equal, or nobody knows what is better."""
    printed = means.dropna().round(3)
    best = printed.index[printed == (printed.max() if greater else printed.min())]
    return [] if greater is None or len(best) == len(printed) else list(best)
