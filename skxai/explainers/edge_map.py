"""The edges of the clip as its map."""

from typing import Any

import torch
from torch.nn import functional

from ._base import Explainer


class EdgeMap(Explainer):
    r"""The edges of the clip: where it changes along time or frequency is called relevant.

    .. math:: M(x) = \sqrt{(D_f * x)^2 + (D_t * x)^2}

    with Sobel's operators D, 3 × 3 differences along frequency and along time; at its border the clip goes on as it ends. A
    control: it does not look at the model. Maps of gradients resemble edges; what scores no better is an edge detector.

    See ``RandomMap`` for the parameters, without the seed, and for the attributes.

    See Also
    --------
    RandomMap, EnergyMap : The other controls.

    References
    ----------
    .. [1] Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018: an edge detector in the place of an explanation.
    .. [2] Sobel & Feldman, "A 3×3 isotropic gradient operator for image processing", Stanford Artificial Intelligence
       Project, 1968.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import EdgeMap
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> EdgeMap(AcoumonClassifier(random_state=0)).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    explains_model = False
    requires_module = False
    _finds_target = True

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        height = x.shape[-2] if x.dim() > 2 else 1  # a clip of one axis is an image of one row
        pictures = functional.pad(x.reshape(-1, 1, height, x.shape[-1]), (1, 1, 1, 1), mode="replicate")
        along_frequency = _smoothed(_difference(pictures, 2), 3)
        along_time = _smoothed(_difference(pictures, 3), 2)
        return torch.hypot(along_frequency, along_time).reshape(x.shape)


def _difference(x, axis):
    """Return x[i + 1] − x[i − 1] along an axis, which gets two shorter; exactly 0 where nothing changes, as in silence."""
    size = x.shape[axis] - 2
    return x.narrow(axis, 2, size) - x.narrow(axis, 0, size)


def _smoothed(x, axis):
    """Return x[i − 1] + 2 x[i] + x[i + 1] along an axis, which gets two shorter."""
    size = x.shape[axis] - 2
    return x.narrow(axis, 0, size) + 2 * x.narrow(axis, 1, size) + x.narrow(axis, 2, size)
