"""Audio files on disk: which there are, which of them can be decoded, and how the others are reported."""

import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from ..utils.audio_files import verify_audio

__all__ = ["AUDIO_SUFFIXES", "check_audio_files", "report_skipped"]

# fmt: off
AUDIO_SUFFIXES = (
    ".wav", ".wave", ".w64", ".rf64", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".flac", ".ogg", ".oga", ".opus", ".mp3",
    ".m4a", ".aac", ".wma",  # libsndfile cannot read these: better an error than a clip passed over
)
# fmt: on


def check_audio_files(
    paths: Iterable[str | Path], *, n_jobs: int | None = None
) -> tuple[np.ndarray, np.ndarray, list[Exception | None]]:
    """Decode every file, in ``n_jobs`` threads: what lasts how long, and what is wrong.

    Returns durations ``(n,)`` in seconds (NaN for a bad file), sample rates ``(n,)`` in hertz (0 for a bad file), and an
    exception or None for each file.
    """
    results = Parallel(n_jobs=n_jobs, prefer="threads")(delayed(_check_audio_file)(path) for path in paths)
    durations, sample_rates, errors = zip(*results) if results else ((), (), ())
    return np.array(durations, dtype=float), np.array(sample_rates, dtype=int), list(errors)


def report_skipped(skipped: Sequence[tuple[dict, Exception]], on_error: str, *, stacklevel: int = 3) -> pd.DataFrame:
    """Raise the first error for ``on_error="raise"``, or warn once of all of them, at the caller's caller.

    ``skipped`` has a row of the table and an exception for each thing left out; the rows are returned with a column ``reason``.
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
        header = verify_audio(path)
    except (ValueError, OSError) as error:
        return np.nan, 0, error
    return header.n_frames / header.sample_rate, header.sample_rate, None
