"""What the short-time transforms share: framing, decibels, batches and axes."""

import copy
from abc import abstractmethod
from numbers import Integral, Real

import numpy as np
import torch
from scipy.sparse import csr_array
from sklearn.utils.validation import check_is_fitted

from ..utils.torchaudio import torchaudio
from ..utils.validation import Interval
from ._axes import FeatureAxes
from .base import WaveformTransformer, memory_batches, to_tensor

SPECTRAL_CONSTRAINTS = {
    "sample_rate": [Interval(Integral, 1, None, closed="left")],
    "n_fft": [Interval(Integral, 2, None, closed="left")],
    "hop_length": [Interval(Integral, 1, None, closed="left"), None],
    "top_db": [Interval(Real, 0, None, closed="neither"), None],
}
SCALE_CONSTRAINTS = {"power": [Interval(Real, 0, None, closed="neither")], "to_db": ["boolean"]}

_CACHE = 32 * 2**20  # bytes of a batch beyond which it gets slower, measured on clips of 1 s and of 5 s


class SpectralTransformer(WaveformTransformer):
    """Base of the transformers from waveforms ``(n, samples)`` to features ``(n, 1, f, t)``.

    A subclass has the parameters of ``SPECTRAL_CONSTRAINTS``, and writes ``_make``, ``_n_rows`` and, where its rows are
    frequencies, ``_row_frequencies``.
    """

    n_fft: int
    hop_length: int | None
    top_db: float | None

    def _fit(self, X):
        n_frames = 1 + (X.shape[1] - self.n_fft % 2) // self._hop()  # an odd n_fft is padded by one sample less
        self.times_ = np.arange(n_frames) * (self._hop() / self.sample_rate)
        self.frequencies_ = self._row_frequencies()

    @torch.inference_mode()
    def _transform(self, X):
        compute = self._make()  # made anew for each call: a fitted transformer holds no torch objects
        features = np.empty((len(X), 1, self._n_rows(), len(self.times_)), dtype=np.float32)
        # float32 frames of n_fft samples, their complex spectrum, and its magnitude twice: 16 bytes each sample
        bytes_per_clip = 16 * (self.n_fft + 2) * len(self.times_)
        for batch in memory_batches(len(X), bytes_per_clip, at_most=_CACHE):
            # with an axis for the channel, or torchaudio would take top_db from the loudest clip of the batch
            features[batch] = compute(to_tensor(X[batch, None])).numpy()
        return features

    def axes(self, axes: FeatureAxes | None = None) -> FeatureAxes:
        """Return the axes of the output, whatever those of the waveforms: ``frequencies_`` and ``times_``."""
        check_is_fitted(self)
        kind, cepstra = ("frequency", None) if self.frequencies_ is not None else ("cepstrum", np.arange(float(self._n_rows())))
        step = self._hop() / self.sample_rate
        return FeatureAxes(self.frequencies_, self.times_, self.sample_rate, kind, cepstra, frame_step=step)

    def linear_power(self, X: np.ndarray) -> np.ndarray:
        """Return ``transform(X)`` with ``power=2`` and no decibels."""
        linear = copy.copy(self)  # what fit learned stays
        return linear.set_params(power=2.0, to_db=False).transform(X)

    def carry_back(self, masks: np.ndarray, *, unheard: float = 0.0) -> np.ndarray:
        """Return the gains of the Fourier transform's bins ``(n, 1, n_fft // 2 + 1, t)``, within [0, 1]."""
        return np.clip(masks, 0, 1)

    def _hop(self):
        return max(1, self.n_fft // 4) if self.hop_length is None else int(self.hop_length)

    def _row_frequencies(self):
        return None

    def _n_rows(self):
        return len(self.frequencies_)

    def _make_spectrogram(self, power):
        return torchaudio.transforms.Spectrogram(self.n_fft, hop_length=self._hop(), power=float(power), pad_mode="constant")

    def _scaled(self, spectra_of):
        """Return the function ``spectra_of`` waveforms, with its result in decibels for ``to_db``."""
        if not self.to_db:
            return spectra_of
        return lambda waveforms: to_decibels(spectra_of(waveforms), self.power, self.top_db)

    @abstractmethod
    def _make(self):
        """Return a function from waveforms ``(b, 1, samples)`` to features ``(b, 1, f, t)``, both tensors."""


def to_decibels(spectra: torch.Tensor, power: float, top_db: float | None) -> torch.Tensor:
    """Return ``20/power · log10(|S|^power)`` of ``(b, 1, f, t)``, at least −100 dB and the clip's maximum − ``top_db``."""
    return torchaudio.functional.amplitude_to_DB(spectra, 20.0 / power, 1e-5**power, 0.0, top_db)


def project(matrix: torch.Tensor, spectra: torch.Tensor) -> torch.Tensor:
    """Return ``matrix @ clip`` for each clip of ``(b, 1, f, t)``.

    As a sparse product: it adds in one order whatever the size of the batch, a mel filterbank is nearly all zeros, and the
    many small products of a dense one wait for each other's threads, tens of times longer where the cores are shared.
    """
    sparse = csr_array(matrix.numpy())
    products = [sparse @ clip for clip in spectra[:, 0].numpy()]
    return torch.from_numpy(np.stack(products)[:, None])
