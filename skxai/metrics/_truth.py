"""What the metrics of localisation share: the explained class's part of each clip, checked and flattened."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_array

from ..datasets import EventTruth
from ..datasets.truth import check_shares
from .perturbation import prepare_clips


@dataclass(frozen=True)
class Cells:
    """Relevance and truth of the cells of each clip; both ``(n, p)``, float64."""

    relevance: np.ndarray  # |a|
    mask: np.ndarray  # in [0, 1], all 0 where the explained class does not sound
    energy: np.ndarray | None  # of the explained class, where it is known

    @property
    def inside(self) -> np.ndarray:
        """The cells that are the event's by half and more, ``(n, p)``."""
        return self.mask >= 0.5


def match_cells(
    estimator: Any,
    X: ArrayLike | None,
    maps: np.ndarray,
    y: ArrayLike | None = None,
    *,
    truth: EventTruth | ArrayLike | None = None,
    target: Any = None,
    batch_size: int | None = None,
) -> Cells:
    """Return relevance and truth of the cells of each clip.

    ``truth`` is an ``EventTruth``, of which the explained class counts (``estimator`` and X are needed for it), or the mask
    ``(n, ...)`` of that class. ``y`` is not used.
    """
    if isinstance(truth, EventTruth):
        check_shape(truth, maps.shape)
        labels = explained_labels(estimator, X, maps, truth, target, batch_size)
        mask, energy = truth.of(labels), truth.energy_of(labels)
    else:
        mask, energy = _check_mask(truth, maps.shape), None
    relevance, mask = (np.abs(values).reshape(len(maps), -1).astype(np.float64) for values in (maps, mask))
    return Cells(relevance, mask, None if energy is None else energy.reshape(len(maps), -1).astype(np.float64))


def explained_labels(
    estimator: Any, X: ArrayLike | None, maps: np.ndarray, truth: EventTruth, target: Any = None, batch_size: int | None = None
) -> np.ndarray:
    """Return the label ``(n,)`` that each map explains; refuse a truth that has none of the classifier's."""
    explained = prepare_clips(estimator, X, maps, target, batch_size)
    classes = explained.predictor.classes_
    if not set(classes.tolist()) & set(truth.classes.tolist()):
        raise ValueError(
            f"truth must hold classes of the classifier, {classes.tolist()}; got those of {truth.classes.tolist()}."
        )
    return classes[explained.target]


def check_shape(truth: EventTruth, shape: tuple[int, ...]) -> None:
    """Refuse an ``EventTruth`` of other clips or features than those of ``shape (n, ...)``."""
    if len(truth) != shape[0]:
        raise ValueError(
            f"truth must be of the {shape[0]} clips of X; got that of {len(truth)}. In a cross-validation it follows the "
            "folds only by metadata routing, see get_scorer."
        )
    if truth.masks.shape[2:] != shape[1:]:
        raise ValueError(f"truth must have masks of the shape of a clip, {shape[1:]}; got {truth.masks.shape[2:]}.")


def _check_mask(truth, shape):
    mask = check_array(truth, dtype=np.float32, allow_nd=True, input_name="truth")
    if len(shape) == 4 and shape[1] == 1 and mask.ndim == 3:
        mask = mask[:, None]  # as event_masks gives them
    if mask.shape != shape:
        raise ValueError(
            f"truth must have the shape of the maps, {shape}, in each clip the mask of its class; got {mask.shape}."
        )
    check_shares(mask, "truth")
    return mask
