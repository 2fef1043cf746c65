"""Sounds within a file: compressed as little as its size allows."""

import base64
import io
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np
import soundfile

from ...utils.audio_files import resample

MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
PLAYABLE = (3000, 384000)  # sample rates that browsers play, in hertz
HEADROOM = 10 ** (-1 / 20)  # what is lossy may come out louder than it was
MAY_CLIP = 0.5  # peak of sounds of which that matters

N_TRIED = 3  # clips of which it is estimated how large all will be
LOSSLESS: tuple[str, dict[str, Any]] = ("FLAC, 16 bits, without loss", {"format": "FLAC", "subtype": "PCM_16"})
MP3 = {"format": "MP3", "subtype": "MPEG_LAYER_III"}
CODECS: list[tuple[str, dict[str, Any]]] = [
    LOSSLESS,
    ("MP3 of high quality", {**MP3, "compression_level": 0.3}),
    ("MP3 of medium quality", {**MP3, "compression_level": 0.7}),
    ("MP3 of low quality", {**MP3, "compression_level": 0.99}),
]


def encode(sound: np.ndarray, sample_rate: int, codec: Mapping[str, Any]) -> str:
    """Return a waveform ``(samples,)`` within ±1 as a data URI.

    ``codec`` are keywords of soundfile, of ``CODECS``. MP3 has few rates in hertz, of which the next greater one is taken.
    """
    file, kind = io.BytesIO(), "flac"
    if codec is not LOSSLESS[1]:
        rate, kind = next((rate for rate in MP3_RATES if rate >= sample_rate), MP3_RATES[-1]), "mpeg"
        sound, sample_rate = resample(sound, sample_rate, rate), rate
    soundfile.write(file, sound, sample_rate, **codec)
    return f"data:audio/{kind};base64," + base64.b64encode(file.getvalue()).decode()


def encode_within(
    clips: Callable[[], Iterable[dict[str, np.ndarray]]], n_clips: int, sample_rate: int, n_bytes: float
) -> tuple[list[dict[str, str]], str]:
    """Encode the sounds of clips so that all take at most ``n_bytes``, without loss if they do; return them, and how in words.

    ``clips()`` yields for each clip a dict from a name to its waveform within ±1, anew whenever it is called. The data URIs are
    of as many clips as fit: if even the strongest compression is too large, the last clips are left out.
    """
    tried = list(islice(clips(), N_TRIED))
    for words, codec in CODECS[:-1]:
        size = sum(_size(_encode_clip(clip, sample_rate, codec)) for clip in tried) / max(1, len(tried))
        if size * n_clips <= n_bytes:
            sounds = _encode_fitting(clips(), sample_rate, codec, n_bytes)
            if len(sounds) == n_clips:
                return sounds, words
    words, codec = CODECS[-1]
    return _encode_fitting(clips(), sample_rate, codec, n_bytes), words


def _encode_fitting(
    clips: Iterable[dict[str, np.ndarray]], sample_rate: int, codec: Mapping[str, Any], n_bytes: float
) -> list[dict[str, str]]:
    sounds = []
    for clip in clips:
        encoded = _encode_clip(clip, sample_rate, codec)
        n_bytes -= _size(encoded)
        if n_bytes < 0:
            break
        sounds.append(encoded)
    return sounds


def _encode_clip(clip: Mapping[str, np.ndarray], sample_rate: int, codec: Mapping[str, Any]) -> dict[str, str]:
    """Return the sounds of a clip as data URIs, with one gain for all; what comes out is not clipped, either."""
    if codec is LOSSLESS[1]:
        return {name: encode(sound, sample_rate, codec) for name, sound in clip.items()}
    encoded = {name: encode(HEADROOM * sound, sample_rate, codec) for name, sound in clip.items()}
    peak = max((_peak(encoded[name]) for name, sound in clip.items() if abs(sound).max() > MAY_CLIP), default=0)
    if peak > 1:
        gain = HEADROOM**2 / peak
        encoded = {name: encode(gain * sound, sample_rate, codec) for name, sound in clip.items()}
    return encoded


def _peak(uri: str) -> float:
    samples, _ = soundfile.read(io.BytesIO(base64.b64decode(uri.partition(",")[2])), dtype="float32")
    return float(abs(samples).max())


def _size(encoded: Mapping[str, str]) -> int:
    return sum(len(name) + len(uri) + 8 for name, uri in encoded.items())  # with the punctuation of JSON
