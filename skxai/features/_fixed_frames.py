"""Features of one number of columns."""

from dataclasses import replace
from numbers import Integral
from typing import ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skxai.features.base import FeatureTransformer
from skxai.utils.validation import Interval

__all__ = ["FixedFrames"]


class FixedFrames(FeatureTransformer):
    """Cut features along time, or pad them with each clip's floor, to a number of columns.

    The floor is the clip's own lowest value, its silence on a spectrogram in decibels. Time is the last axis: of
    features ``(n, 1, f, t)``, ``(n, f, t)`` or, a single row, ``(n, t)``.

    Parameters
    ----------
    n_frames : int, default=400
        Columns of the output.

    Attributes
    ----------
    feature_shape_ : tuple of int
        Shape of a clip's features in ``fit``.
    n_features_in_ : int
        Its first number.

    Examples
    --------
    >>> import numpy as np
    >>> FixedFrames(4).fit_transform(np.array([[[1.0, 2.0], [-3.0, 4.0]]]))
    array([[[ 1.,  2., -3., -3.],
            [-3.,  4., -3., -3.]]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict] = {"n_frames": [Interval(Integral, 1, None, closed="left")]}

    def __init__(self, n_frames=400):
        self.n_frames = n_frames

    def _transform(self, X):
        kept = min(X.shape[-1], self.n_frames)
        fixed = np.empty((*X.shape[:-1], self.n_frames), dtype=np.float32)
        fixed[..., :kept] = X[..., :kept]
        fixed[..., kept:] = X.min(axis=tuple(range(1, X.ndim)), keepdims=True)
        return fixed

    def axes(self, axes):
        """Return the axes of the output: the times cut, or continued at the same step; see `feature_axes`.

        Parameters
        ----------
        axes : FeatureAxes or None
            Of the input.

        Returns
        -------
        FeatureAxes or None
            Of the output.
        """
        check_is_fitted(self)
        if axes is None:
            return None
        n_new = max(0, self.n_frames - len(axes.times))
        step = np.nan if axes.frame_step is None else axes.frame_step
        added = axes.times[-1] + step * np.arange(1, n_new + 1)
        return replace(axes, times=np.concatenate([axes.times[: self.n_frames], added]))
