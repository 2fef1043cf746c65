"""Feature maps times their own gradients."""

import torch

from ._cam import GradientCAM
from ._conventions import names_of


class HiResCAM(GradientCAM):
    r"""Feature maps weighted pixel by pixel by their gradients of the class score.

    .. math:: M_c = \mathrm{ReLU}\Big(\sum_k \frac{\partial S_c}{\partial A_k} \odot A_k\Big)

    upsampled bilinearly to the shape of the features. Where the network ends in one linear layer, the sum under the ReLU is
    what each position adds to the score: over all positions it is S_c less the bias. Where the gradient is the same all over
    a feature map, as under global average pooling, it is Grad-CAM.

    See ``GradCAM`` for the parameters and attributes.

    Parameters
    ----------
    convention : {"captum", "pytorch-grad-cam"} or None, default=None
        Package whose convention is reproduced. None is the definition above.

        - "captum" (``LayerGradientXActivation``, summed over the feature maps, then ``LayerAttribution.interpolate`` with
          ``"bilinear"``): no ReLU, so that what speaks against the class is negative. The authors' published code returns that
          sum, too.
        - "pytorch-grad-cam" (``hirescam.py``): map scaled as in ``GradCAM``.

    See Also
    --------
    LayerCAM : Without negative gradients.

    References
    ----------
    .. [1] Draelos & Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural networks",
       arXiv:2011.08891, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import HiResCAM
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> HiResCAM(AcoumonClassifier(random_state=0)).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    _parameter_constraints = {**GradientCAM._parameter_constraints, "convention": names_of(["captum", "pytorch-grad-cam"])}

    def _weights(self, activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
        return gradients
