"""Scaling of features, the one feature step that learns."""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from ..utils.validation import StrOptions, check_features
from .base import FeatureTransformer, memory_batches


class FeatureScaler(FeatureTransformer):
    """Scale features by one offset and one factor, learned over all values of the training clips.

    ``(X − offset_) / scale_``. One pair of numbers for the whole picture keeps the shape of a spectrogram, which a scaler by
    column would destroy. Values outside the range of the training clips are not clipped.

    Parameters
    ----------
    method : {"minmax", "standard"}, default="minmax"
        "minmax": the training clips' lowest value becomes 0, the highest 1. "standard": their mean 0, their deviation 1.

    Attributes
    ----------
    offset_ : float
        Lowest value, or mean.
    scale_ : float
        Highest less lowest value, or standard deviation; 1 if all training values are the same, which become 0.
    feature_shape_, n_features_in_ : tuple of int, int
        Shape of a clip's features in ``fit``, and its first number.

    Examples
    --------
    >>> import numpy as np
    >>> scaler = FeatureScaler("minmax").fit(np.array([[-80.0, -40.0], [-60.0, 0.0]]))
    >>> scaler.transform([[-80.0, 0.0]])
    array([[0., 1.]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict] = {"method": [StrOptions({"minmax", "standard"})]}

    def __init__(self, method: str = "minmax") -> None:
        self.method = method

    def _fit(self, X):
        lowest, highest = float(X.min()), float(X.max())
        if lowest == highest:
            self.offset_, self.scale_ = lowest, 1.0
        elif self.method == "minmax":
            self.offset_, self.scale_ = lowest, highest - lowest
        else:
            mean = X.mean(dtype=np.float64)
            # in a second pass, and without a float64 copy of all of X
            batches = memory_batches(len(X), bytes_per_clip=16 * X[0].size)
            squares = sum(np.square(X[batch] - mean, dtype=np.float64).sum() for batch in batches)
            self.offset_, self.scale_ = float(mean), float(np.sqrt(squares / X.size))

    def _transform(self, X):
        return ((X - np.float32(self.offset_)) / np.float32(self.scale_)).astype(np.float32, copy=False)

    def linear_power(self, X: np.ndarray) -> np.ndarray:
        """Return ``X``: power is left on its own scale."""
        return X

    def carry_back(self, masks: np.ndarray, *, unheard: float = 0.0) -> np.ndarray:
        """Return ``masks``: a cell keeps its place."""
        return masks

    def inverse_transform(self, X: ArrayLike) -> np.ndarray:
        """Undo the scaling of features ``(n, ...)`` of the shape seen in ``fit``: return ``X · scale_ + offset_``, float32."""
        check_is_fitted(self)
        return check_features(self, X) * np.float32(self.scale_) + np.float32(self.offset_)
