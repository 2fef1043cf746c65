"""Does relevance follow the energy of the event?"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array

from ..utils.statistics import spearman
from ._parameters import parameters_of
from ._truth import match_cells
from .base import metric


@metric(greater_is_better=True, bounds=(-1, 1), family="ground truth", requires_truth=True, partial=True)
@parameters_of(match_cells)
def visual_coherence(estimator: Any, X: ArrayLike, maps: np.ndarray, *args: Any, **params: Any) -> np.ndarray:
    r"""Rank correlation, over the cells of a clip, of the relevance with the energy of the explained class.

    .. math:: \rho_i\big(|a_i|,\; E_i\big)

    with E the energy that ``truth`` holds, or the part of the clip above its lowest value that the mask gives to the class,
    E = m ⊙ (x − min x), where it holds none: x must increase with the energy, as decibels do. Greater is better. Wang judges
    it by eye. A faithful map need not follow the energy: the model may go by a part of the event.

    See ``relevance_mass_accuracy`` for the parameters.

    Returns
    -------
    ndarray of shape (n,)
        In [−1, 1]; NaN for a constant map, and where the explained class does not sound.

    References
    ----------
    .. [1] Wang, thesis on the acoustic monitoring of ventilated patients, TU Berlin, 2022: visual coherence.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.metrics import visual_coherence
    >>> X, mask = np.array([[-10.0, -30.0, -20.0, -80.0]]), np.array([[1, 1, 1, 0]])
    >>> visual_coherence(None, X, np.array([[3.0, 1.0, -2.0, 0.0]]), truth=mask).round(3).tolist()
    [1.0]
    """
    cells = match_cells(estimator, X, maps, *args, **params)
    energy = cells.energy
    if energy is None:
        clips = check_array(X, dtype=np.float32, allow_nd=True, input_name="X").reshape(len(maps), -1).astype(np.float64)
        energy = cells.mask * (clips - clips.min(axis=1, keepdims=True))
    return spearman(cells.relevance, energy)
