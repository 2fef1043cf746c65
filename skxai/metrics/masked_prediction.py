"""What the classifier makes of the explained part of a clip alone: average drop, average increase, prediction change."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..engine import is_constant, mask, minmax, shared
from ..utils.random import RandomStateLike
from ..utils.statistics import ratio_or_nan
from ._convention import convention_of
from ._parameters import parameters_of
from .base import metric
from .perturbation import ExplainedClips, check_top, predict_perturbed, prepare_clips, ranks

# The drop in confidence from its loss and what it was, by convention. The peers multiply the clip with the map as it is.
DROPS = {
    None: ratio_or_nan,
    "pytorch-grad-cam": lambda loss, before: loss,
    "torch-cam": lambda loss, before: loss / (before + 1e-7),
}


def top_half(maps: torch.Tensor, top: float = 0.5, random_state: RandomStateLike = 0) -> torch.Tensor:
    """Return maps min–max scaled per clip and zeroed outside their ``top`` share of pixels; NaN for a constant map."""
    count = int(np.ceil(top * maps[0].numel()))
    return torch.where(ranks(maps, random_state) < count, minmax(maps), torch.zeros_like(maps))


@shared
def masked_predictions(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    target: Any = None,
    baseline: str | float = "floor",
    top: float = 0.5,
    convention: str | None = None,
    batch_size: int | None = None,
    random_state: RandomStateLike = 0,
) -> tuple[ExplainedClips, np.ndarray, np.ndarray]:
    """Return the clips, p_c of the explained input (NaN for a constant map) and whether the label changes.

    Under a convention the explained input is m ⊙ x, with the map as it is, constant or not. ``y`` is not used.
    """
    check_top(top)
    product = convention is not None
    explained = prepare_clips(estimator, X, maps, target, batch_size)

    def explained_input(x, maps, baseline):
        masked = x * maps if product else mask(x, torch.nan_to_num(top_half(maps, top, random_state)), baseline)
        return lambda clips, variants: masked[clips, None]

    after, predicted = predict_perturbed(explained, 1, explained_input, baseline=baseline, random_state=random_state)
    constant = is_constant(explained.maps) & (not product)
    after = np.where(constant, np.nan, after[:, 0])
    changed = np.where(constant, np.nan, predicted[:, 0] != explained.predicted)
    return explained, after, changed


@metric(greater_is_better=False, bounds=(0, 1), family="faithfulness")
@parameters_of(masked_predictions)
def average_drop(*args: Any, convention: str | None = None, **params: Any) -> np.ndarray:
    r"""Loss of confidence when only the explained part of a clip is heard.

    .. math:: \max(0, Y - O) / Y, \quad Y = p_c(x), \quad O = p_c\big(b + m \odot (x - b)\big)

    with m the map, min–max scaled and zeroed outside its top half. Smaller is better.

    Parameters
    ----------
    estimator : classifier or explainer
        Fitted, with ``predict_proba``.
    X, maps : array-like of shape (n, ...)
        The clips and their maps.
    y : ignored
        Parameter not used, present for API consistency.
    target : label, array-like of shape (n,) or None, default=None
        The class c. None is the explainer's ``target``, or else the predicted class.
    baseline : {"floor", "mean", "blur", "uniform"} or float, default="floor"
        The values b. "floor" is silence: ``silence_``, or the lowest value of ``fit``; see ``skxai.engine.resolve_baseline``.
    top : float, default=0.5
        Share of the pixels that is kept, in (0, 1].
    convention : {"pytorch-grad-cam", "torch-cam"} or None, default=None
        Package whose convention is reproduced. None is the definition above. Both peers multiply, O = p_c(m ⊙ x), with the map
        **as it is** and all of its pixels: ``baseline`` and ``top`` are not looked at, and maps should be scaled already, such
        as those of ``GradCAM(convention=...)``. On decibels the product turns what it hides to full level.

        - "pytorch-grad-cam" (``DropInConfidence`` with ``ClassifierOutputSoftmaxTarget``): max(0, Y − O), not divided by Y.
        - "torch-cam" (``ClassificationMetric`` with ``logits_fn`` a softmax): max(0, Y − O) / (Y + 1e-7).
    batch_size : int or None, default=None
        Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.
    random_state : int, RandomState instance or None, default=0
        Seed of the order inside ties and of the uniform baseline.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]; NaN for a constant map or where Y = 0.

    Notes
    -----
    SpeechBrain's average drop (``quantus_eval.py``, ``compute_AD``) takes the softmax of probabilities, a second one, so that
    it cannot exceed 63.2 %: it is no convention here.

    References
    ----------
    .. [1] Chattopadhay et al., "Grad-CAM++", WACV 2018.
    .. [2] Wang et al., "Score-CAM", CVPR workshops 2020: the top half of the pixels.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import average_drop
    >>> X = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> model = LogisticRegression().fit(X, [0, 1, 0, 1])
    >>> relevant, irrelevant = [[1.0, 0.0]] * 4, [[0.0, 1.0]] * 4
    >>> bool(average_drop(model, X, relevant).mean() < average_drop(model, X, irrelevant).mean())
    True
    """
    drop = convention_of(DROPS, convention, "average_drop")
    explained, after, _ = masked_predictions(*args, convention=convention, **params)
    return drop(np.maximum(0, explained.before - after), explained.before)


@metric(greater_is_better=True, bounds=(0, 1), family="faithfulness")
@parameters_of(masked_predictions)
def average_increase(*args: Any, convention: str | None = None, **params: Any) -> np.ndarray:
    r"""Whether the classifier is surer when only the explained part of a clip is heard.

    .. math:: \mathbb{1}[O > Y], \quad Y = p_c(x), \quad O = p_c\big(b + m \odot (x - b)\big)

    with m the map, min–max scaled and zeroed outside its top half. Greater is better.

    See ``average_drop`` for the parameters and the source.

    Parameters
    ----------
    convention : {"pytorch-grad-cam", "torch-cam"} or None, default=None
        Package whose convention is reproduced, as in ``average_drop``: for both, O = p_c(m ⊙ x) with the map as it is. None is
        the definition above.

    Returns
    -------
    ndarray of shape (n,)
        0 or 1; NaN for a constant map.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import average_increase
    >>> X = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> average_increase(LogisticRegression().fit(X, [0, 1, 0, 1]), X, [[1.0, 0.0]] * 4).shape
    (4,)
    """
    convention_of(DROPS, convention, "average_increase")
    explained, after, _ = masked_predictions(*args, convention=convention, **params)
    return np.where(np.isnan(after), np.nan, after > explained.before)


@metric(greater_is_better=False, bounds=(0, 1), family="faithfulness")
@parameters_of(masked_predictions, without="convention")
def prediction_change(*args: Any, **params: Any) -> np.ndarray:
    r"""Whether the predicted label changes when only the explained part of a clip is heard.

    .. math:: \mathbb{1}\big[\arg\max_c p_c(x) \ne \arg\max_c p_c(b + m \odot (x - b))\big]

    with m the map, min–max scaled and zeroed outside its top half. Smaller is better.

    See ``average_drop`` for the parameters.

    Parameters
    ----------
    target : ignored
        The predicted labels are compared.

    Returns
    -------
    ndarray of shape (n,)
        0 or 1; NaN for a constant map.

    References
    ----------
    .. [1] Wang, thesis on the acoustic monitoring of ventilated patients, TU Berlin, 2022.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import prediction_change
    >>> X = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> prediction_change(LogisticRegression().fit(X, [0, 1, 0, 1]), X, [[1.0, 0.0]] * 4).tolist()
    [0.0, 0.0, 0.0, 0.0]
    """
    return masked_predictions(*args, **params)[2]
