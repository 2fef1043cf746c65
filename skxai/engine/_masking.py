"""The one place that hides parts of a clip: masking is always b + m ⊙ (x − b), towards a baseline b.

On decibel features (−80 … 0) the product m ⊙ x would drive what is hidden to the *loudest* value. With b = 0 the two agree.
"""

from numbers import Real

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

BASELINES = ("floor", "mean", "blur", "uniform")


def resolve_baseline(baseline, x, feature_range, seed=0):
    """Return the values that stand for "nothing to hear".

    Parameters
    ----------
    baseline : {"floor", "mean", "blur", "uniform"} or float
        "floor" is the lowest feature value seen in ``fit``; "mean" each clip's mean; "blur" each clip smoothed by a Gaussian
        of a tenth of its extent along each axis; "uniform" one draw for each feature, shared by all clips, between the
        lowest and the highest value seen in ``fit``; a number is itself.
    x : tensor of shape (n, ...)
        The clips.
    feature_range : tuple of float
        Lowest and highest feature value seen in ``fit``.
    seed : int, default=0
        Of the uniform draws.

    Returns
    -------
    tensor of shape (1, ...) or (n, ...)
        To be broadcast against ``x``.

    Raises
    ------
    ValueError
        For another baseline.
    """
    ones = [1] * (x.dim() - 1)
    if isinstance(baseline, Real) and not isinstance(baseline, bool) and np.isfinite(baseline):
        return torch.full((1, *ones), float(baseline), device=x.device)
    if baseline == "floor":
        return torch.full((1, *ones), feature_range[0], device=x.device)
    if baseline == "mean":
        return x.flatten(1).mean(1).view(-1, *ones)
    if baseline == "blur":
        sigma = (0, *(extent / 10 if extent > 1 else 0 for extent in x.shape[1:]))
        return torch.as_tensor(gaussian_filter(x.cpu().numpy(), sigma, mode="nearest"), device=x.device)
    if baseline == "uniform":
        draws = np.random.default_rng(seed).uniform(*feature_range, size=(1, *x.shape[1:]))
        return torch.as_tensor(draws, dtype=torch.float32, device=x.device)
    raise ValueError(f"baseline must be a finite number or one of {', '.join(BASELINES)}; got {baseline!r}.")


def mask(x, weight, baseline):
    """Return ``b + m ⊙ (x − b)``: the clip where m is 1, the baseline where it is 0."""
    return torch.lerp(baseline.expand(torch.broadcast_shapes(baseline.shape, x.shape)), x, weight.to(x.dtype))


def minmax(maps):
    """Scale maps ``(n, ...)`` to [0, 1] per clip; a constant map has no scale and becomes NaN."""
    low = maps.flatten(1).amin(1).view(-1, *[1] * (maps.dim() - 1))
    high = maps.flatten(1).amax(1).view(-1, *[1] * (maps.dim() - 1))
    return torch.where(high > low, (maps - low) / (high - low), torch.nan)


def feature_range(estimator, X):
    """Return the lowest and highest feature value seen in ``fit``; those of X for a classifier that keeps none."""
    if hasattr(estimator, "feature_range_"):
        return estimator.feature_range_
    return float(np.min(X)), float(np.max(X))
