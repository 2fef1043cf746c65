"""Audio files on disk: from a table, one row a file, to the Bunch that every loader returns, and what becomes of bad files."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.utils import Bunch

from ..utils.audio_files import verify_audio

# fmt: off
AUDIO_SUFFIXES = (
    ".wav", ".wave", ".w64", ".rf64", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf", ".flac", ".ogg", ".oga", ".opus", ".mp3",
    ".m4a", ".aac", ".wma",  # libsndfile cannot read these: better an error than a clip passed over
)
# fmt: on


def bunch_of_clips(
    table: pd.DataFrame,
    description: str,
    *,
    source: str | Path,
    on_error: str,
    n_jobs: int | None,
    outside: Sequence[tuple[dict, Exception]] = (),
) -> Bunch:
    """Decode the files of a table and return the clips of those that can be read, as ``load_audio_folder`` does.

    The table has columns ``file`` (path), ``label``, and optionally ``fold`` and ``group``; ``source`` is where it comes
    from, for messages; ``outside`` is what is known to be wrong already.
    """
    results = Parallel(n_jobs=n_jobs, prefer="threads")(delayed(_check_audio_file)(file) for file in table["file"])
    durations, sample_rates, errors = zip(*results) if results else ((), (), ())
    bad = [({"file": str(file)}, error) for file, error in zip(table["file"], errors) if error is not None]
    skipped = report_skipped([*outside, *bad], on_error, stacklevel=5)  # the caller of the loader
    readable = np.array([error is None for error in errors], dtype=bool)
    kept = table[readable]
    if kept.empty:
        raise ValueError(f"{source}: no audio clips found" + (f", {len(skipped)} skipped." if len(skipped) else "."))
    target = kept["label"].to_numpy(dtype=str)
    target_names = np.unique(target).tolist()
    if len(target_names) < 2:
        raise ValueError(
            f"{source}: there must be clips of at least 2 classes; all {len(kept)} are {target_names[0]!r}. "
            "Each class has a folder of its own, or a label in the table."
        )
    bunch = Bunch(
        data=kept["file"].to_numpy(dtype=str),
        target=target,
        target_names=target_names,
        durations=np.array(durations, dtype=float)[readable],
        sample_rates=np.array(sample_rates, dtype=int)[readable],
        skipped=skipped if len(skipped) else pd.DataFrame(columns=["file", "reason"], dtype=str),
        DESCR=description,
    )
    if "fold" in kept:
        bunch.folds = kept["fold"].to_numpy(dtype=int)
    if "group" in kept:
        bunch.groups = kept["group"].to_numpy(dtype=str)
    return bunch


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
    """Return the file's duration in seconds, its sample rate in hertz, and what is wrong with it or None."""
    try:
        header = verify_audio(path)
    except (ValueError, OSError) as error:
        return np.nan, 0, error
    return header.n_frames / header.sample_rate, header.sample_rate, None
