"""Does a map depend on what the network has learned?"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from ..engine import module_of, shared
from ..utils.random import RandomStateLike, seed_from
from ..utils.statistics import ratio_or_nan
from ._convention import convention_of
from ._other_module import correlate_with_module, prepare_for_another_module, reinitialise, seed_of, weighted_layers
from ._parameters import parameters_of
from .base import metric

ORDERS = ("cascading", "independent")
ONE_SEED = {None: False, "quantus": True}  # whether all layers have the same, and each is a stage, by convention


@dataclass(frozen=True)
class RandomisationCurve:
    """Rank correlations of maps with those of the same network while its layers lose what they have learned.

    Attributes
    ----------
    order : {"cascading", "independent"}
        Whether what was randomised before stays so.
    stages : tuple of str
        The name of the layer that is re-initialised last in each stage, from the top of the network down.
    correlations : ndarray of shape (n, s)
        Of each clip at each stage; NaN where one of the two maps is constant. The trained network itself is not among them.
    target : ndarray of shape (n,)
        The class c of each clip.
    """

    order: str
    stages: tuple[str, ...]
    correlations: np.ndarray
    target: np.ndarray

    def mean(self) -> np.ndarray:
        """Return the mean correlation of each stage ``(s,)`` over the clips where it is defined."""
        return _mean_of_defined(self.correlations, axis=0)

    def per_clip(self) -> np.ndarray:
        """Return the mean correlation of each clip ``(n,)`` over the stages where it is defined."""
        return _mean_of_defined(self.correlations, axis=1)


@shared
@torch.inference_mode(False)  # where the weights could not be used for gradients
def model_parameter_randomisation_curve(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    target: Any = None,
    order: str = "cascading",
    n_stages: int | None = 10,
    convention: str | None = None,
    random_state: RandomStateLike = 0,
) -> RandomisationCurve:
    r"""Rank correlation of the maps with those of the same network after its layers were re-initialised, stage by stage.

    .. math:: \rho_l = \rho\big(|M(x)|, |M^{(l)}(x)|\big)

    with M^(l) the map, for the same class c, of the network whose top l layers (cascading), or whose l-th layer alone
    (independent), have new random weights. A map that stays the same explains the architecture or the clip, not the model.

    Parameters
    ----------
    estimator : explainer
        Fitted: it explains anew.
    X, maps : array-like of shape (n, ...)
        The clips and their maps.
    y : ignored
        Parameter not used, present for API consistency.
    target : label, array-like of shape (n,) or None, default=None
        The class c. None is the explainer's ``target``, or else the predicted class.
    order : {"cascading", "independent"}, default="cascading"
        From the top down, keeping what was randomised before, or one layer at a time.
    n_stages : int or None, default=10
        At most so many of the stages, evenly spaced from the top down, are measured: each costs as much as the maps. None is
        all. A stage is a layer with weights together with the normalisation after it.
    convention : {None, "quantus"}, default=None
        None gives each layer a seed of its own. "quantus" gives all layers the same, ``random_state`` + 1, so that layers of
        one shape get the same weights, and counts a normalisation as a stage: with ``n_stages=None`` the networks are those of
        ``quantus.MPRT(seed=random_state)``.
    random_state : int, RandomState instance or None, default=0
        Seed of the new weights: torch's initialisation of each layer, or its own values in a random order where the layer has
        no ``reset_parameters``.

    Returns
    -------
    RandomisationCurve

    Raises
    ------
    TypeError
        If ``estimator`` is not an explainer of a classifier with a torch module.
    ValueError
        For an unknown order or convention, ``n_stages`` below 1, or a network without weights.

    Notes
    -----
    Quantus 0.6.0 averages over a dict that holds the correlation of the maps with themselves, 1, beside those of the layers
    (``metrics/randomisation/mprt.py``: it leaves out the key "orig", but writes "original"), and seeds torch's global
    generator. Neither is done here.

    References
    ----------
    .. [1] Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import VanillaSaliency
    >>> from skxai.metrics import model_parameter_randomisation_curve
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> explainer = VanillaSaliency(AcoumonClassifier(max_epochs=1, random_state=0)).fit(X, y)
    >>> curve = model_parameter_randomisation_curve(explainer, X, explainer.transform(X), n_stages=3)
    >>> curve.correlations.shape, curve.mean().shape
    ((20, 3), (3,))
    """
    if order not in ORDERS:
        raise ValueError(f"order must be one of {', '.join(ORDERS)}; got {order!r}.")
    convention_of(ONE_SEED, convention, "model_parameter_randomisation")
    if n_stages is not None and n_stages < 1:
        raise ValueError(f"n_stages must be at least 1, or None for all; got {n_stages!r}.")
    explained = prepare_for_another_module(estimator, X, maps, target, "model_parameter_randomisation")
    module, seed = cast(nn.Module, module_of(estimator)), seed_from(random_state)
    stages = _stages(module, convention)
    return RandomisationCurve(
        order,
        tuple(stages[number][0] or type(module).__name__ for number in _evenly(stages, n_stages)),
        np.stack(
            [
                correlate_with_module(estimator, randomised, explained)
                for randomised in randomised_modules(module, order, n_stages, seed, convention)
            ],
            axis=1,
        ),
        explained.predictor.classes_[explained.target],
    )


@metric(greater_is_better=False, bounds=(-1, 1), family="randomisation", requires_explainer=True, requires_module=True)
@parameters_of(model_parameter_randomisation_curve)
def model_parameter_randomisation(*args: Any, **params: Any) -> np.ndarray:
    r"""Mean rank correlation of the maps with those of the same network after its layers were re-initialised.

    .. math:: \frac{1}{L} \sum_{l=1}^{L} \rho\big(|M(x)|, |M^{(l)}(x)|\big)

    with M^(l) the map of the l-th network; that of the trained one is not among them. Smaller is better.

    See ``model_parameter_randomisation_curve`` for the parameters, errors and source, and for the correlations layer by layer.

    Returns
    -------
    ndarray of shape (n,)
        In [−1, 1]; NaN where the map, or all maps of the randomised networks, are constant.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import VanillaSaliency
    >>> from skxai.metrics import model_parameter_randomisation
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> explainer = VanillaSaliency(AcoumonClassifier(max_epochs=1, random_state=0)).fit(X, y)
    >>> bool(model_parameter_randomisation(explainer, X, explainer.transform(X)).mean() < 0.5)
    True
    """
    return model_parameter_randomisation_curve(*args, **params).per_clip()


def randomised_modules(
    module: nn.Module, order: str = "cascading", n_stages: int | None = None, seed: int = 0, convention: str | None = None
) -> Iterator[nn.Module]:
    """Yield copies of a module, which is not touched, with re-initialised layers, from the top down.

    For ``order``, ``n_stages`` and ``convention`` see ``model_parameter_randomisation_curve``. Each layer has a seed of its own
    that follows from ``seed``; torch's global generator is left as it was.
    """
    stages = _stages(module, convention)
    wanted = _evenly(stages, n_stages)
    randomised = copy.deepcopy(module)
    for number, names in enumerate(stages):
        if order == "independent":
            randomised = copy.deepcopy(module)
        for offset, name in enumerate(names):
            own = seed + 1 if ONE_SEED[convention] else seed_of(seed, number, offset)
            reinitialise(randomised.get_submodule(name), own)
        if number in wanted:
            yield copy.deepcopy(randomised)


def _stages(module, convention=None):
    """Group the layers to re-initialise, the topmost first: one with weights, and the normalisation after it."""
    if ONE_SEED[convention]:
        return [[name] for name in weighted_layers(module, only_resettable=True)][::-1]
    stages = []
    for name in weighted_layers(module):
        if stages and "Norm" in type(module.get_submodule(name)).__name__:
            stages[-1].append(name)
        else:
            stages.append([name])
    return stages[::-1]


def _evenly(stages, n_stages):
    """Return the numbers of the stages that are measured, rising."""
    if n_stages is None or n_stages >= len(stages):
        return list(range(len(stages)))
    return np.linspace(0, len(stages) - 1, n_stages).round().astype(int).tolist()


def _mean_of_defined(values, axis):
    return ratio_or_nan(np.nansum(values, axis=axis), (~np.isnan(values)).sum(axis=axis))
