"""Explain clips by one method and score the maps; and the table of several methods."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from ..engine import shared_passes
from ..explainers import RandomMap
from ..metrics import PerturbationCurve, deletion_curve, evaluate, insertion_curve, split_pipeline
from ..metrics.scorer import mean_of_defined
from .evidence import Shown
from .table import Comparison

CURVE_OF = {"deletion": deletion_curve, "insertion": insertion_curve}


@dataclass(frozen=True)
class Explained:
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
    shown : tuple of Shown
        What the method showed on the examples of a page, see ``skxai.comparison.evidence``.
    """

    maps: np.ndarray
    scores: dict[str, np.ndarray]
    curves: dict[str, PerturbationCurve]
    seconds: float
    shown: tuple[Shown, ...] = ()


def explain_and_score(estimator, X, y=None, *, scoring=None, curves=False, truth=None, **params):
    """Explain clips and score the maps, sharing all passes that the metrics have in common.

    Inside ``skxai.engine.shared_passes()`` several explainers share theirs too: features, recorded forwards and the
    predictions of the clips as they are.

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
        Where the classes sound in the features of X, for the metrics that compare with it.
    **params
        Parameters that are given to each metric that takes them.

    Returns
    -------
    Explained
    """
    with shared_passes():
        explainer, features = split_pipeline(estimator, X)
        start = time.perf_counter()
        maps = explainer.transform(features)
        seconds = time.perf_counter() - start
        scores = evaluate(explainer, features, y, scoring, maps=maps, truth=truth, **params)
        shared = {name: params[name] for name in ("baseline", "step", "random_state") if name in params}
        kinds = CURVE_OF if curves is True else curves or ()
        kept = {kind: CURVE_OF[kind](explainer, features, maps, y, **shared) for kind in kinds}
    return Explained(maps, scores, kept, seconds)


def table_of(explained, explainers=None, *, clips=None, groups=None, random_state=0, evidence=None):
    """Make the table of methods that were explained already.

    Parameters
    ----------
    explained : dict from str to Explained
        By the name of their row.
    explainers : dict from str to explainer or Pipeline, or None, default=None
        The methods, by the same names. They tell which rows look at no model; None takes none of them for a floor.
    clips : array-like of shape (n,) or None, default=None
        What the clips are called.
    groups : array-like of shape (n,) or None, default=None
        The recording of each clip.
    random_state : int, RandomState instance, Generator or None, default=0
        Of the bootstrap.
    evidence : Evidence or None, default=None
        What the table's page shows beside it.

    Returns
    -------
    Comparison
        One row a method; one column a metric, the mean over the clips where it is defined; last the milliseconds that a map
        took, without what a row above had computed already.
    """
    rows = {}
    for method, result in explained.items():
        rows[method] = {name: mean_of_defined(values, name, method) for name, values in result.scores.items()}
        rows[method]["ms_per_map"] = 1000 * result.seconds / len(result.maps)
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")
    scores = {method: result.scores for method, result in explained.items()}
    given = (explainers or {}).items()
    last = {name: estimator[-1] if isinstance(estimator, Pipeline) else estimator for name, estimator in given}
    floors = [name for name, explainer in last.items() if not getattr(explainer, "explains_model", True)]
    return Comparison(
        table,
        scores,
        clips=clips,
        groups=groups,
        floors=floors,
        chance=_chance(last),
        random_state=random_state,
        evidence=evidence,
    )


def _chance(explainers):
    """Return for each method the row of random maps over its classifier, or else of the only ones that there are."""
    random = [name for name, explainer in explainers.items() if isinstance(explainer, RandomMap)]
    chance = {}
    for name, explainer in explainers.items():
        same = [other for other in random if explainers[other].estimator is getattr(explainer, "estimator", None)]
        if name not in random and (same or len(random) == 1):
            chance[name] = (same or random)[0]
    return chance
