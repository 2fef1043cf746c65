"""Noise: the floor of all explanations."""

import hashlib

import numpy as np
import torch

from ._base import Explainer


class RandomMap(Explainer):
    r"""Uniform noise in the place of an explanation.

    .. math:: M(x)_i \sim \mathcal{U}(0, 1)

    A floor: it looks neither at the model nor at what a clip holds. What scores no better does not explain. The noise of a
    clip depends on the seed and on the clip alone, not on the clips beside it.

    Parameters
    ----------
    estimator : classifier
        Any classifier with ``predict_proba``: of ``skxai.models``, skorch's or scikit-learn's. In ``FrozenEstimator`` it is
        not trained again.
    target : label or None, default=None
        The class to explain. The map does not depend on it.
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
    estimator_ : classifier
        The fitted clone.
    classes_ : ndarray of shape (k,)
        The labels.
    feature_range_ : FeatureRange
        Lowest and highest feature value seen in ``fit``, and silence.

    See Also
    --------
    EnergyMap, EdgeMap : Floors that look at the clip.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import RandomMap
    >>> from skxai.models import AcoumonClassifier
    >>> X = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32)
    >>> y = np.repeat(["cough", "wheeze"], 10)
    >>> RandomMap(AcoumonClassifier(random_state=0), random_state=0).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    explains_model = False
    requires_module = False
    _finds_target = True

    def __init__(self, estimator, *, target=None, batch_size=None, memory=None, random_state=None, verbose=0):
        self.estimator = estimator
        self.target = target
        self.batch_size = batch_size
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose

    def _explain(self, network, x, target):
        maps = [_noise(clip, self.seed_) for clip in x.cpu().numpy()]
        return torch.as_tensor(np.stack(maps), device=x.device)


def _noise(clip, seed):
    """Return noise of the clip's shape, from the seed and the clip's content."""
    content = np.frombuffer(hashlib.blake2b(clip.tobytes(), digest_size=16).digest(), dtype="<u4")
    generator = np.random.default_rng([seed, *content.tolist()])
    return generator.random(clip.shape, dtype=np.float32)
