"""The one place that reads audio files; every failure is one error that begins with the file's path."""

import math
import os
import re
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import soundfile
import torch

from .torchaudio import torchaudio

__all__ = ["AudioHeader", "read_audio", "read_header", "resample", "verify_audio"]

_BLOCK = 1 << 16  # frames: memory stays small for recordings of hours
_LARGEST_KERNEL = 1 << 22  # numbers, 16 MiB, of a resampling kernel that is kept from file to file
_BLOCK_OF_TAPS = 1 << 20  # products of a block where there is none
_ZERO_CROSSINGS = 6  # of the resampling filter, to each side
_MP3_FRAME = 1152  # samples by which the length in an MP3's header may exceed what its decoder gives
# libsndfile quietly mends the header of a file that was cut off, and says so only in its log
_MENDED = re.compile(r"^\s*(?:data|SSND|Data Size|riff|Riff size)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)
_NO_END = "Last page lacks an end-of-stream bit"  # the same for Ogg, Vorbis and Opus
_OGG_PAGE = 65307  # bytes at most (RFC 3533)


class AudioHeader(NamedTuple):
    """What an audio file says about itself."""

    n_frames: int  # samples a channel
    sample_rate: int  # in hertz


def read_header(path: str | os.PathLike) -> AudioHeader:
    """Read the header of an audio file, and check what can be checked without decoding.

    Raise FileNotFoundError if there is no such file, ValueError if it is empty, truncated or no audio.
    """
    with _opened(path) as file:
        return AudioHeader(file.frames, file.samplerate)


def read_audio(
    path: str | os.PathLike, *, offset: float = 0.0, duration: float | None = None, mono: bool = True
) -> tuple[np.ndarray, AudioHeader]:
    """Decode a span of a file; return a waveform ``(samples,)``, float32, in [−1, 1] for files of integers, and the header.

    The span begins ``offset`` seconds after the start and lasts ``duration`` seconds; None, or a longer one, is to the end.
    ``mono`` averages the channels; else the first is taken. The header tells how many samples were found, as far as the file
    was read. Raise FileNotFoundError if there is no such file; ValueError if it is empty, truncated or no audio, ends before
    ``offset``, or holds NaN or infinite samples.
    """
    blocks: list[np.ndarray] = []
    header = _decode(path, offset, duration, lambda block: blocks.append(block.mean(axis=1) if mono else block[:, 0]))
    return np.concatenate(blocks), header


def verify_audio(path: str | os.PathLike) -> AudioHeader:
    """Decode all of an audio file, keep nothing of it, and raise as ``read_audio`` does; return what it was found to hold."""
    return _decode(path, 0.0, None, lambda block: None)


def _decode(path, offset, duration, receive):
    """Give a span of a file to ``receive``, block by block ``(samples, channels)``, and return its header."""
    with _opened(path) as file:
        rate, start, stop = file.samplerate, round(offset * file.samplerate), file.frames
        if start >= stop:
            raise ValueError(f"{path}: lasts {stop / rate:.3f} s; offset={offset!r} s leaves nothing of it.")
        if duration is not None:
            stop = min(stop, start + int(np.ceil(duration * rate)) + 1)
        decoded = start
        try:
            if start:
                file.seek(start)
            while len(block := file.read(min(_BLOCK, stop - decoded), dtype="float32", always_2d=True)):
                decoded += len(block)
                if not np.isfinite(block).all():
                    raise ValueError(f"{path}: has NaN or infinite samples.")
                receive(block)
        except soundfile.SoundFileError as error:
            raise ValueError(
                f"{path}: truncated or damaged, decoding stops after {decoded} of {file.frames} samples ({_reason(error)})."
            ) from error
        if decoded < stop - (_MP3_FRAME if file.format == "MP3" else 0):
            raise ValueError(f"{path}: truncated, {decoded} samples decoded of {file.frames} in the header.")
        if decoded == start:
            raise ValueError(f"{path}: holds no samples.")
    return AudioHeader(decoded, rate)


@torch.inference_mode()
def resample(waveform: np.ndarray, rate: int, new_rate: int) -> np.ndarray:
    """Bring a float32 waveform ``(..., samples)`` to another sample rate in hertz with torchaudio's windowed-sinc filter.

    The result has ceil(samples · new_rate / rate) samples.
    """
    if rate == new_rate:
        return waveform
    waveform = np.ascontiguousarray(waveform)
    common = math.gcd(rate, new_rate)
    # torchaudio's kernel holds a row for each of the new rate's phases, as long as the old rate's period: between rates
    # without a common divisor, such as 44,101 and 22,050 Hz, that is gigabytes, nearly all of them zeros.
    if (rate // common) * (new_rate // common) > _LARGEST_KERNEL:
        return _resampled_tap_by_tap(waveform, rate // common, new_rate // common)
    return _resampler(rate, new_rate)(torch.from_numpy(waveform)).numpy()


def _resampled_tap_by_tap(waveform, old, new):
    """Return what torchaudio's filter gives, a windowed sinc of 6 zero crossings, computed where it is not zero only.

    y_m = Σ_k x_k h(k − m · old / new), a block of the y_m at a time, so that memory is bounded whatever the rates are.
    """
    cutoff = 0.99 * min(old, new) / old  # relative to the old rate
    reach = math.ceil(_ZERO_CROSSINGS / cutoff)
    taps = np.arange(-reach, reach + 2)
    padded = np.pad(waveform, [(0, 0)] * (waveform.ndim - 1) + [(reach, reach + 2)])
    n_samples = -(-waveform.shape[-1] * new // old)
    resampled = np.empty((*waveform.shape[:-1], n_samples), dtype=np.float32)
    for start in range(0, n_samples, max(1, _BLOCK_OF_TAPS // len(taps))):
        m = np.arange(start, min(start + max(1, _BLOCK_OF_TAPS // len(taps)), n_samples), dtype=np.int64)
        whole, rest = np.divmod(m * old, new)
        distance = np.clip((taps - (rest / new)[:, None]) * cutoff, -_ZERO_CROSSINGS, _ZERO_CROSSINGS)
        weights = cutoff * np.sinc(distance) * np.cos(np.pi * distance / _ZERO_CROSSINGS / 2) ** 2
        near = padded[..., whole[:, None] + taps + reach]
        resampled[..., start : start + len(m)] = np.einsum("...mk,mk->...m", near, weights.astype(np.float32))
    return resampled


@lru_cache(maxsize=8)
def _resampler(rate, new_rate):
    return torchaudio.transforms.Resample(rate, new_rate)  # whose kernel is worth keeping from file to file


@contextmanager
def _opened(path):
    """Open a file whose header, and the log of its reading, give no cause for complaint."""
    if not os.path.exists(path):
        raise FileNotFoundError(f"{path}: there is no such audio file.")
    if not os.path.isfile(path):
        raise ValueError(f"{path}: not a file.")
    if os.path.getsize(path) == 0:
        raise ValueError(f"{path}: the file is empty, 0 bytes.")
    try:
        file = soundfile.SoundFile(os.fspath(path))
    except soundfile.SoundFileError as error:
        raise ValueError(f"{path}: not an audio file that libsndfile can read ({_reason(error)}).") from error
    with file:
        log = file.extra_info
        for said, found in _MENDED.findall(log):
            if int(found) < int(said) and not _is_placeholder(int(said)):
                raise ValueError(f"{path}: truncated, the header says {said} bytes and there are {found}.")
        if file.format == "OGG" and (_NO_END in log or not _ends_with_last_ogg_page(path)):
            raise ValueError(f"{path}: truncated, the stream's last page is missing.")
        if file.frames == 0:
            raise ValueError(f"{path}: holds no samples.")
        yield file


def _is_placeholder(size):
    """Tell whether a size in a header stands for "unknown", as programs that write to a pipe put about 2³¹ or 2³²."""
    return 0x7FFFF000 <= size <= 0x7FFFFFFF or size >= 0xFFFFFF00


def _ends_with_last_ogg_page(path):
    with open(path, "rb") as stream:
        stream.seek(max(0, os.path.getsize(path) - _OGG_PAGE))
        end = stream.read()
    page = end.rfind(b"OggS")
    return page >= 0 and len(end) > page + 5 and bool(end[page + 5] & 0x04)  # the flag "end of stream"


def _reason(error):
    return getattr(error, "error_string", str(error)).strip().rstrip(".")
