"""Does a map stay when the same network reads the same clip on another scale?"""

import copy
from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import nn

from ..engine import module_of
from ._other_module import correlate_with_module, prepare_for_another_module
from .base import metric


@metric(greater_is_better=True, bounds=(-1, 1), family="axiomatic", requires_explainer=True, requires_module=True)
@torch.inference_mode(False)  # where the weights could not be used for gradients
def input_invariance(
    estimator: Any, X: ArrayLike, maps: np.ndarray, y: ArrayLike | None = None, *, target: Any = None, shift: float = 1.0
) -> np.ndarray:
    r"""Rank correlation of the maps with those of a network that subtracts a shift first, on shifted clips.

    .. math:: \rho\big(|M_f(x)|, |M_g(x + s)|\big), \quad g(x) = f(x - s)

    g computes for x + s exactly what f computes for x, and for the same reasons: a reliable map is the same, and the
    correlation 1. Greater is better. Gradients and activations have it by their definition. A method with a fixed reference
    on the features' scale, such as a clip times its gradient or silence as the baseline, does not.

    See ``model_parameter_randomisation_curve`` for the parameters that are not listed.

    Parameters
    ----------
    shift : float, default=1.0
        The shift s of every feature, as a multiple of the range of the feature values seen in ``fit``.

    Returns
    -------
    ndarray of shape (n,)
        In [−1, 1]; NaN where one of the two maps is constant. The rounding of x + s alone takes off less than 1e-3.

    Raises
    ------
    TypeError
        If ``estimator`` is not an explainer of a classifier with a torch module.
    ValueError
        If ``shift`` is not a finite number.

    Notes
    -----
    Kindermans et al. show the two maps side by side. Ranks are compared here, and not values, since a map that is only scaled
    by another factor shows the same; the value has the scale of ``model_parameter_randomisation``.

    References
    ----------
    .. [1] Kindermans et al., "The (un)reliability of saliency methods", in: Explainable AI, LNCS 11700, 2019, section 2
       (arXiv:1711.00867).

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import VanillaSaliency
    >>> from skxai.metrics import input_invariance
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> explainer = VanillaSaliency(AcoumonClassifier(max_epochs=1, random_state=0)).fit(X, y)
    >>> bool(input_invariance(explainer, X, explainer.transform(X)).min() > 0.99)
    True
    """
    if isinstance(shift, bool) or not isinstance(shift, Real) or not np.isfinite(shift):
        raise ValueError(f"shift of input_invariance must be a finite number; got {shift!r}.")
    explained = prepare_for_another_module(estimator, X, maps, target, "input_invariance")
    low, high, _ = explained.feature_range
    offset = float(shift) * ((high - low) or 1.0)
    return correlate_with_module(
        estimator, shifted_module(module_of(estimator), offset), explained, explained.X + np.float32(offset)
    )


def shifted_module(module: nn.Module, offset: float) -> nn.Module:
    """Return a copy of a module that subtracts ``offset`` from its input first; its layers keep their names."""

    def subtract(module, inputs):
        return (inputs[0] - offset, *inputs[1:])

    shifted = copy.deepcopy(module)
    shifted.register_forward_pre_hook(subtract, prepend=True)
    return shifted
