"""From a table of clips, one row a file, to the Bunch that every loader returns."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ._files import check_audio_files, report_skipped

__all__ = ["bunch_of_clips"]


def bunch_of_clips(
    table: pd.DataFrame,
    *,
    source: str | Path,
    on_error: str,
    n_jobs: int | None,
    outside: Sequence[tuple[dict, Exception]] = (),
) -> Bunch:
    """Decode the files of a table and return the clips of those that can be read, as ``load_audio_folder`` does.

    The table has columns ``file`` (path), ``label``, and optionally ``fold`` and ``group``; ``source`` is where it comes
    from, for messages; ``outside`` is what is known to be wrong already. A ValueError where no clips or one class are left.
    """
    durations, sample_rates, errors = check_audio_files(table["file"], n_jobs=n_jobs)
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
        durations=durations[readable],
        sample_rates=sample_rates[readable],
        skipped=skipped if len(skipped) else pd.DataFrame(columns=["file", "reason"], dtype=str),
    )
    if "fold" in kept:
        bunch.folds = kept["fold"].to_numpy(dtype=int)
    if "group" in kept:
        bunch.groups = kept["group"].to_numpy(dtype=str)
    return bunch
