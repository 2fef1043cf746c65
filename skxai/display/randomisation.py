"""How far maps stay the same while the layers of the network lose what they have learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..metrics import RandomisationCurve, model_parameter_randomisation_curve
from ._layout import new_axes
from ._methods import by_method, explained_curves
from .legends import draw_legend
from .style import band_style, line_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

__all__ = ["RandomisationDisplay"]

_X_LABEL = {
    "cascading": "Re-initialised from the top down to this layer",
    "independent": "Layer that alone is re-initialised",
}
_MOST_LABELS = 24

Curves = RandomisationCurve | dict[str, RandomisationCurve]


@dataclass(eq=False, repr=False)
class RandomisationDisplay:
    """Mean rank correlation of one or several methods' maps with those of the network as its layers are re-initialised.

    A line that stays near 1 belongs to a method that does not show what the network has learned.

    Parameters
    ----------
    curves : RandomisationCurve or dict from str to RandomisationCurve
        All of one order and the same stages, as ``skxai.metrics.model_parameter_randomisation_curve`` returns them; a dict
        holds one for each method.

    Attributes
    ----------
    ax_, figure_, lines_ : Axes, Figure, list of Line2D
        Where it is drawn; the figure that contains it; the curves.

    Raises
    ------
    TypeError, ValueError
        For what is no curve, and curves of both orders or of different stages.

    References
    ----------
    .. [1] Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018, figure 4.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.display import RandomisationDisplay
    >>> from skxai.metrics import RandomisationCurve
    >>> correlations = np.array([[0.8, 0.3], [0.6, 0.1]])
    >>> curve = RandomisationCurve("cascading", ("dense", "conv"), correlations, np.array(["cough", "wheeze"]))
    >>> RandomisationDisplay.from_curve({"saliency": curve}).ax_.get_xticklabels()[0].get_text()
    'dense'
    """

    curves: Curves

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        name: str | None = None,
        ax: Axes | None = None,
        band: bool = True,
        **params: Any,
    ) -> Self:
        """Explain clips by a network and its randomised copies, and draw the correlations.

        Parameters
        ----------
        estimator : explainer, Pipeline or search, or dict from str to such
            Fitted; see ``skxai.metrics.split_pipeline``. A dict holds one for each method.
        X : array-like of shape (n, ...)
            What the estimator takes.
        y : ignored
            Parameter not used, present for API consistency.
        name : str or None, default=None
            For the legend, of a single estimator; None is the explainer's class.
        ax, band
            As in ``plot``.
        **params
            Parameters of ``skxai.metrics.model_parameter_randomisation_curve``: ``target``, ``order``, ``n_stages``, ….
        """
        return cls(explained_curves(model_parameter_randomisation_curve, estimator, X, y, name, params)).plot(ax, band=band)

    @classmethod
    def from_curve(cls, curves: Curves, *, ax: Axes | None = None, band: bool = True) -> Self:
        """Draw curves that are there already; see the class and ``plot``."""
        return cls(curves).plot(ax, band=band)

    def plot(self, ax: Axes | None = None, *, band: bool = True) -> Self:
        """Draw; the legend tells the mean over the layers and clips.

        Parameters
        ----------
        ax : Axes or None, default=None
            None makes a new figure.
        band : bool, default=True
            Whether bands show the middle half of the clips, from the first to the third quartile.
        """
        named = by_method(self.curves, "curves of RandomisationDisplay", RandomisationCurve)
        _check(named)
        first = next(iter(named.values()))
        n_stages = len(first.stages)
        width, beside = min(10.0, 2.8 + 0.35 * max(n_stages, 7)), 2.9 if len(named) > 1 else 1.2
        (ax,) = new_axes(ax, panel=(width + beside, 3.8), owner="RandomisationDisplay")
        self.lines_ = [_draw(ax, i, name, curve, band) for i, (name, curve) in enumerate(named.items())]
        ax.axhline(0, color="0.5", linewidth=0.8, zorder=0)
        shown = np.arange(0, n_stages, -(-n_stages // _MOST_LABELS))
        ax.set_xticks(shown, [first.stages[stage] for stage in shown], rotation=40, ha="right", rotation_mode="anchor")
        ax.set(xlabel=_X_LABEL[first.order], ylabel="Rank correlation with the maps\nof the trained network")
        ax.set_ylim(max(-1.05, min(ax.get_ylim()[0], -0.05)), 1.05)
        draw_legend(ax, self.lines_)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _draw(ax: Axes, i: int, name: str, curve: RandomisationCurve, band: bool) -> Line2D:
    places, mean = np.arange(len(curve.stages)), curve.mean()
    overall = f"mean {np.mean(mean[~np.isnan(mean)]):.3f}" if not np.isnan(mean).all() else "undefined"
    style = line_style(i, len(places)) | {"markevery": 1}
    (line,) = ax.plot(places, mean, label=f"{name} ({overall})" if name else overall, **style)
    defined = ~np.isnan(mean)
    if band and len(curve.correlations) > 1 and defined.any():
        quartiles = np.full((2, len(places)), np.nan)
        quartiles[:, defined] = np.nanquantile(curve.correlations[:, defined], [0.25, 0.75], axis=0)
        ax.fill_between(places, *quartiles, **band_style(line_style(i)["color"]))
    return line


def _check(curves: dict[str, RandomisationCurve]) -> None:
    orders = sorted({curve.order for curve in curves.values()})
    if len(orders) > 1:
        raise ValueError(f"curves of RandomisationDisplay must be of one order; got {' and '.join(orders)}.")
    stages = {curve.stages for curve in curves.values()}
    if len(stages) > 1:
        got = " and ".join(", ".join(each) for each in sorted(stages))
        raise ValueError(f"curves of RandomisationDisplay must have the same stages, those of one network; got {got}.")
