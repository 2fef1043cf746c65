"""Waveforms from audio files."""

import math
import os
from numbers import Integral, Real
from typing import ClassVar

import numpy as np
from joblib import Parallel, delayed

from ..utils.audio_files import read_audio, read_header, resample
from ..utils.validation import Interval, check_waveforms
from .base import WaveformTransformer, cut_or_pad


class AudioLoader(WaveformTransformer):
    """Read audio files into waveforms of one sample rate and one duration.

    Paths ``(n,)`` become waveforms ``(n, n_samples_)``, float32: of each file the span from ``offset`` on is made one channel,
    resampled (windowed sinc), and zero-padded or cut at its end. ``fit`` reads the headers alone. Waveforms ``(n, samples)`` at
    ``sample_rate`` may come instead: they are cut and padded in the same way, so that a pipeline serves both.

    Parameters
    ----------
    sample_rate : int, default=22050
        Of the output, in hertz.
    duration : float or None, default=None
        Seconds of each waveform. None means those of the longest clip seen in ``fit``.
    offset : float, default=0.0
        Seconds to leave out at the start of each file.
    mono : bool, default=True
        True averages the channels; False takes the first, where the others would cancel it or are of another kind.
    n_jobs : int or None, default=None
        Files read at a time, in threads; None means 1, -1 as many as there are processors.

    Attributes
    ----------
    n_samples_ : int
        Samples of each output waveform, ``round(duration * sample_rate)``.
    n_features_in_ : int
        Samples of the waveforms in ``fit``, if these were no paths.

    Raises
    ------
    FileNotFoundError
        In ``fit`` and ``transform``, for a path without a file.
    ValueError
        For a file, which is named, that is empty, truncated, no audio, shorter than ``offset``, or has NaN or infinite samples.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np, soundfile
    >>> path = os.path.join(tempfile.mkdtemp(), "clip.wav")
    >>> soundfile.write(path, np.zeros((44100, 2)), 44100)
    >>> AudioLoader(16000, duration=2.5).fit_transform([path]).shape
    (1, 40000)
    """

    _parameter_constraints: ClassVar[dict] = {
        "sample_rate": [Interval(Integral, 1, None, closed="left")],
        "duration": [Interval(Real, 0, None, closed="neither"), None],
        "offset": [Interval(Real, 0, None, closed="left")],
        "mono": ["boolean"],
        "n_jobs": [Integral, None],
    }
    reads_files = True

    def __init__(
        self,
        sample_rate: int = 22050,
        *,
        duration: float | None = None,
        offset: float = 0.0,
        mono: bool = True,
        n_jobs: int | None = None,
    ) -> None:
        self.sample_rate = sample_rate
        self.duration = duration
        self.offset = offset
        self.mono = mono
        self.n_jobs = n_jobs

    def _check(self, X, *, reset):
        if not _is_paths(X):
            return check_waveforms(self, X, reset=reset)
        if reset and hasattr(self, "n_features_in_"):
            del self.n_features_in_  # of an earlier fit, on waveforms
        return _check_paths(X, type(self).__name__)

    def _fit(self, X):
        if isinstance(X, np.ndarray):
            n_longest = X.shape[1] - self._n_skipped()
        else:
            headers = self._in_threads(read_header, X)  # whatever the duration: a bad file shows up before any work is done
            seconds = max(header.n_frames / header.sample_rate for header in headers) - self.offset
            n_longest = math.ceil(seconds * self.sample_rate - 1e-6)  # a hair less, for the rounding of the quotient
        if n_longest < 1:
            raise ValueError(
                f"The 'offset' parameter of {type(self).__name__} must be less than the duration of the longest clip. "
                f"Got {self.offset!r} s instead."
            )
        self.n_samples_ = n_longest if self.duration is None else max(1, round(self.duration * self.sample_rate))

    def _transform(self, X):
        if isinstance(X, np.ndarray):
            return cut_or_pad(X[:, self._n_skipped() :], self.n_samples_)
        waveforms = np.zeros((len(X), self.n_samples_), dtype=np.float32)
        self._in_threads(self._read_into, waveforms, X)
        return waveforms

    def _read_into(self, row, path):
        duration = self.n_samples_ / self.sample_rate
        waveform, header = read_audio(path, offset=self.offset, duration=duration, mono=self.mono)
        waveform = resample(waveform, header.sample_rate, self.sample_rate)
        row[: len(waveform)] = waveform[: len(row)]

    def _in_threads(self, function, *arguments):
        # threads share the output, and libsndfile works outside the interpreter's lock
        return Parallel(n_jobs=self.n_jobs, require="sharedmem")(delayed(function)(*each) for each in zip(*arguments))

    def _n_skipped(self):
        return round(self.offset * self.sample_rate)


def _is_paths(X):
    if isinstance(X, str | os.PathLike):
        return True
    if getattr(X, "ndim", 1) != 1 or not hasattr(X, "__iter__"):
        return False
    return isinstance(next(iter(X), None), str | os.PathLike)


def _check_paths(X, owner):
    if isinstance(X, str | os.PathLike):
        raise ValueError(f"X must be a list of paths for {owner}, also if there is one. Got {X!r} instead.")
    paths = list(X)
    for i, path in enumerate(paths):
        if not isinstance(path, str | os.PathLike):
            raise ValueError(f"X must be paths (str or path-like) for {owner}. Got X[{i}]={path!r} instead.")
    return paths
