"""The gradient of the class score, averaged over noisy copies of the clip."""

import functools
import itertools
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import torch

from ..engine import slices
from ..utils.random import RandomStateLike
from ..utils.validation import Interval
from ._base import Explainer, MemoryLike
from ._conventions import names_of, scaled

# Draws are summed in runs of this many, whatever n_samples is: the sum of more draws begins with that of fewer, to the bit.
RUN = 5
# So many runs share the threads, whatever n_samples is: of few clips a run is too short to be cut for all of them.
ALONGSIDE = 2


@dataclass(frozen=True)
class _Convention:
    relative: bool = True  # whether noise_level is a share of the clip's range of values, or the deviation itself
    epsilon: float | None = None  # of a min–max scaling of each clip's map; None: not scaled


CONVENTIONS = {None: _Convention(), "captum": _Convention(relative=False), "tf-keras-vis": _Convention(epsilon=1e-7)}


class SmoothGrad(Explainer):
    r"""Absolute gradient of the class score, averaged over noisy copies of the clip.

    .. math:: M_c(x) = \frac{1}{n} \sum_{i=1}^{n} \left| \frac{\partial S_c}{\partial x}(x + \varepsilon_i) \right|,
        \quad \varepsilon_i \sim \mathcal{N}(0, \sigma^2), \quad \sigma = \text{noise\_level} \cdot (\max x - \min x)

    The range of values is each clip's own. The n draws are the same for all clips, and those of a larger ``n_samples`` begin
    with those of a smaller one. With ``noise_level=0`` it is ``VanillaSaliency``.

    See ``VanillaSaliency`` for the parameters and attributes that are not listed.

    Parameters
    ----------
    noise_level : float, default=0.2
        Standard deviation of the noise, as a share of the clip's range of values.
    n_samples : int, default=20
        How many noisy copies are averaged.
    convention : {"captum", "tf-keras-vis"} or None, default=None
        Package whose convention is reproduced. None is the definition above. The draws are skxai's in any case: the same for
        all clips, and from ``random_state``, where both peers draw for each clip from a global generator.

        - "captum" (``NoiseTunnel(Saliency(...))``): ``noise_level`` is the standard deviation itself, its ``stdevs``, which
          means something else on each scale of features.
        - "tf-keras-vis" (``Saliency`` with ``smooth_samples`` and ``keepdims=True``): σ as here; the map is scaled per clip by
          (m − min m) / (max m − min m + 1e-7).
    random_state : int, RandomState instance or None, default=None
        Seed of the noise. It is read in ``fit``: every ``transform`` gives the same maps.

    See Also
    --------
    SmoothGradCV : Chooses ``noise_level`` and ``n_samples`` by cross-validation.

    References
    ----------
    .. [1] Smilkov, Thorat, Kim, Viégas & Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv:1706.03825, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import SmoothGrad
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> SmoothGrad(AcoumonClassifier(random_state=0), n_samples=5, random_state=0).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    _parameter_constraints = {
        **Explainer._parameter_constraints,
        "noise_level": [Interval(Real, 0, None, closed="left")],
        "n_samples": [Interval(Integral, 1, None, closed="left")],
        "convention": names_of(CONVENTIONS),
    }

    def __init__(
        self,
        estimator: Any,
        *,
        noise_level: float = 0.2,
        n_samples: int = 20,
        target: Any = None,
        convention: str | None = None,
        batch_size: int | None = None,
        memory: MemoryLike = None,
        random_state: RandomStateLike = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(estimator, target=target, batch_size=batch_size, memory=memory, verbose=verbose)
        self.noise_level = noise_level
        self.n_samples = n_samples
        self.convention = convention
        self.random_state = random_state

    def _validate_params(self):
        super()._validate_params()
        if CONVENTIONS[self.convention].relative and self.noise_level > 1:
            raise ValueError(
                f"noise_level of {type(self).__name__} must be in [0, 1], the noise's deviation as a share of a clip's range; "
                f"got {self.noise_level!r}. 20 % is 0.2."
            )

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        (mean,) = self._means(network, x, target, [self.n_samples])
        return mean

    def _means(self, network, x, target, counts):
        """Yield the map for each number of draws; ``counts`` rise, and each sum goes on from the one before."""
        convention, extent = CONVENTIONS[self.convention], x.flatten(1).amax(1) - x.flatten(1).amin(1)
        sigma = self.noise_level * (extent if convention.relative else torch.ones_like(extent)).view(-1, *[1] * x.dim())

        def summed(noise, clips, draws, _):
            noisy = x[clips, None] + sigma[clips] * noise[draws]
            gradient = network.input_gradient(noisy.flatten(0, 1), target[clips].repeat_interleave(noisy.shape[1]))
            return gradient.abs().unflatten(0, noisy.shape[:2]).sum(1)

        total, generator = torch.zeros_like(x), self._random()
        for chunk in slices(counts[-1], 20 * RUN):  # memory does not grow with the number of draws
            noise = network.tensor(_noise(generator, chunk.stop - chunk.start, x.shape[1:]))
            parts = _parts(chunk, counts)
            done = network.run(functools.partial(summed, noise), _cells(len(x), parts, network))
            for part, of_part in itertools.groupby(done, lambda result: result[0][2].start):
                mean = total.clone()
                for (clips, _, _), found in of_part:
                    mean[clips] += found
                draws, count = parts[part]
                if draws.stop - draws.start == RUN:
                    total = mean
                if count in counts:
                    yield scaled(mean / count, convention.epsilon)


def _noise(generator, n_draws, shape):
    """Return standard normal noise ``(n_draws, *shape)``."""
    return generator.standard_normal((n_draws, *shape), dtype=np.float32)


def _parts(chunk, counts):
    """Return which of a chunk's draws are summed, and how many there are by then.

    They are runs, and before a run those of its draws that are asked for alone: the run makes them again, in its full length.
    """
    ends = {*counts, *range(RUN, counts[-1] + 1, RUN)}
    return [
        (slice(run.start, run.start + n_draws), chunk.start + run.start + n_draws)
        for run in slices(chunk.stop - chunk.start, RUN)
        for n_draws in range(1, RUN + 1)
        if chunk.start + run.start + n_draws in ends
    ]


def _cells(n_clips, parts, network):
    """Cut clips × draws into blocks, none of which reaches from one part into the next; the last slice tells which it is."""
    return [
        (clips, slice(draws.start + of_draws.start, draws.start + of_draws.stop), slice(part, part + 1))
        for part, (draws, _) in enumerate(parts)
        for clips, of_draws in network.cut(n_clips, draws.stop - draws.start, network.gradient_batch_size, alongside=ALONGSIDE)
    ]
