"""Explain clips by one method and score the maps."""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..datasets import EventTruth
from ..engine import shared_passes
from ..metrics import PerturbationCurve, deletion_curve, evaluate, insertion_curve, split_pipeline
from .examples import ExplainedExamples

CURVES = {"deletion": deletion_curve, "insertion": insertion_curve}


@dataclass(frozen=True)
class MethodResult:
    """What one method gave on a set of clips.

    Attributes
    ----------
    maps : ndarray of shape (n, ...)
        The saliency maps, of the features' shape.
    scores : dict from str to ndarray of shape (n,)
        The metrics' values clip by clip, NaN where undefined.
    curves : dict from str to PerturbationCurve
        "deletion" and "insertion", where they were asked for.
    seconds : float
        What the maps took.
    examples : tuple of ExplainedExamples
        The clips that a page shows, explained by the method; of a cross-validation one a fold.
    """

    maps: np.ndarray
    scores: dict[str, np.ndarray]
    curves: dict[str, PerturbationCurve]
    seconds: float
    examples: tuple[ExplainedExamples, ...] = ()


def explain_and_score(
    estimator: Any,
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    scoring: Sequence[str] | None = None,
    curves: bool | Collection[str] = False,
    truth: EventTruth | None = None,
    **params: Any,
) -> MethodResult:
    """Explain clips and score the maps, sharing all passes that the metrics have in common.

    Inside ``skxai.engine.shared_passes()`` several explainers share theirs too.

    Parameters
    ----------
    estimator : explainer, Pipeline or search
        Fitted.
    X : array-like
        What the estimator takes.
    y : array-like of shape (n,) or None, default=None
        True labels, for the metrics and curves by accuracy.
    scoring : list of str or None, default=None
        Scorer names; None is all that can be computed with what is given.
    curves : bool or collection of {"deletion", "insertion"}, default=False
        Which curves to keep; True is both.
    truth : EventTruth or None, default=None
        Where the classes sound in the features of X, for the ground-truth metrics.
    **params
        Parameters that are given to each metric that takes them.

    Returns
    -------
    MethodResult
    """
    with shared_passes():
        explainer, features = split_pipeline(estimator, X)
        start = time.perf_counter()
        maps = explainer.transform(features)
        seconds = time.perf_counter() - start
        scores = evaluate(explainer, features, y, scoring, maps=maps, truth=truth, **params)
        of_curves = {name: params[name] for name in ("baseline", "step", "random_state") if name in params}
        kinds = CURVES if curves is True else curves or ()
        kept = {kind: CURVES[kind](explainer, features, maps, y, **of_curves) for kind in kinds}
    return MethodResult(maps, scores, kept, seconds)


def join_results(parts: Sequence[MethodResult], starts: Iterable[int]) -> MethodResult:
    """Join what a method gave on all folds, one after the other; ``starts`` says how many clips the folds before each hold."""
    return MethodResult(
        np.concatenate([part.maps for part in parts]),
        {metric: np.concatenate([part.scores[metric] for part in parts]) for metric in parts[0].scores},
        {kind: _join_curves([part.curves[kind] for part in parts]) for kind in parts[0].curves},
        sum(part.seconds for part in parts),
        tuple(replace(each, clips=each.clips + start) for part, start in zip(parts, starts) for each in part.examples),
    )


def _join_curves(parts: Sequence[PerturbationCurve]) -> PerturbationCurve:
    first = parts[0]
    names = [name for name in ("probability", "predictions", "target", "y") if getattr(first, name) is not None]
    by_clip: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    return replace(first, **by_clip)
