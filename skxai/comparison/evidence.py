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
    """What a page shows beside the table: m examples, and what is known of all clips."""

    clips: np.ndarray  # (m,), the examples as rows of the comparison's scores, the most important first
    labels: np.ndarray | None  # (m,), their true classes
    examples: dict[str, tuple[ExplainedExamples, ...]]  # by method, one a fold; controls have none
    curves: dict[str, dict[str, dict]]  # by kind and method, see mean_curves
    sentences: dict[str, dict[str, str]]  # where the relevance lies, by method and explained class
    accuracy: dict[str, float]  # of the classifier behind each method, on all clips; empty without true classes
    events: list[list[tuple]] | None  # of each example (label, onset, offset, low, high), in seconds and hertz
    facts: dict[str, Any]  # where all of it comes from, as JSON can hold it


def gather_evidence(
    results: Mapping[str, MethodResult],
    clips: np.ndarray,
    y: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    events: Sequence[Sequence[AudioEvent]] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Evidence:
    """Gather the evidence of methods whose examples ``clips (m,)`` were explained.

    ``y (n,)``, ``groups (n,)`` and ``events`` tell of all clips the true class, the recording and what sounds.
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
    """Return the "fractions" of a curve, and by "probability" and, with true classes, "accuracy" a dict of "mean" and "error".

    The means are those of all clips (None) and of each class; the error is the standard error of the former, where
    ``groups (n,)`` tell the recordings.
    """
    found: dict[str, Any] = {"fractions": curve.fractions}
    for by in CURVES if curve.y is not None else CURVES[:1]:
        of_clips = curve.curves(by)
        of_classes = {str(label): values.to_numpy() for label, values in curve.per_class(by).items()}
        found[by] = {"mean": {None: of_clips.mean(axis=0), **of_classes}, "error": standard_error(of_clips, groups)}
    return found
