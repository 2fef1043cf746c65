"""Feature maps weighted pixel by pixel by their positive gradients."""

import torch

from ._cam import RESIZINGS, GradientCAM
from ._conventions import names_of


class LayerCAM(GradientCAM):
    r"""Feature maps weighted pixel by pixel by their positive gradients of the class score.

    .. math:: M_c = \mathrm{ReLU}\Big(\sum_k w_k \odot A_k\Big), \quad
        w_{kij} = \mathrm{ReLU}\Big(\frac{\partial S_c}{\partial A_{kij}}\Big)

    upsampled bilinearly to the shape of the features. No weight is shared by a whole feature map, so that the maps of early
    layers, which resolve more, are of use too.

    See ``GradCAM`` for the parameters and attributes.

    Parameters
    ----------
    convention : {"pytorch-grad-cam", "tf-keras-vis", "torch-cam"} or None, default=None
        Package whose convention is reproduced. None is the definition above. The weights are the same everywhere; what follows
        them is as in ``GradCAM``.

    See Also
    --------
    HiResCAM : With negative gradients, too.

    Notes
    -----
    The paper brings the maps of several layers together by their greatest value, those of early ones scaled by
    tanh(γ M / max M) before. That is left to the caller: a map is of one layer here.

    References
    ----------
    .. [1] Jiang, Zhang, Hou, Cheng & Wei, "LayerCAM: exploring hierarchical class activation maps for localization", IEEE
       Transactions on Image Processing 30, 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import LayerCAM
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> LayerCAM(AcoumonClassifier(random_state=0), layer=-2).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    _parameter_constraints = {
        **GradientCAM._parameter_constraints,
        "convention": names_of([name for name in RESIZINGS if name != "captum"]),
    }

    def _weights(self, activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
        return gradients.relu()
