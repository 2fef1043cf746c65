"""Scenes with known truth: every sound in them is at hand as a component of its own."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral, Real

import numpy as np
from sklearn.utils import Bunch

from ..utils.validation import Interval, validate_params
from ._events import AudioEvent
from ._synthesis import EVENTS, breath, reverberant, ventilator

_SIDE_EVENT_DB = -6.0  # a mixture's further events are this much weaker, so that its label is the event one hears first
_LONGEST_SHARE = 0.8  # of the clip: no event is longer, so that every onset can be anywhere


@validate_params(
    {
        "n_clips": [Interval(Integral, 1, None, closed="left")],
        "classes": ["array-like"],
        "sample_rate": [Interval(Integral, 4000, None, closed="left")],
        "duration": [Interval(Real, 0.2, None, closed="left")],
        "snr_db": [Real, "array-like"],
        "n_events": [Interval(Integral, 1, None, closed="left")],
        "reverberation": [Real, "array-like"],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def make_audio_events(
    n_clips: int = 100,
    *,
    classes: Sequence[str] = tuple(EVENTS),
    sample_rate: int = 16000,
    duration: float = 1.0,
    snr_db: float | tuple[float, float] = (0.0, 20.0),
    n_events: int = 1,
    reverberation: float | tuple[float, float] = (0.1, 0.4),
    random_state: int | np.random.RandomState | None = None,
) -> Bunch:
    """Make clips of a hospital room in which it is known what sounds when and at which frequencies.

    Each clip is the sum of its events, at random onsets and levels and in a room with reverberation, and of a background of
    ventilator hum and breath noise. The sum is exact, so a class's true time-frequency mask is known: see :func:`event_masks`.

    Parameters
    ----------
    n_clips : int, default=100
        Number of clips. They are balanced over the classes and shuffled; so is every beginning of them.
    classes : sequence of str, default=("wheeze", "cough", "alarm", "voice")
        Which of these four sounds to use: "wheeze", harmonics between 100 and 1600 Hz with slow frequency modulation; "cough",
        an explosive burst, then noise that decays through formants; "alarm", pulses of a harmonic tone, with the figures of IEC
        60601-1-8; "voice", voiced babble of several talkers.
    sample_rate : int, default=16000
        Samples a second, at least 4000.
    duration : float, default=1.0
        Length of a clip in seconds, at least 0.2.
    snr_db : float or (float, float), default=(0.0, 20.0)
        Power of the main event over that of the background between the event's onset and offset, in decibels; a pair is a range
        from which each clip draws. Further events are 6 dB weaker than the main one.
    n_events : int, default=1
        Events a clip, each of another class.
    reverberation : float or (float, float), default=(0.1, 0.4)
        Reverberation time RT60 in seconds, 0 for none; a pair is a range from which each clip draws.
    random_state : int, RandomState instance or None, default=None
        Seed of the scenes. A clip depends only on it and its own index, so more clips begin with the same ones. An instance is
        left as it was; None gives other scenes with every call.

    Returns
    -------
    Bunch
        - data : ndarray of float32, shape (n_clips, samples). Waveforms within [-1, 1].
        - target, target_names : ndarray of str, shape (n_clips,), and list. The class of the first event; the classes, sorted.
        - sample_rate : int. In hertz.
        - events : list of n_clips lists of AudioEvent. The components, each with onset, offset, band and waveform.
        - background : ndarray of float32, shape (n_clips, samples). The rest: data = events' waveforms + background.
        - DESCR : str. What it is, where it is from, and its licence.

    Raises
    ------
    ValueError
        For a class that there is not, more events than classes, a range whose ends are swapped, and the limits above.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.datasets import event_masks, make_audio_events
    >>> scenes = make_audio_events(8, n_events=2, random_state=0)
    >>> scenes.data.shape, scenes.target_names
    ((8, 16000), ['alarm', 'cough', 'voice', 'wheeze'])
    >>> event_masks(scenes.events, scenes.target, np.linspace(0, 8000, 65), np.linspace(0, 1, 32)).shape
    (8, 65, 32)
    """
    classes = _check_classes(classes, n_events)
    snr_range = _check_range("snr_db", snr_db, lowest=-np.inf)
    rt60_range = _check_range("reverberation", reverberation, lowest=0.0)
    entropy = _entropy(random_state)
    n_samples = round(duration * sample_rate)

    data = np.empty((n_clips, n_samples), dtype=np.float32)
    background = np.empty_like(data)
    events = []
    for index in range(n_clips):
        labels = _labels(entropy, index, classes, n_events)
        streams = np.random.SeedSequence(entropy, spawn_key=(0, index)).spawn(2 + len(labels))
        levels, noise, *sounds = (np.random.default_rng(stream) for stream in streams)
        snr = levels.uniform(*snr_range) + _SIDE_EVENT_DB * (np.arange(len(labels)) > 0)
        rt60 = levels.uniform(*rt60_range)
        hum, breathing = ventilator(noise, sample_rate, n_samples), breath(noise, sample_rate, n_samples)
        clip_background = hum / np.std(hum) + noise.uniform(0.3, 1.0) * breathing
        clip = [
            _event(rng, label, decibels, rt60, clip_background, sample_rate)
            for rng, label, decibels in zip(sounds, labels, snr)
        ]
        gain = _gain(levels, clip, clip_background)
        background[index] = gain * clip_background
        events.append([replace(event, waveform=(gain * event.waveform).astype(np.float32)) for event in clip])
        data[index] = background[index] + np.sum([event.waveform for event in events[-1]], axis=0)
    return Bunch(
        data=data,
        target=np.array([clip[0].label for clip in events]),
        target_names=sorted(classes),
        sample_rate=sample_rate,
        events=events,
        background=background,
        DESCR="Scenes of a hospital room with known events, synthesised by make_audio_events of skxai. Licence: BSD-3-Clause.",
    )


def _labels(entropy, index, classes, n_events):
    """Draw the classes of a clip's events, the main one first, which shuffled blocks of all classes balance."""
    block, place = divmod(index, len(classes))
    order = np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(1, block))).permutation(len(classes))
    main = classes[order[place]]
    others = [label for label in classes if label != main]
    rng = np.random.default_rng(np.random.SeedSequence(entropy, spawn_key=(2, index)))
    return [main, *(str(label) for label in rng.permutation(others)[: n_events - 1])]


def _event(rng, label, snr_db, rt60, background, sample_rate):
    """Place one event at random in a clip, ``snr_db`` above the background that sounds with it."""
    n_samples = background.size
    sound, (low, high) = EVENTS[label](rng, sample_rate, _LONGEST_SHARE * n_samples / sample_rate)
    first = rng.integers(n_samples - sound.size + 1)
    if rt60 > 0:
        sound = reverberant(rng, sound, rt60, sample_rate)
    waveform = np.zeros(n_samples)
    heard = sound[: n_samples - first]
    waveform[first : first + heard.size] = heard

    energy = np.cumsum(waveform**2)
    # All energy but a thousandth at either end: a tail has no end of its own.
    start, last = np.searchsorted(energy, np.array([0.001, 0.999]) * energy[-1])
    start, stop = int(start), int(last) + 1
    signal, noise = np.mean(waveform[start:stop] ** 2), np.mean(background[start:stop] ** 2)
    waveform *= np.sqrt(10 ** (snr_db / 10) * noise / signal)
    return AudioEvent(label, start / sample_rate, stop / sample_rate, float(low), float(high), waveform)


def _gain(rng, events, background):
    """Gain that brings the loudest sample of the clip and its components to a level drawn from -18 to -1 dBFS."""
    components = [background, *(event.waveform for event in events)]
    loudest = max(np.max(np.abs(wave)) for wave in [np.sum(components, axis=0), *components])
    return 10 ** (rng.uniform(-18, -1) / 20) / loudest


def _entropy(random_state):
    """Seed material for ``numpy.random.SeedSequence``; an instance is copied, so that it stays as it was."""
    if random_state is None:
        return np.random.SeedSequence().entropy
    if isinstance(random_state, np.random.RandomState):
        return copy.deepcopy(random_state).randint(0, 2**32, size=4, dtype=np.uint32).tolist()
    return int(random_state)


def _check_classes(classes, n_events):
    names = [str(label) for label in classes]
    unknown = sorted(set(names) - set(EVENTS))
    if unknown or not names or len(set(names)) < len(names):
        raise ValueError(f"classes of make_audio_events must be different names out of {sorted(EVENTS)}; got {names}.")
    if n_events > len(names):
        raise ValueError(
            f"n_events of make_audio_events must be at most the number of classes, {len(names)}, "
            f"since the events of a clip are of different classes; got {n_events}."
        )
    return names


def _check_range(name, value, *, lowest, owner="make_audio_events"):
    ends = np.asarray(value, dtype=float)
    low_high = np.full(2, ends) if ends.ndim == 0 else ends
    if low_high.shape != (2,) or not np.isfinite(low_high).all() or low_high[0] > low_high[1] or low_high[0] < lowest:
        at_least = f" of at least {lowest:g}" if np.isfinite(lowest) else ""
        raise ValueError(f"{name} of {owner} must be a finite number{at_least} or a pair (low, high); got {value!r}.")
    return low_high
