"""Reading of one audio file; every failure is one error that names the file."""

import os
import re
from functools import lru_cache

import numpy as np
import soundfile
import torch

from skxai.utils.torchaudio import torchaudio

__all__ = ["read_audio", "read_header"]

# libsndfile quietly shortens a cut-off WAV, AIFF or AU file, and says so only in its log
_SHORTENED = re.compile(r"^\s*(?:data|SSND|Data Size)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)
_NO_END = "Last page lacks an end-of-stream bit"  # the same for Ogg, Vorbis and Opus
_MP3_FRAME = 1152  # samples by which the length in an MP3's header may exceed what its decoder gives
_STREAMED = 0x7FFFF000  # sizes from here on are placeholders of programs that wrote to a pipe


def read_header(path):
    """Read the header of an audio file, and check what can be checked without decoding.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    soundfile._SoundFileInfo
        With ``frames`` (samples a channel), ``samplerate`` (hertz) and ``format``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is empty, truncated or no audio.
    """
    _check_exists(path)
    try:
        header = soundfile.info(os.fspath(path))
    except soundfile.SoundFileError as error:
        raise ValueError(f"Audio file {str(path)!r} cannot be read: {_reason(error)}") from error
    for declared, present in _SHORTENED.findall(header.extra_info):
        if int(present) < int(declared) < _STREAMED:
            raise ValueError(
                f"Audio file {str(path)!r} is truncated: its header declares {declared} bytes of samples, "
                f"it holds {present}."
            )
    if _NO_END in header.extra_info:
        raise ValueError(f"Audio file {str(path)!r} is truncated: the end of its stream is missing.")
    if header.frames == 0:
        raise ValueError(f"Audio file {str(path)!r} holds no samples.")
    return header


def read_audio(path, sample_rate, *, offset=0.0, duration=None, mono=True):
    """Read a span of an audio file as one channel at a sample rate.

    Parameters
    ----------
    path : str or path-like
        The file.
    sample_rate : int
        Of the output, in hertz.
    offset : float, default=0.0
        Start of the span in seconds.
    duration : float or None, default=None
        Length of the span in seconds; None reads to the end. A file that ends earlier gives what there is.
    mono : bool, default=True
        True averages the channels, False takes the first.

    Returns
    -------
    ndarray of dtype float32, shape (samples,)
        Amplitudes, in [−1, 1] for files of integers.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is empty, truncated or no audio, ends before ``offset``, or holds NaN or infinite samples.
    """
    header = read_header(path)
    n_frames, native_rate = header.frames, header.samplerate
    start = round(offset * native_rate)
    if start >= n_frames:
        raise ValueError(
            f"Audio file {str(path)!r} lasts {n_frames / native_rate:.3f} s; offset={offset!r} s leaves nothing of it."
        )
    n_wanted = n_frames - start
    if duration is not None:
        n_wanted = min(n_wanted, int(np.ceil(duration * native_rate)) + 1)
    try:
        channels, _ = soundfile.read(os.fspath(path), frames=n_wanted, start=start, dtype="float32", always_2d=True)
    except soundfile.SoundFileError as error:
        raise ValueError(f"Audio file {str(path)!r} is truncated or damaged: {_reason(error)}") from error
    if len(channels) < n_wanted - (_MP3_FRAME if header.format == "MP3" else 0):
        raise ValueError(
            f"Audio file {str(path)!r} is truncated: its header declares {n_frames} samples, reading ended after "
            f"{start + len(channels)}."
        )
    waveform = channels.mean(axis=1) if mono else channels[:, 0]
    if not np.isfinite(waveform).all():
        raise ValueError(f"Audio file {str(path)!r} contains NaN or infinite samples.")
    return waveform if native_rate == sample_rate else _resample(waveform, native_rate, sample_rate)


@torch.inference_mode()
def _resample(waveform, native_rate, sample_rate):
    return _resampler(native_rate, sample_rate)(torch.from_numpy(np.ascontiguousarray(waveform))).numpy()


@lru_cache(maxsize=8)
def _resampler(native_rate, sample_rate):
    """Return torchaudio's windowed-sinc filter, whose kernel is worth keeping from file to file."""
    return torchaudio.transforms.Resample(native_rate, sample_rate)


def _check_exists(path):
    if not os.path.exists(path):
        raise FileNotFoundError(f"Audio file {str(path)!r} does not exist.")
    if not os.path.isfile(path):
        raise ValueError(f"Audio file {str(path)!r} is not a file.")
    if os.path.getsize(path) == 0:
        raise ValueError(f"Audio file {str(path)!r} is empty.")


def _reason(error):
    return getattr(error, "error_string", str(error)).strip()
