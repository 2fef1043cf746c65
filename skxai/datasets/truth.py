"""Where each class sounds in each clip, and how loud: the truth that saliency maps are measured by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ._events import AudioEvent, event_masks


@dataclass(frozen=True, eq=False)
class EventTruth:
    """Where each class sounds in each clip.

    Indexed by clips like an array, ``truth[test]``, so that it follows the folds of a cross-validation. Made by
    ``skxai.features.event_truth`` from the components of the clips, or by ``EventTruth.from_boxes`` from times and bands.

    Parameters
    ----------
    classes : array-like of shape (k,)
        The labels.
    masks : array-like of shape (n, k, ...)
        How much of each cell is the class's, in [0, 1]: a mask of yes and no, or the share of its energy. All 0 where the class
        does not sound. The axes after the second are those of a clip of features.
    energy : array-like of shape (n, k, ...) or None, default=None
        The class's energy in each cell, where it is known.

    Raises
    ------
    ValueError
        If the shapes do not agree, a class comes twice, or a mask leaves [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.datasets import EventTruth
    >>> truth = EventTruth(["cough", "wheeze"], [[[0, 1, 1], [0, 0, 0]], [[1, 0, 0], [0, 0, 1]]])
    >>> truth.of(["cough", "wheeze"])
    array([[0., 1., 1.],
           [0., 0., 1.]], dtype=float32)
    >>> truth[[1]].sounding.tolist()
    [[True, True]]
    """

    classes: np.ndarray
    masks: np.ndarray
    energy: np.ndarray | None = None

    def __post_init__(self) -> None:
        classes, masks = np.asarray(self.classes), np.asarray(self.masks, dtype=np.float32)
        if classes.ndim != 1 or len(set(classes.tolist())) < len(classes):
            raise ValueError(f"classes of EventTruth must be different labels; got {self.classes!r}.")
        if masks.ndim < 3 or masks.shape[1] != len(classes):
            raise ValueError(
                f"masks of EventTruth must have the shape (clips, {len(classes)} classes, …), the axes of a clip at the end; "
                f"got {masks.shape}."
            )
        check_shares(masks, "masks of EventTruth")
        energy = None if self.energy is None else np.asarray(self.energy, dtype=np.float32)
        if energy is not None and energy.shape != masks.shape:
            raise ValueError(f"energy of EventTruth must have the shape of masks, {masks.shape}; got {energy.shape}.")
        for name, value in (("classes", classes), ("masks", masks), ("energy", energy)):
            object.__setattr__(self, name, value)

    @classmethod
    def from_boxes(
        cls,
        events: Sequence[Sequence[AudioEvent]],
        frequencies: ArrayLike,
        times: ArrayLike,
        classes: Sequence[str] | None = None,
    ) -> Self:
        """Make the truth of spectrograms from times and bands: masks ``(n, k, 1, f, t)`` of 0 and 1, and no energy.

        Parameters
        ----------
        events, frequencies, times
            As in `event_masks`.
        classes : sequence of str or None, default=None
            The labels. None is all that there are, sorted.
        """
        labels = labels_of(events) if classes is None else list(classes)
        masks = np.stack([event_masks(events, label, frequencies, times) for label in labels], 1)[:, :, None]
        return cls(np.asarray(labels), masks)

    def __len__(self) -> int:
        return len(self.masks)

    @property
    def shape(self) -> tuple[int, ...]:
        """``(n, k, ...)``; scikit-learn slices what has a shape by ``truth[indices, ...]``."""
        return self.masks.shape

    def __getitem__(self, clips: Any) -> Self:
        """Return the truth of the clips at these indices."""
        if isinstance(clips, tuple):  # with the ellipsis of scikit-learn
            clips, *_ = clips
        return type(self)(self.classes, self.masks[clips], None if self.energy is None else self.energy[clips])

    @property
    def sounding(self) -> np.ndarray:
        """Whether each class sounds in each clip, ``(n, k)``."""
        return np.any(self.masks.reshape(*self.masks.shape[:2], -1), axis=2)

    def of(self, labels: ArrayLike) -> np.ndarray:
        """Return the masks ``(n, ...)`` of one label for each clip; all 0 where it does not sound or is no class of these."""
        return self._of(self.masks, labels)

    def energy_of(self, labels: ArrayLike) -> np.ndarray | None:
        """Return the energy ``(n, ...)`` of one label for each clip, 0 where it does not sound; None where it is not known."""
        return None if self.energy is None else self._of(self.energy, labels)

    def _of(self, values, labels):
        labels = np.asarray(labels)
        if labels.shape != (len(self),):
            raise ValueError(f"labels must be one for each of {len(self)} clips; got shape {labels.shape}.")
        chosen = np.zeros((len(self), *values.shape[2:]), dtype=np.float32)
        for column, label in enumerate(self.classes.tolist()):
            clips = labels == label
            chosen[clips] = values[clips, column]
        return chosen


def labels_of(events: Sequence[Sequence[AudioEvent]]) -> list:
    """Return the different labels of the events of clips, sorted."""
    return sorted({event.label for clip in events for event in clip})


def check_shares(values: np.ndarray, name: str) -> None:
    """Raise unless all values are in [0, 1]."""
    if values.size and not (values.min() >= 0 and values.max() <= 1):
        raise ValueError(f"{name} must be in [0, 1]; got values from {values.min():g} to {values.max():g}.")
