"""What one hears of a map: the clip's own sound, masked by it."""

from functools import partial
from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array

from ..features.base import cut_or_pad, memory_batches, to_tensor
from ..features.short_time import SHORT_TIME, short_time_mean
from ..utils.validation import Interval, StrOptions, check_waveforms, validate_params
from ._gains import AudibleSteps, as_mask

# Of a mask: how it is made of a map, and what it is where the features hear nothing.
MASK_CONSTRAINTS = {
    "scaling": [StrOptions({"minmax"}), None],
    "top": [Interval(Real, 0, 1, closed="right"), None],
    "unheard": [Interval(Real, 0, 1, closed="both")],
    "smoothing": [Interval(Real, 0, None, closed="left")],
}


@validate_params(
    {"waveforms": ["array-like"], "maps": ["array-like"], "mode": [StrOptions({"keep", "remove"})], **MASK_CONSTRAINTS},
    prefer_skip_nested_validation=True,
)
def sonify(
    waveforms: ArrayLike,
    maps: ArrayLike,
    features: Any,
    *,
    mode: str = "keep",
    scaling: str | None = "minmax",
    top: float | None = None,
    unheard: float = 0.0,
    smoothing: float = SHORT_TIME,
) -> np.ndarray:
    r"""Make maps audible: what a classifier went by, or the clip without it.

    The map, carried back onto the short-time Fourier transform of the clip, masks it with the clip's own phase:

    .. math:: \hat x = \mathrm{STFT}^{-1}\big[ g \odot \mathrm{STFT}(x) \big]

    with g the gain of "keep", and 1 − g in its place for "remove", so that the two add up to the clip. The steps of the
    pipeline are undone from the last to the first, by their ``carry_back``: of mel bands b with filters w the gain of bin k is
    their mean, :math:`g_k = \sum_b w_{bk} m_b / \sum_b w_{bk}`. The transform is that of the features, with their window,
    ``n_fft`` and hop. If they hop by more than half a window, which leaves samples without a frame, it hops by a quarter, and
    the map is interpolated in time.

    A map of a waveform is a gain over time: :math:`\hat x = g \odot x`. The relevance of single samples swings as fast as the
    sound does, and would be noise as a gain: it is averaged over ``smoothing`` seconds first.

    Nothing is scaled or clipped, so that sounds can be added and compared; ``save_sounds`` brings those of a comparison below
    full scale by one gain.

    Parameters
    ----------
    waveforms : array-like of shape (n, samples) or (samples,)
        Clips, or one clip: what the first step of ``features`` takes, or what an `AudioLoader` there gives.
    maps : array-like of shape (n, 1, f, t), (n, f, t) or (n, samples)
        Relevance of the features of each clip; of one clip ``(1, f, t)``, ``(f, t)`` or ``(samples,)``. Maps of dtype bool are
        masks. For `MFCC` the rows are mel bands, not coefficients: ``relevance_of_bands`` carries relevance back to them.
    features : Pipeline, transformer, fitted search, or FeatureAxes of waveforms
        Fitted: from waveforms to features, by a `MelSpectrogram`, a `Spectrogram` or an `MFCC`, or to waveforms. A classifier
        or an explainer at its end is left out. Where nothing is left, ``FeatureAxes.of_waveforms`` tells the sample rate.
    mode : {"keep", "remove"}, default="keep"
        Whether to hear what is relevant, or the rest.
    scaling : {"minmax"} or None, default="minmax"
        How a map becomes a mask. "minmax" scales \|relevance\| to [0, 1] per clip; a constant map is 1 everywhere, a map of
        zeros 0. None takes masks, such as those of ``event_truth``, as they are.
    top : float or None, default=None
        Makes masks of 0 and 1 instead: 1 in this share of the cells, those with the greatest relevance, unless they are at
        the map's lowest value. Ties are broken at random, always alike. A constant map is as without ``top``.
    unheard : float, default=0.0
        Gain of what the features leave out: frequencies below ``f_min`` and above ``f_max``, and columns that `FixedFrames` or
        `FixedLength` cut. 0 leaves it to "remove".
    smoothing : float, default=0.02
        Of maps of waveforms: seconds of the Hann window over which \|relevance\| is averaged, before it is scaled. Masks, given
        or made by ``top``, are averaged likewise, so that the sound fades and does not click. 0 averages nothing.

    Returns
    -------
    ndarray of the shape of ``waveforms``, float32
        The sounds, at the clips' sample rate.

    Raises
    ------
    ValueError
        If the features are neither spectra nor waveforms, cepstra are mixed by resizing, arrays are not finite or of other
        shapes than the features, or masks leave [0, 1].
    TypeError
        For a step without a method ``carry_back``, see `skxai.features.FeatureTransformer`.

    Notes
    -----
    What has half of the greatest relevance is heard 6 dB softer. Through a soft map nearly all of a clip is heard, by the
    classifier too, so that even a map of noise "keeps" the class. To compare methods by ear take ``top=0.25``: it lets a
    quarter of the cells through, and nothing else.

    References
    ----------
    .. [1] Griffin & Lim, "Signal estimation from modified short-time Fourier transform", IEEE Transactions on Acoustics,
       Speech, and Signal Processing 32(2), 1984: the inverse, eq. 6.
    .. [2] Parekh et al., "Listen to interpret: post-hoc interpretability for audio networks with NMF", NeurIPS 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.features import MelSpectrogram
    >>> from skxai.inspection import sonify
    >>> time = np.arange(16000) / 16000
    >>> low, high = np.sin(2 * np.pi * 500 * time), np.sin(2 * np.pi * 4000 * time)
    >>> mel = MelSpectrogram(16000).fit([low + high])
    >>> is_low = np.broadcast_to(mel.frequencies_[:, None] < 2000, (1, 1, 64, 63))
    >>> heard = sonify([low + high], is_low, mel)
    >>> heard.shape, bool(np.abs(heard - low)[:, 1000:-1000].max() < 0.001)
    ((1, 16000), True)
    """
    clips, maps, steps, single = check_clips(waveforms, maps, features)
    sounds = masked_sounds(clips, clip_masks(maps, steps, scaling, top, smoothing), steps, unheard)
    if mode == "remove":
        sounds = clips - sounds  # what 1 − g lets through, since the transform is linear
    return sounds[0] if single else sounds


def check_clips(waveforms: ArrayLike, maps: ArrayLike, features: Any) -> tuple[np.ndarray, np.ndarray, AudibleSteps, bool]:
    """Return checked clips ``(n, samples)``, their maps, the steps, and whether it is one clip ``(samples,)``."""
    steps = AudibleSteps.of(features)
    waveforms, maps = np.asarray(waveforms), np.asarray(maps)
    single = waveforms.ndim == 1
    if single:
        waveforms, maps = waveforms[None], maps[None]
    clips = check_array(waveforms, dtype=np.float32, input_name="waveforms")
    if steps.steps:
        clips = check_waveforms(steps.steps[0], clips)
    elif clips.shape[1:] != steps.mask_shape:
        raise ValueError(f"waveforms must have the {steps.mask_shape[0]} samples of the features; got {clips.shape[1]}.")
    if steps.spectral is not None and maps.ndim == 3:
        maps = maps[:, None]
    if len(maps) != len(clips):
        raise ValueError(f"maps must be one for each of {len(clips)} waveforms; got {len(maps)}.")
    return clips, maps, steps, single


def clip_masks(maps: np.ndarray, steps: AudibleSteps, scaling: str | None, top: float | None, smoothing: float) -> np.ndarray:
    """Return the masks of maps ``(n, ...)`` over the features; of waveforms they are smooth."""
    smooth, step = None, steps.axes.frame_step
    if steps.spectral is None and step is not None and smoothing > 0:
        smooth = partial(short_time_mean, sample_rate=1 / step, duration=smoothing)
    return as_mask(maps, (len(maps), *steps.mask_shape), scaling, top, smooth)


def masked_sounds(clips: np.ndarray, masks: np.ndarray, steps: AudibleSteps, unheard: float) -> np.ndarray:
    """Return clips ``(n, samples)`` of which masks, of ``clip_masks``, let through their part."""
    if steps.spectral is not None:
        return _masked_spectra(clips, masks, steps, unheard)
    return cut_or_pad(steps.gains(masks, unheard), clips.shape[1], unheard) * clips  # FixedLength cut them, or added silence


@torch.inference_mode()
def _masked_spectra(clips, masks, steps, unheard):
    """Return clips ``(n, samples)`` of which masks ``(n, 1, f, t)`` let through their part."""
    n_samples, spectral = clips.shape[1], steps.spectral
    n_fft, n_fitted = spectral.n_fft, spectral.n_features_in_
    hop = round(spectral.axes(None).frame_step * spectral.sample_rate)
    fine = hop if hop <= n_fft // 2 else max(1, n_fft // 4)
    # Silence around the clip gives its every sample all of its frames; the first and the last sample are centres.
    before = fine * -(-n_fft // fine)
    after = n_fft + 1 + -(before + n_samples + n_fft) % fine
    n_frames = 1 + (before + n_samples + after - n_fft % 2) // fine
    centres = fine * torch.arange(n_frames) - before  # in samples of the clip
    window = torch.hann_window(n_fft)
    bytes_per_clip = 24 * (n_fft + 2) * n_frames  # gains thrice, the frames and their spectrum twice
    sounds = np.empty(clips.shape, dtype=np.float32)
    for batch in memory_batches(len(clips), bytes_per_clip):
        gains = _at_frames(torch.from_numpy(steps.gains(masks[batch], unheard)), centres / hop)
        if n_samples > n_fitted:  # FixedLength cut them
            gains[..., centres > n_fitted] = unheard
        padded = torch.nn.functional.pad(to_tensor(clips[batch]), (before, after))
        spectra = torch.stft(padded, n_fft, fine, window=window, center=True, pad_mode="constant", return_complex=True)
        sound = torch.istft(spectra * gains, n_fft, fine, window=window, center=True, length=padded.shape[1])
        sounds[batch] = sound[:, before : before + n_samples].numpy()
    return sounds


def _at_frames(gains, columns):
    """Return gains ``(b, bins, t)`` at fractional columns, linearly between two of them; the outermost go on."""
    columns = columns.clamp(0, gains.shape[-1] - 1)
    left = columns.floor().long()
    right = (left + 1).clamp_max(gains.shape[-1] - 1)
    return torch.lerp(gains[..., left], gains[..., right], (columns - left).float())
