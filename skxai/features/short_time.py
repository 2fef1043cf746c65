"""Means over a short time: what is said of samples, which swing about zero, said of moments."""

import numpy as np
from scipy.ndimage import convolve1d

__all__ = ["SHORT_TIME", "short_time_mean"]

SHORT_TIME = 0.02  # seconds: some periods of a low voice, and short beside the attack and decay of most sounds


def short_time_mean(values: np.ndarray, sample_rate: float, duration: float = SHORT_TIME) -> np.ndarray:
    """Average values of samples over the time around each, weighted by a Hann window.

    Parameters
    ----------
    values : ndarray of shape (..., samples)
        Before the first and after the last sample their values go on: the mean of a constant is that constant.
    sample_rate : float
        In hertz.
    duration : float, default=0.02
        Of the window in seconds. Below two samples nothing is averaged.

    Returns
    -------
    ndarray of the shape of ``values``, float32
    """
    n_beside = int(duration * sample_rate) // 2
    window = np.hanning(2 * n_beside + 3)[1:-1]  # without the zeros at its ends
    return convolve1d(values, window / window.sum(), axis=-1, output=np.float32, mode="nearest")
