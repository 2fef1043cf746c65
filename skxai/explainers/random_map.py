"""Noise: the control that knows nothing."""

import hashlib
from typing import Any

import numpy as np
import torch

from ..utils.random import RandomStateLike
from ._base import Explainer, MemoryLike


class RandomMap(Explainer):
    r"""Uniform noise in the place of an explanation.

    .. math:: M(x)_i \sim \mathcal{U}(0, 1)

    A control: it looks neither at the model nor at what a clip holds. What scores no better does not explain. The noise of a
    clip depends on the seed and on the clip alone, not on the clips beside it.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
        Of ``skxai.models``, skorch's or scikit-learn's; in ``FrozenEstimator`` it is not trained again.
    target : ignored
        Parameter not used, present for API consistency.
    batch_size : int or None, default=None
        Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.
    memory : str, joblib.Memory or None, default=None
        Where trained classifiers are kept, so that the same one is trained once on the same data.
    random_state : int, RandomState instance or None, default=None
        Seed of the noise. It is read in ``fit``: every ``transform`` gives the same maps.
    verbose : int, default=0
        Above 0 shows a progress bar.

    Attributes
    ----------
    estimator_, classes_, feature_range_ : classifier, ndarray of shape (k,), FeatureRange
        The fitted clone; its labels; the lowest and highest feature value seen in ``fit``, and silence.

    See Also
    --------
    EnergyMap, EdgeMap : Controls that look at the clip.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import RandomMap
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> RandomMap(AcoumonClassifier(random_state=0), random_state=0).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    explains_model = False
    requires_module = False
    _finds_target = True

    def __init__(
        self,
        estimator: Any,
        *,
        target: Any = None,
        batch_size: int | None = None,
        memory: MemoryLike = None,
        random_state: RandomStateLike = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(estimator, target=target, batch_size=batch_size, memory=memory, verbose=verbose)
        self.random_state = random_state

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        maps = [_noise(clip, self.seed_) for clip in x.cpu().numpy()]
        return torch.as_tensor(np.stack(maps), device=x.device)


def _noise(clip, seed):
    """Return noise of the clip's shape, from the seed and the clip's content."""
    content = np.frombuffer(hashlib.blake2b(clip.tobytes(), digest_size=16).digest(), dtype="<u4")
    generator = np.random.default_rng([seed, *content.tolist()])
    return generator.random(clip.shape, dtype=np.float32)
