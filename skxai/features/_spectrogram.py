"""The short-time Fourier transform."""

from typing import ClassVar

import numpy as np

from .spectral import SCALE_CONSTRAINTS, SPECTRAL_CONSTRAINTS, SpectralTransformer


class Spectrogram(SpectralTransformer):
    """Spectrograms of waveforms, by the short-time Fourier transform.

    ``S[k, j] = |Σ_i w[i]·x[j·hop + i − n_fft/2]·exp(−2πi·k/n_fft)|^power`` with a periodic Hann window w; in decibels
    ``max(20/power · log10 S, −100, maximum of the clip − top_db)``. Samples outside the clip count as zero.

    Parameters
    ----------
    sample_rate : int
        Of the waveforms, in hertz.
    n_fft : int, default=1024
        Samples of a frame and of its window.
    hop_length : int or None, default=None
        Samples from one frame to the next; None means ``n_fft // 4``, an overlap of three quarters.
    power : float, default=2.0
        2 for power, 1 for magnitude.
    to_db : bool, default=True
        Whether to return decibels.
    top_db : float or None, default=80.0
        The dynamic range in decibels below each clip's own maximum; None for no limit. Only for ``to_db``.

    Attributes
    ----------
    frequencies_ : ndarray of shape (n_fft // 2 + 1,)
        The frequency of each row in hertz.
    times_ : ndarray of shape (1 + samples // hop,)
        The centre of each column in seconds: 0, hop, 2·hop, …
    n_features_in_ : int
        Samples of the waveforms in ``fit``.

    References
    ----------
    J. B. Allen, "Short term spectral analysis, synthesis, and modification by discrete Fourier transform", IEEE
    Transactions on Acoustics, Speech, and Signal Processing 25(3), 1977. Computed by torchaudio.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    >>> spectrogram = Spectrogram(16000)
    >>> X = spectrogram.fit_transform([tone])
    >>> X.shape, float(spectrogram.frequencies_[X[0, 0, :, 30].argmax()])
    ((1, 1, 513, 63), 1000.0)
    """

    _parameter_constraints: ClassVar[dict] = {**SPECTRAL_CONSTRAINTS, **SCALE_CONSTRAINTS}

    def __init__(
        self,
        sample_rate: int,
        *,
        n_fft: int = 1024,
        hop_length: int | None = None,
        power: float = 2.0,
        to_db: bool = True,
        top_db: float | None = 80.0,
    ) -> None:
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.power = power
        self.to_db = to_db
        self.top_db = top_db

    def _row_frequencies(self):
        return np.fft.rfftfreq(self.n_fft, 1 / self.sample_rate)

    def _make(self):
        return self._scaled(self._make_spectrogram(self.power))
