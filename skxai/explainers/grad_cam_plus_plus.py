"""Feature maps weighted by their positive gradients, corrected for repeated occurrences."""

import torch

from ._cam import GradientCAM


class GradCAMPlusPlus(GradientCAM):
    r"""Feature maps weighted by a weighted sum of the positive gradients of the class score.

    .. math:: M_c = \mathrm{ReLU}\Big(\sum_k w_k A_k\Big), \quad w_k = \sum_{ij} \alpha_{kij}\, \mathrm{ReLU}(g_{kij}),
        \quad \alpha_{kij} = \frac{g_{kij}^2}{2 g_{kij}^2 + \big(\sum_{ab} A_{kab}\big) g_{kij}^3}

    with g = ∂S_c/∂A and α = 0 where the denominator is 0; upsampled bilinearly to the shape of the features. The factor
    exp(S_c) of the paper's derivation cancels in α and scales the whole map, and is left out: it overflows.

    Parameters
    ----------
    estimator : classifier
        A classifier of ``skxai.models``, a skorch ``NeuralNetClassifier``, or either in ``FrozenEstimator``, which is not
        trained again.
    target : label or None, default=None
        The class to explain. None is the class that is predicted for each clip.
    layer : str, int or None, default=None
        The layer whose feature maps are summed: a dotted name of the network, or an index into its convolutions. None is the
        last convolution.
    batch_size : int or None, default=None
        Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.
    memory : str, joblib.Memory or None, default=None
        Where trained classifiers are kept, so that the same one is trained once on the same data.
    verbose : int, default=0
        Above 0 shows a progress bar.

    Attributes
    ----------
    estimator_ : classifier
        The fitted clone.
    classes_ : ndarray of shape (k,)
        The labels.
    feature_range_ : tuple of float
        Lowest and highest feature value seen in ``fit``.

    References
    ----------
    .. [1] Chattopadhay, Sarkar, Howlader & Balasubramanian, "Grad-CAM++: generalized gradient-based visual explanations for
       deep convolutional networks", WACV 2018, eq. 19.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import GradCAMPlusPlus
    >>> from skxai.models import AcoumonClassifier
    >>> X = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32)
    >>> y = np.repeat(["cough", "wheeze"], 10)
    >>> GradCAMPlusPlus(AcoumonClassifier(random_state=0)).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    def _weights(self, activations, gradients):
        # One g² is cancelled from the fraction: g³ of a small gradient underflows in float32.
        denominator = 2 + activations.sum(2, keepdim=True) * gradients
        alpha = torch.where((gradients != 0) & (denominator != 0), 1 / denominator, 0)
        return (alpha * gradients.relu()).sum(2)
