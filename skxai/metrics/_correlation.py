"""Correlations along the rows of two arrays; NaN where a row is constant."""

import numpy as np
from scipy.stats import rankdata


def pearson(a, b):
    """Return the correlation ``(n,)`` of each row of ``a (n, m)`` with the row of ``b (n, m)``."""
    a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in (np.asarray(a, float), np.asarray(b, float)))
    constant = (np.ptp(a, axis=1) == 0) | (np.ptp(b, axis=1) == 0)
    norm = np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    defined = ~constant & (norm > 0)
    correlation = np.divide((a * b).sum(axis=1), norm, out=np.full(len(a), np.nan), where=defined)
    return np.clip(correlation, -1, 1)


def spearman(a, b):
    """Return the rank correlation ``(n,)`` of each row of ``a (n, m)`` with the row of ``b (n, m)``; ties share a rank."""
    return pearson(rankdata(a, axis=1), rankdata(b, axis=1))
