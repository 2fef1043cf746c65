"""Means over a short time: what is said of samples, which swing about zero, said of moments."""

import numpy as np
from scipy.ndimage import convolve1d

SHORT_TIME = 0.02  # seconds: some periods of a low voice, and short beside the attack and decay of most sounds


def short_time_mean(values: np.ndarray, sample_rate: float, duration: float = SHORT_TIME) -> np.ndarray:
    """Average ``(..., samples)`` over the time around each sample, weighted by a Hann window of ``duration`` seconds; float32.

    The outermost values go on beyond the ends: the mean of a constant is that constant.
    """
    n_beside = int(duration * sample_rate) // 2
    window = np.hanning(2 * n_beside + 3)[1:-1]  # without the zeros at its ends
    return convolve1d(values, window / window.sum(), axis=-1, output=np.float32, mode="nearest")
