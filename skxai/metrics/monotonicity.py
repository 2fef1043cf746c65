"""Do the pixels that a map calls more relevant change the prediction more?"""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..engine import is_constant, shared
from ..utils.random import RandomStateLike, seed_from
from ..utils.statistics import spearman
from ._convention import convention_of, ranks_by_position
from .base import metric
from .perturbation import predict_perturbed, prepare_clips, ranks

# Whether pixels of a group are replaced by one number between 0 and 1, by convention.
ONE_NUMBER = {None: False, "quantus": True}


@metric(greater_is_better=True, bounds=(-1, 1), family="faithfulness")
@shared
def monotonicity_correlation(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    target: Any = None,
    baseline: str | float = "uniform",
    features_in_step: int | None = None,
    n_draws: int = 10,
    convention: str | None = None,
    batch_size: int | None = None,
    random_state: RandomStateLike = 0,
) -> np.ndarray:
    r"""Rank correlation of the relevance of groups of pixels with the change that replacing them makes.

    .. math:: \rho\Big(\sum_{i \in G} |a_i|,\; \frac{1}{n} \sum_{s=1}^{n} \frac{(p'_s - p)^2}{p^2}\Big)

    Pixels are sorted ascending by \|a\| and cut into groups G; p' is the probability of the class after only the pixels of the
    group were replaced, from the original clip each time, in n draws. The draws are the same for all clips. Greater is better.

    See ``average_drop`` for the parameters that are not listed.

    Parameters
    ----------
    baseline : {"uniform", "floor", "mean", "blur"} or float, default="uniform"
        What replaces a group. "uniform" draws a value for each pixel between the lowest and the highest feature seen in
        ``fit``; the others do not vary, and one draw is made.
    features_in_step : int or None, default=None
        Pixels in a group. None makes 64 groups, or one of each pixel where there are fewer.
    n_draws : int, default=10
        Replacements of each group.
    convention : {"quantus"} or None, default=None
        Package whose convention is reproduced. None is the definition above. "quantus" (``MonotonicityCorrelation``): a draw
        is **one** number for all pixels of a group, between 0 and 1 on any scale of features, whatever ``baseline`` says, and
        ties are broken by position. Its own defaults are ``features_in_step=1`` and ``n_draws=100``, and its draws are
        unseeded and differ from clip to clip; here all clips have the same. It does not divide by p² where p < 1e-5, which
        changes no rank; where that is so for some clips and not for others it stops with a ValueError
        (``monotonicity_correlation.py``), and skxai returns the correlation.
    random_state : int, RandomState instance or None, default=0
        Seed of the order inside ties and of the draws.

    Returns
    -------
    ndarray of shape (n,)
        In [−1, 1]; NaN for a constant map or a constant effect, and where p = 0 (not under Quantus' convention).

    References
    ----------
    .. [1] Nguyen & Martínez, "On quantitative aspects of model interpretability", arXiv:2007.07584, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import monotonicity_correlation
    >>> X = np.random.default_rng(0).random((50, 4))
    >>> model = LogisticRegression().fit(X, X[:, 0] > 0.5)
    >>> maps = np.tile(np.abs(model.coef_), (50, 1))
    >>> bool(monotonicity_correlation(model, X, maps).mean() > 0.8)
    True
    """
    one_number = convention_of(ONE_NUMBER, convention, "monotonicity_correlation")
    explained = prepare_clips(estimator, X, maps, target, batch_size)
    n_pixels = explained.X[0].size
    size = -(-n_pixels // min(64, n_pixels)) if features_in_step is None else features_in_step
    if not 1 <= size <= n_pixels:
        raise ValueError(f"features_in_step must be in [1, {n_pixels}], the pixels of a clip; got {features_in_step!r}.")
    if n_draws < 1:
        raise ValueError(f"n_draws must be at least 1; got {n_draws!r}.")
    n_groups = -(-n_pixels // size)
    draws, generator = None, np.random.default_rng(seed_from(random_state))
    if one_number:
        draws = generator.uniform(size=(n_groups * n_draws, *[1] * (explained.X.ndim - 1))).astype(np.float32)
    elif baseline == "uniform":
        # A pixel is in one group, so that one field of draws serves all groups.
        low, high, _ = explained.feature_range
        draws = generator.uniform(low, high, size=(n_draws, *explained.X.shape[1:])).astype(np.float32)
    n_repeats = 1 if draws is None else n_draws

    def replaced(x, maps, baseline):
        sizes = maps.abs()
        places = ranks_by_position(sizes, descending=False) if one_number else ranks(sizes, random_state, descending=False)
        group = places // size
        fields = baseline[:, None] if draws is None else torch.as_tensor(draws, device=x.device)[None]
        fields = fields.expand(len(x), *fields.shape[1:])

        def make(clips, variants):
            variant = torch.arange(variants.start, variants.stop, device=x.device)
            chosen = group[clips, None] == (variant // n_repeats).view(1, -1, *[1] * (x.dim() - 1))
            return torch.where(chosen, fields[clips][:, variant % fields.shape[1]], x[clips, None])

        return make

    fill = "floor" if draws is not None else baseline
    after, _ = predict_perturbed(explained, n_groups * n_repeats, replaced, baseline=fill, random_state=random_state)
    # The division by p² is left out: it is the same for all groups of a clip, and changes no rank.
    effect = ((after - explained.before[:, None]) ** 2).reshape(len(after), n_groups, n_repeats).mean(axis=2)
    relevance = np.sort(np.abs(explained.maps).reshape(len(explained.maps), -1).astype(np.float64), axis=1)
    relevance = np.add.reduceat(relevance, np.arange(0, n_pixels, size), axis=1)
    defined = ((explained.before > 0) | one_number) & ~is_constant(np.abs(explained.maps))
    return np.where(defined, spearman(relevance, effect), np.nan)
