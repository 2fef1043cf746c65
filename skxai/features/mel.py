"""Spectrograms on the mel scale."""

import warnings
from functools import lru_cache
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..utils.torchaudio import torchaudio
from ..utils.validation import Interval, check_sample_rate
from .spectral import SCALE_CONSTRAINTS, SPECTRAL_CONSTRAINTS, SpectralTransformer, project


class MelTransformer(SpectralTransformer):
    """Base of the transformers that sum a spectrogram in mel bands; has ``n_mels``, ``f_min`` and ``f_max`` too."""

    _parameter_constraints: ClassVar[dict] = {
        **SPECTRAL_CONSTRAINTS,
        "n_mels": [Interval(Integral, 1, None, closed="left")],
        "f_min": [Interval(Real, 0, None, closed="left")],
        "f_max": [Interval(Real, 0, None, closed="neither"), None],
    }
    n_mels: int
    f_min: float
    f_max: float | None

    def _fit(self, X):
        owner = type(self).__name__
        check_sample_rate(self, self.f_max, name="f_max")
        top = self._top_frequency()
        if self.f_min >= top:
            raise ValueError(
                f"The 'f_min' parameter of {owner} must be less than 'f_max', {top:g} Hz. Got {self.f_min!r} instead."
            )
        bins = np.fft.rfftfreq(self.n_fft, 1 / self.sample_rate)
        n_bins = np.count_nonzero((bins >= self.f_min) & (bins <= top))
        if self.n_mels > n_bins:
            raise ValueError(
                f"The 'n_mels' parameter of {owner} must be at most the number of frequency bins between 'f_min' and "
                f"'f_max', which is {n_bins} for n_fft={self.n_fft}: more bands hold no more information. "
                f"Got {self.n_mels!r} instead; lower it or raise 'n_fft'."
            )
        super()._fit(X)

    def _top_frequency(self):
        return self.sample_rate / 2 if self.f_max is None else float(self.f_max)

    def band_frequencies(self) -> np.ndarray:
        """Return the centre of each band in hertz, ``(n_mels,)``."""
        return _band_centres(self.f_min, self._top_frequency(), self.n_mels)

    def band_weights(self) -> torch.Tensor:
        """Return how much of each bin of the Fourier transform each band sums, ``(n_mels, n_fft // 2 + 1)``; a tensor."""
        return _mel_filters(self.n_fft, float(self.f_min), self._top_frequency(), self.n_mels, self.sample_rate)

    def carry_back(self, masks: np.ndarray, *, unheard: float = 0.0) -> np.ndarray:
        r"""Return the gains of the Fourier transform's bins: of bin k the mean over bands, Σ_b w_bk m_b / Σ_b w_bk."""
        weights = self.band_weights().T.clone()
        bins = np.fft.rfftfreq(self.n_fft, 1 / self.sample_rate)
        top = self._top_frequency()
        within = torch.from_numpy((bins >= self.f_min) & (bins <= top))
        # A triangle is 0 at its corners: no band has the bins at f_min and f_max. They go with the outermost bands.
        silent = weights.sum(dim=1) == 0
        lower = torch.from_numpy(bins < (self.f_min + top) / 2)
        weights[silent & within & lower, 0] = 1
        weights[silent & within & ~lower, -1] = 1
        weights /= weights.sum(dim=1, keepdim=True).clamp_min(1e-12)
        outside = (silent & ~within).float()
        bands = torch.from_numpy(np.ascontiguousarray(masks[:, 0], dtype=np.float32))
        return (weights @ bands + unheard * outside[:, None]).clamp_(0, 1).numpy()[:, None]

    def _make_mel(self, power):
        spectrogram, filters = self._make_spectrogram(power), self.band_weights()
        return lambda waveforms: project(filters, spectrogram(waveforms))


class MelSpectrogram(MelTransformer):
    """Mel spectrograms of waveforms.

    The spectrogram (see `Spectrogram`) summed in ``n_mels`` overlapping triangular bands, evenly spaced between ``f_min`` and
    ``f_max`` in ``mel(f) = 2595·log10(1 + f/700)``, before it is in decibels. Of the lowest bands those that are too narrow to
    catch a bin of the Fourier transform, and would have no sound, take the spectrum interpolated at their centre.

    Parameters
    ----------
    sample_rate : int
        Of the waveforms, in hertz.
    n_fft, hop_length, power, to_db, top_db
        As in `Spectrogram`.
    n_mels : int, default=64
        Number of bands, at most the number of frequency bins between ``f_min`` and ``f_max``.
    f_min : float, default=0.0
        Lower edge of the lowest band in hertz.
    f_max : float or None, default=None
        Upper edge of the highest band in hertz; None means half the sample rate.

    Attributes
    ----------
    frequencies_ : ndarray of shape (n_mels,)
        The centre of each band in hertz.
    times_ : ndarray of shape (1 + samples // hop,)
        The centre of each column in seconds: 0, hop, 2·hop, …
    n_features_in_ : int
        Samples of the waveforms in ``fit``.

    References
    ----------
    S. B. Davis and P. Mermelstein, "Comparison of parametric representations for monosyllabic word recognition in continuously
    spoken sentences", IEEE Transactions on Acoustics, Speech, and Signal Processing 28(4), 1980. Computed by torchaudio, on the
    mel scale of HTK.

    Examples
    --------
    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    >>> mel = MelSpectrogram(16000, n_mels=32)
    >>> X = mel.fit_transform([tone])
    >>> X.shape, int(mel.frequencies_[X[0, 0, :, 30].argmax()])
    ((1, 1, 32, 63), 1050)
    """

    _parameter_constraints: ClassVar[dict] = {**MelTransformer._parameter_constraints, **SCALE_CONSTRAINTS}

    def __init__(
        self,
        sample_rate: int,
        *,
        n_fft: int = 1024,
        hop_length: int | None = None,
        n_mels: int = 64,
        f_min: float = 0.0,
        f_max: float | None = None,
        power: float = 2.0,
        to_db: bool = True,
        top_db: float | None = 80.0,
    ) -> None:
        self.sample_rate = sample_rate
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.n_mels = n_mels
        self.f_min = f_min
        self.f_max = f_max
        self.power = power
        self.to_db = to_db
        self.top_db = top_db

    def _row_frequencies(self):
        return self.band_frequencies()

    def _make(self):
        return self._scaled(self._make_mel(self.power))


def hertz_to_mel(frequencies: ArrayLike) -> np.ndarray:
    """Return ``2595·log10(1 + f/700)``, the mel scale of HTK."""
    return 2595 * np.log10(1 + np.asarray(frequencies) / 700)


def mel_to_hertz(mels: ArrayLike) -> np.ndarray:
    """Undo ``hertz_to_mel``."""
    return 700 * (10 ** (np.asarray(mels) / 2595) - 1)


def _band_centres(f_min, f_max, n_mels):
    return mel_to_hertz(np.linspace(hertz_to_mel(f_min), hertz_to_mel(f_max), n_mels + 2)[1:-1])


@lru_cache(maxsize=8)
def _mel_filters(n_fft, f_min, f_max, n_mels, sample_rate):
    """Return the weights ``(n_mels, bins)``; where torchaudio's are all zero, those of a linear interpolation."""
    with warnings.catch_warnings():  # of bands without a bin, which are filled below
        warnings.filterwarnings("ignore", message="At least one mel filterbank")
        filters = torchaudio.functional.melscale_fbanks(n_fft // 2 + 1, f_min, f_max, n_mels, sample_rate).T.contiguous()
    centres = _band_centres(f_min, f_max, n_mels) * n_fft / sample_rate  # in bins
    for band in torch.nonzero(filters.amax(dim=1) == 0).flatten().tolist():
        below, fraction = divmod(float(centres[band]), 1)
        filters[band, int(below)] = 1 - fraction
        filters[band, min(int(below) + 1, n_fft // 2)] += fraction  # an odd n_fft has no bin at half the sample rate
    return filters
