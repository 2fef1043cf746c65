"""What the classifier makes of the clip through many random masks."""

from numbers import Integral, Real
from typing import Any

import torch
from torch.nn import functional

from ..engine import BASELINES, mask, resolve_baseline, slices
from ..utils.random import RandomStateLike
from ..utils.validation import Interval, StrOptions
from ._base import Explainer, MemoryLike
from ._picture import SIZE, Size, as_clips, pictures, sizes


class RISE(Explainer):
    r"""Random masks, weighted by the probability of the class where the clip is seen through them.

    .. math:: M_c(x) = \frac{1}{N \, p} \sum_{i=1}^{N} (w_i - \bar w) \, m_i, \quad w_i = p_c\big(b + m_i \odot (x - b)\big)

    with b the baseline and m_i a grid of cells that are 1 with probability p and 0 otherwise, upsampled bilinearly and shifted
    at random by up to a cell. The masks are the same for all clips; all channels are seen through the same one. It asks for
    probabilities only: the classifier may be any of scikit-learn's.

    See ``Occlusion`` for the parameters and attributes that are not listed.

    Parameters
    ----------
    n_masks : int, default=1000
        N, how many masks. The error of the estimate falls as 1/√N; the paper takes 4000 to 8000 for pictures of 224 × 224.
    cell : int, float or tuple, default=0.125
        Size of a cell: an integer is a number of values, a float a share of the clip's extent, rounded up. A tuple has one
        for each axis, ``(frequency, time)`` or ``(values,)``.
    probability : float, default=0.5
        p, with which a cell is seen, in (0, 1).
    centered : bool, default=True
        Whether the mean weight w̄ is subtracted from the weights. False is the paper's equation 6: the same map, plus w̄ times
        how much of each value the masks have shown, which is 1 on average. Then 0 does not mean irrelevant, and the chance
        in what was shown is noise on the map.
    baseline : {"floor", "mean", "blur", "uniform"} or float, default="floor"
        The values b. "floor" is silence: ``silence_``, or the lowest value of ``fit``; see ``skxai.engine.resolve_baseline``.
    random_state : int, RandomState instance or None, default=None
        Seed of the masks, and of the ``"uniform"`` baseline. It is read in ``fit``: every ``transform`` gives the same maps.

    See Also
    --------
    Occlusion : Hides one part after the other.

    Notes
    -----
    Masks are made a block at a time: of all of them only the cells and weights are in memory. As in the authors' code, and
    unlike in the paper, the cells are rounded up, so that a grid always covers the clip.

    References
    ----------
    .. [1] Petsiuk, Das & Saenko, "RISE: randomized input sampling for explanation of black-box models", BMVC 2018,
       equation 6 and section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skxai.explainers import RISE
    >>> X = np.random.default_rng(0).random((40, 13))
    >>> y = np.where(X[:, 4] > 0.5, "cough", "wheeze")
    >>> explainer = RISE(RandomForestClassifier(random_state=0), cell=1, n_masks=200, random_state=0).fit(X, y)
    >>> explainer.transform(X).shape
    (40, 13)
    """

    _parameter_constraints = {
        **Explainer._parameter_constraints,
        "n_masks": [Interval(Integral, 1, None, closed="left")],
        "cell": SIZE,
        "probability": [Interval(Real, 0, 1, closed="neither")],
        "centered": ["boolean"],
        "baseline": [Real, StrOptions(set(BASELINES))],
    }
    requires_module = False

    def __init__(
        self,
        estimator: Any,
        *,
        n_masks: int = 1000,
        cell: Size = 0.125,
        probability: float = 0.5,
        centered: bool = True,
        baseline: str | float = "floor",
        target: Any = None,
        batch_size: int | None = None,
        memory: MemoryLike = None,
        random_state: RandomStateLike = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(estimator, target=target, batch_size=batch_size, memory=memory, verbose=verbose)
        self.n_masks = n_masks
        self.cell = cell
        self.probability = probability
        self.centered = centered
        self.baseline = baseline
        self.random_state = random_state

    def _check_network(self, X):
        super()._check_network(X)
        self._cell(X.shape[1:])  # raises where a size does not fit the clips

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        b = resolve_baseline(self.baseline, x, self.feature_range_, self.seed_).expand_as(x)
        seen, hidden = pictures(x), pictures(b)
        masks = _Masks(self._random(), self.n_masks, seen.shape[2:], self._cell(x.shape[1:]), self.probability, x.device)

        def through(clips, numbers):
            masked = mask(seen[clips, None], masks[numbers][:, None], hidden[clips, None])
            return masked.reshape(*masked.shape[:2], *x.shape[1:])

        weights, _ = network.sweep(len(x), self.n_masks, through, target)
        if self.centered:
            weights = weights - weights.double().mean(1, keepdim=True).float()
        total = torch.zeros(len(x), *seen.shape[2:], device=x.device)
        for numbers in slices(self.n_masks, network.batch_size):
            total += torch.einsum("ni,irc->nrc", weights[:, numbers], masks[numbers])
        return as_clips(total / (self.n_masks * self.probability), x)

    def _cell(self, shape):
        return sizes(self.cell, tuple(shape[-2:]), name="cell", owner=type(self).__name__)


class _Masks:
    """Random masks, of which only the cells and the shifts are kept; ``masks[numbers]``, a slice, makes them."""

    def __init__(self, generator, n_masks, extents, cell, probability, device):
        n_cells = [-(-extent // size) for extent, size in zip(extents, cell)]
        cells = generator.random((n_masks, *n_cells)) < probability
        self.cells = torch.as_tensor(cells, device=device)
        self.shifts = torch.as_tensor(generator.integers(cell, size=(n_masks, 2)), device=device)
        self.along = [_interpolation(*axis).to(device) for axis in zip(n_cells, cell, extents)]

    def __getitem__(self, numbers):
        """Return masks ``(v, rows, columns)``: bilinear interpolation is linear along each axis."""
        rows, columns = (along[self.shifts[numbers, axis]] for axis, along in enumerate(self.along))
        return rows @ self.cells[numbers].float() @ columns.mT


def _interpolation(n_cells, size, extent):
    """Return what makes ``extent`` values of the cells of a grid along an axis, for each shift: ``(size, extent, n_cells)``.

    A grid has a cell more when it is upsampled, so that what a shift leaves of it covers the clip.
    """
    upsampled = functional.interpolate(torch.eye(n_cells)[None], size=(n_cells + 1) * size, mode="linear")[0]
    return upsampled.unfold(1, extent, 1)[:, :size].permute(1, 2, 0).contiguous()
