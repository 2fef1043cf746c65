"""Long annotated recordings, cut into labelled clips of one length."""

from collections.abc import Sequence
from numbers import Integral, Real
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..utils.audio_files import read_audio, read_header, resample
from ..utils.validation import Interval, StrOptions, validate_params
from ._files import report_skipped
from ._tables import cell_text, read_table

_COLUMNS = ["file", "start", "end", "label"]
_ROUNDING = 1e-3  # seconds that an annotation may pass the recording's end by: tables round to milliseconds


@validate_params(
    {
        "recordings": [str, Path, "array-like"],
        "annotations": [str, Path, pd.DataFrame],
        "duration": [Interval(Real, 0, None, closed="neither")],
        "sample_rate": [Interval(Integral, 1, None, closed="left"), None],
        "hop": [Interval(Real, 0, None, closed="neither"), None],
        "min_overlap": [Interval(Real, 0, 1, closed="right")],
        "on_error": [StrOptions({"raise", "skip"})],
    },
    prefer_skip_nested_validation=True,
)
def slice_events(
    recordings: str | Path | Sequence[str | Path],
    annotations: str | Path | pd.DataFrame,
    *,
    duration: float = 1.0,
    sample_rate: int | None = None,
    hop: float | None = None,
    min_overlap: float = 0.5,
    on_error: str = "raise",
) -> Bunch:
    """Cut the annotated events of long recordings into labelled clips of one length.

    An event that is shorter than ``duration`` gives one clip with the event in its middle. A longer one gives several, from its
    start on, every ``hop`` seconds, as long as the event fills ``min_overlap`` of the clip. A clip that would reach beyond the
    recording is moved into it; only a recording shorter than ``duration`` is padded with zeros, at its end.

    Parameters
    ----------
    recordings : path or sequence of paths
        Audio files; channels are averaged.
    annotations : DataFrame, str or Path
        A table, or the path of its CSV file, with the columns ``file``, ``start`` and ``end`` (seconds) and ``label``. A
        ``file`` is a recording's path as given, or its name alone where only one recording has that name.
    duration : float, default=1.0
        Length of a clip in seconds.
    sample_rate : int or None, default=None
        All clips are resampled to it, in hertz; None is the rate that all recordings have.
    hop : float or None, default=None
        Seconds from one clip of an event to the next; None is ``duration``.
    min_overlap : float, default=0.5
        Share of a clip that a long event must fill, in (0, 1].
    on_error : {"raise", "skip"}, default="raise"
        Whether the first bad file is an error, or all of them are left out and reported together in one warning.

    Returns
    -------
    Bunch
        - data : ndarray of float32, shape (n, samples). Waveforms, in the order of the annotations.
        - target, target_names : ndarray of str, shape (n,), and list. Labels; the classes, sorted.
        - sample_rate : int. In hertz.
        - groups : ndarray of str, shape (n,). The recording's path, for ``GroupKFold`` and the like.
        - starts : ndarray of float, shape (n,). Start of the clip in its recording, in seconds.
        - skipped : DataFrame with the annotations' columns and ``reason``. What was left out; empty when nothing was.
        - DESCR : str. What it is and where it is from.

    Raises
    ------
    FileNotFoundError
        For a missing recording or table.
    ValueError
        For a recording that cannot be decoded, sample rates that differ (with ``sample_rate=None``), missing columns, an
        unknown or ambiguous file, and an event that ends before it starts or lies outside of its recording.

    References
    ----------
    Wang 2022 cut recordings into clips of 1 s in this way.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np, pandas as pd, soundfile
    >>> from skxai.datasets import slice_events
    >>> table = pd.DataFrame({"file": "night.wav", "start": [1, 4], "end": [1.4, 6], "label": ["cough", "wheeze"]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     soundfile.write(Path(folder) / "night.wav", np.zeros(80000), 8000)
    ...     clips = slice_events([Path(folder) / "night.wav"], table)
    >>> clips.data.shape, clips.target.tolist(), clips.starts.tolist()
    ((3, 8000), ['cough', 'wheeze', 'wheeze'], [0.7, 4.0, 5.0])
    """
    paths = list(dict.fromkeys(str(path) for path in ([recordings] if isinstance(recordings, (str, Path)) else recordings)))
    if not paths:
        raise ValueError("recordings of slice_events must be at least one path; got none.")
    sample_rate = sample_rate or _common_rate(paths)
    n_samples = round(duration * sample_rate)
    if n_samples < 1:
        raise ValueError(f"duration of slice_events must be at least one sample, {1 / sample_rate:g} s; got {duration!r}.")
    rows = read_table(annotations, _COLUMNS, name="annotations")[_COLUMNS]

    clips: dict[int, list] = {}  # by row: recordings are read one by one, but clips come in the order of the annotations
    problems: list[tuple[dict, Exception]] = []
    rows_of = _rows_of_recordings(rows, paths, problems)
    for path in paths:
        try:
            waveform, (n_frames, rate) = read_audio(path)
        except (ValueError, OSError) as error:
            failed = [rows.loc[row].to_dict() for row in rows_of[path]] or [{"file": path}]
            problems.extend((row, error) for row in failed)
            continue
        waveform = resample(waveform, rate, sample_rate)
        for row in rows_of[path]:
            try:
                start, end, label = _event(rows.loc[row], f"{path}, row {row + 1} of annotations", n_frames / rate)
            except ValueError as error:
                problems.append((rows.loc[row].to_dict(), error))
                continue
            starts = _clip_starts(start, end, duration, hop or duration, min_overlap, n_frames / rate)
            clips[row] = [(_cut(waveform, start, sample_rate, n_samples), label, path, start) for start in starts]

    skipped = report_skipped(problems, on_error, stacklevel=4)
    if not clips:
        raise ValueError(f"annotations of slice_events leave no clips: all {len(rows)} rows were skipped.")
    data, target, groups, starts = zip(*(clip for row in sorted(clips) for clip in clips[row]))
    return Bunch(
        data=np.stack(data),
        target=np.array(target, dtype=str),
        target_names=sorted(set(target)),
        sample_rate=sample_rate,
        groups=np.array(groups, dtype=str),
        starts=np.array(starts, dtype=float),
        skipped=skipped if len(skipped) else pd.DataFrame(columns=[*_COLUMNS, "reason"]),
        DESCR=f"Clips of {duration:g} s, cut by slice_events around annotated events; groups names the recording of each.",
    )


def _common_rate(paths):
    """Return the sample rate of all recordings; those that cannot be opened are told apart when they are decoded."""
    first = None
    for path in paths:
        try:
            rate = read_header(path).sample_rate
        except (ValueError, OSError):
            continue
        first = first or (path, rate)
        if rate != first[1]:
            raise ValueError(
                f"{path}: has a sample rate of {rate} Hz and {first[0]} has {first[1]} Hz; "
                "slice_events needs a sample_rate to bring them to."
            )
    if first is None:
        read_header(paths[0])  # raises, and says why
    return first[1]


def _rows_of_recordings(rows, paths, problems):
    """Return for each recording its rows of the table; rows of no recording, or of several, join the problems."""
    rows_of = {path: [] for path in paths}
    by_name = {}
    for path in paths:
        by_name.setdefault(Path(path).name, []).append(path)
    for row, file in rows["file"].map(cell_text).items():
        matches = [file] if file in rows_of else by_name.get(file, [])
        if len(matches) == 1:
            rows_of[matches[0]].append(row)
        else:
            found = f"several recordings: {', '.join(matches)}" if matches else f"none of the {len(paths)} recordings"
            error = ValueError(f"file in row {row + 1} of annotations must be one recording; {file!r} is {found}.")
            problems.append((rows.loc[row].to_dict(), error))
    return rows_of


def _event(row, where, length):
    """Check an annotation against its recording of ``length`` seconds; returns start, end and label."""
    start, end = (pd.to_numeric(row[column], errors="coerce") for column in ("start", "end"))
    label = cell_text(row["label"])
    rules = [
        (np.isfinite(start) and np.isfinite(end), "start and end must be seconds"),
        (start >= 0, "start must not be negative"),
        (start < end, "start must come before end"),
        (end <= length + _ROUNDING, f"end must not be beyond the recording's end at {length:.3f} s"),
        (label, "must have a label"),
    ]
    for holds, rule in rules:
        if not holds:
            raise ValueError(f"{where}: {rule}; got start={row['start']}, end={row['end']}.")
    return float(start), float(end), label


def _clip_starts(start, end, duration, hop, min_overlap, length):
    """Return the clips' starts in seconds, all within the recording of ``length`` seconds where that is long enough."""
    if end - start <= duration:
        starts = [(start + end - duration) / 2]
    else:
        last = end - min_overlap * duration  # a clip that starts later is filled by less than min_overlap
        starts = start + hop * np.arange(int((last - start) / hop + 1e-9) + 1)
    within = np.clip(starts, 0.0, max(0.0, length - duration))
    return np.unique(within).tolist()  # two clips that were moved to the same place are one


def _cut(waveform, start, sample_rate, n_samples):
    first = max(0, min(round(start * sample_rate), waveform.size - n_samples))
    clip = waveform[first : first + n_samples]
    return np.pad(clip, (0, n_samples - clip.size))
