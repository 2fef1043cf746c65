"""Legends that hide nothing, and what they tell."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ._layout import columns_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

__all__ = ["AREAS_BESIDE", "draw_area_legend", "draw_areas", "draw_density_legend", "draw_legend", "draw_marks", "draw_names"]

AREAS_BESIDE = 3  # each other under a panel


def draw_legend(ax: Axes, handles: list[Line2D], **keywords: Any) -> Legend:
    """Draw a legend that hides nothing: beside the Axes, where the figure's layout makes room for it.

    In a figure without constrained (or tight) layout what is beside an Axes may be cut off or hide the next one: there the
    legend goes inside, where matplotlib finds it best. Keywords are those of ``Axes.legend``.
    """
    style: dict[str, Any] = {"handles": handles, "fontsize": "small", "handlelength": 3.2, "framealpha": 0.7}
    if ax.figure.get_layout_engine() is not None:
        style |= {"loc": "upper left", "bbox_to_anchor": (1.01, 1.02), "frameon": False, "borderaxespad": 0.0}
    return ax.legend(**style | keywords)


def draw_area_legend(ax: Axes, drawn: list[tuple[Line2D, float, str]], confidence: float) -> None:
    """Name the curves of a panel (line, area, interval in words) with their areas, from the greatest to the smallest."""
    drawn = sorted(drawn, key=lambda each: -each[1])
    names = ["" if line.get_label() == "_" else f"{line.get_label()}  " for line, _, _ in drawn]
    labels = [f"{name}{area:.3f}{interval}" for name, (_, area, interval) in zip(names, drawn)]
    sure = f" [{confidence:.0%} interval]" if any(interval for _, _, interval in drawn) else ""
    style: dict[str, Any] = {"title": f"Area under the curve{sure}", "title_fontsize": "small", "alignment": "left"}
    draw_legend(ax, [line for line, _, _ in drawn], labels=labels, **style)


def draw_areas(ax: Axes, drawn: list[tuple[Line2D, float, str]], *, below: float) -> None:
    """Write the areas under the curves of a small panel, so many inches below it, without the names."""
    from matplotlib.transforms import ScaledTranslation

    drawn = sorted(drawn, key=lambda each: -each[1])
    place = ax.transAxes + ScaledTranslation(0, -below, ax.figure.dpi_scale_trans)
    style: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (-0.04, 0.0), "bbox_transform": place}
    style |= {"ncols": AREAS_BESIDE, "handlelength": 2.2, "columnspacing": 0.8, "handletextpad": 0.5}
    draw_legend(ax, [line for line, _, _ in drawn], labels=[f"{area:.3f}" for _, area, _ in drawn], **style)


def draw_names(figure: Figure, lines: list[Line2D]) -> None:
    """Name the methods of all panels once, under them."""
    named = {line.get_label(): line for line in reversed(lines)}
    handles = [named[name] for name in dict.fromkeys(line.get_label() for line in lines)]
    n_columns = columns_of(len(handles), max(1, round(figure.get_figwidth() / 2)))
    style: dict[str, Any] = {"fontsize": "small", "frameon": False, "handlelength": 3.2}
    figure.legend(handles=handles, loc="outside lower center", ncols=n_columns, **style)


def draw_marks(owner: Axes | Figure, axes: Iterable[Axes], **keywords: Any) -> Legend:
    """Draw a legend, of an Axes or a Figure, that explains the marks in the rows of some Axes."""
    named = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels())}
    handles = [named[label] for label in sorted(named)]
    return owner.legend(handles=handles, ncols=2, fontsize="small", frameon=False, **keywords)


def draw_density_legend(ax: Axes, *, with_marks: bool) -> None:
    """Draw the legend of density curves over their Axes, and, if wanted, what marks the median and the mean."""
    from matplotlib.lines import Line2D

    style: dict[str, Any] = {"fontsize": "small", "frameon": False, "borderaxespad": 0.2}
    if with_marks:
        grey: dict[str, Any] = {"color": "0.4", "linestyle": "none"}
        marks = [
            Line2D([], [], marker="|", markersize=11, markeredgewidth=1.1, label="median", **grey),
            Line2D([], [], marker="o", markersize=7, markeredgecolor="white", label="mean", **grey),
        ]
        ax.add_artist(ax.legend(handles=marks, loc="lower right", bbox_to_anchor=(1, 1), handlelength=1, **style))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), handlelength=3, **style)
