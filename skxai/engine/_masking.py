"""The one place that hides parts of a clip: masking is always b + m ⊙ (x − b), towards a baseline b.

On decibel features (−80 … 0) the product m ⊙ x would drive what is hidden to the *loudest* value. With b = 0 the two agree.
"""

from numbers import Real
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from ._classifier import FeatureRange

BASELINES = ("floor", "mean", "blur", "uniform")


def resolve_baseline(baseline: str | float, x: Tensor, feature_range: FeatureRange, seed: int = 0) -> Tensor:
    """Return the values that stand for "nothing to hear" in clips ``x (n, ...)``, to be broadcast against them.

    "floor" is silence: the lowest feature value seen in ``fit``, or 0 for a classifier of waveforms, or whatever else the
    classifier declares by ``silence_``; "mean" each clip's mean; "blur" each clip smoothed by a Gaussian of a tenth of its
    extent along each axis, which of a waveform leaves next to nothing; "uniform" one draw for each feature, shared by all
    clips, between the lowest and the highest value seen in ``fit``, which in a waveform is loud noise; a number is itself.
    Raise ValueError for another baseline. ``seed`` is that of the uniform draws.
    """
    ones = [1] * (x.dim() - 1)
    if isinstance(baseline, Real) and not isinstance(baseline, bool) and np.isfinite(baseline):
        return torch.full((1, *ones), float(baseline), device=x.device)
    if baseline == "floor":
        return torch.full((1, *ones), feature_range.silence, device=x.device)
    if baseline == "mean":
        return x.flatten(1).mean(1).view(-1, *ones)
    if baseline == "blur":
        blurred = x.double()
        for axis in range(1, x.dim()):
            if x.shape[axis] > 1:
                blurred = _smoothed(blurred, axis, x.shape[axis] / 10)
        return blurred.to(x.dtype)
    if baseline == "uniform":
        draws = np.random.default_rng(seed).uniform(feature_range.lowest, feature_range.highest, size=(1, *x.shape[1:]))
        return torch.as_tensor(draws, dtype=torch.float32, device=x.device)
    raise ValueError(f"baseline must be a finite number or one of {', '.join(BASELINES)}; got {baseline!r}.")


def _smoothed(x, axis, sigma):
    """Return ``x`` smoothed along an axis by a Gaussian that ends at four deviations; beyond its ends ``x`` goes on as there.

    It is ``scipy.ndimage.gaussian_filter1d(mode="nearest")`` where x is: a device does not wait for the host. By Fourier
    transform, since the kernel is nearly as long as the axis.
    """
    extent, radius = x.shape[axis], int(4 * sigma + 0.5)
    kernel = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, dtype=x.dtype, device=x.device) / sigma) ** 2)
    x = x.index_select(axis, torch.arange(-radius, extent + radius, device=x.device).clamp(0, extent - 1)).movedim(axis, -1)
    length = x.shape[-1]
    smoothed = torch.fft.irfft(torch.fft.rfft(x) * torch.fft.rfft(kernel / kernel.sum(), length), length)
    return smoothed[..., 2 * radius :].movedim(-1, axis)


def mask(x: Tensor, weight: Tensor, baseline: Tensor) -> Tensor:
    """Return ``b + m ⊙ (x − b)``: the clip where m is 1, the baseline where it is 0."""
    return torch.lerp(baseline.expand(torch.broadcast_shapes(baseline.shape, x.shape)), x, weight.to(x.dtype))


Maps = TypeVar("Maps", np.ndarray, Tensor)


def is_constant(maps: Maps) -> Maps:
    """Return whether each map of ``maps (n, ...)``, an array or a tensor, has one value everywhere ``(n,)``."""
    flat: Any = maps.reshape(len(maps), -1)
    return (flat == flat[:, :1]).all(1)


def minmax(maps: Tensor) -> Tensor:
    """Scale maps ``(n, ...)`` to [0, 1] per clip; a constant map has no scale and becomes NaN."""
    low = maps.flatten(1).amin(1).view(-1, *[1] * (maps.dim() - 1))
    high = maps.flatten(1).amax(1).view(-1, *[1] * (maps.dim() - 1))
    return torch.where(high > low, (maps - low) / (high - low), torch.nan)
