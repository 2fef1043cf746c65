"""Mel-frequency cepstral coefficients."""

from numbers import Integral
from typing import ClassVar

import numpy as np

from ..utils.torchaudio import torchaudio
from ..utils.validation import Interval
from .mel import MelTransformer
from .spectral import project, to_decibels


class MFCC(MelTransformer):
    """Mel-frequency cepstral coefficients of waveforms.

    The first ``n_mfcc`` coefficients, from index 0, which follows the loudness, of the orthonormal discrete cosine transform
    (type II), along the bands, of the mel power spectrogram in decibels (see `MelSpectrogram`).

    Parameters
    ----------
    sample_rate : int
        Of the waveforms, in hertz.
    n_mfcc : int, default=13
        Number of coefficients, at most ``n_mels``.
    n_fft, hop_length, n_mels, f_min, f_max, top_db
        Of the mel spectrogram, as in `MelSpectrogram`.

    Attributes
    ----------
    frequencies_ : None
        Cepstral coefficients have no frequency.
    times_ : ndarray of shape (1 + samples // hop,)
        The centre of each column in seconds: 0, hop, 2·hop, …
    n_features_in_ : int
        Samples of the waveforms in ``fit``.

    References
    ----------
    S. B. Davis and P. Mermelstein, see `MelSpectrogram`. Computed by torchaudio.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100)
    >>> MFCC(44100).fit_transform([tone]).shape
    (1, 1, 13, 87)
    """

    _parameter_constraints: ClassVar[dict] = {
        **MelTransformer._parameter_constraints,
        "n_mfcc": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        sample_rate: int,
        *,
        n_mfcc: int = 13,
        n_fft: int = 2048,
        hop_length: int | None = None,
        n_mels: int = 128,
        f_min: float = 0.0,
        f_max: float | None = None,
        top_db: float | None = 80.0,
    ) -> None:
        self.sample_rate = sample_rate
        self.n_mfcc = n_mfcc
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_mels = n_mels
        self.f_min = f_min
        self.f_max = f_max
        self.top_db = top_db

    def linear_power(self, X: np.ndarray) -> np.ndarray:
        """Refuse by a ValueError: no cell belongs to a sound."""
        raise ValueError(
            "extraction of event_truth must make features whose rows are frequencies; got MFCC: a cepstral coefficient mixes "
            "all of them, so that no cell belongs to a sound."
        )

    def _fit(self, X):
        if self.n_mfcc > self.n_mels:
            raise ValueError(
                f"The 'n_mfcc' parameter of {type(self).__name__} must be at most 'n_mels', {self.n_mels}. "
                f"Got {self.n_mfcc!r} instead."
            )
        super()._fit(X)

    def _n_rows(self):
        return self.n_mfcc

    def _make(self):
        mel = self._make_mel(power=2.0)
        cosines = torchaudio.functional.create_dct(self.n_mfcc, self.n_mels, norm="ortho").T  # (n_mfcc, n_mels)
        return lambda waveforms: project(cosines, to_decibels(mel(waveforms), 2.0, self.top_db))
