"""How sure a mean score is, and which differences are real: intervals, paired tests, ranks and agreement on plain arrays.

The first axis of all scores is the clips, NaN where a score is undefined. Clips of one recording resemble each other and tell
less than as many recordings, so where ``groups`` is given it is recordings that are drawn and tested, never their clips.
"""

import functools

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr
from scipy.stats import chi2, rankdata, studentized_range

from ..utils.statistics import spearman

LARGEST_EXACT = 50  # differences whose signed ranks are tested exactly, as in SciPy


def defined_mean(values: np.ndarray) -> np.ndarray:
    """Return the mean over the clips of what is defined, NaN where nothing is."""
    counts = (~np.isnan(values)).sum(axis=0)
    return np.divide(np.nansum(values, axis=0), counts, out=np.full(values.shape[1:], np.nan), where=counts > 0)


def wilcoxon(differences: ArrayLike) -> np.ndarray:
    """Test whether paired differences lie symmetrically about 0 by their signed ranks, two-sided.

    Differences of 0 are left out, as Wilcoxon did; for scores of 0 and 1 this is the sign test. With up to 50 differences the
    p-value is exact, ties included: the share of all choices of signs that are as uneven. With more it is that of the normal
    distribution with the variance for ties. Wilcoxon, "Individual Comparisons by Ranking Methods", Biometrics Bulletin 1, 1945.

    From ``(n, ...)`` to p-values ``(...)``; 1 where all differences are 0. NaN is left out, and returned where nothing is left.
    """
    differences = np.asarray(differences, dtype=float)
    columns = differences.reshape(len(differences), -1).T
    return np.array([_wilcoxon_of(column[~np.isnan(column)]) for column in columns]).reshape(differences.shape[1:])


def _wilcoxon_of(differences: np.ndarray) -> float:
    if not len(differences):
        return np.nan
    differences = differences[differences != 0]
    n = len(differences)
    if n == 0:
        return 1.0
    ranks = rankdata(np.abs(differences))
    positive = ranks[differences > 0].sum()
    if n > LARGEST_EXACT:
        return 2 * ndtr(-np.abs(positive - ranks.sum() / 2) / np.sqrt((ranks**2).sum() / 4))
    # Ranks of ties are halves. A sign for each rank, one after the other, gives the distribution of the sum.
    doubled = np.rint(2 * ranks).astype(int)
    probability = np.zeros(doubled.sum() + 1)
    probability[0] = 1
    for rank in doubled:
        probability[rank:] = (probability[rank:] + probability[:-rank]) / 2
        probability[:rank] /= 2
    smaller = min(round(2 * positive), doubled.sum() - round(2 * positive))
    return min(1.0, 2 * probability[: smaller + 1].sum())


def holm(p_values: ArrayLike) -> np.ndarray:
    """Correct p-values for their number by Holm's step-down method.

    In ascending order, the i-th of m is multiplied by m − i + 1, and is never below a smaller one's: the chance that any true
    null hypothesis is rejected stays below the level, whatever their dependence. From ``(m,)`` to ``(m,)``, at most 1; NaN
    stays NaN and is not counted. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", Scandinavian Journal of
    Statistics 6, 1979.
    """
    p_values = np.asarray(p_values, dtype=float)
    defined = np.flatnonzero(~np.isnan(p_values))
    ascending = defined[np.argsort(p_values[defined])]
    corrected = np.full(len(p_values), np.nan)
    factors = np.arange(len(ascending), 0, -1)
    corrected[ascending] = np.minimum(np.maximum.accumulate(factors * p_values[ascending]), 1)
    return corrected


def mean_ranks(values: np.ndarray) -> tuple[np.ndarray, int, float]:
    """Rank methods clip by clip, 1 for the greatest value and ties shared, and test whether their mean ranks differ.

    Friedman's statistic in the form that holds with ties, with ranks r_ij of n clips and k methods:
    (k−1) Σ_j (Σ_i r_ij − n(k+1)/2)² / (Σ_ij r_ij² − n k (k+1)² / 4), a χ² with k−1 degrees of freedom (Demšar, "Statistical
    Comparisons of Classifiers over Multiple Data Sets", JMLR 7, 2006, section 3.2.2; for ties Conover, "Practical Nonparametric
    Statistics", 1999, section 5.8).

    A method without any of the values ``(n, k)`` is not ranked; then clips without a value of each method are left out. Return
    the ranks ``(k,)``, NaN for methods that are not ranked; the number of clips that were; and the p-value, NaN where fewer
    than two methods or no clip can be ranked, or all are always equal.
    """
    ranked = ~np.isnan(values).all(axis=0)
    complete = values[:, ranked]
    complete = complete[~np.isnan(complete).any(axis=1)]
    n, k = complete.shape if ranked.any() else (0, 0)
    ranks, p_value = np.full(len(ranked), np.nan), np.nan
    if n and k:
        of_clips = rankdata(-complete, axis=1)
        ranks[ranked] = of_clips.mean(axis=0)
        spread = (of_clips**2).sum() - n * k * (k + 1) ** 2 / 4
        if k > 1 and spread > 0:
            p_value = float(chi2.sf((k - 1) * ((of_clips.sum(axis=0) - n * (k + 1) / 2) ** 2).sum() / spread, k - 1))
    return ranks, n, p_value


@functools.lru_cache
def _studentized_range(confidence: float, k: int) -> float:
    return float(studentized_range.ppf(confidence, k, np.inf))


def critical_difference(n_methods: int, n_clips: int, *, confidence: float = 0.95) -> float:
    """Return the difference of mean ranks above which two of several methods differ, by Nemenyi's test.

    q √(k (k + 1) / (6 n)) for n clips, with q the quantile of the studentized range of k methods divided by √2 (Demšar, as in
    ``mean_ranks``); ``confidence`` is one less the chance that any of equal methods differ so much. NaN with fewer than two
    methods or no clip.
    """
    if n_methods < 2 or n_clips < 1:
        return np.nan
    q = _studentized_range(confidence, n_methods) / np.sqrt(2)
    return float(q * np.sqrt(n_methods * (n_methods + 1) / (6 * n_clips)))


def agreement(values: np.ndarray) -> np.ndarray:
    """Return how alike metrics rank the methods: Spearman's correlation over the methods, clip by clip, then averaged.

    Tomsett et al., "Sanity Checks for Saliency Metrics", AAAI 2020, ask so whether metrics measure the same thing.

    From values ``(n, metrics, methods)``, of which greater is better, to ``(metrics, metrics)`` in [−1, 1]. Methods without any
    value of either metric are left out of a pair, and then clips without a value of each method, or on which either metric
    gives all methods the same; NaN where no clip is left.
    """
    n_metrics = values.shape[1]
    correlation = np.full((n_metrics, n_metrics), np.nan)
    scored = ~np.isnan(values).all(axis=0)
    for i in range(n_metrics):
        for j in range(i + 1):
            a, b = (values[:, metric][:, scored[i] & scored[j]] for metric in (i, j))
            complete = ~np.isnan(a + b).any(axis=1)
            if a.shape[1] < 2 or not complete.any():
                continue
            of_clips = spearman(a[complete], b[complete])
            if not np.isnan(of_clips).all():
                correlation[i, j] = correlation[j, i] = np.nanmean(of_clips)
    return correlation
