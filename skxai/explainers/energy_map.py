"""The clip itself as its map."""

from typing import Any

import torch

from ..engine import silence_of
from ._base import Explainer


class EnergyMap(Explainer):
    r"""The clip itself, above its silence: what is loud is called relevant.

    .. math:: M(x) = x - \min x, \quad\text{or}\quad |x - s|

    with the minimum over the clip, the silence of a spectrogram in decibels. Of a classifier that declares which feature value
    is silence, its ``silence_`` s stands in: 0 for waveforms. A control: it does not look at the model. A method that is no
    closer to the event than its spectrogram, or no more faithful, only shows where there is sound.

    See ``RandomMap`` for the parameters, without the seed, and for the attributes.

    See Also
    --------
    RandomMap, EdgeMap : The other controls.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import EnergyMap
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> maps = EnergyMap(AcoumonClassifier(random_state=0)).fit(X, y).transform(X)
    >>> np.array_equal(maps, X - X.min(axis=(1, 2, 3), keepdims=True))
    True
    """

    explains_model = False
    requires_module = False
    _finds_target = True

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        silence = silence_of(self.estimator_)
        if silence is not None:
            return (x - silence).abs()
        return x - x.amin(tuple(range(1, x.dim())), keepdim=True)
