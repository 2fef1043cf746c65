"""How much of the clip does the explanation keep?"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..utils.statistics import ratio_or_nan
from .base import metric
from .perturbation import check_top


@metric(greater_is_better=False, bounds=(0, 1), family="complexity")
def mean_top_weights(
    estimator: Any, X: ArrayLike | None, maps: np.ndarray, y: ArrayLike | None = None, *, top: float = 0.5
) -> np.ndarray:
    """Mean of the top half of the min–max scaled map: how much of the clip the explanation keeps.

    It puts the average drop into proportion: a map that keeps everything drops nothing. Smaller means sharper.

    Parameters
    ----------
    estimator : ignored
        Parameter not used, present for API consistency.
    X : array-like of shape (n, ...) or None
        The clips.
    maps : array-like of shape (n, ...)
        Their maps.
    y : ignored
        Parameter not used, present for API consistency.
    top : float, default=0.5
        Share of the pixels that is kept, in (0, 1].

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]; NaN for a constant map.

    References
    ----------
    .. [1] Wang, thesis on the acoustic monitoring of ventilated patients, TU Berlin, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.metrics import mean_top_weights
    >>> mean_top_weights(None, None, np.array([[0.0, 1.0, 3.0, 4.0]])).tolist()
    [0.875]
    """
    check_top(top)
    flat = maps.reshape(len(maps), -1).astype(np.float64)
    count = int(np.ceil(top * flat.shape[1]))
    low, extent = flat.min(axis=1), np.ptp(flat, axis=1)
    mean = np.sort(flat, axis=1)[:, -count:].mean(axis=1)
    return ratio_or_nan(mean - low, extent)
