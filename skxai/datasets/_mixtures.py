"""Two real clips at once: a mixture whose parts are known."""

from numbers import Integral, Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Bunch

from ..utils.validation import Interval, validate_params
from ._events import AudioEvent
from ._scenes import _check_range, _entropy


@validate_params(
    {
        "waveforms": ["array-like"],
        "labels": ["array-like"],
        "sample_rate": [Interval(Integral, 1, None, closed="left")],
        "n_mixtures": [Interval(Integral, 1, None, closed="left"), None],
        "snr_db": [Real, "array-like"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def mix_clips(
    waveforms: ArrayLike,
    labels: ArrayLike,
    *,
    sample_rate: int,
    n_mixtures: int | None = None,
    snr_db: float | tuple[float, float] = 0.0,
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Mix clips in pairs of different classes.

    The sum is exact, so the ideal ratio masks follow from the parts: see ``skxai.features.event_truth``.

    Parameters
    ----------
    waveforms, labels : array-like of shape (n, samples), array-like of shape (n,)
        Clips with one sound each, and their classes, at least two.
    sample_rate : int
        Of the waveforms, in hertz.
    n_mixtures : int or None, default=None
        How many mixtures to make. None is n. The first part of mixture i is clip i (mod n); its partner is drawn from the
        clips of other classes.
    snr_db : float or (float, float), default=0.0
        Power of the first part over that of the second in decibels, each over the time in which it is not exactly silent; a
        pair is a range from which each mixture draws.
    random_state : int, RandomState instance or None, default=None
        Seed of partners and levels. A mixture depends only on it, the clips and its own index. An instance is left as it was.

    Returns
    -------
    Bunch
        As of :func:`make_audio_events`, without a background:

        - data : ndarray of float32, shape (n_mixtures, samples). The mixtures, the loudest sample of each and its parts at 1.
        - target, target_names : ndarray, shape (n_mixtures,), and list. The class of the first part; the classes, sorted.
        - events : list of n_mixtures lists of two AudioEvent. The parts: data is the sum of their waveforms. Onset and offset
          are the first and last sample that is not 0; the band is all frequencies, since it is not known.
        - pairs : ndarray of int, shape (n_mixtures, 2). Which clips were mixed.

    Raises
    ------
    ValueError
        If there are not two classes, not a label for each clip, or a clip is all 0.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.datasets import mix_clips
    >>> waveforms = np.random.default_rng(0).standard_normal((4, 8000))
    >>> mixtures = mix_clips(waveforms, ["cough", "cough", "alarm", "alarm"], sample_rate=8000, random_state=0)
    >>> mixtures.data.shape, [part.label for part in mixtures.events[0]]
    ((4, 8000), ['cough', 'alarm'])
    """
    waveforms, labels = np.asarray(waveforms, dtype=np.float64), np.asarray(labels)
    if waveforms.ndim != 2 or labels.shape != waveforms.shape[:1]:
        raise ValueError(
            "waveforms of mix_clips must have the shape (n, samples), and labels (n,); got "
            f"{waveforms.shape} and {labels.shape}."
        )
    classes = np.unique(labels)
    if len(classes) < 2:
        raise ValueError(f"labels of mix_clips must hold at least two classes; got {classes.tolist()}.")
    silent = np.flatnonzero(~waveforms.any(axis=1))
    if silent.size:
        raise ValueError(f"waveforms of mix_clips must sound; clip {silent[0]} is all 0.")
    snr_range = _check_range("snr_db", snr_db, lowest=-np.inf, owner="mix_clips")
    entropy = _entropy(random_state)

    n = len(waveforms)
    pairs, events = [], []
    for index in range(n if n_mixtures is None else n_mixtures):
        rng = np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(index,)))
        first = index % n
        second = int(rng.choice(np.flatnonzero(labels != labels[first])))
        levels = 10 ** (np.array([rng.uniform(*snr_range), 0.0]) / 20)
        sounds = [waveforms[clip] for clip in (first, second)]
        parts = [level * (sound / np.sqrt(np.mean(sound[sound != 0] ** 2))) for level, sound in zip(levels, sounds)]
        loudest = max(np.abs(wave).max() for wave in [*parts, sum(parts)])
        pairs.append((first, second))
        events.append([_part(labels[clip], part / loudest, sample_rate) for clip, part in zip((first, second), parts)])
    return Bunch(
        data=np.array([np.sum([part.waveform for part in clip], axis=0) for clip in events], dtype=np.float32),
        target=labels[[first for first, _ in pairs]],
        target_names=classes.tolist(),
        sample_rate=sample_rate,
        events=events,
        pairs=np.array(pairs),
        DESCR=f"Mixtures of two clips of different classes each, made by mix_clips from {n} clips, whose licence they have.",
    )


def _part(label, waveform, sample_rate):
    heard = np.flatnonzero(waveform)
    onset, offset = heard[0] / sample_rate, (heard[-1] + 1) / sample_rate
    return AudioEvent(label.item(), float(onset), float(offset), 0.0, sample_rate / 2, waveform.astype(np.float32))
