"""Correlations, and how sure a mean over clips is: their recordings are drawn anew, with replacement.

The first axis of all values is the clips, NaN where a value is undefined. Clips of one recording resemble each other and tell
less than as many recordings, so where ``groups`` is given it is recordings that are drawn, never their clips.
"""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import ndtr
from scipy.stats import rankdata
from scipy.stats import t as student_t

from .random import seed_from

__all__ = ["bootstrap_interval", "bootstrap_means", "group_means", "pearson", "ratio_or_nan", "spearman", "standard_error"]

_BLOCK = 2**21  # numbers of a block of draws in memory


def group_means(values, groups=None):
    """Return the mean ``(g, ...)`` of ``values (n, ...)`` over the clips of each group, in the order in which groups come up.

    ``groups (n,)`` tell the recording of each clip; None makes each its own group. NaN is left out; a group of NaN gives NaN.
    """
    sums, counts = _group_sums(values, groups)
    return ratio_or_nan(sums, counts)


def standard_error(values, groups=None):
    """Return the standard error ``(...)`` of the mean of ``values (n, ...)`` over clips, whose recordings are independent.

    √(g/(g−1) Σ_g (Σ_{i∈g} (x_i − x̄))²) / n, with g recordings of n clips, none of them NaN; without groups it is s/√n. NaN for
    g < 2.
    """
    sums, _ = _group_sums(values - values.mean(axis=0), groups)
    n_groups = len(sums)
    if n_groups < 2:
        return np.full(values.shape[1:], np.nan)
    return np.sqrt(n_groups / (n_groups - 1) * (sums**2).sum(axis=0)) / len(values)


def bootstrap_means(values, groups=None, *, n_resamples=2000, random_state=0):
    """Return means ``(n_resamples, ...)`` of ``values (n, ...)`` over groups drawn with replacement, as many as there are.

    Each draw takes a group with all of its clips (cluster bootstrap: Efron, Annals of Statistics 7, 1979; Davison and Hinkley,
    "Bootstrap Methods and their Application", 1997, section 3.8), and the mean is over the clips drawn, NaN left out, or NaN
    where there are none. All columns share the draws: differences between them are those of paired draws.
    """
    if n_resamples < 1:
        raise ValueError(f"n_resamples must be at least 1; got {n_resamples!r}.")
    sums, counts = _group_sums(values, groups)
    n_groups, shape = len(sums), sums.shape[1:]
    sums, counts = sums.reshape(n_groups, -1), counts.reshape(n_groups, -1)
    rng = np.random.default_rng(seed_from(random_state))
    means = np.empty((n_resamples, sums.shape[1]))
    for start in range(0, n_resamples, max(1, _BLOCK // n_groups)):
        block = means[start : start + max(1, _BLOCK // n_groups)]
        times_drawn = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=len(block)).astype(float)
        block[:] = ratio_or_nan(times_drawn @ sums, times_drawn @ counts)
    return means.reshape(n_resamples, *shape)


def bootstrap_interval(values, groups=None, *, confidence=0.95, n_resamples=2000, random_state=0):
    """Return the ends ``(...)`` of the interval in which the mean of ``values (n, ...)`` lies with the given confidence.

    The interval lies between two quantiles of ``bootstrap_means``. The plain percentile interval (Efron 1979) takes those at (1
    ∓ confidence) / 2 and is too short for few groups: by √((g−1)/g), and by the normal in the place of Student's t. So the
    lower quantile is taken at Φ(√(g/(g−1)) · t_{g−1}((1 − confidence) / 2)), g the number of groups with a value, and the upper
    one at its mirror: the expanded percentile interval (Hesterberg, The American Statistician 69, 2015, arXiv 1411.5279), which
    comes to the plain one as g grows. It is NaN for g < 2.

    In simulations of 95 % intervals it held the true mean of 10 normal (exponential) values in 95 % (91 %) of the cases, and
    the plain one in 90 % (86 %). With fewer than 8 groups it holds it less often: the draws have too few different means.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1; got {confidence!r}.")
    shape = np.shape(values)[1:]
    values = np.reshape(values, (len(values), -1))
    means = bootstrap_means(values, groups, n_resamples=n_resamples, random_state=random_state)
    n_groups = (_group_sums(values, groups)[1] > 0).sum(axis=0)
    low, high = np.full((2, len(n_groups)), np.nan)
    for size in np.unique(n_groups[n_groups >= 2]):
        tail = ndtr(np.sqrt(size / (size - 1)) * student_t.ppf((1 - confidence) / 2, size - 1))
        low[n_groups == size], high[n_groups == size] = np.nanquantile(means[:, n_groups == size], [tail, 1 - tail], axis=0)
    return low.reshape(shape), high.reshape(shape)


def _group_sums(values, groups):
    """Return each group's sum of what is defined, and how many that is."""
    values = np.asarray(values, dtype=float)
    defined = ~np.isnan(values)
    sums, counts = np.where(defined, values, 0), defined.astype(float)
    if groups is None:
        return sums, counts
    # In the order of the clips: groups of one clip each give what no groups do.
    member, names = pd.factorize(np.asarray(groups), use_na_sentinel=False)
    of_groups = np.zeros((2, len(names), *values.shape[1:]))
    np.add.at(of_groups[0], member, sums)
    np.add.at(of_groups[1], member, counts)
    return of_groups[0], of_groups[1]


def ratio_or_nan(part: ArrayLike, whole: ArrayLike) -> np.ndarray:
    """Return ``part / whole``, broadcast against each other, and NaN where the whole is not above 0."""
    out = np.full(np.broadcast_shapes(np.shape(part), np.shape(whole)), np.nan)
    return np.divide(part, whole, out=out, where=np.greater(whole, 0))


def pearson(a, b):
    """Return the correlation ``(n,)`` of each row of ``a (n, m)`` with the row of ``b (n, m)``."""
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (np.asarray(a, float), np.asarray(b, float)))
    constant = (np.ptp(a, axis=1) == 0) | (np.ptp(b, axis=1) == 0)
    norm = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    return np.clip(ratio_or_nan((a * b).sum(axis=1), np.where(constant, 0, norm)), -1, 1)


def spearman(a, b):
    """Return the rank correlation ``(n,)`` of each row of ``a (n, m)`` with the row of ``b (n, m)``; ties share a rank."""
    return pearson(rankdata(a, axis=1), rankdata(b, axis=1))
