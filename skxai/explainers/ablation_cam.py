"""Feature maps weighted by what the class score loses without them."""

from typing import Any

import torch

from ._cam import CAM, RESIZINGS, project, weighted_sum
from ._conventions import names_of


class AblationCAM(CAM):
    r"""Feature maps weighted by what the class score loses without them.

    .. math:: M_c = \mathrm{ReLU}\Big(\sum_k w_k A_k\Big), \quad w_k = S_c - S_c^{A_k = 0}

    upsampled bilinearly to the shape of the features. No gradient is needed: the part of the network above the layer runs once
    for each feature map, set to 0.

    The paper divides the weights by S_c, which is left out: it scales the map of a clip, and where it is negative, as of a
    class that is not predicted, it turns the map into what speaks against the class. A softmax knows no zero of its scores.

    See ``GradCAM`` for the parameters and attributes.

    Parameters
    ----------
    convention : {"pytorch-grad-cam"} or None, default=None
        Package whose convention is reproduced. None is the definition above. "pytorch-grad-cam" (``ablation_cam.py``): the
        weights are divided by S_c, whatever its sign. Map scaled as in ``GradCAM``. Where the least value of all feature maps
        is not 0, as at a bare convolution, a feature map is not set to 0 but to that value less 10⁷, the next one to that less
        2 · 10⁷, and so on up to the 32nd (``ablation_layer.py``: the minimum is taken over those that it has set already), so
        that the weights depend on the order of the feature maps.

    References
    ----------
    .. [1] Desai & Ramaswamy, "Ablation-CAM: visual explanations for deep convolutional network via gradient-free
       localization", WACV 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import AblationCAM
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> AblationCAM(AcoumonClassifier(random_state=0)).fit(X, y).transform(X[:2]).shape
    (2, 1, 32, 32)
    """

    _parameter_constraints = {**CAM._parameter_constraints, "convention": names_of(["pytorch-grad-cam"])}

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        part = network.upper_part(x)
        activations, n_maps = part.activations, part.activations.shape[1]
        value = (_zero if self.convention is None else _far_below)(activations)
        # The last variant is A as it is.
        removed = torch.eye(n_maps + 1, n_maps, dtype=torch.bool, device=x.device)
        removed = removed.view(n_maps + 1, n_maps, *[1] * (activations.dim() - 2))

        def without(clips, variants):
            return torch.where(removed[variants], value[clips, None], activations[clips, None])

        scores = network.sweep_upper_part(part, n_maps + 1, without, target)
        weights = scores[:, -1:] - scores[:, :-1]
        if self.convention is not None:
            weights = weights / scores[:, -1:]
        return project(weighted_sum(activations, weights), x.shape, RESIZINGS[self.convention])


def _zero(activations):
    """Return what stands in the place of each feature map, ``(b, k, 1, ...)``, where it is removed."""
    return activations.new_zeros(*activations.shape[:2], *[1] * (activations.dim() - 2))


def _far_below(activations):
    zero = _zero(activations)
    lowest = activations.flatten(1).amin(1).view(-1, *[1] * (activations.dim() - 1))
    place_in_batch = torch.arange(activations.shape[1], device=activations.device) % 32
    below = lowest - 1e7 * (1 + place_in_batch.view(1, -1, *[1] * (activations.dim() - 2)))
    return torch.where(lowest == 0, zero, below)
