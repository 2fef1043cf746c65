"""Feature maps weighted by their gradients, averaged where they are active."""

import torch

from ._cam import GradientCAM
from ._conventions import names_of

# What is added to the sum of a feature map before it divides, by convention.
EPSILONS = {None: 0.0, "pytorch-grad-cam": 1e-7, "torch-cam": 1e-8}


class XGradCAM(GradientCAM):
    r"""Feature maps weighted by the mean gradient of the class score, each pixel counting by its activation.

    .. math:: M_c = \mathrm{ReLU}\Big(\sum_k w_k A_k\Big), \quad
        w_k = \sum_{ij} \frac{A_{kij}}{\sum_{ab} A_{kab}} \frac{\partial S_c}{\partial A_{kij}}

    with w = 0 where a feature map sums to 0; upsampled bilinearly to the shape of the features. So each feature map has as
    much relevance in all as the gradient gives it, Σ g A: the sum under the ReLU adds up to that of ``HiResCAM``. Where the
    gradient is the same all over a feature map, as under global average pooling, it is Grad-CAM.

    See ``GradCAM`` for the parameters and attributes.

    Parameters
    ----------
    convention : {"pytorch-grad-cam", "torch-cam"} or None, default=None
        Package whose convention is reproduced. None is the definition above.

        - "pytorch-grad-cam" (``xgrad_cam.py``): 1e-7 is added to the sum of a feature map. Map scaled as in ``GradCAM``.
        - "torch-cam" (``methods/gradient.py``): 1e-8 is added. Map as in ``GradCAM``.

    Notes
    -----
    The weights are derived for feature maps that are not negative: they have a pole where a map sums to about 0, which that of
    a bare convolution may. There, ``layer`` should name the ReLU that follows it.

    References
    ----------
    .. [1] Fu, Hu, Dong, Guo, Gao & Li, "Axiom-based Grad-CAM: towards accurate visualization and explanation of CNNs", BMVC
       2020. The ReLU is that of the authors' published code.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import XGradCAM
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> XGradCAM(AcoumonClassifier(random_state=0)).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    _parameter_constraints = {**GradientCAM._parameter_constraints, "convention": names_of(EPSILONS)}

    def _weights(self, activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
        total = activations.sum(2) + EPSILONS[self.convention]
        return torch.where(total != 0, (activations * gradients).sum(2) / total, 0)
