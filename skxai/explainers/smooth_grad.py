"""The gradient of the class score, averaged over noisy copies of the clip."""

from numbers import Integral, Real

import numpy as np
import torch

from ..engine import blocks
from ..utils.validation import Interval
from ._base import Explainer


class SmoothGrad(Explainer):
    r"""Absolute gradient of the class score, averaged over noisy copies of the clip.

    .. math:: M_c(x) = \frac{1}{n} \sum_{i=1}^{n} \left| \frac{\partial S_c}{\partial x}(x + \varepsilon_i) \right|,
        \quad \varepsilon_i \sim \mathcal{N}(0, \sigma^2), \quad \sigma = \text{noise\_level} \cdot (\max x - \min x)

    The range of values is each clip's own. The n draws are the same for all clips, and those of a larger ``n_samples`` begin
    with those of a smaller one. With ``noise_level=0`` it is ``VanillaSaliency``.

    Parameters
    ----------
    estimator : classifier
        A classifier of ``skxai.models``, a skorch ``NeuralNetClassifier``, or either in ``FrozenEstimator``, which is not
        trained again.
    noise_level : float, default=0.2
        Standard deviation of the noise, as a share of the clip's range of values.
    n_samples : int, default=20
        How many noisy copies are averaged.
    target : label or None, default=None
        The class to explain. None is the class that is predicted for each clip.
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
    feature_range_ : tuple of float
        Lowest and highest feature value seen in ``fit``.

    References
    ----------
    .. [1] Smilkov, Thorat, Kim, Viégas & Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv:1706.03825, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import SmoothGrad
    >>> from skxai.models import AcoumonClassifier
    >>> X = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32)
    >>> y = np.repeat(["cough", "wheeze"], 10)
    >>> SmoothGrad(AcoumonClassifier(random_state=0), n_samples=5, random_state=0).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    _parameter_constraints = {
        **Explainer._parameter_constraints,
        "noise_level": [Interval(Real, 0, None, closed="left")],
        "n_samples": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        estimator,
        *,
        noise_level=0.2,
        n_samples=20,
        target=None,
        batch_size=None,
        memory=None,
        random_state=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.noise_level = noise_level
        self.n_samples = n_samples
        self.target = target
        self.batch_size = batch_size
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose

    def _explain(self, network, x, target):
        noise = network.tensor(self._random().standard_normal((self.n_samples, *x.shape[1:]), dtype=np.float32))
        sigma = self.noise_level * (x.flatten(1).amax(1) - x.flatten(1).amin(1)).view(-1, *[1] * x.dim())
        total = torch.zeros_like(x)
        for clips, draws in blocks(len(x), self.n_samples, network.gradient_batch_size):
            noisy = x[clips, None] + sigma[clips] * noise[draws]
            gradient = network.input_gradient(noisy.flatten(0, 1), target[clips].repeat_interleave(noisy.shape[1]))
            total[clips] += gradient.abs().unflatten(0, noisy.shape[:2]).sum(1)
        return total / self.n_samples
