"""The scores of one method: their density as a curve, or a row with all of them."""

import numpy as np

from ._methods import by_method, check_clips

__all__ = ["check_scores", "density_of", "draw_count", "draw_curve", "draw_middle", "draw_row", "summarise"]

_N_POINTS = 512
_TAIL = 4.0  # bandwidths beyond the outermost score, where there is no bound
_THINNED = 8  # of the points of a density one is drawn in a row
_HALF = 0.4  # of a row's height, on either side of its middle
_GOLDEN = 0.618034


def check_scores(scores, given_bounds, bounds, groups):
    """Return the scores of each method as an array of floats, or raise if they are none or lie beyond the bounds."""
    low, high = bounds
    if not low < high:
        raise ValueError(f"bounds of ScoreDistributionDisplay must be (lowest, highest); got {given_bounds!r}.")
    checked = {}
    for name, values in by_method(scores, "scores of ScoreDistributionDisplay").items():
        owner = f"scores[{name!r}]" if isinstance(scores, dict) else "scores"
        values = np.asarray(values, dtype=np.float64)
        if values.ndim != 1 or not values.size:
            raise ValueError(f"{owner} of ScoreDistributionDisplay must hold one score a clip, (n,); got shape {values.shape}.")
        if np.isinf(values).any():
            raise ValueError(f"{owner} of ScoreDistributionDisplay must be finite or NaN; got an infinite score.")
        defined = values[~np.isnan(values)]
        if defined.size and not (low - 1e-6 <= defined.min() and defined.max() <= high + 1e-6):
            raise ValueError(
                f"{owner} of ScoreDistributionDisplay must lie within bounds={given_bounds!r}; "
                f"got {defined.min():g} to {defined.max():g}."
            )
        check_clips(groups, values.size, "groups of ScoreDistributionDisplay")
        checked[name] = values
    return checked


def density_of(values, bounds, bw_method):
    """Return points and the densities there, mirrored at finite bounds; None where the scores have no spread."""
    from scipy.stats import gaussian_kde

    values = values[~np.isnan(values)]
    if values.size < 2 or np.ptp(values) <= 1e-9 * max(1.0, np.abs(values).max()):
        return None
    estimate = gaussian_kde(values, bw_method)
    tail = _TAIL * float(np.sqrt(estimate.covariance[0, 0]))
    low, high = bounds
    x = np.linspace(max(low, values.min() - tail), min(high, values.max() + tail), _N_POINTS)
    density = estimate(x)
    for bound in bounds:
        if np.isfinite(bound):
            density += estimate(2 * bound - x)
    return x, density


def draw_curve(ax, i, style, values, density, height, label):
    """Draw the density of the i-th method as a curve, its median and mean, and each score as a tick below."""
    colour = style["color"]
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


def draw_row(ax, row, values, density, colour):
    """Draw the scores as points inside the outline of their density; where there is none, by how many are equal."""
    if density is None:
        _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
        width = counts[which] / values.size
    else:
        x, y = density[0][::_THINNED], density[1][::_THINNED] / density[1].max()
        ax.fill_between(x, row - _HALF * y, row + _HALF * y, color=colour, alpha=0.18, linewidth=0)
        width = np.interp(values, x, y)
    # Neighbouring scores alternate between the sides: an even spread that no chance makes uneven.
    order = np.argsort(values, kind="stable").argsort()
    spread = 2 * ((order + 1) * _GOLDEN % 1) - 1
    ax.plot(values, row + 0.9 * _HALF * width * spread, "o", color=colour, markersize=2.2, markeredgewidth=0, alpha=0.55)


def draw_middle(ax, row, values, interval, density, labels):
    """Draw the median, and the mean with its interval, over a row."""
    style = {"color": "black", "zorder": 3}
    if density is not None:  # of a few values it is one of them, and tells little
        ax.plot(2 * [np.median(values)], [row - _HALF, row + _HALF], "-", linewidth=1.6, label=labels[0], **style)
    error = np.abs(np.reshape(interval, (2, 1)) - values.mean())
    marks = {"marker": "o", "markersize": 4.5, "markerfacecolor": "white", "elinewidth": 1.2, "capsize": 2.5}
    ax.errorbar([values.mean()], [row], xerr=None if np.isnan(error).any() else error, label=labels[1], **marks, **style)


def draw_count(ax, row, values):
    """Write behind a row how many scores are defined, if not all are."""
    defined = np.count_nonzero(~np.isnan(values))
    if defined < values.size:
        style = {"fontsize": "x-small", "color": "0.35", "va": "center", "xytext": (3, 0), "textcoords": "offset points"}
        ax.annotate(f"n = {defined}", (1, row), xycoords=ax.get_yaxis_transform(), **style)


def summarise(name, values):
    """Return what a legend tells of a method's scores."""
    undefined = int(np.isnan(values).sum())
    defined = values[~np.isnan(values)]
    if not defined.size:
        text = f"no defined score ({undefined} undefined)"
    else:
        text = f"median {np.median(defined):.3f}, mean {defined.mean():.3f}, n = {defined.size}"
        text += f" ({undefined} undefined)" if undefined else ""
    return f"{name}: {text}" if name else text
