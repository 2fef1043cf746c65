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

    Parameters
    ----------
    estimator : classifier
        Of ``skxai.models``, or a skorch ``NeuralNetClassifier``; in ``FrozenEstimator`` it is not trained again.
    baseline : {"floor", "mean", "blur", "uniform"} or float, default="floor"
        The values b. "floor" is silence: the lowest feature value seen in ``fit``, or the classifier's ``silence_``. For the
        others see ``skxai.engine.resolve_baseline``.
    target : label or None, default=None
        The class to explain. None is the class that is predicted for each clip.
    layer : str, int or None, default=None
        The layer whose feature maps are summed: a dotted name, or an index into the convolutions. None is the classifier's
        ``cam_layer_``, or else the last convolution.
    convention : {"pytorch-grad-cam", "tf-keras-vis", "torch-cam"} or None, default=None
        Package whose convention is reproduced. None is the definition above. All peers multiply, b = 0 whatever ``baseline``
        says, which on decibels turns what it hides to full level; and a constant feature map counts with the score of silence.

        - "pytorch-grad-cam" (``score_cam.py``): m_k is upsampled with the centres of the corner pixels aligned; w is the
          softmax of the score S_c **over the feature maps**, not over the classes. Map scaled as in ``GradCAM``.
        - "tf-keras-vis" (``scorecam.py``): m_k upsampled likewise; w is the probability; map as in ``GradCAM``. It takes the
          softmax of whatever the model returns, a second one if that is probabilities; skxai takes one.
        - "torch-cam" (``methods/activation.py``): m_k is scaled first and then upsampled; w is the softmax of S_c over the
          feature maps. Map as in ``GradCAM``.
    batch_size : int or None, default=None
        Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.
    memory : str, joblib.Memory or None, default=None
        Where trained classifiers are kept, so that the same one is trained once on the same data.
    random_state : int, RandomState instance or None, default=None
        Seed of the ``"uniform"`` baseline.
    verbose : int, default=0
        Above 0 shows a progress bar.

    Attributes
    ----------
    estimator_, classes_, feature_range_ : classifier, ndarray of shape (k,), FeatureRange
        The fitted clone; its labels; the lowest and highest feature value seen in ``fit``, and silence.

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

    _finds_target = True

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        if target is None:
            activations, target = network.activations_and_prediction(x)
        else:
            activations = network.activations(x)
        activations = self._channels(activations)
        baseline = resolve_baseline(self.baseline if self.convention is None else 0.0, x, self.feature_range_, self.seed_)
        masks = _Masks(activations, x, baseline, MASKS[self.convention])
        over_channels = self.convention in OVER_CHANNELS
        scores = network.logits if over_channels else network.probabilities
        weights, _ = network.sweep(*activations.shape[:2], masks.seen_through, target, scores)
        if over_channels:
            weights = weights.softmax(1)
        if self.convention is None:
            constant = activations.flatten(2).amax(2) == activations.flatten(2).amin(2)
            weights = weights.masked_fill(constant, 0)
        return project(weighted_sum(activations, weights), x.shape, RESIZINGS[self.convention])

    def _channels(self, activations):
        """Return the feature maps ``(b, k, ...)`` that take part."""
        return activations


class _Masks:
    """Clips seen through their feature maps, made a block at a time."""

    def __init__(self, activations, x, baseline, resizing):
        self.activations, self.x, self.baseline, self.resizing = activations, x, baseline, resizing

    def seen_through(self, clips, channels):
        """Return ``b + m_k ⊙ (x − b)`` of the shape (clips, channels, ...)."""
        maps = self.activations[clips, channels]
        spatial = maps.dim() - 2
        masks = self.resizing(maps, spatial_size(self.x.shape, spatial))
        missing = self.x.dim() - 1 - min(spatial, self.x.dim() - 1)  # the channel axis of the features
        masks = masks.reshape(*masks.shape[:2], *[1] * missing, *self.x.shape[1:][-spatial:])
        baseline = self.baseline[clips] if len(self.baseline) > 1 else self.baseline
        return mask(self.x[clips, None], masks, baseline[:, None])
