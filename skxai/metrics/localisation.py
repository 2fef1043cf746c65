"""Does the relevance lie where the explained class sounds? The arguments of these metrics are those of ``match_cells``."""

from typing import Any

import numpy as np

from ..engine import is_constant
from ..utils.statistics import ratio_or_nan
from ._parameters import parameters_of
from ._truth import match_cells
from .base import metric


@metric(greater_is_better=True, bounds=(0, 1), family="ground truth", requires_truth=True, partial=True)
@parameters_of(match_cells)
def relevance_mass_accuracy(*args: Any, **params: Any) -> np.ndarray:
    r"""Share of the relevance that lies on the event.

    .. math:: \frac{\sum_i |a_i|\, m_i}{\sum_i |a_i|}

    with m the mask of the explained class; of a ratio mask each cell counts by the class's share of its energy. A map that
    knows nothing has the mean of m. Greater is better.

    Parameters
    ----------
    estimator : classifier, explainer or None
        Fitted, with ``predict_proba``; only to find out which class was explained.
    X : array-like of shape (n, ...) or None
        The clips.
    maps : array-like of shape (n, ...)
        Their maps.
    y : ignored
        Parameter not used, present for API consistency.
    truth : EventTruth or array-like of shape (n, ...)
        Where the classes sound; an array is the mask of the explained class, in [0, 1]. Required.
    target : label, array-like of shape (n,) or None, default=None
        The class c. None is the explainer's ``target``, or else the predicted class.
    batch_size : int or None, default=None
        Inputs at once. None chooses within ``sklearn.get_config()["working_memory"]``.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]; NaN for a map of zeros, and where the explained class does not sound: where the classifier is wrong, there
        is no event to be found.

    References
    ----------
    .. [1] Arras, Osman & Samek, "CLEVR-XAI: a benchmark dataset for the ground truth evaluation of neural network
       explanations", Information Fusion 81, 2022: relevance mass accuracy.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.metrics import relevance_mass_accuracy
    >>> relevance_mass_accuracy(None, None, np.array([[1.0, 0.0, 3.0, -4.0]]), truth=np.array([[0, 0, 1, 1]])).tolist()
    [0.875]
    """
    cells = match_cells(*args, **params)
    mass = ratio_or_nan((cells.relevance * cells.mask).sum(axis=1), cells.relevance.sum(axis=1))
    return np.where(cells.mask.any(axis=1), np.minimum(mass, 1), np.nan)


@metric(greater_is_better=True, bounds=(0, 1), family="ground truth", requires_truth=True, partial=True)
@parameters_of(match_cells)
def relevance_rank_accuracy(*args: Any, **params: Any) -> np.ndarray:
    r"""Share of the K most relevant cells that lie on the event, which has K cells.

    .. math:: \frac{|\{i_1, \dots, i_K\} \cap M|}{K}, \quad K = |M|, \quad |a_{i_1}| \ge |a_{i_2}| \ge \dots

    with M the cells whose mask is at least 0.5. Of ties that reach over the K-th place the expected share counts, as if their
    order were drawn. A map that knows nothing has the size of M as a share of the clip. Greater is better.

    See ``relevance_mass_accuracy`` for the parameters and the source.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]; NaN for a constant map, and where the explained class has no cell.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.metrics import relevance_rank_accuracy
    >>> relevance_rank_accuracy(None, None, np.array([[1.0, 0.0, 3.0, -4.0]]), truth=np.array([[1, 0, 0, 1]])).tolist()
    [0.5]
    """
    cells = match_cells(*args, **params)
    size = cells.inside.sum(axis=1)
    kth = np.take_along_axis(np.sort(cells.relevance, axis=1)[:, ::-1], np.maximum(size - 1, 0)[:, None], axis=1)
    above, tied = cells.relevance > kth, cells.relevance == kth
    places_left = size - above.sum(axis=1)
    hits = (above & cells.inside).sum(axis=1) + places_left * (tied & cells.inside).sum(axis=1) / tied.sum(axis=1)
    return np.where(is_constant(cells.relevance), np.nan, ratio_or_nan(hits, size))


@metric(greater_is_better=True, bounds=(0, 1), family="ground truth", requires_truth=True, partial=True)
@parameters_of(match_cells)
def pointing_game(*args: Any, **params: Any) -> np.ndarray:
    r"""Whether the most relevant cell lies on the event.

    .. math:: \mathbb{1}\big[\arg\max_i |a_i| \in M\big]

    with M the cells whose mask is at least 0.5, without a tolerance around it. If several cells share the maximum, which one
    is taken would depend on their position: the share of them that lies in M counts. Greater is better.

    See ``relevance_mass_accuracy`` for the parameters.

    Returns
    -------
    ndarray of shape (n,)
        0, 1 or, with ties, between; NaN for a constant map, and where the explained class has no cell.

    References
    ----------
    .. [1] Zhang, Bargal, Lin, Brandt, Shen & Sclaroff, "Top-down neural attention by excitation backprop", International
       Journal of Computer Vision 126, 2018, section 4.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.metrics import pointing_game
    >>> pointing_game(None, None, np.array([[1.0, 4.0, 3.0, -4.0]]), truth=np.array([[1, 0, 0, 1]])).tolist()
    [0.5]
    """
    cells = match_cells(*args, **params)
    greatest = cells.relevance == cells.relevance.max(axis=1, keepdims=True)
    hits = (greatest & cells.inside).sum(axis=1) / greatest.sum(axis=1)
    return np.where(is_constant(cells.relevance) | ~cells.inside.any(axis=1), np.nan, hits)


@metric(greater_is_better=True, bounds=(0, 1), family="ground truth", requires_truth=True, partial=True)
@parameters_of(match_cells)
def max_iou(*args: Any, **params: Any) -> np.ndarray:
    r"""Overlap of the relevant region with the event, at the threshold where it is greatest.

    .. math:: \max_\tau \frac{|R_\tau \cap M|}{|R_\tau \cup M|}, \quad R_\tau = \{i : |a_i| \ge \tau\}

    over all values τ of the map, with M the cells whose mask is at least 0.5. It is never less than the size of M as a share
    of the clip, which the lowest threshold gives. Greater is better.

    See ``relevance_mass_accuracy`` for the parameters.

    Returns
    -------
    ndarray of shape (n,)
        In [0, 1]; NaN for a constant map, and where the explained class has no cell.

    References
    ----------
    .. [1] Choe, Oh, Lee, Chun, Akata & Shim, "Evaluating weakly supervised object localization methods right", CVPR 2020:
       the threshold is chosen for each method, since maps have no common scale; here for each clip.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.metrics import max_iou
    >>> max_iou(None, None, np.array([[1.0, 0.0, 3.0, -4.0]]), truth=np.array([[1, 0, 0, 1]])).round(3).tolist()
    [0.667]
    """
    cells = match_cells(*args, **params)
    order = np.argsort(-cells.relevance, axis=1, kind="stable")
    relevance, inside = (np.take_along_axis(values, order, axis=1) for values in (cells.relevance, cells.inside))
    hits, region = inside.cumsum(axis=1), np.arange(1, inside.shape[1] + 1)
    overlap = hits / (region + inside.sum(axis=1, keepdims=True) - hits)
    overlap[:, :-1][relevance[:, :-1] == relevance[:, 1:]] = 0  # a threshold takes all of a tie or nothing
    return np.where(is_constant(cells.relevance) | ~inside.any(axis=1), np.nan, overlap.max(axis=1))
