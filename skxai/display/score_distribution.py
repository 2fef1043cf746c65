"""How a score is distributed over the clips."""

import numpy as np

from .. import metrics
from ._style import PALETTE, as_given, line_style, new_axes

__all__ = ["ScoreDistributionDisplay"]

_N_POINTS = 512
_TAIL = 4.0  # bandwidths beyond the outermost score, where there is no bound


class ScoreDistributionDisplay:
    """Densities of scores over the clips, one curve a group, with every score as a tick below.

    The density is a Gaussian kernel estimate. At finite bounds it is mirrored inwards: no score can lie beyond them, and
    the area inside is 1. NaN, an undefined score, is left out and counted in the legend; scores that are all equal have
    no density and are a line.

    Parameters
    ----------
    scores : array-like of shape (n,), or dict from str to such arrays
        One score a clip; a dict holds one array for each group, such as a method or the depth of a network.
    score_name : str or None, default=None
        For the horizontal axis.
    bounds : (float, float) or None, default=None
        Lowest and highest possible score, as of ``metric.bounds``; None or infinite where there is none.
    bw_method : str, float or None, default=None
        Bandwidth, as of ``scipy.stats.gaussian_kde``; None is Scott's rule.

    Attributes
    ----------
    ax_ : Axes
        Where it is drawn.
    figure_ : Figure
        The figure that contains it.

    Raises
    ------
    ValueError
        For scores that are not ``(n,)`` or infinite, and scores beyond the bounds.

    References
    ----------
    .. [1] Ansari, density plots of the monotonicity correlation per depth of ResNet, 2024.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import numpy as np
    >>> from skxai.display import ScoreDistributionDisplay
    >>> scores = {"ResNet-18": [0.1, 0.3, 0.4, np.nan], "ResNet-101": [-0.2, 0.0, 0.5]}
    >>> display = ScoreDistributionDisplay.from_scores(scores, bounds=(-1, 1))
    >>> x, density = display.density("ResNet-18")
    >>> round(float(np.trapezoid(density, x)), 2)
    1.0
    """

    def __init__(self, scores, *, score_name=None, bounds=None, bw_method=None):
        self.scores = scores
        self.score_name = score_name
        self.bounds = bounds
        self.bw_method = bw_method

    @classmethod
    def from_estimator(cls, estimator, X, y=None, *, scoring, name=None, bw_method=None, ax=None, **params):
        """Score clips and draw the metric's own values: a loss is not negated.

        Parameters
        ----------
        estimator : explainer, Pipeline or search, or dict from str to such
            Fitted; see ``skxai.metrics.split_pipeline``. A dict holds one for each group.
        X : array-like of shape (n, ...)
            What the estimators take.
        y : array-like of shape (n,) or None, default=None
            True labels, for the metrics by accuracy.
        scoring : str
            Of ``skxai.metrics.get_scorer_names()``.
        name : str or None, default=None
            For the legend, of a single estimator; None is the explainer's class.
        bw_method : str, float or None, default=None
            Bandwidth.
        ax : Axes or None, default=None
            None makes a new figure.
        **params
            Parameters of the metric.

        Returns
        -------
        ScoreDistributionDisplay
        """
        if not isinstance(scoring, str):
            raise ValueError(f"scoring of ScoreDistributionDisplay must be the name of one scorer; got {scoring!r}.")
        scores = {}
        for group, each in (estimator if isinstance(estimator, dict) else {name: estimator}).items():
            explainer, features = metrics.split_pipeline(each, X)
            group = type(explainer).__name__ if group is None else group
            ((metric, scores[group]),) = metrics.evaluate(explainer, features, y, [scoring], **params).items()
        score_name = metric.replace("_", " ").capitalize().replace(" auc", " AUC")
        bounds = getattr(metrics, metric).bounds
        return cls(scores, score_name=score_name, bounds=bounds, bw_method=bw_method).plot(ax)

    @classmethod
    def from_scores(cls, scores, *, score_name=None, bounds=None, bw_method=None, ax=None):
        """Draw scores that are there already.

        Parameters
        ----------
        scores, score_name, bounds, bw_method
            As in the class.
        ax : Axes or None, default=None
            None makes a new figure.

        Returns
        -------
        ScoreDistributionDisplay
        """
        return cls(scores, score_name=score_name, bounds=bounds, bw_method=bw_method).plot(ax)

    def density(self, name=""):
        """Return the estimated density of a group.

        Parameters
        ----------
        name : str, default=""
            The group; "" where ``scores`` is a single array.

        Returns
        -------
        x : ndarray of shape (512,)
            Scores.
        density : ndarray of shape (512,)
            Its integral is 1.

        Raises
        ------
        KeyError
            For a group that there is not.
        ValueError
            For fewer than two different scores.
        """
        found = self._density(self._checked()[name])
        if found is None:
            raise ValueError(f"scores of the group {name!r} must have at least two different values to have a density.")
        return found

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : Axes or None, default=None
            None makes a new figure.

        Returns
        -------
        ScoreDistributionDisplay
            Itself, with ``ax_`` and ``figure_``.
        """
        groups = self._checked()
        (ax,) = new_axes(ax, panel=(5.6, 3.8), owner="ScoreDistributionDisplay")
        densities = {name: self._density(values) for name, values in groups.items()}
        height = max((found[1].max() for found in densities.values() if found is not None), default=1.0)
        for i, (name, values) in enumerate(groups.items()):
            _draw(ax, i, values, densities[name], height, _legend_entry(name, values))
        low, high = self._bounds()
        seen = np.concatenate([values[~np.isnan(values)] for values in groups.values()])
        low, high = (low, high) if np.isfinite([low, high]).all() or not seen.size else (seen.min(), seen.max())
        if low < 0 < high:
            ax.axvline(0, color="0.5", linewidth=0.8, zorder=0)
        ax.axhline(0, color="0.3", linewidth=0.8, zorder=0)
        ax.set(xlabel=self.score_name or "Score", ylabel="Density")
        ax.set_ylim(-height * (0.06 * len(groups) + 0.02), 1.08 * height)
        has_density = any(found is not None for found in densities.values())
        ax.set_yticks([tick for tick in ax.get_yticks() if 0 <= tick <= 1.08 * height and has_density])
        _draw_legend(ax, with_marks=has_density)
        self.ax_, self.figure_ = as_given([ax]), ax.figure
        return self

    def _bounds(self):
        return (-np.inf, np.inf) if self.bounds is None else tuple(float(bound) for bound in self.bounds)

    def _density(self, values):
        """Return points and densities, or None where the scores have no spread."""
        from scipy.stats import gaussian_kde

        values = values[~np.isnan(values)]
        if values.size < 2 or np.ptp(values) <= 1e-9 * max(1.0, np.abs(values).max()):
            return None
        estimate = gaussian_kde(values, self.bw_method)
        tail = _TAIL * float(np.sqrt(estimate.covariance[0, 0]))
        low, high = self._bounds()
        x = np.linspace(max(low, values.min() - tail), min(high, values.max() + tail), _N_POINTS)
        density = estimate(x)
        for bound in (low, high):
            if np.isfinite(bound):
                density += estimate(2 * bound - x)
        return x, density

    def _checked(self):
        """Return the scores of each group as an array of floats."""
        groups = self.scores if isinstance(self.scores, dict) else {"": self.scores}
        if not groups:
            raise ValueError("scores of ScoreDistributionDisplay must hold at least one group; got an empty dict.")
        low, high = self._bounds()
        if not low < high:
            raise ValueError(f"bounds of ScoreDistributionDisplay must be (lowest, highest); got {self.bounds!r}.")
        checked = {}
        for name, values in groups.items():
            owner = f"scores[{name!r}]" if isinstance(self.scores, dict) else "scores"
            values = np.asarray(values, dtype=np.float64)
            if values.ndim != 1 or not values.size:
                raise ValueError(
                    f"{owner} of ScoreDistributionDisplay must hold one score a clip, (n,); got shape {values.shape}."
                )
            if np.isinf(values).any():
                raise ValueError(f"{owner} of ScoreDistributionDisplay must be finite or NaN; got an infinite score.")
            defined = values[~np.isnan(values)]
            if defined.size and not (low - 1e-6 <= defined.min() and defined.max() <= high + 1e-6):
                raise ValueError(
                    f"{owner} of ScoreDistributionDisplay must lie within bounds={self.bounds!r}; "
                    f"got {defined.min():g} to {defined.max():g}."
                )
            checked[name] = values
        return checked


def _draw(ax, i, values, density, height, label):
    style, colour = line_style(i), PALETTE[i % len(PALETTE)]
    values = values[~np.isnan(values)]
    rug = np.full(values.size, -height * (0.06 * i + 0.045))
    if density is None:
        ax.plot(values[:1].repeat(2), [0, height] if values.size else [], label=label, **style)
        ax.plot(values, rug, "|", color=colour, markersize=7, alpha=0.7)
        return
    x, y = density
    ax.plot(x, y, label=label, **style)
    ax.fill_between(x, y, color=colour, alpha=0.12, linewidth=0)
    ax.plot(values, rug, "|", color=colour, markersize=7, alpha=0.7)
    median, mean = np.median(values), values.mean()
    ax.vlines(median, 0, np.interp(median, x, y), color=colour, linestyle=style["linestyle"], linewidth=1.1)
    ax.plot(mean, np.interp(mean, x, y), "o", color=colour, markeredgecolor="white", markersize=7, zorder=3)


def _legend_entry(name, values):
    undefined = int(np.isnan(values).sum())
    defined = values[~np.isnan(values)]
    if not defined.size:
        text = f"no defined score ({undefined} undefined)"
    else:
        text = f"median {np.median(defined):.3f}, mean {defined.mean():.3f}, n = {defined.size}"
        text += f" ({undefined} undefined)" if undefined else ""
    return f"{name}: {text}" if name else text


def _draw_legend(ax, with_marks):
    from matplotlib.lines import Line2D

    style = {"fontsize": "small", "frameon": False, "borderaxespad": 0.2}
    if with_marks:
        grey = {"color": "0.4", "linestyle": "none"}
        marks = [
            Line2D([], [], marker="|", markersize=11, markeredgewidth=1.1, label="median", **grey),
            Line2D([], [], marker="o", markersize=7, markeredgecolor="white", label="mean", **grey),
        ]
        ax.add_artist(ax.legend(handles=marks, loc="lower right", bbox_to_anchor=(1, 1), handlelength=1, **style))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), handlelength=3, **style)
