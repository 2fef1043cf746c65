"""From the components of clips to the truth in their features: each sound goes through the feature steps alone, as power."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..datasets import AudioEvent, EventTruth
from ..datasets.truth import labels_of
from .short_time import short_time_mean
from .steps import spectral_steps, step_method, steps_and_axes

_LOWEST_POWER = 1e-10  # of an amplitude of 1e-5, the lowest that a spectrogram in decibels shows


def event_truth(
    extraction: Any,
    events: Sequence[Sequence[AudioEvent]],
    *,
    background: ArrayLike | None = None,
    classes: Sequence[str] | None = None,
) -> EventTruth:
    r"""Where each class sounds in the features of clips, from the sounds that the clips are made of.

    Each class alone, and the background, go through the same feature steps as the clips, but as linear power E, by the steps'
    ``linear_power``. The mask of class c is its ideal ratio mask, with the power that the features do not show added:

    .. math:: M_c = \frac{E_c}{\sum_j E_j + E_\text{background} + E_\text{floor}}

    so that it is near 1 where the class alone is heard, 0.5 where it is as loud as all else, and near 0 in silence. The floor
    is that of the spectrogram in decibels: ``top_db`` below the clip's maximum, at least the power of an amplitude of 1e-5.
    Of waveforms E is the power in the 20 ms around each sample, weighted by a Hann window, and the floor is that amplitude.

    Parameters
    ----------
    extraction : Pipeline, transformer, fitted search, or FeatureAxes of waveforms
        Fitted: from waveforms to features ``(n, 1, f, t)``, by one `MelSpectrogram` or `Spectrogram`, or to ``(n, samples)``. A
        classifier or an explainer at its end is left out. The axes of waveforms stand for no step at all.
    events : sequence of n sequences of AudioEvent
        The sounds of each clip, as in ``make_audio_events(…).events`` and ``mix_clips(…).events``. Their waveforms count.
    background : array-like of shape (n, samples) or None, default=None
        What else is in the clips. None is nothing.
    classes : sequence of str or None, default=None
        The labels. None is all that there are, sorted.

    Returns
    -------
    EventTruth
        Masks and energy ``(n, k, 1, f, t)``, of waveforms ``(n, k, samples)``; the energy is the power above the floor, else 0.

    Raises
    ------
    ValueError
        If the rows of the features are no frequencies (`MFCC`), or the features are neither spectrograms nor waveforms.
    TypeError
        For a step without a method ``linear_power``, see `FeatureTransformer`.

    References
    ----------
    .. [1] Wang, Narayanan & Wang, "On training targets for supervised speech separation", IEEE/ACM Transactions on Audio,
       Speech, and Language Processing 22(12), 2014: the ideal ratio mask, eq. 2 with β = 1.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skxai.datasets import make_audio_events
    >>> from skxai.features import MelSpectrogram, ResizeFeatures, event_truth
    >>> scenes = make_audio_events(4, n_events=2, random_state=0)
    >>> extraction = make_pipeline(MelSpectrogram(16000), ResizeFeatures((32, 32))).fit(scenes.data)
    >>> truth = event_truth(extraction, scenes.events, background=scenes.background)
    >>> truth.classes.tolist(), truth.masks.shape
    (['alarm', 'cough', 'voice', 'wheeze'], (4, 4, 1, 32, 32))
    """
    steps, axes = steps_and_axes(extraction)
    spectral = spectral_steps(steps)
    of_waveforms = axes is not None and axes.kind == "waveform"
    if len(spectral) != 1 and not of_waveforms:
        raise ValueError(
            "extraction of event_truth must hold one MelSpectrogram or Spectrogram, which makes the features, or end in "
            f"waveforms; got {[type(step).__name__ for step in steps]}."
        )

    def power(waveforms):
        features = reduce(lambda X, step: step_method(step, "linear_power")(X), steps, waveforms)
        return short_time_mean(features**2, 1 / axes.frame_step) if of_waveforms else features

    known = labels_of(events)
    if not known:
        raise ValueError("events of event_truth must hold a sound at least; got none.")
    labels = known if classes is None else list(classes)
    energy = None
    for column, label in enumerate(labels):
        waveforms = _sum_of_class(events, label)
        sounding = waveforms.any(axis=1)
        if sounding.any():
            of_class = power(waveforms[sounding])
            if energy is None:
                energy = np.zeros((len(events), len(labels), *of_class.shape[1:]), dtype=np.float32)
            energy[sounding, column] = of_class
    if energy is None:
        raise ValueError(f"classes of event_truth must hold one that sounds, of {known}; got {labels}.")
    total = energy.sum(axis=1)
    if background is not None:
        total += power(np.asarray(background, dtype=np.float32))
    floor = np.float32(_LOWEST_POWER) if of_waveforms else _floor(spectral[0], total)[:, None]
    return EventTruth(np.asarray(labels), energy / (total[:, None] + floor), np.where(energy > floor, energy, 0))


def _sum_of_class(events, label):
    """Return the waveforms ``(n, samples)`` in which only the events of a class sound."""
    n_samples = next(event.waveform.size for clip in events for event in clip)
    waveforms = np.zeros((len(events), n_samples), dtype=np.float32)
    for waveform, clip in zip(waveforms, events):
        for event in clip:
            if event.label == label:
                waveform += event.waveform
    return waveforms


def _floor(spectral, total):
    """Return the power ``(n, 1, …)`` below which a spectrogram in decibels shows nothing; linear ones have no ``top_db``."""
    top_db = getattr(spectral, "top_db", None) if getattr(spectral, "to_db", True) else None
    loudest = total.reshape(len(total), -1).max(axis=1).reshape(-1, *[1] * (total.ndim - 1))
    shown = 0 if top_db is None else 10 ** (-top_db / 10)
    return np.maximum(shown * loudest, np.float32(_LOWEST_POWER))
