"""Feature maps weighted by their positive gradients, corrected for repeated occurrences."""

import torch

from ._cam import GradientCAM
from ._conventions import names_of


def _alpha(activations, gradients):
    """Return α of equation 19."""
    # One g² is cancelled from the fraction: g³ of a small gradient underflows in float32.
    denominator = 2 + activations.sum(2, keepdim=True) * gradients
    return torch.where((gradients != 0) & (denominator != 0), 1 / denominator, 0)


def _alpha_of_sum_one(activations, gradients):
    alpha = _alpha(activations, gradients)
    total = alpha.sum(2, keepdim=True)
    return alpha / torch.where(total != 0, total, 1)


def _alpha_with_epsilon(activations, gradients):
    square = gradients**2
    denominator = 2 * square + activations.sum(2, keepdim=True) * square * gradients + 1e-6
    return torch.where(gradients != 0, square / denominator, 0)


ALPHAS = {None: _alpha, "pytorch-grad-cam": _alpha_with_epsilon, "tf-keras-vis": _alpha_of_sum_one}


class GradCAMPlusPlus(GradientCAM):
    r"""Feature maps weighted by a weighted sum of the positive gradients of the class score.

    .. math:: M_c = \mathrm{ReLU}\Big(\sum_k w_k A_k\Big), \quad w_k = \sum_{ij} \alpha_{kij}\, \mathrm{ReLU}(g_{kij}),
        \quad \alpha_{kij} = \frac{g_{kij}^2}{2 g_{kij}^2 + \big(\sum_{ab} A_{kab}\big) g_{kij}^3}

    with g = ∂S_c/∂A and α = 0 where the denominator is 0; upsampled bilinearly to the shape of the features. The factor
    exp(S_c) of the paper's derivation cancels in α and scales the whole map, and is left out: it overflows.

    See ``GradCAM`` for the parameters and attributes.

    Parameters
    ----------
    convention : {"pytorch-grad-cam", "tf-keras-vis"} or None, default=None
        Package whose convention is reproduced. None is the definition above.

        - "pytorch-grad-cam" (``grad_cam_plusplus.py``): 1e-6 is added to the denominator of α, which all but removes gradients
          below 1e-3: at \|g\| = 1e-4 α is about 0.01 and not 0.5. Map scaled as in ``GradCAM``.
        - "tf-keras-vis" (``gradcam_plus_plus.py``): α is divided by its sum over the feature map, which is in no equation of
          the paper. Map as in ``GradCAM``. It multiplies by exp(S_c), which overflows above 88; skxai does not.

    Notes
    -----
    There is no convention "torch-cam": in torch-cam 0.5.0 the division of α acts on a copy (``methods/gradient.py``,
    ``alpha[idx][mask].div_(…)``), so that its weights are Σ ReLU(g)³.

    References
    ----------
    .. [1] Chattopadhay, Sarkar, Howlader & Balasubramanian, "Grad-CAM++: generalized gradient-based visual explanations for
       deep convolutional networks", WACV 2018, eq. 19.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import GradCAMPlusPlus
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> GradCAMPlusPlus(AcoumonClassifier(random_state=0)).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    _parameter_constraints = {**GradientCAM._parameter_constraints, "convention": names_of(ALPHAS)}

    def _weights(self, activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
        return (ALPHAS[self.convention](activations, gradients) * gradients.relu()).sum(2)
