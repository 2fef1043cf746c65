"""Sounds as WAV files: of one comparison at one level, and never clipped."""

import operator
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array

# The greatest sample value that 16 bits hold; one of 1.0 would be cut down to it.
FULL_SCALE = 1 - 2**-15
SUBTYPES = ("PCM_16", "PCM_24", "FLOAT")


def common_gain(*sounds: ArrayLike) -> float:
    """Return the one gain that brings sounds, which are to be compared, below full scale.

    Parameters
    ----------
    *sounds : array-like
        Waveforms of any shape, finite and not empty.

    Returns
    -------
    float
        ``min(1, (1 − 2⁻¹⁵) / peak)`` with the peak of all of them: 1 if nothing would be clipped.

    Examples
    --------
    >>> from skxai.inspection import common_gain
    >>> round(common_gain([0.5, -0.5], [2.0, 0.0]), 3)
    0.5
    """
    arrays = (check_array(sound, ensure_2d=False, allow_nd=True, dtype=np.float64, input_name="sounds") for sound in sounds)
    peak = max((np.abs(array).max() for array in arrays), default=0.0)
    return float(FULL_SCALE / peak) if peak > FULL_SCALE else 1.0


def save_sounds(
    sounds: Mapping[str, ArrayLike],
    folder: str | os.PathLike,
    sample_rate: int,
    *,
    subtype: str = "PCM_16",
    overwrite: bool = False,
) -> float:
    """Write sounds that belong together to WAV files, such as a clip and its kept and removed part.

    All are multiplied by their ``common_gain``: nothing is clipped, and their levels stay comparable.

    Parameters
    ----------
    sounds : dict from str to array-like of shape (samples,)
        Waveforms by the name of their file, without ``.wav``.
    folder : str or path-like
        Where they go; it is made if it does not exist.
    sample_rate : int
        Of the waveforms, in hertz; ``feature_axes(features).sample_rate`` for those of ``sonify``.
    subtype : {"PCM_16", "PCM_24", "FLOAT"}, default="PCM_16"
        How samples are stored.
    overwrite : bool, default=False
        Whether existing files are replaced.

    Returns
    -------
    float
        The gain by which all sounds were multiplied, 1 or less.

    Raises
    ------
    FileExistsError
        If a file exists, unless ``overwrite``. Then nothing is written, nor for a ValueError.
    ValueError
        For a sound that is not finite or not of shape ``(samples,)``, or an argument that is not as above.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skxai.inspection import save_sounds
    >>> save_sounds({"clip": np.ones(800), "kept": np.full(800, 2.0)}, tempfile.mkdtemp(), 8000) < 0.5
    True
    """
    if subtype not in SUBTYPES:
        raise ValueError(f"subtype of save_sounds must be one of {', '.join(SUBTYPES)}; got {subtype!r}.")
    if isinstance(sample_rate, bool) or not hasattr(sample_rate, "__index__") or operator.index(sample_rate) < 1:
        raise ValueError(f"sample_rate of save_sounds must be a whole number of hertz, at least 1; got {sample_rate!r}.")
    if not sounds:
        raise ValueError("sounds of save_sounds must hold a sound at least; got none.")
    paths = {name: Path(folder) / f"{_check_name(name)}.wav" for name in sounds}
    checked = {name: _check_sound(name, sound) for name, sound in sounds.items()}
    existing = [path for path in paths.values() if path.exists()]
    if existing and not overwrite:
        raise FileExistsError(f"{existing[0]}: the file exists; overwrite=True replaces it.")
    gain = common_gain(*checked.values())
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, sound in checked.items():
        soundfile.write(paths[name], gain * sound, operator.index(sample_rate), subtype=subtype, format="WAV")
    return gain


def _check_name(name):
    if not isinstance(name, str) or not name or Path(name).name != name or "\\" in name or "\0" in name:
        raise ValueError(f"sounds of save_sounds must have names of files, without a folder; got {name!r}.")
    return name


def _check_sound(name, sound):
    sound = check_array(sound, ensure_2d=False, allow_nd=True, dtype=np.float64, input_name=f"sounds[{name!r}]")
    if sound.ndim != 1:
        raise ValueError(f"sounds[{name!r}] of save_sounds must have the shape (samples,); got {sound.shape}.")
    return sound
