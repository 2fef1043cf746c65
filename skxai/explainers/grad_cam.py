"""Feature maps weighted by their mean gradient."""

import torch

from ._cam import GradientCAM


class GradCAM(GradientCAM):
    r"""Feature maps weighted by the mean gradient of the class score.

    .. math:: M_c = \mathrm{ReLU}\Big(\sum_k w_k A_k\Big), \quad
        w_k = \frac{1}{Z} \sum_{ij} \frac{\partial S_c}{\partial A_{kij}}

    upsampled bilinearly to the shape of the features.

    Parameters
    ----------
    estimator : classifier
        Of ``skxai.models``, or a skorch ``NeuralNetClassifier``; in ``FrozenEstimator`` it is not trained again.
    target : label or None, default=None
        The class to explain. None is the class that is predicted for each clip.
    layer : str, int or None, default=None
        Dotted name of the layer, or index of a convolution. None is the classifier's ``cam_layer_``, or the last one.
    convention : {"captum", "pytorch-grad-cam", "tf-keras-vis", "torch-cam"} or None, default=None
        Package whose convention is reproduced. None is the definition above. The weights are the same everywhere; what follows
        them is not.

        - "captum" (``LayerGradCam``, then ``LayerAttribution.interpolate`` with ``"bilinear"``): no ReLU, so that what speaks
          against the class is negative.
        - "pytorch-grad-cam": scaled by (m − min m) / (max m − min m + 1e-7) before and after the upsampling
          (``utils/image.py``, ``scale_cam_image``), so that a map that is constant and positive becomes 0.
        - "tf-keras-vis" (``Gradcam``): upsampled with the centres of the corner pixels aligned (``scipy.ndimage.zoom``),
          then scaled likewise.
        - "torch-cam": scaled with 1e-8 at the size of the feature maps, then upsampled as its metrics do.
    batch_size : int or None, default=None
        Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.
    memory : str, joblib.Memory or None, default=None
        Where trained classifiers are kept, so that the same one is trained once on the same data.
    verbose : int, default=0
        Above 0 shows a progress bar.

    Attributes
    ----------
    estimator_, classes_, feature_range_ : classifier, ndarray of shape (k,), FeatureRange
        The fitted clone; its labels; the lowest and highest feature value seen in ``fit``, and silence.

    References
    ----------
    .. [1] Selvaraju et al., "Grad-CAM: visual explanations from deep networks via gradient-based localization", ICCV 2017,
       eq. 1 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import GradCAM
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> GradCAM(AcoumonClassifier(random_state=0), layer=-2).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    def _weights(self, activations: torch.Tensor, gradients: torch.Tensor) -> torch.Tensor:
        return gradients.mean(2)
