"""The clip itself as its map."""

from ._base import Explainer


class EnergyMap(Explainer):
    r"""The clip itself, above its silence: what is loud is called relevant.

    .. math:: M(x) = x - \min x, \quad\text{or}\quad |x - s|

    with the minimum over the clip, the silence of a spectrogram in decibels. Of a classifier that declares which feature value
    is silence, its ``silence_`` s stands in: 0 for waveforms. A floor: it does not look at the model. A method that is no
    closer to the event than its spectrogram, or no more faithful, only shows where there is sound.

    Parameters
    ----------
    estimator : classifier
        Any classifier with ``predict_proba``: of ``skxai.models``, skorch's or scikit-learn's. In ``FrozenEstimator`` it is
        not trained again.
    target : label or None, default=None
        The class to explain. The map does not depend on it.
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
    RandomMap, EdgeMap : The other floors.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.explainers import EnergyMap
    >>> from skxai.models import AcoumonClassifier
    >>> X = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32)
    >>> y = np.repeat(["cough", "wheeze"], 10)
    >>> maps = EnergyMap(AcoumonClassifier(random_state=0)).fit(X, y).transform(X)
    >>> np.array_equal(maps, X - X.min(axis=(1, 2, 3), keepdims=True))
    True
    """

    explains_model = False
    requires_module = False
    _finds_target = True

    def __init__(self, estimator, *, target=None, batch_size=None, memory=None, verbose=0):
        self.estimator = estimator
        self.target = target
        self.batch_size = batch_size
        self.memory = memory
        self.verbose = verbose

    def _explain(self, network, x, target):
        silence = getattr(self.estimator_, "silence_", None)
        if silence is not None:
            return (x - silence).abs()
        return x - x.amin(tuple(range(1, x.dim())), keepdim=True)
