"""Filtering of waveforms by frequency."""

from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from scipy import signal

from ..utils.validation import Interval, check_sample_rate
from .base import WaveformTransformer, memory_batches


class BandpassFilter(WaveformTransformer):
    """Keep the frequencies from ``low`` to ``high``: a Butterworth filter in second-order sections.

    Its gain is ``|H(f)|² = 1 / (1 + Ω(f)^(2·order))`` with Ω = 1 at ``low`` and at ``high``.

    Parameters
    ----------
    low : float or None
        Lower edge in hertz; None makes a low-pass filter.
    high : float or None
        Upper edge in hertz, below half the sample rate; None makes a high-pass filter.
    sample_rate : int
        Of the waveforms, in hertz.
    order : int, default=4
        Order of the Butterworth prototype; the slope is 6·order dB an octave.
    zero_phase : bool, default=True
        True filters forwards and backwards: events keep their place in time, and the gain is ``|H|²`` (−6 dB at the edges,
        twice the slope). False filters once, causally (−3 dB at the edges).

    Attributes
    ----------
    sos_ : ndarray of shape (n_sections, 6)
        The filter's second-order sections.
    n_features_in_ : int
        Samples of the waveforms in ``fit``.

    References
    ----------
    S. Butterworth, "On the theory of filter amplifiers", Experimental Wireless 7, 1930. Computed by scipy.signal, in float64.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.arange(8000) / 8000
    >>> tones = np.sin(2 * np.pi * np.array([[50.0], [1000.0]]) * t)
    >>> BandpassFilter(100, 1600, sample_rate=8000).fit_transform(tones).std(axis=1).round(1)
    array([0. , 0.7], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict] = {
        "low": [Interval(Real, 0, None, closed="neither"), None],
        "high": [Interval(Real, 0, None, closed="neither"), None],
        "sample_rate": [Interval(Integral, 1, None, closed="left")],
        "order": [Interval(Integral, 1, None, closed="left")],
        "zero_phase": ["boolean"],
    }

    def __init__(
        self, low: float | None, high: float | None, sample_rate: int, *, order: int = 4, zero_phase: bool = True
    ) -> None:
        self.low = low
        self.high = high
        self.sample_rate = sample_rate
        self.order = order
        self.zero_phase = zero_phase

    def _fit(self, X):
        owner, nyquist = type(self).__name__, self.sample_rate / 2
        for name in ("low", "high"):
            check_sample_rate(self, getattr(self, name), name=name)
            if getattr(self, name) == nyquist:
                raise ValueError(
                    f"The {name!r} parameter of {owner} must be below half the sample rate, {nyquist:g} Hz. "
                    f"Got {getattr(self, name)!r} instead."
                )
        edges = [edge for edge in (self.low, self.high) if edge is not None]
        if not edges:
            raise ValueError(f"One of the 'low' and 'high' parameters of {owner} must be given. Got None for both.")
        if len(edges) == 2 and edges[0] >= edges[1]:
            raise ValueError(
                f"The 'low' parameter of {owner} must be less than 'high'. Got {self.low!r} and {self.high!r} instead."
            )
        kind = "bandpass" if len(edges) == 2 else "lowpass" if self.low is None else "highpass"
        self.sos_ = signal.butter(self.order, edges if len(edges) == 2 else edges[0], kind, fs=self.sample_rate, output="sos")

    def _transform(self, X):
        sos = self.sos_.copy()  # joblib may have mapped it read-only, which scipy refuses
        # scipy's default for the padding fails where the clip is not longer than that
        padding = min(3 * (2 * len(sos) + 1), X.shape[1] - 1)
        filtered = np.empty(X.shape, dtype=np.float32)
        for batch in memory_batches(len(X), bytes_per_clip=5 * 8 * X.shape[1]):
            waveforms = X[batch].astype(np.float64)  # float32 recursions drift at low edges
            if self.zero_phase:
                filtered[batch] = signal.sosfiltfilt(sos, waveforms, padlen=padding)
            else:
                filtered[batch] = signal.sosfilt(sos, waveforms)
        return filtered
