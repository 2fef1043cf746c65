"""What stands behind a table, for its page: explained examples, the curves, and where the relevance lies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..datasets import AudioEvent
from ..inspection import summarise_relevance
from ..metrics import PerturbationCurve
from ..metrics.perturbation_curve import CURVES
from ..utils.statistics import standard_error
from .examples import ExplainedExamples
from .method_result import MethodResult


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a page shows beside the table.

    Attributes
    ----------
    clips : ndarray of shape (m,)
        The examples, as rows of the comparison's ``scores``; the first ones are the most important.
    labels : ndarray of shape (m,) or None
        Their true classes, where they are known.
    examples : dict from str to tuple of ExplainedExamples
        By method; of a cross-validation one a fold. Controls explain no model and have none.
    curves : dict from str to dict from str to dict
        Mean curves by kind and method; see ``mean_curves``.
    sentences : dict from str to dict from str to str
        Where the relevance lies, by method and explained class.
    accuracy : dict from str to float
        Of the classifier behind each method, on the scored clips; empty without true classes.
    events : list of m lists of (str, float, float, float, float), or None
        Label, onset, offset, low and high of what sounds in the examples, in seconds and hertz, where it is known.
    facts : dict from str to anything that JSON can hold
        Where all of it comes from.
    """

    clips: np.ndarray
    labels: np.ndarray | None
    examples: dict[str, tuple[ExplainedExamples, ...]]
    curves: dict[str, dict[str, dict]]
    sentences: dict[str, dict[str, str]]
    accuracy: dict[str, float]
    events: list[list[tuple]] | None
    facts: dict[str, Any]


def gather_evidence(
    results: Mapping[str, MethodResult],
    clips: np.ndarray,
    y: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    events: Sequence[Sequence[AudioEvent]] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Evidence:
    """Gather the evidence of methods whose examples were explained.

    Parameters
    ----------
    results : dict from str to MethodResult
        By method.
    clips : ndarray of int, shape (m,)
        The examples.
    y, groups : array-like of shape (n,) or None, default=None
        True class and recording of each clip.
    events : sequence of n sequences of AudioEvent, or None, default=None
        What sounds in each clip.
    facts : dict or None, default=None
        Where it comes from.

    Returns
    -------
    Evidence
    """
    y = None if y is None else np.asarray(y)
    examples = {method: result.examples for method, result in results.items() if result.examples}
    sentences, accuracy = {}, {}
    for method, parts in examples.items():
        targets, predicted = (np.concatenate([getattr(part, name) for part in parts]) for name in ("target", "predicted"))
        if parts[0].axes is not None:
            summary = summarise_relevance(results[method].maps, parts[0].axes, targets)["sentence"]
            sentences[method] = {
                str(label): words.removeprefix(f"{label}: ").replace(" %", "\u00a0%") for label, words in summary.items()
            }
        if y is not None:
            accuracy[method] = float((predicted == y).mean())
    curves: dict[str, dict[str, dict]] = {}
    for kind in ("insertion", "deletion"):
        found = {method: result.curves[kind] for method, result in results.items() if kind in result.curves}
        if found:
            curves[kind] = {method: mean_curves(curve, groups) for method, curve in found.items()}
    boxes = None
    if events is not None:
        names = ("label", "onset", "offset", "low", "high")
        boxes = [[tuple(getattr(event, name) for name in names) for event in events[clip]] for clip in clips]
    labels = None if y is None else y[clips]
    return Evidence(np.asarray(clips), labels, examples, curves, sentences, accuracy, boxes, dict(facts or {}))


def mean_curves(curve: PerturbationCurve, groups: ArrayLike | None = None) -> dict[str, Any]:
    """Return the mean curves of a method, of all clips (None) and of each class, and the standard error of the former.

    Clips of one recording, which ``groups`` ``(n,)`` tells, are not independent.

    Returns
    -------
    dict
        "fractions"; and by "probability" and, with true classes, "accuracy" a dict of "mean" by class and "error".
    """
    found: dict[str, Any] = {"fractions": curve.fractions}
    for by in CURVES if curve.y is not None else CURVES[:1]:
        of_clips = curve.curves(by)
        of_classes = {str(label): values.to_numpy() for label, values in curve.per_class(by).items()}
        found[by] = {"mean": {None: of_clips.mean(axis=0), **of_classes}, "error": standard_error(of_clips, groups)}
    return found
