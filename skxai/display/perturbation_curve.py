"""Deletion and insertion curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..metrics import PerturbationCurve, deletion_curve, insertion_curve
from ..metrics.perturbation_curve import CURVES
from ..utils.statistics import bootstrap_interval
from ._layout import AxesLike, as_given, columns_of, new_axes
from ._methods import by_method, check_clips, explained_curves
from .legends import AREAS_BESIDE, draw_area_legend, draw_areas, draw_names
from .style import band_style, line_style, reference_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["PerturbationCurveDisplay"]

_CURVE_OF = {"deletion": deletion_curve, "insertion": insertion_curve}
_X_LABEL = {"deletion": "Fraction of pixels deleted", "insertion": "Fraction of pixels inserted"}
_Y_LABEL = {"probability": "Mean probability", "accuracy": "Accuracy"}
_MOST_BANDS = 4  # of a panel

Curves = PerturbationCurve | dict[str, PerturbationCurve]


@dataclass(eq=False, repr=False)
class PerturbationCurveDisplay:
    """Mean deletion or insertion curves of one or several methods, with their areas, and how sure both are.

    Up to four lines of a panel have bands; more have whiskers at their marks, as bands would hide each other, and none
    where there is a panel a class.

    Parameters
    ----------
    curves : PerturbationCurve or dict from str to PerturbationCurve
        All of one kind, as ``skxai.metrics.deletion_curve`` returns them; a dict holds one for each method.
    by : {"probability", "accuracy"}, default="probability"
        What the curves show.
    per_class : bool, default=False
        Whether each class has curves of its own: of several methods in a panel a class, of one method as a line a class.
    groups : array-like of shape (n,) or None, default=None
        The recording of each clip, for the intervals: those of one are not independent. None takes each clip for itself.
    confidence : float, default=0.95
        Of the intervals of the means, see ``skxai.utils.statistics.bootstrap_interval``.
    controls : sequence of str, default=()
        Methods that others must beat, such as random maps: they are drawn black, with thin lines or names in italics.

    Attributes
    ----------
    ax_ : Axes or ndarray of Axes
        One a panel.
    figure_, lines_ : Figure, list of Line2D
        The figure that contains them; the curves, panel by panel.

    Raises
    ------
    TypeError, ValueError
        For what is no curve, curves of both kinds, an unknown ``by``, accuracy without true labels, groups of another number
        than the clips, or controls that are no method.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.display import PerturbationCurveDisplay
    >>> from skxai.metrics import deletion_curve
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> curve = deletion_curve(LogisticRegression().fit(X, X[:, 0]), X, np.tile([1.0, 0.0], (4, 1)))
    >>> PerturbationCurveDisplay.from_curve({"weights": curve}).ax_.get_xlabel()
    'Fraction of pixels deleted'
    """

    curves: Curves
    _: KW_ONLY
    by: str = "probability"
    per_class: bool = False
    groups: ArrayLike | None = None
    confidence: float = 0.95
    controls: Sequence[str] = ()

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        kind: str = "deletion",
        by: str = "probability",
        per_class: bool = False,
        groups: ArrayLike | None = None,
        confidence: float = 0.95,
        name: str | None = None,
        ax: AxesLike = None,
        band: bool = True,
        legend: bool = True,
        **params: Any,
    ) -> Self:
        """Explain clips, delete or insert their pixels, and draw the curve.

        Parameters
        ----------
        estimator : explainer, Pipeline or search, or dict from str to such
            Fitted; see ``skxai.metrics.split_pipeline``. A dict holds one for each method.
        X : array-like of shape (n, ...)
            What the estimator takes.
        y : array-like of shape (n,) or None, default=None
            True labels, for the curve by accuracy.
        kind : {"deletion", "insertion"}, default="deletion"
            Which.
        name : str or None, default=None
            For the legend, of a single estimator; None is the explainer's class.
        by, per_class, groups, confidence, ax, band, legend
            As in the class and in ``plot``.
        **params
            Parameters of ``skxai.metrics.deletion_curve``: ``target``, ``baseline``, ``step``, ….
        """
        if kind not in _CURVE_OF:
            raise ValueError(f"kind of PerturbationCurveDisplay must be one of {', '.join(_CURVE_OF)}; got {kind!r}.")
        curves = explained_curves(_CURVE_OF[kind], estimator, X, y, name, params)
        display = cls(curves, by=by, per_class=per_class, groups=groups, confidence=confidence)
        return display.plot(ax, band=band, legend=legend)

    @classmethod
    def from_curve(cls, curves: Curves, *, ax: AxesLike = None, band: bool = True, legend: bool = True, **params: Any) -> Self:
        """Draw curves that are there already; ``params`` are those of the class, the others those of ``plot``."""
        return cls(curves, **params).plot(ax, band=band, legend=legend)

    def plot(self, ax: AxesLike = None, *, band: bool = True, legend: bool = True) -> Self:
        """Draw; legends tell the mean area under each curve and its interval, from the greatest to the smallest.

        Parameters
        ----------
        ax : Axes, array-like of Axes or None, default=None
            One for each panel; None makes a new figure.
        band : bool, default=True
            Whether to show the intervals.
        legend : bool, default=True
            Whether to draw legends: beside the panel where the figure's layout makes room (``layout="constrained"``). In a new
            figure of several panels, one names the methods and those under the panels tell the areas.
        """
        panels = self._panels()
        kind = next(iter(by_method(self.curves, "curves").values())).kind
        single = len(panels) == 1
        n_columns = columns_of(len(panels))
        shape = (math.ceil(len(panels) / n_columns), n_columns)
        n_lines = max(len(lines) for lines in panels.values())
        # Beside one panel there is its legend, under each of several the areas.
        height = 2.1 + legend * (0.19 * math.ceil(n_lines / AREAS_BESIDE) + 0.5 / shape[0])
        panel = (5.2 + 3.1 * legend, 3.6) if single else (2.6, height)
        all_axes = new_axes(ax, shape, panel=panel, n_panels=len(panels), owner="PerturbationCurveDisplay")
        self.lines_ = []
        for i, (each, (title, lines)) in enumerate(zip(all_axes, panels.items())):
            intervals = "" if not band else "band" if len(lines) <= _MOST_BANDS else "whiskers" if single else ""
            drawn = [self._draw(each, line, 8 if single else 4, intervals) for line in lines]
            self.lines_ += [line for line, _, _ in drawn]
            each.set(xlim=(-0.02, 1.02), ylim=(-0.03, 1.03))
            each.set_title(title, fontsize="medium")
            lowest = ax is not None or i + n_columns >= len(panels)
            if lowest:
                each.set_xlabel(_X_LABEL[kind], fontsize=None if single else "small")
                each.tick_params(labelbottom=True)
            if ax is not None or i % n_columns == 0:
                each.set_ylabel(_Y_LABEL[self.by])
            if legend and ax is None and not single:
                draw_areas(each, drawn, below=0.5 if lowest else 0.08)
            elif legend:
                draw_area_legend(each, drawn, self.confidence)
        if legend and ax is None and not single:
            draw_names(all_axes[0].figure, self.lines_)
        self.ax_, self.figure_ = as_given(all_axes), all_axes[0].figure
        return self

    def _draw(self, ax: Axes, line: tuple, n_marks: int, intervals: str) -> tuple[Line2D, float, str]:
        """Draw a line and its intervals; return it, with its area and the area's interval in words."""
        name, i, fractions, curves, groups = line
        mean, area = curves.mean(axis=0), np.trapezoid(curves.mean(axis=0), fractions)
        is_control = name in self.controls
        style = reference_style(list(self.controls).index(name)) if is_control else line_style(i, len(fractions), n_marks)
        (drawn,) = ax.plot(fractions, mean, label=name or "_", zorder=1.9 if is_control else 2, **style)
        at = {"groups": groups, "confidence": self.confidence}
        if intervals == "band":
            ax.fill_between(fractions, *bootstrap_interval(curves, **at), **band_style(drawn.get_color()))
        elif intervals == "whiskers" and not is_control:
            marks = np.arange(len(fractions))[slice(style["markevery"][0], None, style["markevery"][1])]
            low, high = bootstrap_interval(curves[:, marks], **at)
            ax.vlines(fractions[marks], low, high, color=drawn.get_color(), linewidth=0.9, alpha=0.75)
        low, high = bootstrap_interval(np.trapezoid(curves, fractions, axis=1), **at)
        return drawn, area, ("" if np.isnan(low) else f" [{low:.2f}, {high:.2f}]")

    def _panels(self) -> dict[str, list[tuple]]:
        """Return for each panel's title its lines: name, place in the palette, fractions, the clips' curves and groups."""
        named = by_method(self.curves, "curves of PerturbationCurveDisplay", PerturbationCurve)
        self._check(named)
        readings = {name: (curve.fractions, curve.curves(self.by)) for name, curve in named.items()}
        colours = [name for name in named if name not in self.controls]
        places = {name: colours.index(name) if name in colours else None for name in named}
        groups = None if self.groups is None else np.asarray(self.groups)
        if not self.per_class:
            return {"": [(name, places[name], *reading, groups) for name, reading in readings.items()]}
        labels = {name: curve.target if curve.y is None else curve.y for name, curve in named.items()}
        panels: dict[str, list[tuple]] = {}
        for label in np.unique(np.concatenate(list(labels.values()))).tolist():
            lines = panels.setdefault(str(label), [])
            for name, (fractions, curves) in readings.items():
                chosen = labels[name] == label
                if chosen.any():
                    of_clips = None if groups is None else groups[chosen]
                    lines.append((name, places[name], fractions, curves[chosen], of_clips))
        if len(named) > 1:
            return panels
        (title,) = named
        return {title: [(label, i, *lines[0][2:]) for i, (label, lines) in enumerate(panels.items())]}

    def _check(self, named: dict[str, PerturbationCurve]) -> None:
        if self.by not in CURVES:
            raise ValueError(f"by of PerturbationCurveDisplay must be one of {', '.join(CURVES)}; got {self.by!r}.")
        kinds = sorted({curve.kind for curve in named.values()})
        if len(kinds) > 1:
            raise ValueError(f"curves of PerturbationCurveDisplay must be of one kind; got {' and '.join(kinds)}.")
        for control in self.controls:
            if control not in named:
                raise ValueError(
                    f"controls of PerturbationCurveDisplay must be methods of curves, {', '.join(named)}; got {control!r}."
                )
        for curve in named.values():
            check_clips(self.groups, len(curve.probability), "groups of PerturbationCurveDisplay")
