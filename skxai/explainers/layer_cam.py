"""Feature maps weighted pixel by pixel by their positive gradients."""

from ._cam import RESIZINGS, GradientCAM
from ._conventions import names_of


class LayerCAM(GradientCAM):
    r"""Feature maps weighted pixel by pixel by their positive gradients of the class score.

    .. math:: M_c = \mathrm{ReLU}\Big(\sum_k w_k \odot A_k\Big), \quad
        w_{kij} = \mathrm{ReLU}\Big(\frac{\partial S_c}{\partial A_{kij}}\Big)

    upsampled bilinearly to the shape of the features. No weight is shared by a whole feature map, so that the maps of early
    layers, which resolve more, are of use too.

    Parameters
    ----------
    estimator : classifier
        A classifier of ``skxai.models``, a skorch ``NeuralNetClassifier``, or either in ``FrozenEstimator``, which is not
        trained again.
    target : label or None, default=None
        The class to explain. None is the class that is predicted for each clip.
    layer : str, int or None, default=None
        The layer whose feature maps are summed: a dotted name of the network, or an index into its convolutions. None is the
        last convolution, or the layer that the classifier names as its ``cam_layer_``.
    convention : {"pytorch-grad-cam", "tf-keras-vis", "torch-cam"} or None, default=None
        Whose number it is. None is the definition above. The weights are the same everywhere; what follows them is as in
        ``GradCAM``.
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
    feature_range_ : FeatureRange
        Lowest and highest feature value seen in ``fit``, and silence.

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
    >>> X = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32)
    >>> y = np.repeat(["cough", "wheeze"], 10)
    >>> LayerCAM(AcoumonClassifier(random_state=0), layer=-2).fit(X, y).transform(X).shape
    (20, 1, 32, 32)
    """

    _parameter_constraints = {
        **GradientCAM._parameter_constraints,
        "convention": names_of([name for name in RESIZINGS if name != "captum"]),
    }

    def _weights(self, activations, gradients):
        return gradients.relu()
