"""The metrics, written again from their papers: float64, one clip at a time, slow and obvious.

Nothing comes from skxai, so that an error would have to be made twice. In all of them ``p`` is a function from a clip to the
probabilities of all classes, ``x`` one clip, ``a`` its map, ``c`` the class, ``b`` the baseline (a number or an array of x's
shape). ``tie_order`` lists the pixels in the order in which equals are taken; it and all draws are made by the caller.
"""

import math

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.stats import pearsonr, spearmanr


def baseline(kind, x, *, lowest, draws):
    """b of the design: a number, the silence of the training data, the clip's mean or blur, or draws for each pixel."""
    if kind == "floor":
        return lowest
    if kind == "mean":
        return np.mean(x)
    if kind == "blur":
        return gaussian_filter(x, [extent / 10 if extent > 1 else 0 for extent in x.shape], mode="nearest")
    return draws if kind == "uniform" else kind


def ordered(values, tie_order, *, descending=True):
    """The pixels in the order of their values."""
    sign = -1 if descending else 1
    return sorted(tie_order, key=lambda pixel: sign * values.flat[pixel])  # sorted is stable


def replaced(x, pixels, values):
    """x with some pixels taken from ``values``."""
    x, values = x.copy(), np.broadcast_to(values, x.shape)
    for pixel in pixels:
        x.flat[pixel] = values.flat[pixel]
    return x


def correlation(of, first, second):
    """A correlation, NaN where it is not defined."""
    if min(first) == max(first) or min(second) == max(second):
        return math.nan
    return of(first, second).statistic


# -- the explained part of a clip alone ------------------------------------------------------------------------------------


def scaled(a):
    """(a − min a) / (max a − min a)."""
    return (a - a.min()) / (a.max() - a.min())


def explained_input(x, a, b, tie_order, top=0.5):
    """b + m ⊙ (x − b), m being the map min–max scaled and zeroed outside its top half (Wang et al. 2020)."""
    n_kept = math.ceil(top * a.size)
    m = replaced(scaled(a), ordered(a, tie_order)[n_kept:], 0.0)
    return b + m * (x - b)


def average_drop(p, x, a, c, b, tie_order):
    """max(0, Y − O) / Y (Chattopadhay et al. 2018)."""
    Y, O = p(x)[c], p(explained_input(x, a, b, tie_order))[c]  # noqa: E741
    return max(0, Y - O) / Y


def average_increase(p, x, a, c, b, tie_order):
    """1[O > Y] (Chattopadhay et al. 2018)."""
    return float(p(explained_input(x, a, b, tie_order))[c] > p(x)[c])


def prediction_change(p, x, a, b, tie_order):
    """1[argmax p(x) ≠ argmax p(x̃)] (Wang 2022)."""
    return float(np.argmax(p(explained_input(x, a, b, tie_order))) != np.argmax(p(x)))


def mean_top_weights(a, top=0.5):
    """Mean of the top half of the scaled map (Wang 2022)."""
    return np.mean(sorted(scaled(a).flat, reverse=True)[: math.ceil(top * a.size)])


def label_flip_rate(p, x, a, b, tie_order, top=0.2):
    """1[the label changes when the top fifth goes to the baseline] (Hoedt et al. 2023)."""
    without = replaced(x, ordered(a, tie_order)[: math.ceil(top * a.size)], b)
    return float(np.argmax(p(without)) != np.argmax(p(x)))


# -- curves ----------------------------------------------------------------------------------------------------------------


def curve(kind, p, x, a, b, tie_order, step):
    """The probabilities of all classes from fraction 0 to fraction 1 (Petsiuk et al. 2018)."""
    order, n_steps, points = ordered(a, tie_order), round(1 / step), []
    for number in range(n_steps + 1):
        first = order[: round(number * a.size / n_steps)]
        if kind == "deletion":
            points.append(p(replaced(x, first, b)))
        else:
            points.append(p(replaced(np.broadcast_to(b, x.shape), first, x)))
    return points


def area(heights, n_pixels):
    """The area under a curve by trapezoids; each point stands at the share of pixels that it has, rounded to whole ones."""
    n_steps = len(heights) - 1
    at = [round(number * n_pixels / n_steps) / n_pixels for number in range(n_steps + 1)]
    return sum((at[i + 1] - at[i]) * (heights[i] + heights[i + 1]) / 2 for i in range(n_steps))


def curve_auc(points, c, n_pixels):
    """Area under p_c (Petsiuk et al. 2018)."""
    return area([point[c] for point in points], n_pixels)


def curve_accuracy_auc(points, y, n_pixels):
    """Area under 1[argmax p = y] (Wang 2022)."""
    return area([float(np.argmax(point) == y) for point in points], n_pixels)


# -- groups of pixels ------------------------------------------------------------------------------------------------------


def monotonicity_correlation(p, x, a, c, fields, tie_order, features_in_step):
    """ρ(Σ_G |a|, mean (p'_c − p_c)² / p_c²), each group replaced in the original clip (Nguyen & Martínez 2020)."""
    order, before = ordered(np.abs(a), tie_order, descending=False), p(x)[c]
    relevances, effects = [], []
    for start in range(0, len(order), features_in_step):
        group = order[start : start + features_in_step]
        relevances.append(sum(abs(a.flat[pixel]) for pixel in group))
        changes = [(p(replaced(x, group, field))[c] - before) ** 2 / before**2 for field in fields]
        effects.append(sum(changes) / len(changes))
    return correlation(spearmanr, relevances, effects)


def faithfulness_estimate(p, x, a, c, b, rows=4, columns=8):
    """Correlation of each segment's relevance with the drop of p_c when it alone goes to the baseline (Nauta et al. 2023)."""
    height, width = x.shape[-2:]
    segments = {}
    for pixel in range(x.size):
        row, column = pixel // width % height, pixel % width
        segments.setdefault((row * rows // height, column * columns // width), []).append(pixel)
    relevances = [sum(a.flat[pixel] for pixel in pixels) for pixels in segments.values()]
    before = p(x)[c]
    drops = [before - p(replaced(x, pixels, b))[c] for pixels in segments.values()]
    return correlation(pearsonr, relevances, drops)


# -- truth: m is the mask of the explained class, in [0, 1], E its energy ----------------------------------------------------


def relevance_mass_accuracy(a, m):
    """Σ |a| m / Σ |a| (Arras et al. 2022)."""
    if m.max() == 0 or np.abs(a).max() == 0:
        return math.nan
    return sum(abs(relevance) * share for relevance, share in zip(a.flat, m.flat)) / sum(abs(relevance) for relevance in a.flat)


def relevance_rank_accuracy(a, m):
    """Share of the K most relevant cells that are among the K of the event; of ties over the K-th place the expected share."""
    cells, event = list(np.abs(a).flat), [share >= 0.5 for share in m.flat]
    K = sum(event)
    if K == 0 or min(cells) == max(cells):
        return math.nan
    last = sorted(cells, reverse=True)[K - 1]
    surely = [inside for cell, inside in zip(cells, event) if cell > last]
    perhaps = [inside for cell, inside in zip(cells, event) if cell == last]
    return (sum(surely) + (K - len(surely)) * sum(perhaps) / len(perhaps)) / K


def pointing_game(a, m):
    """1[the most relevant cell is the event's]; of several the share (Zhang et al. 2018)."""
    if m.max() < 0.5 or np.ptp(np.abs(a)) == 0:
        return math.nan
    hits = [share >= 0.5 for relevance, share in zip(np.abs(a).flat, m.flat) if relevance == np.abs(a).max()]
    return sum(hits) / len(hits)


def max_iou(a, m):
    """The greatest |R ∩ M| / |R ∪ M| over all thresholds τ, R = {|a| ≥ τ} (Choe et al. 2020)."""
    event = m >= 0.5
    if not event.any() or np.ptp(np.abs(a)) == 0:
        return math.nan
    regions = [np.abs(a) >= threshold for threshold in set(np.abs(a).flat)]
    return max((region & event).sum() / (region | event).sum() for region in regions)


def visual_coherence(a, E):
    """Rank correlation of |a| and E (Wang 2022, by eye)."""
    return correlation(spearmanr, np.abs(a).ravel(), E.ravel())


def class_discriminativity(a, m, others):
    """½ [Σ r (m − m') + Σ r' (m' − m)], r = |a| / Σ |a|; the mean over the other classes (Wang 2022, by eye)."""
    if m.max() == 0 or not others or not all(a.any() for a in [a, *(map_of_other for map_of_other, _ in others)]):
        return math.nan
    r, found = np.abs(a) / np.abs(a).sum(), []
    for a_other, m_other in others:
        r_other = np.abs(a_other) / np.abs(a_other).sum()
        found.append(((r * (m - m_other)).sum() + (r_other * (m_other - m)).sum()) / 2)
    return sum(found) / len(found)


def silence_mass(x, a, min_columns=2, tolerance=1e-4):
    """Share of |a| in columns that lie all at the clip's lowest value, in runs of at least two."""
    n_columns, limit = x.shape[-1], x.min() + tolerance * (x.max() - x.min())
    low = [bool((x[..., column] <= limit).all()) for column in range(n_columns)]
    silent = set()
    for start in range(n_columns - min_columns + 1):
        if all(low[start : start + min_columns]):
            silent |= set(range(start, start + min_columns))
    if not silent or len(silent) == n_columns:
        return math.nan
    return sum(np.abs(a[..., column]).sum() for column in silent) / np.abs(a).sum()


# -- sanity ----------------------------------------------------------------------------------------------------------------


def model_parameter_randomisation(a, maps_after):
    """Mean rank correlation of |a| with the |maps| of the networks with new weights (Adebayo et al. 2018)."""
    correlations = [correlation(spearmanr, np.abs(a).ravel(), np.abs(after).ravel()) for after in maps_after]
    return np.mean([found for found in correlations if not math.isnan(found)])


def input_invariance(a, a_shifted):
    """Rank correlation of |a| with the |map| of x + s by the network that takes s away first (Kindermans et al. 2019)."""
    return correlation(spearmanr, np.abs(a).ravel(), np.abs(a_shifted).ravel())
