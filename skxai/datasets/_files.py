"""Audio files on disk, verified by really decoding them: a header promises, the decoder tells."""

import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf
from joblib import Parallel, delayed

__all__ = ["AUDIO_SUFFIXES", "check_audio_files", "decode_audio", "report_skipped"]

AUDIO_SUFFIXES = (
    *(
        ".wav",
        ".wave",
        ".w64",
        ".rf64",
        ".aif",
        ".aiff",
        ".aifc",
        ".au",
        ".snd",
        ".caf",
        ".flac",
        ".ogg",
        ".oga",
        ".opus",
    ),
    *(".mp3", ".m4a", ".aac", ".wma"),  # the last three libsndfile cannot read: better told than passed over
)
_BLOCK = 1 << 16  # frames: memory stays small for recordings of hours
_MP3_FRAME = 1152  # samples: an MP3 header may count one more frame than the decoder gives
# libsndfile mends the header of a cut file without a word, but notes in its log what the header said.
_MENDED_SIZE = re.compile(r"^\s*(?:data|SSND|Data Size|riff|Riff size)\s*:\s*(\d+) \(should be (\d+)\)", re.MULTILINE)
_UNKNOWN_SIZE = 0xFFFFFF00  # streaming encoders write a size of about 2 ** 32 when they cannot know it


def decode_audio(path, *, keep=True):
    """Decode a whole file.

    Parameters
    ----------
    path : str or Path
        The file.
    keep : bool, default=True
        False verifies only and keeps nothing in memory.

    Returns
    -------
    waveform : ndarray of float32, shape (samples,), or None
        The mean of the channels.
    n_frames : int
        Samples a channel.
    sample_rate : int
        In hertz.

    Raises
    ------
    FileNotFoundError, ValueError
        With the file's name: missing, empty, not audio, truncated, or NaN or infinite samples.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such audio file.")
    if path.stat().st_size == 0:
        raise ValueError(f"{path}: the file is empty, 0 bytes.")
    try:
        file = sf.SoundFile(path)
    except sf.LibsndfileError as error:
        raise ValueError(f"{path}: not an audio file that libsndfile can read ({error.error_string})") from error
    with file:
        blocks, decoded = [], 0
        try:
            while len(block := file.read(_BLOCK, dtype="float32", always_2d=True)):
                if not np.isfinite(block).all():
                    raise ValueError(f"{path}: has NaN or infinite samples.")
                decoded += len(block)
                if keep:
                    blocks.append(block.mean(axis=1))
        except sf.LibsndfileError as error:
            raise ValueError(
                f"{path}: truncated or damaged, decoding stops after {decoded} of {file.frames} samples "
                f"({error.error_string})"
            ) from error
        _check_complete(path, file, decoded)
        return (np.concatenate(blocks) if keep else None), decoded, file.samplerate


def check_audio_files(paths, *, n_jobs=None):
    """Decode every file, in parallel threads.

    Parameters
    ----------
    paths : sequence of str or Path
        The files.
    n_jobs : int or None
        Threads, as joblib counts them.

    Returns
    -------
    durations : ndarray of float, shape (n,)
        In seconds; NaN for a bad file.
    sample_rates : ndarray of int, shape (n,)
        In hertz; 0 for a bad file.
    errors : list of n (Exception or None)
        What is wrong with each file.
    """
    results = Parallel(n_jobs=n_jobs, prefer="threads")(delayed(_check_audio_file)(path) for path in paths)
    durations, sample_rates, errors = zip(*results) if results else ((), (), ())
    return np.array(durations, dtype=float), np.array(sample_rates, dtype=int), list(errors)


def report_skipped(skipped, on_error, *, stacklevel=3):
    """Raise the first of the errors, or warn once of all of them.

    Parameters
    ----------
    skipped : sequence of (dict, Exception)
        What is left out, as a row of the table, and why.
    on_error : {"raise", "skip"}
        What to do.
    stacklevel : int
        Of the warning: the caller's caller.

    Returns
    -------
    DataFrame
        The rows with a column ``reason``.
    """
    if skipped and on_error == "raise":
        error = skipped[0][1]
        more = f' And {len(skipped) - 1} more like it; on_error="skip" leaves them out.' if len(skipped) > 1 else ""
        raise type(error)(f"{error}{more}") from error
    if skipped:
        reasons = "\n".join(f"  {error}" for _, error in skipped)
        warnings.warn(f"{len(skipped)} skipped:\n{reasons}", UserWarning, stacklevel=stacklevel)
    return pd.DataFrame([{**row, "reason": str(error)} for row, error in skipped])


def _check_audio_file(path):
    try:
        _, n_frames, sample_rate = decode_audio(path, keep=False)
    except (ValueError, OSError) as error:
        return np.nan, 0, error
    return n_frames / sample_rate, sample_rate, None


def _check_complete(path, file, decoded):
    """Compare what was decoded with what the header promised."""
    promised = file.frames - (_MP3_FRAME if file.format == "MP3" else 0)
    if decoded < promised:
        raise ValueError(f"{path}: truncated, {decoded} samples decoded of {file.frames} in the header.")
    for said, found in _MENDED_SIZE.findall(file.extra_info):
        if int(found) < int(said) < _UNKNOWN_SIZE:
            raise ValueError(f"{path}: truncated, the header says {said} bytes and there are {found}.")
    if file.format == "OGG" and not _ends_with_last_ogg_page(path):
        raise ValueError(f"{path}: truncated, {decoded} samples decoded and the stream's last page is missing.")
    if decoded == 0:
        raise ValueError(f"{path}: holds no samples.")


def _ends_with_last_ogg_page(path):
    """Tell whether the last Ogg page is flagged as the stream's end (RFC 3533: pages have up to 65307 bytes)."""
    with open(path, "rb") as stream:
        stream.seek(max(0, path.stat().st_size - 65307))
        end = stream.read()
    page = end.rfind(b"OggS")
    return page >= 0 and len(end) > page + 5 and bool(end[page + 5] & 0x04)
