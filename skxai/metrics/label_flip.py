"""Does the label change without what the map calls most relevant?"""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike

from ..engine import is_constant
from ..utils.random import RandomStateLike
from .base import metric
from .perturbation import check_top, predict_perturbed, prepare_clips, ranks, replace_first


@metric(greater_is_better=True, bounds=(0, 1), family="faithfulness")
def label_flip_rate(
    estimator: Any,
    X: ArrayLike,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    baseline: str | float = "floor",
    top: float = 0.2,
    batch_size: int | None = None,
    random_state: RandomStateLike = 0,
) -> np.ndarray:
    r"""Whether the predicted label changes when the most relevant pixels go to the baseline.

    .. math:: \mathbb{1}\big[\arg\max_c p_c(x) \ne \arg\max_c p_c(x_{\text{top} \to b})\big]

    The mean over the clips is the label flip rate. Greater is better.

    See ``average_drop`` for the parameters; the predicted class is explained.

    Parameters
    ----------
    top : float, default=0.2
        Share of the pixels that goes.

    Returns
    -------
    ndarray of shape (n,)
        0 or 1; NaN for a constant map.

    References
    ----------
    .. [1] Hoedt, Praher, Flexer & Widmer, "Constructing adversarial examples to investigate the plausibility of explanations
       in deep audio and image classifiers", Neural Computing and Applications, 2023.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skxai.metrics import label_flip_rate
    >>> X = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> label_flip_rate(LogisticRegression().fit(X, [0, 1, 0, 1]), X, [[1.0, 0.0]] * 4, top=0.5).tolist()
    [0.0, 1.0, 0.0, 1.0]
    """
    check_top(top)
    explained = prepare_clips(estimator, X, maps, None, batch_size)
    count = int(np.ceil(top * explained.X[0].size))

    def without_top(x, maps, baseline):
        return replace_first(x, ranks(maps, random_state), torch.tensor([count], device=x.device), baseline)

    _, predicted = predict_perturbed(explained, 1, without_top, baseline=baseline, random_state=random_state)
    return np.where(is_constant(explained.maps), np.nan, predicted[:, 0] != explained.predicted)
