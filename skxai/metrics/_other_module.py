"""What sanity checks share: the maps of another module in the place of the fitted one, and new weights for a module."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from ..engine import module_of, unshared_passes, unwrap
from ..utils.random import torch_seed
from ..utils.statistics import spearman
from .base import check_maps
from .perturbation import ExplainedClips, prepare_clips


def prepare_for_another_module(estimator: Any, X: ArrayLike, maps: ArrayLike, target: Any, owner: str) -> ExplainedClips:
    """Return the ``ExplainedClips`` of a metric that explains another module, ``owner``: only an explainer of a module can."""
    if not hasattr(estimator, "explain_module"):
        raise TypeError(f"estimator must be an explainer for {owner}; got {type(estimator).__name__}.")
    if module_of(estimator) is None:
        raise TypeError(
            f"estimator must be an explainer of a classifier with a torch module for {owner}, which changes it; got "
            f"{type(estimator).__name__} of {type(unwrap(estimator)).__name__}."
        )
    return prepare_clips(estimator, X, check_maps(maps, np.shape(X)), target)


def correlate_with_module(
    estimator: Any, module: nn.Module, explained: ExplainedClips, X: np.ndarray | None = None
) -> np.ndarray:
    """Return the rank correlation ``(n,)`` of the maps' absolute values with those of another module, for the same classes.

    The module gets X ``(n, ...)`` in the place of the clips, if it is given. NaN where one of the two maps is constant.
    """
    target = explained.predictor.classes_[explained.target]
    with unshared_passes():
        after = estimator.explain_module(module, explained.X if X is None else X, target)
    before = np.asarray(explained.maps)
    return spearman(*(np.abs(either).reshape(len(either), -1) for either in (before, after)))


def weighted_layers(module: nn.Module, *, only_resettable: bool = False) -> list[str]:
    """Return the names of the layers with weights of their own, in the order of their registration; "" is the module itself.

    ``only_resettable`` takes those that have ``reset_parameters`` instead, with weights or without.
    """
    names = [
        name
        for name, layer in module.named_modules()
        if (hasattr(layer, "reset_parameters") if only_resettable else any(True for _ in layer.parameters(recurse=False)))
    ]
    if not names:
        raise ValueError(f"{type(module).__name__} has no layer with weights: there is nothing to randomise.")
    return names


def seed_of(seed: int, *place: int) -> int:
    """Return the seed of a layer from that of all and its place.

    It is another number than ``seed`` and its neighbours: under the small seed that a network was made with before it was
    trained, a layer could get the weights back that its training began with.
    """
    return int(np.random.SeedSequence((seed, *place)).generate_state(1)[0])


def reinitialise(layer: nn.Module, seed: int) -> None:
    """Give one layer new weights in place, and leave torch's random state as it was.

    They are those of torch's initialisation. Where a layer has no ``reset_parameters``, as with a bare ``nn.Parameter``, the
    values of each weight change places at random: nothing is left of what was learned but how large the values are. The CPU
    draws for a layer on any device: under one seed each has other numbers.
    """
    with torch_seed(seed), torch.no_grad():
        if hasattr(layer, "reset_parameters"):
            device = next((tensor.device for tensor in (*layer.parameters(), *layer.buffers())), "cpu")
            layer.cpu().reset_parameters()  # type: ignore[operator]
            layer.to(device)
            return
        for weight in layer.parameters(recurse=False):
            order = torch.randperm(weight.numel()).to(weight.device)
            weight.copy_(weight.flatten()[order].view_as(weight))
