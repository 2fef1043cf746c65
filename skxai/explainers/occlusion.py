"""What the class loses where a window of the clip is hidden."""

from numbers import Real
from typing import Any

import torch

from ..engine import BASELINES, resolve_baseline
from ..utils.random import RandomStateLike
from ..utils.validation import StrOptions
from ._base import Explainer, MemoryLike
from ._picture import SIZE, Size, as_clips, pictures, sizes


class Occlusion(Explainer):
    r"""Drop of the probability of the class where a window of the clip is hidden, averaged over the windows on a value.

    .. math:: M_c(x)_i = \frac{1}{|\{w : i \in w\}|} \sum_{w \ni i} \big( p_c(x) - p_c(x_{w \to b}) \big)

    with :math:`x_{w \to b}` the clip with the window w at the baseline. The windows slide over frequency and time, or along a
    vector; all channels are hidden together. The map is signed: below 0 is what speaks against the class. It takes one pass
    for each window and asks for probabilities only: the classifier may be any of scikit-learn's.

    Parameters
    ----------
    estimator : classifier with ``predict_proba``
        Of ``skxai.models``, skorch's or scikit-learn's; in ``FrozenEstimator`` it is not trained again.
    window : int, float or tuple, default=0.125
        Size of the window: an integer is a number of values, a float a share of the clip's extent, rounded up. A tuple has
        one for each axis, ``(frequency, time)`` or ``(values,)``.
    stride : int, float or tuple, default=0.5
        How far the window moves on: an integer is a number of values, a float a share of the window, rounded up. At most the
        window, so that no value is left out; the last window of an axis may be cut off by the end of the clip.
    baseline : {"floor", "mean", "blur", "uniform"} or float, default="floor"
        The values b. "floor" is silence: ``silence_``, or the lowest value of ``fit``; see ``skxai.engine.resolve_baseline``.
    target : label or None, default=None
        The class to explain. None is the class that is predicted for each clip.
    batch_size : int or None, default=None
        Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.
    memory : str, joblib.Memory or None, default=None
        Where trained classifiers are kept, so that the same one is trained once on the same data.
    random_state : int, RandomState instance or None, default=None
        Seed of the ``"uniform"`` baseline.
    verbose : int, default=0
        Above 0 shows a progress bar.

    Attributes
    ----------
    estimator_, classes_, feature_range_ : classifier, ndarray of shape (k,), FeatureRange
        The fitted clone; its labels; the lowest and highest feature value seen in ``fit``, and silence.

    See Also
    --------
    RISE : Hides many random parts at once.

    Notes
    -----
    Where a classifier is sure, one small window changes its probability by next to nothing. A larger one shows more, and less
    finely; which is most faithful can be searched: ``GridSearchCV(Occlusion(...), {"window": [0.125, 0.25, 0.5]})``.

    The probability is what Zeiler and Fergus draw (figure 7d), and what every classifier gives. captum's ``Occlusion``, and
    ``CaptumExplainer`` with it, mostly takes the score before the softmax; of the same function both make the same map.

    References
    ----------
    .. [1] Zeiler & Fergus, "Visualizing and understanding convolutional networks", ECCV 2014 (arXiv:1311.2901, whose numbers
       these are), section 4.2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skxai.explainers import Occlusion
    >>> X = np.random.default_rng(0).random((40, 13))
    >>> y = np.where(X[:, 4] > 0.5, "cough", "wheeze")
    >>> maps = Occlusion(RandomForestClassifier(random_state=0), window=1).fit(X, y).transform(X)
    >>> maps.shape, int(abs(maps).mean(axis=0).argmax())
    ((40, 13), 4)
    """

    _parameter_constraints = {
        **Explainer._parameter_constraints,
        "window": SIZE,
        "stride": SIZE,
        "baseline": [Real, StrOptions(set(BASELINES))],
    }
    requires_module = False

    def __init__(
        self,
        estimator: Any,
        *,
        window: Size = 0.125,
        stride: Size = 0.5,
        baseline: str | float = "floor",
        target: Any = None,
        batch_size: int | None = None,
        memory: MemoryLike = None,
        random_state: RandomStateLike = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(estimator, target=target, batch_size=batch_size, memory=memory, verbose=verbose)
        self.window = window
        self.stride = stride
        self.baseline = baseline
        self.random_state = random_state

    def _check_network(self, X):
        super()._check_network(X)
        self._windows(X.shape[1:])  # raises where a size does not fit the clips

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        rows, columns = (covered.to(x.device) for covered in self._windows(x.shape[1:]))
        b = resolve_baseline(self.baseline, x, self.feature_range_, self.seed_).expand_as(x)
        seen, hidden = pictures(x), pictures(b)

        def through(clips, windows):
            number = torch.arange(windows.start, windows.stop, device=x.device)
            window = rows[number // len(columns), :, None] & columns[number % len(columns), None]
            occluded = torch.where(window[:, None], hidden[clips, None], seen[clips, None])
            return occluded.reshape(*occluded.shape[:2], *x.shape[1:])

        before = network.probabilities(x.clone()).gather(1, target[:, None])  # a module may work in place on what it is given
        after, _ = network.sweep(len(x), len(rows) * len(columns), through, target)
        drop = (before - after).unflatten(1, (len(rows), len(columns)))
        total = torch.einsum("nij,ir,jc->nrc", drop, rows.float(), columns.float())
        return as_clips(total / (rows.sum(0)[:, None] * columns.sum(0)), x)

    def _windows(self, shape):
        """Return which rows, and which columns, each window covers: ``(positions, rows)`` and ``(positions, columns)``."""
        axes, owner = tuple(shape[-2:]), type(self).__name__
        window = sizes(self.window, axes, name="window", owner=owner)
        stride = sizes(self.stride, window[-len(axes) :], name="stride", owner=owner)
        return [_covered(*along) for along in zip((1, *axes)[-2:], window, stride)]


def _covered(extent, window, stride):
    """Return where each position of a window lies on an axis, ``(positions, extent)``."""
    start = stride * torch.arange(1 - (window - extent) // stride)
    place = torch.arange(extent) - start[:, None]
    return (place >= 0) & (place < window)
