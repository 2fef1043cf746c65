"""Which methods rank better than others, and which cannot be told apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from ._layout import new_axes
from .style import colours_of, name_style, readable_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["RankingDisplay"]

_ROW = 0.2  # height of a label or a bar, in inches


@dataclass(eq=False, repr=False)
class RankingDisplay:
    """Mean ranks of methods on an axis, and bars that join those whose ranks do not differ by more than chance.

    The diagram of Demšar: the best method, of the smallest mean rank, is at the left. Two methods differ by Nemenyi's test if
    their mean ranks are at least the critical difference apart; each largest set of neighbours that are all closer than that
    is joined by a bar. Methods that are on no common bar differ.

    Parameters
    ----------
    ranks : dict from str to float
        The mean rank of each method; 1 is the best. Methods whose rank is NaN are left out.
    critical_difference : float or None, default=None
        See ``skxai.comparison.statistics.critical_difference``. None or NaN, where it is unknown, draws no bars.
    title : str or None, default=None
        Over the diagram.
    controls : sequence of str, default=()
        Methods that others must beat, such as random maps: they are drawn black, with thin lines or names in italics.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
        Where it is drawn; the figure that contains it.
    joined_ : list of list of str
        The methods under each bar, from the best on.

    Raises
    ------
    ValueError
        For no method with a rank, ranks that no clips could give, or a negative critical difference.

    References
    ----------
    .. [1] Demšar, "Statistical Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006, section 3.2.4.

    Examples
    --------
    >>> from skxai.display import RankingDisplay
    >>> ranks = {"saliency": 3.5, "Grad-CAM": 2.8, "Score-CAM": 1.4, "random": 2.3}
    >>> RankingDisplay.from_ranks(ranks, critical_difference=1.0, controls=["random"]).joined_
    [['Score-CAM', 'random'], ['random', 'Grad-CAM'], ['Grad-CAM', 'saliency']]
    """

    ranks: Mapping[str, float]
    critical_difference: float | None = None
    _: KW_ONLY
    title: str | None = None
    controls: Sequence[str] = ()

    @classmethod
    def from_ranks(
        cls, ranks: Mapping[str, float], critical_difference: float | None = None, *, ax: Axes | None = None, **params: Any
    ) -> Self:
        """Draw mean ranks that are there already; ``params`` are those of the class, the others those of ``plot``."""
        return cls(ranks, critical_difference, **params).plot(ax)

    @classmethod
    def from_comparison(
        cls, comparison: Any, metric: str, *, confidence: float = 0.95, title: str | None = None, ax: Axes | None = None
    ) -> Self:
        """Draw the ranks of a comparison by one of its metrics.

        Parameters
        ----------
        comparison : Comparison
            As ``compare_explainers`` returns it.
        metric : str
            One of its columns; or "mean", over the faithfulness and ground-truth metrics, for which there is no test.
        confidence : float, default=0.95
            Of the critical difference.
        title : str or None, default=None
            None is the metric, and over how many clips or recordings the ranks are.
        ax
            As in ``plot``.
        """
        table = comparison.ranks(confidence=confidence)
        if metric not in table.index:
            raise ValueError(f"metric of RankingDisplay must be one of {', '.join(table.index)}; got {metric!r}.")
        row = table.loc[metric]
        if title is None:
            title = "Mean over the metrics" if metric == "mean" else f"{readable_name(metric)} (n = {int(row['n'])})"
        ranks = row.drop(["n", "p_value", "critical_difference"]).to_dict()
        return cls(ranks, row["critical_difference"], title=title, controls=comparison.controls).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw on the given Axes, or on those of a new figure."""
        ranks, difference = self._checked()
        names = sorted(ranks, key=lambda name: ranks[name])
        groups = find_joined([ranks[name] for name in names], difference)
        self.joined_ = [names[first : last + 1] for first, last in groups]
        colours = colours_of(ranks, self.controls)
        n_left = math.ceil(len(names) / 2)
        levels = _levels(groups)
        bars = 0.6 * (1 + max(levels, default=-1))
        lowest = bars + n_left + 0.4
        above = 1.6 if np.isfinite(difference) else 0.4
        height = 0.55 + _ROW * (lowest + above)
        (ax,) = new_axes(ax, panel=(6.4, height), owner="RankingDisplay")
        ax.set(xlim=(1, max(2, len(ranks))), ylim=(lowest, -above))
        _draw_axis(ax, len(ranks), above)
        if np.isfinite(difference):
            _draw_difference(ax, difference)
        for (first, last), level in zip(groups, levels):
            ends = ranks[names[first]] - 0.04, ranks[names[last]] + 0.04
            ax.plot(ends, 2 * [0.6 * (level + 1)], color="0.1", linewidth=3.2, solid_capstyle="butt", clip_on=False)
        for i, name in enumerate(names):
            at_left = i < n_left
            row = bars + 1 + (i if at_left else len(names) - 1 - i)
            self._draw_method(ax, name, ranks[name], row, colours[name], at_left)
        ax.set_title(self.title or "", fontsize="medium")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_method(self, ax: Axes, name: str, rank: float, row: float, colour: str, at_left: bool) -> None:
        across, edge = ax.get_yaxis_transform(), 0 if at_left else 1
        end = ax.get_xlim()[edge]
        ax.plot([rank, rank, end], [0, row, row], color=colour, linewidth=1.1, clip_on=False, zorder=1)
        ax.plot([rank], [0], "o", color=colour, markersize=4, clip_on=False)
        text, aligned, shift = (f"{name}  {rank:.2f}", "right", -4) if at_left else (f"{rank:.2f}  {name}", "left", 4)
        style: dict[str, Any] = {"ha": aligned, "va": "center", "fontsize": "small", **name_style(name in self.controls)}
        ax.annotate(text, (edge, row), xycoords=across, xytext=(shift, 0), textcoords="offset points", **style)

    def _checked(self) -> tuple[dict[str, float], float]:
        """Return the ranks that there are, and the critical difference or NaN."""
        ranks = {str(name): float(rank) for name, rank in dict(self.ranks).items() if not np.isnan(rank)}
        if not ranks:
            raise ValueError("ranks of RankingDisplay must hold at least one method with a rank; got none.")
        for name, rank in ranks.items():
            if not 1 <= rank <= len(ranks):
                raise ValueError(f"ranks of RankingDisplay must lie between 1 and {len(ranks)}; got {rank:g} of {name!r}.")
        difference = np.nan if self.critical_difference is None else float(self.critical_difference)
        if difference < 0:
            raise ValueError(f"critical_difference of RankingDisplay must not be negative; got {difference:g}.")
        return ranks, difference


def find_joined(ranks: Sequence[float], critical_difference: float) -> list[tuple[int, int]]:
    """Return first and last place of the largest sets of two or more neighbours that are all closer than the difference.

    The ranks ascend; NaN joins none.
    """
    groups, reached = [], 0
    for first, rank in enumerate(ranks):
        within = np.searchsorted(np.asarray(ranks) - rank, critical_difference)
        last = int(within) - 1 if np.isfinite(critical_difference) else first
        if last > max(first, reached):
            groups.append((first, last))
            reached = last
    return groups


def _levels(groups: Sequence[tuple[int, int]]) -> list[int]:
    """Return for each bar how far below the axis it lies, so that bars over a common method do not touch."""
    ends: list[int] = []
    levels: list[int] = []
    for first, last in groups:
        level = next((i for i, end in enumerate(ends) if end < first), len(ends))
        ends[level : level + 1] = [last]
        levels.append(level)
    return levels


def _draw_axis(ax: Axes, n_methods: int, above: float) -> None:
    from matplotlib.ticker import MaxNLocator

    for side in ("left", "right", "bottom"):
        ax.spines[side].set_visible(False)
    ax.spines["top"].set_position(("data", 0))
    ax.set_yticks([])
    ax.xaxis.set_major_locator(MaxNLocator(nbins=min(n_methods, 12), integer=True))
    ax.xaxis.tick_top()
    ax.tick_params(axis="x", labelsize="small", direction="in", pad=2)


def _draw_difference(ax: Axes, difference: float) -> None:
    """Draw how long the critical difference is, over the left end of the axis."""
    left, right = ax.get_xlim()
    height, end = -1.35, min(left + difference, right)
    ax.plot([left, end], [height, height], color="0.1", linewidth=1.2, marker="|", markersize=6, clip_on=False)
    more = "" if end == left + difference else " (beyond the axis)"
    text = f"critical difference {difference:.2f}{more}"
    ax.annotate(text, (end, height), xytext=(5, 0), textcoords="offset points", va="center", fontsize="small")
