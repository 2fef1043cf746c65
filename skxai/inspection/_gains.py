"""From maps over features to gains over the clip's short-time Fourier transform: the steps of the pipeline are undone."""

from functools import singledispatch

import numpy as np
import torch
from sklearn.utils.validation import check_array

from ..engine import minmax
from ..features import MFCC, AudioLoader, FeatureScaler, FixedFrames, ResizeFeatures, Spectrogram
from ..features.base import WaveformTransformer
from ..features.mel import MelTransformer
from ..features.spectral import SpectralTransformer
from ..features.truth import waveform_steps
from ..metrics.perturbation import ranks
from ._cells import axes_of


def audible_steps(features):
    """Return the fitted steps of a pipeline from waveforms on, without an `AudioLoader`, and the one that makes spectra.

    Parameters
    ----------
    features : Pipeline, transformer, fitted search, or FeatureAxes of waveforms
        From waveforms to features.

    Returns
    -------
    steps : list of transformer
        Without what has ``predict_proba``.
    spectral : MelSpectrogram, Spectrogram, MFCC or None
        None where the features are waveforms.

    Raises
    ------
    ValueError
        If more than one step makes a spectrum, or none, and the features are no waveforms either, or cepstra are resized.
    TypeError
        For a step that changes waveforms in a way of which it is not known how to undo it.
    """
    steps, axes = waveform_steps(features)
    steps = [step for step in steps if not isinstance(step, AudioLoader)]
    spectral = [step for step in steps if isinstance(step, SpectralTransformer)]
    if axes is not None and axes.kind == "waveform":
        for step in steps:
            if not isinstance(step, WaveformTransformer | FeatureScaler):
                raise _unknown(step)
        return steps, None
    if len(spectral) != 1:
        raise ValueError(
            "features of sonify must hold one MelSpectrogram, Spectrogram or MFCC, which makes a spectrum of the sound, or end "
            f"in waveforms; got {[type(step).__name__ for step in steps]}."
        )
    if isinstance(spectral[0], MFCC) and any(isinstance(step, ResizeFeatures) for step in steps):
        raise ValueError(
            "features of sonify must have the rows of mel bands or cepstra; got ResizeFeatures after MFCC, which mixes the "
            "coefficients: their relevance can't be carried back to bands."
        )
    return steps, spectral[0]


def mask_shape(features, spectral):
    """Return the shape ``(1, f, t)`` of a clip's mask: that of its features, or for `MFCC` with mel bands as its rows.

    Of waveforms it is ``(samples,)``.
    """
    n_rows, n_columns = axes_of(features, "sonify").shape
    if spectral is None:
        return (n_columns,)
    return 1, spectral.n_mels if isinstance(spectral, MFCC) else n_rows, n_columns


def as_mask(maps, shape, scaling="minmax", top=None, smooth=None):
    """Return maps as masks in [0, 1].

    Parameters
    ----------
    maps : array-like of shape (n, ...)
        Relevance, or masks already: those of dtype bool always are.
    shape : tuple of int
        What the maps must have.
    scaling : {"minmax"} or None
        "minmax" scales the magnitude per clip; a constant map becomes 1, a map of zeros 0. None takes masks as they are.
    top : float or None
        Makes masks of 0 and 1: 1 in this share of the cells, those with the greatest relevance, unless they are at the map's
        lowest value. Ties are broken at random, always alike; a constant map has no greatest.
    smooth : callable or None, default=None
        Averages neighbours: of relevance before it is scaled, and of masks, whose edges it makes soft.

    Returns
    -------
    ndarray of the maps' shape, float32

    Raises
    ------
    ValueError
        If the maps are not finite, not of ``shape``, or with ``scaling=None`` not in [0, 1].
    """
    is_mask = scaling is None or np.asarray(maps).dtype == bool
    maps = check_array(maps, dtype=np.float32, allow_nd=True, input_name="maps")
    if maps.shape != shape:
        raise ValueError(
            f"maps must have the shape of the features of the waveforms, {shape}; of MFCC, that with a row for each mel band, "
            f"see relevance_of_bands; got {maps.shape}."
        )
    if is_mask and not (maps.min() >= 0 and maps.max() <= 1):
        raise ValueError(f"maps must be masks in [0, 1] for scaling=None; got values from {maps.min():g} to {maps.max():g}.")
    relevance = np.abs(maps)
    if smooth is not None and not is_mask:
        relevance = smooth(relevance)
    relevance = torch.from_numpy(relevance)
    scaled, constant = minmax(relevance), is_constant(relevance)
    mask = relevance if is_mask else torch.where(constant, (relevance > 0).float(), scaled)
    if top is not None:
        greatest = (ranks(relevance) < np.ceil(top * relevance[0].numel())) & (scaled > 0)
        mask = torch.where(constant, mask, greatest.float())
    if smooth is not None and (is_mask or top is not None):
        return smooth(mask.numpy())
    return mask.numpy()


def is_constant(maps):
    """Return whether each of the maps ``(n, ...)``, a tensor, has one value everywhere, in the shape ``(n, 1, ...)``."""
    flat = maps.flatten(1)
    return (flat.amin(1) == flat.amax(1)).view(-1, *[1] * (maps.dim() - 1))


def gains_of_bins(masks, steps, spectral, unheard):
    """Carry masks over features back to the linear bins and the columns of the spectral step.

    Parameters
    ----------
    masks : ndarray of shape (n, 1, f, t)
        In [0, 1]; for `MFCC` over mel bands.
    steps : list of transformer
        See ``audible_steps``.
    spectral : MelSpectrogram, Spectrogram or MFCC
        The one of them that makes spectra.
    unheard : float
        Gain of what the features leave out.

    Returns
    -------
    tensor of shape (n, n_fft // 2 + 1, columns)
    """
    for step in reversed(steps[steps.index(spectral) + 1 :]):
        masks = _carried_back(step, masks, unheard)
    bands = torch.from_numpy(np.ascontiguousarray(masks[:, 0], dtype=np.float32))
    weights, outside = _weights_of_bands(spectral)
    return (weights @ bands + unheard * outside[:, None]).clamp_(0, 1)


def _unknown(step):
    return TypeError(
        "features of sonify must consist of feature transformers of skxai, of which it is known how to carry a map back; got "
        f"{type(step).__name__}."
    )


@singledispatch
def _carried_back(step, masks, unheard):
    """Return masks over a step's input, given those over its output."""
    raise _unknown(step)


@_carried_back.register
def _(step: ResizeFeatures, masks, unheard):
    return ResizeFeatures(step.feature_shape_[-2:]).fit_transform(masks)


@_carried_back.register
def _(step: FixedFrames, masks, unheard):
    n_frames = step.feature_shape_[-1]
    whole = np.full((*masks.shape[:-1], n_frames), unheard, dtype=np.float32)
    kept = min(n_frames, step.n_frames)
    whole[..., :kept] = masks[..., :kept]
    return whole


@_carried_back.register
def _(step: FeatureScaler, masks, unheard):
    return masks


@singledispatch
def _weights_of_bands(spectral):
    """Return how the bins' gains follow from the bands', ``(bins, bands)``, and 1 for the bins that no band hears."""
    raise TypeError(
        f"features of sonify must make spectra by MelSpectrogram, Spectrogram or MFCC; got {type(spectral).__name__}."
    )


@_weights_of_bands.register
def _(spectral: Spectrogram):
    n_bins = spectral.n_fft // 2 + 1
    return torch.eye(n_bins), torch.zeros(n_bins)


@_weights_of_bands.register
def _(spectral: MelTransformer):
    weights = spectral.band_weights().T.clone()
    bins = np.fft.rfftfreq(spectral.n_fft, 1 / spectral.sample_rate)
    top = spectral.sample_rate / 2 if spectral.f_max is None else spectral.f_max
    within = torch.from_numpy((bins >= spectral.f_min) & (bins <= top))
    # A triangle is 0 at its corners: no band has the bins at f_min and f_max, which are 0 Hz and half the rate mostly. They go
    # with the outermost bands.
    silent = weights.sum(dim=1) == 0
    lower = torch.from_numpy(bins < (spectral.f_min + top) / 2)
    weights[silent & within & lower, 0] = 1
    weights[silent & within & ~lower, -1] = 1
    return weights / weights.sum(dim=1, keepdim=True).clamp_min(1e-12), (silent & ~within).float()
