"""What sounds in a clip, when and at which frequencies; and the time-frequency masks that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from ._synthesis import EVENTS


@dataclass(frozen=True, eq=False)
class AudioEvent:
    """One sound in a clip, alone.

    Parameters
    ----------
    label : str
        What sounds.
    onset, offset : float
        Beginning and end in seconds from the start of the clip; the reverberation belongs to the event.
    low, high : float
        The band in hertz.
    waveform : ndarray of shape (samples,)
        The event's part of the clip, zero where it is silent.
    """

    label: str
    onset: float
    offset: float
    low: float
    high: float
    waveform: np.ndarray = field(repr=False)


def event_masks(
    events: Sequence[Sequence[AudioEvent]], label: ArrayLike, frequencies: ArrayLike, times: ArrayLike
) -> np.ndarray:
    """Where in the time-frequency plane the events of a class are: the truth that a saliency map should find.

    A cell is True if its centre lies inside [onset, offset] × [low, high] of an event of the class. An event that lies between
    the centres of two cells marks the nearest one, so that no event on the axes gets lost; one beyond the axes marks nothing.

    Parameters
    ----------
    events : sequence of n sequences of AudioEvent
        The events of each clip, as in ``make_audio_events(...).events``.
    label : str or array-like of shape (n,)
        The class; or one class per clip, such as the clips' own, ``target``.
    frequencies, times : array-like of shape (f,), array-like of shape (t,)
        Centres of the rows in hertz and of the columns in seconds, increasing; of a fitted feature transformer ``frequencies_``
        and ``times_``.

    Returns
    -------
    ndarray of bool, shape (n, f, t)
        The masks; all False for a clip without such an event.

    Raises
    ------
    ValueError
        If the axes are not one-dimensional, finite and increasing, a label is neither a built-in class nor one of the events',
        or the labels are not one per clip.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.datasets import AudioEvent, event_masks
    >>> tone = AudioEvent("tone", onset=0.1, offset=0.3, low=400.0, high=600.0, waveform=np.zeros(8000))
    >>> event_masks([[tone]], "tone", frequencies=[100, 500, 900], times=[0.0, 0.1, 0.2, 0.3, 0.4])[0].astype(int)
    array([[0, 0, 0, 0, 0],
           [0, 1, 1, 1, 0],
           [0, 0, 0, 0, 0]])
    """
    hertz, seconds = _check_axis("frequencies", "hertz", frequencies), _check_axis("times", "seconds", times)
    labels = _check_labels(events, label)
    masks = np.zeros((len(events), hertz.size, seconds.size), dtype=bool)
    for mask, clip, wanted in zip(masks, events, labels):
        for event in clip:
            if event.label == wanted:
                rows = _cells_between(hertz, event.low, event.high)
                mask |= rows[:, np.newaxis] & _cells_between(seconds, event.onset, event.offset)
    return masks


def _cells_between(centres, start, end):
    """Cells whose centre lies in [start, end]; else the cell nearest to the middle, unless that is beyond the axis."""
    inside = (centres >= start) & (centres <= end)
    if not inside.any():
        middle = (start + end) / 2
        steps = np.diff(centres) if centres.size > 1 else np.array([np.inf])  # a single cell covers everything
        if centres[0] - steps[0] / 2 <= middle <= centres[-1] + steps[-1] / 2:
            inside[np.argmin(np.abs(centres - middle))] = True
    return inside


def _check_axis(name, unit, axis):
    if axis is None:
        raise ValueError(
            f"{name} of event_masks must be the centres of the cells in {unit}; got None. Cepstra have no such axis."
        )
    values = np.asarray(axis, dtype=float)
    if values.ndim != 1 or values.size == 0 or not np.isfinite(values).all() or (np.diff(values) <= 0).any():
        raise ValueError(f"{name} of event_masks must be one-dimensional, finite and increasing, in {unit}; got {axis!r}.")
    return values


def _check_labels(events, label):
    labels = np.full(len(events), label) if isinstance(label, str) else np.asarray(label)
    if labels.shape != (len(events),):
        raise ValueError(
            f"label of event_masks must be a class or one class per clip, {len(events)}; got shape {labels.shape}."
        )
    known = {*EVENTS, *(event.label for clip in events for event in clip)}
    unknown = set(labels.tolist()) - known
    if unknown:
        raise ValueError(f"label of event_masks must be one of {sorted(known)}; got {sorted(unknown, key=str)}.")
    return labels
