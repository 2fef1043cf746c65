"""Waveforms of one duration."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np

from ..utils.validation import Interval, check_waveforms
from .base import WaveformTransformer, cut_or_pad


class FixedLength(WaveformTransformer):
    """Zero-pad or cut waveforms, at their end, to one duration.

    A list of 1-D arrays may hold clips of any lengths. An array ``(n, samples)`` must have as many samples in ``transform`` as
    in ``fit``: that is scikit-learn's rule.

    Parameters
    ----------
    duration : float
        Seconds; the output has ``round(duration * sample_rate)`` samples, at least one.
    sample_rate : int
        Of the waveforms, in hertz.

    Attributes
    ----------
    n_samples_ : int
        Samples of each output waveform.
    n_features_in_ : int
        Samples of the waveforms in ``fit``, if these came as an array.

    Examples
    --------
    >>> import numpy as np
    >>> FixedLength(0.5, sample_rate=8).fit_transform([np.ones(2), np.ones(9)])
    array([[1., 1., 0., 0.],
           [1., 1., 1., 1.]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict] = {
        "duration": [Interval(Real, 0, None, closed="neither")],
        "sample_rate": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(self, duration: float, sample_rate: int) -> None:
        self.duration = duration
        self.sample_rate = sample_rate

    def _check(self, X, *, reset):
        if not _is_list_of_clips(X):
            return check_waveforms(self, X, reset=reset)
        if reset and hasattr(self, "n_features_in_"):
            del self.n_features_in_  # of an earlier fit, on an array
        clips = [np.asarray(clip, dtype=np.float32) for clip in X]
        for index, clip in enumerate(clips):
            if not np.isfinite(clip).all():
                raise ValueError(f"Input X[{index}] of {type(self).__name__} contains NaN or infinity.")
        return clips

    def _fit(self, X):
        self.n_samples_ = max(1, round(self.duration * self.sample_rate))

    def _transform(self, X):
        return np.stack([cut_or_pad(clip, self.n_samples_) for clip in X])


def _is_list_of_clips(X):
    clips = X if isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype == object) else []
    return len(clips) > 0 and all(isinstance(clip, np.ndarray) and clip.ndim == 1 for clip in clips)
