"""From the components of clips to the truth in their features: each sound goes through the feature steps alone, as power."""

import copy
from functools import reduce, singledispatch

import numpy as np

from skxai.datasets import EventTruth
from skxai.datasets.truth import labels_of
from skxai.features._axes import FeatureAxes, feature_axes
from skxai.features._fixed_frames import FixedFrames
from skxai.features._mfcc import MFCC
from skxai.features._resize import ResizeFeatures
from skxai.features._scaler import FeatureScaler
from skxai.features._spectrogram import Spectrogram
from skxai.features.base import WaveformTransformer
from skxai.features.mel import MelSpectrogram
from skxai.features.short_time import short_time_mean
from skxai.features.spectral import SpectralTransformer

__all__ = ["event_truth", "feature_steps", "waveform_steps"]

_LOWEST_POWER = 1e-10  # of an amplitude of 1e-5, the lowest that a spectrogram in decibels shows


def event_truth(extraction, events, *, background=None, classes=None):
    r"""Where each class sounds in the features of clips, from the sounds that the clips are made of.

    Each class alone, and the background, go through the same feature steps as the clips, but as linear power: E. The mask of
    class c is its ideal ratio mask, here with the power that the features do not show in the denominator too:

    .. math:: M_c = \frac{E_c}{\sum_j E_j + E_\text{background} + E_\text{floor}}

    so that it is near 1 where the class alone is heard, 0.5 where it is as loud as all else, and near 0 in silence. The floor
    is that of the spectrogram in decibels: ``top_db`` below the clip's maximum, at least the power of an amplitude of 1e-5.

    Of waveforms that are not made into spectra E is the power in the 20 ms around each sample, weighted by a Hann window: the
    truth is in time alone, and the floor is an amplitude of 1e-5.

    Parameters
    ----------
    extraction : Pipeline, transformer, fitted search, or FeatureAxes of waveforms
        Fitted: from waveforms to features ``(n, 1, f, t)``, by a `MelSpectrogram` or a `Spectrogram`, or to waveforms ``(n,
        samples)``. A classifier or an explainer at its end is left out. Where no step comes before those give the axes.
    events : sequence of n sequences of AudioEvent
        The sounds of each clip, as in ``make_audio_events(…).events`` and ``mix_clips(…).events``. Their waveforms count.
    background : array-like of shape (n, samples) or None, default=None
        What else is in the clips. None is nothing.
    classes : sequence of str or None, default=None
        The labels. None is all that there are, sorted.

    Returns
    -------
    EventTruth
        Masks and energy of shape ``(n, k, 1, f, t)``, of waveforms ``(n, k, samples)``; the energy is the power where that is
        above the floor, 0 elsewhere.

    Raises
    ------
    ValueError
        If the rows of the features are no frequencies (`MFCC`), or the features are neither spectrograms nor waveforms.
    TypeError
        For a step that is none of this package.

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
    >>> truth.sounding.sum(axis=1).tolist()
    [2, 2, 2, 2]
    """
    steps, axes = waveform_steps(extraction)
    spectral = [step for step in steps if isinstance(step, SpectralTransformer)]
    of_waveforms = axes is not None and axes.kind == "waveform"
    if len(spectral) != 1 and not of_waveforms:
        raise ValueError(
            "extraction of event_truth must hold one MelSpectrogram or Spectrogram, which makes the features, or end in "
            f"waveforms; got {[type(step).__name__ for step in steps]}."
        )

    def power(waveforms):
        features = reduce(lambda X, step: _linear_power(step, X), steps, waveforms)
        return short_time_mean(features**2, 1 / axes.frame_step) if of_waveforms else features

    labels = labels_of(events) if classes is None else list(classes)
    if not labels:
        raise ValueError("events of event_truth must hold a sound at least; got none.")
    n_samples = next(event.waveform.size for clip in events for event in clip)
    energy = None
    for column, label in enumerate(labels):
        waveforms = np.zeros((len(events), n_samples), dtype=np.float32)
        for waveform, clip in zip(waveforms, events):
            for event in clip:
                if event.label == label:
                    waveform += event.waveform
        sounding = waveforms.any(axis=1)
        if sounding.any():
            of_class = power(waveforms[sounding])
            if energy is None:
                energy = np.zeros((len(events), len(labels), *of_class.shape[1:]), dtype=np.float32)
            energy[sounding, column] = of_class
    if energy is None:
        raise ValueError(f"classes of event_truth must hold one that sounds, of {labels_of(events)}; got {labels}.")
    total = energy.sum(axis=1)
    if background is not None:
        total += power(np.asarray(background, dtype=np.float32))
    floor = np.float32(_LOWEST_POWER) if of_waveforms else _floor(spectral[0], total)[:, None]
    return EventTruth(labels, energy / (total[:, None] + floor), np.where(energy > floor, energy, 0))


def _floor(spectral, total):
    """Return the power ``(n, 1, …)`` that a spectrogram in decibels shows nothing below."""
    loudest = total.reshape(len(total), -1).max(axis=1).reshape(-1, *[1] * (total.ndim - 1))
    shown = 0 if spectral.top_db is None or not spectral.to_db else 10 ** (-spectral.top_db / 10)
    return np.maximum(shown * loudest, np.float32(_LOWEST_POWER))


def waveform_steps(features):
    """Return the fitted steps of ``features``, of FeatureAxes none, and the axes of what comes out of them."""
    if isinstance(features, FeatureAxes):
        return [], features
    return list(feature_steps(features)), feature_axes(features)


def feature_steps(estimator):
    """Yield the fitted feature steps of a pipeline or search, without a classifier or an explainer at the end."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    if hasattr(estimator, "steps"):
        for _, step in estimator.steps:
            yield from feature_steps(step)
    elif not hasattr(estimator, "predict_proba"):
        yield estimator


@singledispatch
def _linear_power(step, X):
    """Return what a step makes of waveforms, or of the linear power of one sound."""
    raise TypeError(
        "extraction of event_truth must consist of feature transformers of skxai, of which it is known what they make of "
        f"linear power; got {type(step).__name__}."
    )


@_linear_power.register
def _(step: WaveformTransformer, X):
    return step.transform(X)  # linear: the part of a sum is the sum's part


@_linear_power.register(MelSpectrogram)
@_linear_power.register(Spectrogram)
def _(step, X):
    linear = copy.copy(step)  # what fit learned stays
    return linear.set_params(power=2.0, to_db=False).transform(X)


@_linear_power.register
def _(step: MFCC, X):
    raise ValueError(
        "extraction of event_truth must make features whose rows are frequencies; got MFCC: a cepstral coefficient mixes all "
        "of them, so that no cell belongs to a sound."
    )


@_linear_power.register
def _(step: ResizeFeatures, X):
    return step.transform(X)


@_linear_power.register
def _(step: FixedFrames, X):
    fixed = np.zeros((*X.shape[:-1], step.n_frames), dtype=np.float32)  # silence has no power
    kept = min(X.shape[-1], step.n_frames)
    fixed[..., :kept] = X[..., :kept]
    return fixed


@_linear_power.register
def _(step: FeatureScaler, X):
    return X
