"""Features of one number of columns."""

from dataclasses import replace
from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..utils.validation import Interval
from ._axes import FeatureAxes
from .base import FeatureTransformer, cut_or_pad


class FixedFrames(FeatureTransformer):
    """Cut features along time, or pad them with each clip's floor, to a number of columns.

    The floor is a clip's own lowest value, silence on a spectrogram in decibels. Time is the last axis: of ``(n, 1, f, t)``,
    ``(n, f, t)`` or, a single row, ``(n, t)``.

    Parameters
    ----------
    n_frames : int, default=400
        Columns of the output.

    Attributes
    ----------
    feature_shape_, n_features_in_ : tuple of int, int
        Shape of a clip's features in ``fit``, and its first number.

    Examples
    --------
    >>> import numpy as np
    >>> FixedFrames(4).fit_transform(np.array([[[1.0, 2.0], [-3.0, 4.0]]]))
    array([[[ 1.,  2., -3., -3.],
            [-3.,  4., -3., -3.]]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict] = {"n_frames": [Interval(Integral, 1, None, closed="left")]}

    def __init__(self, n_frames: int = 400) -> None:
        self.n_frames = n_frames

    def _transform(self, X):
        return cut_or_pad(X, self.n_frames, X.min(axis=tuple(range(1, X.ndim)), keepdims=True))

    def axes(self, axes: FeatureAxes | None) -> FeatureAxes | None:
        """Return the axes with their times cut, or continued at the same step."""
        check_is_fitted(self)
        if axes is None:
            return None
        n_new = max(0, self.n_frames - len(axes.times))
        step = np.nan if axes.frame_step is None else axes.frame_step
        added = axes.times[-1] + step * np.arange(1, n_new + 1)
        return replace(axes, times=np.concatenate([axes.times[: self.n_frames], added]))

    def linear_power(self, X: np.ndarray) -> np.ndarray:
        """Return power that is cut, or continued by silence: 0, whatever the clip's floor."""
        return cut_or_pad(X, self.n_frames)

    def carry_back(self, masks: np.ndarray, *, unheard: float = 0.0) -> np.ndarray:
        """Return masks without the columns that were added, and ``unheard`` in those that were cut."""
        return cut_or_pad(masks, self.feature_shape_[-1], unheard)
