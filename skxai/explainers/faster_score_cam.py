"""Score-CAM over the few feature maps that vary most."""

from numbers import Integral
from typing import Any

import torch

from ..utils.random import RandomStateLike
from ..utils.validation import Interval
from ._base import MemoryLike
from ._conventions import names_of
from .score_cam import MASKS, ScoreCAM


class FasterScoreCAM(ScoreCAM):
    r"""Score-CAM over the feature maps with the greatest standard deviation.

    .. math:: M_c = \mathrm{ReLU}\Big(\sum_{k \in K} w_k A_k\Big), \quad w_k = p_c\big(b + m_k \odot (x - b)\big)

    with K the ``n_channels`` feature maps of greatest standard deviation, chosen **for each clip**, so that a map does not
    depend on the clips beside it. With as many channels as the layer has it is ``ScoreCAM``.

    See ``ScoreCAM`` for the parameters and attributes.

    Parameters
    ----------
    n_channels : int, default=10
        How many feature maps take part. More than the layer has means all of them.
    convention : {"tf-keras-vis"} or None, default=None
        Package whose convention is reproduced. None is the definition above. "tf-keras-vis" (``Scorecam`` with ``max_N``): as
        in ``ScoreCAM``. There the feature maps that any clip of a batch chooses count for all of them (``scorecam.py``,
        ``tf.unique``), so that a map depends on the clips beside it; skxai's is the one that it gives a clip alone.

    References
    ----------
    .. [1] Tabayashi, "Faster-Score-CAM", https://github.com/tabayashi0117/Score-CAM, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import FasterScoreCAM
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> FasterScoreCAM(AcoumonClassifier(random_state=0)).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    _parameter_constraints = {
        **ScoreCAM._parameter_constraints,
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "convention": names_of({name: MASKS[name] for name in (None, "tf-keras-vis")}),
    }

    def __init__(
        self,
        estimator: Any,
        *,
        n_channels: int = 10,
        baseline: str | float = "floor",
        target: Any = None,
        layer: str | int | None = None,
        convention: str | None = None,
        batch_size: int | None = None,
        memory: MemoryLike = None,
        random_state: RandomStateLike = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            estimator,
            baseline=baseline,
            target=target,
            layer=layer,
            convention=convention,
            batch_size=batch_size,
            memory=memory,
            random_state=random_state,
            verbose=verbose,
        )
        self.n_channels = n_channels

    def _channels(self, activations):
        flat = activations.flatten(2)
        spread = torch.linalg.vector_norm(flat - flat.mean(2, keepdim=True), dim=2)  # torch.std takes ten times as long
        chosen = spread.topk(min(self.n_channels, activations.shape[1]), dim=1).indices
        return activations.gather(
            1, chosen.view(*chosen.shape, *[1] * (activations.dim() - 2)).expand(-1, -1, *activations.shape[2:])
        )
