"""The first principal component of the feature maps."""

from typing import Any

import numpy as np
import torch

from ._cam import CAM, RESIZINGS, project
from ._conventions import names_of


class EigenCAM(CAM):
    r"""Feature maps projected on their first principal component: what most of them have in common.

    .. math:: M = O v_1, \quad O = U \Sigma V^\top

    with O the feature maps as columns, one row a position, not centred, and v₁ the first column of V; upsampled bilinearly to
    the shape of the features. Nothing follows the layer: no gradient, no score. So the map does not depend on the class.

    The sign of v₁ is open. It is the one with which the map's total is positive: that of feature maps which are not negative,
    behind a ReLU, is then not negative anywhere.

    See ``GradCAM`` for the parameters and attributes.

    Parameters
    ----------
    target : ignored
        Parameter not used, present for API consistency.
    convention : {"pytorch-grad-cam"} or None, default=None
        Package whose convention is reproduced. None is the definition above. "pytorch-grad-cam"
        (``utils/svd_on_activations.py``): each feature map is centred first, which the paper does not do, so that a map's
        total is 0; the sign of v₁ is whatever LAPACK gives, which differs between machines, and the ReLU then keeps one side.
        Map scaled as in ``GradCAM``.

    Attributes
    ----------
    explains_target : bool
        Of the class: False, since the map is the same for every class.

    Notes
    -----
    Feature maps of a bare convolution are negative where nothing is heard, and that may be what most of them have in common.
    There, ``layer`` should name the ReLU that follows it.

    References
    ----------
    .. [1] Muhammad & Yeasin, "Eigen-CAM: class activation map using principal components", IJCNN 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import EigenCAM
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> EigenCAM(AcoumonClassifier(random_state=0)).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    explains_target = False
    _finds_target = True
    _parameter_constraints = {**CAM._parameter_constraints, "convention": names_of(["pytorch-grad-cam"])}

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        activations = network.activations(x)
        component = _first_component if self.convention is None else _first_component_centred
        maps = component(activations.flatten(2)).to(activations.dtype)
        return project(maps.reshape(len(x), *activations.shape[2:]), x.shape, RESIZINGS[self.convention])


def _first_component(maps):
    """Return O v₁ ``(b, p)`` of feature maps ``(b, k, p)``, with a positive total."""
    _, sigma, u = torch.linalg.svd(maps.double(), full_matrices=False)  # of Oᵀ, whose right singular vectors are O's left
    component = sigma[:, :1] * u[:, 0]
    return torch.where(component.sum(1, keepdim=True) < 0, -component, component)


def _first_component_centred(maps):
    centred = (maps - maps.mean(2, keepdim=True)).mT
    _, _, v = np.linalg.svd(centred.cpu().numpy(), full_matrices=False)  # NumPy's LAPACK, as there: it decides on the sign
    return (centred @ torch.from_numpy(v[:, 0, :, None]).to(maps.device))[..., 0].relu()
