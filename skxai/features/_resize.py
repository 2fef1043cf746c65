"""Features of one size."""

from dataclasses import replace
from numbers import Integral
from typing import ClassVar

import numpy as np
import torch
from sklearn.utils.validation import check_is_fitted

from ._axes import FeatureAxes
from .base import FeatureTransformer, memory_batches, to_tensor


class ResizeFeatures(FeatureTransformer):
    """Resize features like a picture, by bilinear interpolation.

    Row i of the output is the input at row ``(i + 0.5)·f/height − 0.5``, columns likewise: the corners of the pictures, not the
    centres of their corner pixels, fall together (torch's ``align_corners=False``).

    Parameters
    ----------
    size : tuple of (int, int), default=(32, 32)
        Rows and columns of the output. Features ``(n, p)`` are a single row, of which only the columns are resized.
    antialias : bool, default=True
        Whether to average, where the picture shrinks, over all rows and columns that fall into one, so that no short event is
        lost between the sampled columns. False gives the plain kernel of two by two.

    Attributes
    ----------
    feature_shape_, n_features_in_ : tuple of int, int
        Shape of a clip's features in ``fit``, and its first number.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.arange(4.0).reshape(1, 1, 1, 4)
    >>> ResizeFeatures((1, 2), antialias=False).fit_transform(X)
    array([[[[0.5, 2.5]]]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict] = {"size": [tuple, list], "antialias": ["boolean"]}

    def __init__(self, size: tuple[int, int] = (32, 32), *, antialias: bool = True) -> None:
        self.size = size
        self.antialias = antialias

    def _fit(self, X):
        if len(self.size) != 2 or not all(isinstance(n, Integral) and n >= 1 for n in self.size):
            raise ValueError(
                f"The 'size' parameter of {type(self).__name__} must be two positive integers, rows and columns. "
                f"Got {self.size!r} instead."
            )

    @torch.inference_mode()
    def _transform(self, X):
        pictures = X.reshape(len(X), -1, *_height_width(X.shape[1:]))
        size = (self.size[0] if X.ndim > 2 else 1, self.size[1])
        resized = np.empty((*pictures.shape[:2], *size), dtype=np.float32)
        for batch in memory_batches(len(X), 8 * (pictures[0].size + resized[0].size)):
            resized[batch] = torch.nn.functional.interpolate(
                to_tensor(pictures[batch]), size, mode="bilinear", align_corners=False, antialias=self.antialias
            ).numpy()
        return resized.reshape(*X.shape[: max(1, X.ndim - 2)], *(size if X.ndim > 2 else size[1:]))

    def axes(self, axes: FeatureAxes | None) -> FeatureAxes | None:
        """Return the axes interpolated by index, as the picture is: rows even in mel stay so, up to the chords between them."""
        check_is_fitted(self)
        if axes is None:
            return None
        height, width = self.size
        times = _resize_axis(axes.times, width)
        step = None if axes.frame_step is None else axes.frame_step * len(axes.times) / width
        if len(self.feature_shape_) == 1:
            return replace(axes, times=times, frame_step=step)
        frequencies, cepstra = (None if v is None else _resize_axis(v, height) for v in (axes.frequencies, axes.cepstra))
        return replace(axes, times=times, frame_step=step, frequencies=frequencies, cepstra=cepstra)

    def linear_power(self, X: np.ndarray) -> np.ndarray:
        """Return ``transform(X)``: interpolation is linear."""
        return self.transform(X)

    def carry_back(self, masks: np.ndarray, *, unheard: float = 0.0) -> np.ndarray:
        """Return masks resized to the input's rows and columns; rows that were left alone stay, as bands of cepstra do."""
        height, width = _height_width(self.feature_shape_)
        size = (masks.shape[-2] if height == self.size[0] else height, width)
        return ResizeFeatures(size).fit_transform(masks)


def _height_width(shape):
    return shape[-2:] if len(shape) > 1 else (1, *shape)


def _resize_axis(values, n):
    positions = (np.arange(n) + 0.5) * len(values) / n - 0.5
    return np.interp(positions, np.arange(len(values)), values)  # beyond the outer centres: constant, as in the picture
