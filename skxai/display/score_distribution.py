"""How scores are distributed over the clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..metrics import evaluate, find_metric
from ..utils.statistics import bootstrap_interval
from ._distributions import check_scores, density_of, draw_count, draw_curve, draw_middle, draw_row, summarise
from ._layout import new_axes
from ._methods import ByMethod, split_methods
from .legends import draw_density_legend, draw_marks
from .style import colours_of, line_style, name_style, readable_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["ScoreDistributionDisplay"]

_MOST_CURVES = 4
_FEW = 6

Scores = dict[str, np.ndarray]  # by method


@dataclass(eq=False, repr=False)
class ScoreDistributionDisplay:
    """How scores are distributed over the clips: a curve a method, or, of more than four methods, a row a method.

    Curves are densities, with every score as a tick below. In rows each score is a point, spread by the density at its place;
    a bar marks the median, a dot and whiskers the mean and its interval; n stands behind where some scores are undefined.

    The density is a Gaussian kernel estimate. At finite bounds it is mirrored inwards: no score can lie beyond them, and
    the area inside is 1. NaN, an undefined score, is left out and counted; scores that are all equal have no density.

    Parameters
    ----------
    scores : array-like of shape (n,), or dict from str to such arrays
        One score a clip; a dict holds one array for each method, or whatever else is compared, such as the depth of a network.
    score_name : str or None, default=None
        For the horizontal axis.
    bounds : (float, float) or None, default=None
        Lowest and highest possible score, as of ``metric.bounds``; None or infinite where there is none.
    bw_method : str, float or None, default=None
        Bandwidth, as of ``scipy.stats.gaussian_kde``; None is Scott's rule.
    groups : array-like of shape (n,) or None, default=None
        The recording of each clip, for the intervals: those of one are not independent. None takes each clip for itself.
    confidence : float, default=0.95
        Of the intervals of the means, see ``skxai.utils.statistics.bootstrap_interval``.
    controls : sequence of str, default=()
        Methods that others must beat, such as random maps: they are drawn black, with thin lines or names in italics.

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
        Where it is drawn; the figure that contains it.

    Raises
    ------
    ValueError
        For scores that are not ``(n,)`` or infinite, scores beyond the bounds, and groups of another number than the clips.

    References
    ----------
    .. [1] Ansari, density plots of the monotonicity correlation per depth of ResNet, 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.display import ScoreDistributionDisplay
    >>> scores = {"ResNet-18": [0.1, 0.3, 0.4, np.nan], "ResNet-101": [-0.2, 0.0, 0.5]}
    >>> display = ScoreDistributionDisplay.from_scores(scores, bounds=(-1, 1))
    >>> x, density = display.density("ResNet-18")
    >>> round(float(np.trapezoid(density, x)), 2)
    1.0
    """

    scores: ByMethod
    _: KW_ONLY
    score_name: str | None = None
    bounds: tuple[float, float] | None = None
    bw_method: str | float | None = None
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
        scoring: str,
        name: str | None = None,
        bw_method: str | float | None = None,
        groups: ArrayLike | None = None,
        ax: Axes | None = None,
        **params: Any,
    ) -> Self:
        """Score clips and draw the metric's own values: a loss is not negated.

        Parameters
        ----------
        estimator : explainer, Pipeline or search, or dict from str to such
            Fitted; see ``skxai.metrics.split_pipeline``. A dict holds one for each method.
        X : array-like of shape (n, ...)
            What the estimator takes.
        y : array-like of shape (n,) or None, default=None
            True labels, for the metrics by accuracy.
        scoring : str
            Of ``skxai.metrics.get_scorer_names()``.
        name : str or None, default=None
            For the legend, of a single estimator; None is the explainer's class.
        bw_method, groups, ax
            As in the class and in ``plot``.
        **params
            Parameters of the metric.
        """
        if not isinstance(scoring, str):
            raise ValueError(f"scoring of ScoreDistributionDisplay must be the name of one scorer; got {scoring!r}.")
        scores = {}
        for method, explainer, features in split_methods(estimator, X, name):
            ((metric, scores[method]),) = evaluate(explainer, features, y, [scoring], **params).items()
        bounds = getattr(find_metric(metric), "bounds", None)
        return cls(scores, score_name=readable_name(metric), bounds=bounds, bw_method=bw_method, groups=groups).plot(ax)

    @classmethod
    def from_scores(
        cls, scores: ByMethod, *, ax: Axes | None = None, rows: bool | None = None, legend: bool = True, **params: Any
    ) -> Self:
        """Draw scores that are there already; ``params`` are those of the class, the others those of ``plot``."""
        return cls(scores, **params).plot(ax, rows=rows, legend=legend)

    def density(self, name: str = "") -> tuple[np.ndarray, np.ndarray]:
        """Return scores x and their estimated density, both of shape (512,); its integral over x is 1.

        Parameters
        ----------
        name : str, default=""
            The method; "" where ``scores`` is a single array.

        Raises
        ------
        KeyError, ValueError
            For a method that there is not; for fewer than two different scores.
        """
        found = self._density(self._checked()[name])
        if found is None:
            raise ValueError(f"scores of {name!r} must have at least two different values to have a density.")
        return found

    def plot(self, ax: Axes | None = None, *, rows: bool | None = None, legend: bool = True) -> Self:
        """Draw.

        Parameters
        ----------
        ax : Axes or None, default=None
            None makes a new figure.
        rows : bool or None, default=None
            Whether each method has a row of its own; None is where there are more than four.
        legend : bool, default=True
            Whether to draw the legend.
        """
        methods = self._checked()
        rows = len(methods) > _MOST_CURVES if rows is None else rows
        panel = (5.6, 0.9 + 0.3 * len(methods)) if rows else (5.6, 3.8)
        (ax,) = new_axes(ax, panel=panel, owner="ScoreDistributionDisplay")
        (self._plot_rows if rows else self._plot_curves)(ax, methods, legend)
        ax.set_xlabel(self.score_name or "Score")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_curves(self, ax: Axes, methods: Scores, legend: bool) -> None:
        densities = {name: self._density(values) for name, values in methods.items()}
        height = max((found[1].max() for found in densities.values() if found is not None), default=1.0)
        colours = colours_of(methods, self.controls)
        for i, (name, values) in enumerate(methods.items()):
            style = line_style(i) | {"color": colours[name]}
            draw_curve(ax, i, style, values, densities[name], height, summarise(name, values))
        self._draw_zero(ax, methods)
        ax.axhline(0, color="0.3", linewidth=0.8, zorder=0)
        ax.set_ylabel("Density")
        ax.set_ylim(-height * (0.06 * len(methods) + 0.02), 1.08 * height)
        has_density = any(found is not None for found in densities.values())
        ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= 1.08 * height and has_density])
        if legend:
            draw_density_legend(ax, with_marks=has_density)

    def _plot_rows(self, ax: Axes, methods: Scores, legend: bool) -> None:
        # A score that only has a few values, such as whether a prediction changes, has no density.
        is_fine = len(np.unique(_defined(methods))) > _FEW
        intervals = self._intervals(methods)
        for row, (name, colour) in enumerate(colours_of(methods, self.controls).items()):
            values = methods[name][~np.isnan(methods[name])]
            draw_count(ax, row, methods[name])
            if values.size:
                density = self._density(values) if is_fine else None
                draw_row(ax, row, values, density, colour)
                draw_middle(ax, row, values, intervals[name], density, ("median", f"mean, {self.confidence:.0%} interval"))
        self._draw_zero(ax, methods)
        ax.set_yticks(range(len(methods)), list(methods), fontsize="small")
        for label, name in zip(ax.get_yticklabels(), methods):
            label.set(**name_style(name in self.controls))
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(len(methods) - 0.45, -0.55)
        ax.grid(axis="x", color="0.9", linewidth=0.6)
        ax.set_axisbelow(True)
        for side in ("top", "left", "right"):
            ax.spines[side].set_visible(False)
        if legend:
            draw_marks(ax, [ax], loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0.2)

    def _intervals(self, methods: Scores) -> dict[str, tuple]:
        params = {"groups": self.groups, "confidence": self.confidence}
        if len({values.size for values in methods.values()}) > 1:
            return {name: bootstrap_interval(values, **params) for name, values in methods.items()}
        together = bootstrap_interval(np.stack(list(methods.values()), axis=1), **params)  # the draws once for all
        return dict(zip(methods, zip(*together)))

    def _draw_zero(self, ax: Axes, methods: Scores) -> None:
        """Draw a line at 0 if the bounds, or the scores where a bound is infinite, lie on both sides of it."""
        bounds, seen = self._bounds(), _defined(methods)
        low, high = bounds if np.isfinite(bounds).all() or not seen.size else (seen.min(), seen.max())
        if low < 0 < high:
            ax.axvline(0, color="0.5", linewidth=0.8, zorder=0)

    def _bounds(self) -> tuple[float, float]:
        return (-np.inf, np.inf) if self.bounds is None else (float(self.bounds[0]), float(self.bounds[1]))

    def _density(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
        return density_of(values, self._bounds(), self.bw_method)

    def _checked(self) -> Scores:
        return check_scores(self.scores, self.bounds, self._bounds(), self.groups)


def _defined(methods: Scores) -> np.ndarray:
    return np.concatenate([values[~np.isnan(values)] for values in methods.values()])
