"""Maps as they are shown: relative to their own extremes, and at no more columns than a picture has."""

import numpy as np

__all__ = ["envelope", "mean_of_columns", "relative_relevance"]


def relative_relevance(maps: np.ndarray) -> np.ndarray:
    """Scale each map ``(n, ...)`` to [0, 1] by its extremes; all to [−1, 1] by their magnitude where any has negative values.

    A constant map is 0 throughout.
    """
    flat = maps.reshape(len(maps), -1).astype(np.float64)
    low = flat.min(axis=1, keepdims=True)
    span = flat.max(axis=1, keepdims=True) - low
    if low.min() < 0:
        scaled, size = flat, np.abs(flat).max(axis=1, keepdims=True)
    else:
        scaled, size = flat - low, span
    return np.divide(scaled, size, out=np.zeros_like(flat), where=(size > 0) & (span > 0)).reshape(maps.shape)


def mean_of_columns(values: np.ndarray, n_columns: int) -> np.ndarray:
    """Average rows ``(n, p)`` over at most ``n_columns`` neighbourhoods, in which the relevance of samples adds up."""
    if values.shape[1] <= n_columns:
        return values
    edges = _edges(values.shape[1], n_columns)
    return np.add.reduceat(values.astype(np.float64), edges[:-1], axis=1) / np.diff(edges)


def envelope(signal: np.ndarray, n_columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the least and the greatest value of a signal ``(p,)`` in each of ``n_columns`` < p neighbourhoods."""
    edges = _edges(len(signal), n_columns)
    return np.minimum.reduceat(signal, edges[:-1]), np.maximum.reduceat(signal, edges[:-1])


def _edges(length: int, n_columns: int) -> np.ndarray:
    return np.round(np.linspace(0, length, n_columns + 1)).astype(int)
