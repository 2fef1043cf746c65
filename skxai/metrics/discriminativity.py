"""Do the maps of two classes that sound at once fall on their own sources?"""

from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from ..datasets import EventTruth
from ..utils.statistics import ratio_or_nan
from ._truth import check_shape, explained_labels
from .base import metric


@metric(
    greater_is_better=True,
    bounds=(-1, 1),
    family="ground truth",
    requires_explainer=True,
    requires_truth="of every class",
    partial=True,
)
def class_discriminativity(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    truth: EventTruth | None = None,
    target: Any = None,
    batch_size: int | None = None,
) -> np.ndarray:
    r"""How much more of each class's map lies on its own source than on the other's, in a mixture of two classes.

    .. math:: \frac{1}{2} \Big[ \sum_i r^c_i (m^c_i - m^d_i) + \sum_i r^d_i (m^d_i - m^c_i) \Big], \quad
        r^c_i = \frac{|a^c_i|}{\sum_j |a^c_j|}

    with a^c the given map of the explained class c, a^d that of the other class d in the clip, which is explained anew, and m
    their masks; the mean over d where more classes sound. 1 if each map lies on its own source alone, 0 if both maps are the
    same, −1 if they are exchanged. Greater is better. Wang judges it by eye.

    See ``relevance_mass_accuracy`` for the parameters that are not listed.

    Parameters
    ----------
    estimator : explainer
        Fitted: it explains anew.
    truth : EventTruth
        Where the classes sound; of all classes, since two are compared. Required.

    Returns
    -------
    ndarray of shape (n,)
        In [−1, 1]; NaN where class c does not sound or no other class of the classifier does, and where a map is zero.

    Raises
    ------
    TypeError
        If ``estimator`` is not an explainer, or ``truth`` is the mask of one class only.

    References
    ----------
    .. [1] Wang, thesis on the acoustic monitoring of ventilated patients, TU Berlin, 2022: class discriminativity.
    .. [2] Selvaraju et al., "Grad-CAM", ICCV 2017, section 5.1: class discrimination on images with two classes.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from skxai.datasets import EventTruth
    >>> from skxai.explainers import VanillaSaliency
    >>> from skxai.metrics import class_discriminativity
    >>> from skxai.models import PretrainedClassifier
    >>> X = np.array([[2, 2, 1, 1]], dtype=np.float32)
    >>> explainer = VanillaSaliency(PretrainedClassifier(nn.Linear(4, 2), ["low", "high"])).fit(X)
    >>> truth = EventTruth(["low", "high"], [[[1, 1, 0, 0], [0, 0, 1, 1]]])
    >>> class_discriminativity(explainer, X, explainer.transform(X), truth=truth).shape
    (1,)
    """
    if not hasattr(estimator, "explain"):
        raise TypeError(f"estimator must be an explainer for class_discriminativity; got {type(estimator).__name__}.")
    truth = cast(EventTruth, truth)  # all else was refused
    check_shape(truth, maps.shape)
    X = np.asarray(X, dtype=np.float32)
    labels = explained_labels(estimator, X, maps, truth, target, batch_size)
    relevance, own = _normalised(maps), truth.of(labels).reshape(len(maps), -1)
    total, n_others = np.zeros(len(maps)), np.zeros(len(maps))
    for column, other in enumerate(truth.classes.tolist()):
        clips = truth.sounding[:, column] & own.any(axis=1) & (labels != other)
        if not clips.any() or other not in estimator.classes_.tolist():
            continue
        of_other = _normalised(estimator.explain(X[clips], other))
        difference = own[clips] - truth.masks[clips, column].reshape(len(of_other), -1)
        total[clips] += ((relevance[clips] - of_other) * difference).sum(axis=1) / 2
        n_others[clips] += 1
    return np.clip(ratio_or_nan(total, n_others), -1, 1)


def _normalised(maps):
    """Return |a| ``(n, p)`` with the sum 1, NaN for a map of zeros."""
    relevance = np.abs(maps).reshape(len(maps), -1).astype(np.float64)
    return ratio_or_nan(relevance, relevance.sum(axis=1, keepdims=True))
