"""Feature maps weighted by what the classifier makes of the clip seen through them."""

from numbers import Real
from typing import Any

import torch

from ..engine import BASELINES, mask, resolve_baseline
from ..utils.random import RandomStateLike
from ..utils.validation import StrOptions
from ._base import MemoryLike
from ._cam import CAM, RESIZINGS, project, spatial_size, weighted_sum
from ._conventions import Resizing, names_of

# How a feature map becomes a mask, by convention. The smallest number in the place of ε only spares constant maps a 0 / 0.
MASKS = {
    None: Resizing(after=torch.finfo(torch.float32).tiny),
    "pytorch-grad-cam": Resizing(corners=True, after=1e-8),
    "tf-keras-vis": Resizing(corners=True, after=1e-7),
    "torch-cam": Resizing(before=1e-8),
}
OVER_CHANNELS = ("pytorch-grad-cam", "torch-cam")  # the weights are a softmax over the feature maps, not over the classes


class ScoreCAM(CAM):
    r"""Feature maps weighted by the probability of the class where the clip is seen through them.

    .. math:: M_c = \mathrm{ReLU}\Big(\sum_k w_k A_k\Big), \quad w_k = p_c\big(b + m_k \odot (x - b)\big)

    with m_k the feature map A_k, upsampled bilinearly and then min–max scaled, and b the baseline. A constant feature map
    counts 0. No gradient is needed.

    See ``GradCAM`` for the parameters and attributes.

    Parameters
    ----------
    baseline : {"floor", "mean", "blur", "uniform"} or float, default="floor"
        The values b. "floor" is silence: ``silence_``, or the lowest value of ``fit``; see ``skxai.engine.resolve_baseline``.
    convention : {"pytorch-grad-cam", "tf-keras-vis", "torch-cam"} or None, default=None
        Package whose convention is reproduced. None is the definition above. All peers multiply, b = 0 whatever ``baseline``
        says, which on decibels turns what it hides to full level; and a constant feature map counts with the score of silence.

        - "pytorch-grad-cam" (``score_cam.py``): m_k is upsampled with the centres of the corner pixels aligned; w is the
          softmax of the score S_c **over the feature maps**, not over the classes. Map scaled as in ``GradCAM``.
        - "tf-keras-vis" (``scorecam.py``): m_k upsampled likewise; w is the probability; map as in ``GradCAM``. It takes the
          softmax of whatever the model returns, a second one if that is probabilities; skxai takes one.
        - "torch-cam" (``methods/activation.py``): m_k is scaled first and then upsampled; w is the softmax of S_c over the
          feature maps. Map as in ``GradCAM``.
    random_state : int, RandomState instance or None, default=None
        Seed of the ``"uniform"`` baseline.

    References
    ----------
    .. [1] Wang et al., "Score-CAM: score-weighted visual explanations for convolutional neural networks", CVPR workshops
       2020. The weights are the authors' published code's, the probability itself; the paper's difference from the
       baseline's score is a constant of the clip.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import ScoreCAM
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> ScoreCAM(AcoumonClassifier(random_state=0)).fit(X, y).transform(X[:2]).shape
    (2, 1, 32, 32)
    """

    _parameter_constraints = {
        **CAM._parameter_constraints,
        "baseline": [Real, StrOptions(set(BASELINES))],
        "convention": names_of(MASKS),
    }
    _finds_target = True

    def __init__(
        self,
        estimator: Any,
        *,
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
            estimator, target=target, layer=layer, convention=convention, batch_size=batch_size, memory=memory, verbose=verbose
        )
        self.baseline = baseline
        self.random_state = random_state

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        if target is None:
            activations, target = network.activations_and_prediction(x)
        else:
            activations = network.activations(x)
        activations = self._channels(activations)
        baseline = resolve_baseline(self.baseline if self.convention is None else 0.0, x, self.feature_range_, self.seed_)
        through = _through(activations, x, baseline, MASKS[self.convention])
        over_channels = self.convention in OVER_CHANNELS
        scores = network.logits if over_channels else network.probabilities
        weights, _ = network.sweep(*activations.shape[:2], through, target, scores)
        if over_channels:
            weights = weights.softmax(1)
        if self.convention is None:
            constant = activations.flatten(2).amax(2) == activations.flatten(2).amin(2)
            weights = weights.masked_fill(constant, 0)
        return project(weighted_sum(activations, weights), x.shape, RESIZINGS[self.convention])

    def _channels(self, activations):
        """Return the feature maps ``(b, k, ...)`` that take part."""
        return activations


def _through(activations, x, baseline, resizing):
    """Return ``make(clips, channels)``: a block of clips seen through their feature maps, ``b + m_k ⊙ (x − b)``."""
    spatial = activations.dim() - 2
    size, missing = spatial_size(x.shape, spatial), max(x.dim() - 1 - spatial, 0)  # the channel axis of the features

    def make(clips, channels):
        masks = resizing(activations[clips, channels], size)
        masks = masks.reshape(*masks.shape[:2], *[1] * missing, *x.shape[1:][-spatial:])
        return mask(x[clips, None], masks, (baseline[clips] if len(baseline) > 1 else baseline)[:, None])

    return make
