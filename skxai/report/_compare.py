"""Explainers side by side on the same clips: one row a method."""

import inspect
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, check_is_fitted
from tqdm.auto import tqdm

from ..engine import progress_bars, shared_passes
from ..explainers import RandomMap
from ..metrics import (
    PerturbationCurve,
    available_scorers,
    deletion_curve,
    evaluate,
    get_scorer,
    insertion_curve,
    split_pipeline,
)
from ..metrics._scorer import mean_of_defined
from .comparison import Comparison


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
    """

    maps: np.ndarray
    scores: dict[str, np.ndarray]
    curves: dict[str, PerturbationCurve]
    seconds: float


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
    curves : bool, default=False
        Whether to keep the deletion and insertion curves.
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
        kept = {}
        if curves:
            shared = {name: params[name] for name in ("baseline", "step", "random_state") if name in params}
            kept["deletion"] = deletion_curve(explainer, features, maps, y, **shared)
            kept["insertion"] = insertion_curve(explainer, features, maps, y, **shared)
    return Explained(maps, scores, kept, seconds)


def table_of(explained, explainers=None, *, clips=None, groups=None, random_state=0):
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
    return Comparison(table, scores, clips=clips, groups=groups, floors=floors, chance=_chance(last), random_state=random_state)


def _chance(explainers):
    """Return for each method the row of random maps over its classifier, or else of the only ones that there are."""
    random = [name for name, explainer in explainers.items() if isinstance(explainer, RandomMap)]
    chance = {}
    for name, explainer in explainers.items():
        same = [other for other in random if explainers[other].estimator is getattr(explainer, "estimator", None)]
        if name not in random and (same or len(random) == 1):
            chance[name] = (same or random)[0]
    return chance


def compare_explainers(
    explainers,
    X,
    y=None,
    *,
    scoring=None,
    cv=None,
    groups=None,
    truth=None,
    n_jobs=None,
    verbose=0,
    random_state=0,
    **params,
):
    """Compare explainers by how faithful they are to the model.

    Parameters
    ----------
    explainers : dict from str to explainer or Pipeline
        By the name of their row. Fitted, unless ``cv`` is given.
    X : array-like of shape (n, ...)
        What they take: features, or whatever their pipelines begin with.
    y : array-like of shape (n,) or None, default=None
        Labels. Without them the metrics by accuracy are left out.
    scoring : list of str or None, default=None
        Scorer names, see ``get_scorer_names``; None is all that can be computed with what is given.
    cv : int, splitter or None, default=None
        None scores the fitted explainers on all of X. Otherwise each is fitted and scored fold by fold; explainers over the
        same classifier share its training.
    groups : array-like of shape (n,) or None, default=None
        The recording of each clip, for the splitter, and for the table's intervals and tests: clips of one recording are not
        independent.
    truth : EventTruth or None, default=None
        Where the classes sound in the features of X, see ``skxai.features.event_truth``; without it the metrics that compare
        with it are left out.
    n_jobs : int or None, default=None
        Methods in parallel, by joblib.
    verbose : int, default=0
        Above 0 shows a progress bar.
    random_state : int, RandomState instance, Generator or None, default=0
        Of the metrics that draw, and of the bootstrap behind the table's intervals.
    **params
        Parameters that are given to each metric that takes them, such as ``baseline``.

    Returns
    -------
    Comparison
        A DataFrame: one row a method, one column a metric, the metric's own mean over the clips (a loss is not negated), then
        ``ms_per_map``, the milliseconds that a map took without what a row above had computed already: features, recorded
        forwards and the predictions of the clips are shared. Its ``intervals()``, ``tests()``, ``ranks()`` and
        ``agreement()`` say how sure the means are, which differences are real, and whether the metrics agree.

    Raises
    ------
    ValueError
        For an unknown scorer, ``cv`` without ``y``, or groups of another number than the clips.
    NotFittedError
        If an explainer is not fitted and there is no ``cv``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.frozen import FrozenEstimator
    >>> from skxai.explainers import GradCAM, VanillaSaliency
    >>> from skxai.models import AcoumonClassifier
    >>> from skxai.report import compare_explainers
    >>> X = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32)
    >>> y = np.repeat(["cough", "wheeze"], 10)
    >>> trained = FrozenEstimator(AcoumonClassifier(random_state=0).fit(X, y))
    >>> methods = {"saliency": VanillaSaliency(trained).fit(X), "Grad-CAM": GradCAM(trained).fit(X)}
    >>> table = compare_explainers(methods, X, y, scoring=["insertion_auc", "neg_deletion_auc"])
    >>> table.index.tolist(), table.columns.tolist()
    (['saliency', 'Grad-CAM'], ['insertion_auc', 'deletion_auc', 'ms_per_map'])
    """
    if not isinstance(explainers, Mapping) or not explainers:
        raise TypeError(f"explainers must be a dict from a name to an explainer or a Pipeline; got {explainers!r}.")
    if groups is not None and len(groups) != _num_samples(X):
        raise ValueError(f"groups must hold one for each of {_num_samples(X)} clips; got {len(groups)}.")
    scoring = available_scorers(y, truth) if scoring is None else list(scoring)
    if any("random_state" in inspect.signature(get_scorer(name).metric).parameters for name in scoring):
        params["random_state"] = random_state
    if cv is not None:
        if y is None:
            raise ValueError("y must be given with cv: the explainers' classifiers are trained in each fold; got None.")
        explained, clips = _cross_validated(explainers, X, y, scoring, cv, groups, truth, n_jobs, verbose, params)
        # A splitter that tests a clip more than once does not make more clips of it.
        groups = clips if groups is None else _safe_indexing(groups, clips)
        return table_of(explained, explainers, clips=clips, groups=groups, random_state=random_state)
    for explainer in explainers.values():
        check_is_fitted(explainer)
    tasks = [(name, explainer) for name, explainer in explainers.items()]

    def score(explainer):
        return explain_and_score(explainer, X, y, scoring=scoring, truth=truth, **params)

    with shared_passes():
        results = _run(tasks, score, n_jobs, verbose)
    explained = {name: result for (name, _), result in zip(tasks, results)}
    return table_of(explained, explainers, groups=groups, random_state=random_state)


def _cross_validated(explainers, X, y, scoring, cv, groups, truth, n_jobs, verbose, params):
    """Return what each method gave on all folds, and which clips these are."""
    folds = list(check_cv(cv, y, classifier=True).split(X, y, groups))
    with tempfile.TemporaryDirectory() as cache:
        features = joblib.Memory(cache, verbose=0)
        estimators = {name: _with_memory(explainer, cache) for name, explainer in explainers.items()}
        tasks = [(name, estimator, *fold) for fold in folds for name, estimator in estimators.items()]

        def fit_and_score(estimator, train, test):
            fitted = clone(estimator).fit(_safe_indexing(X, train), _safe_indexing(y, train))
            X_test = _safe_indexing(X, test)
            if isinstance(fitted, Pipeline) and len(fitted) > 1:
                X_test = features.cache(_transformed)(fitted[:-1], X_test)
                fitted = fitted[-1]
            of_truth = None if truth is None else _safe_indexing(truth, test)
            return explain_and_score(fitted, X_test, _safe_indexing(y, test), scoring=scoring, truth=of_truth, **params)

        # Passes are shared by the metrics of a method only: each loads a classifier of its own from the cache.
        results = _run(tasks, fit_and_score, n_jobs, verbose)
    joined = {}
    for name in explainers:
        parts = [result for (owner, *_), result in zip(tasks, results) if owner == name]
        joined[name] = Explained(
            np.concatenate([part.maps for part in parts]),
            {metric: np.concatenate([part.scores[metric] for part in parts]) for metric in parts[0].scores},
            {},
            sum(part.seconds for part in parts),
        )
    return joined, np.concatenate([test for _, test in folds])


def _with_memory(estimator, cache):
    """Let explainers share features and the training of their classifier, unless the user has chosen where they are kept."""
    estimator = clone(estimator)
    if isinstance(estimator, Pipeline) and estimator.memory is None:
        estimator.set_params(memory=joblib.Memory(cache, verbose=0))
    explainer = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if getattr(explainer, "memory", None) is None and hasattr(explainer, "memory"):
        explainer.set_params(memory=joblib.Memory(cache, verbose=0))
    return estimator


def _transformed(steps, X):
    return steps.transform(X)


def _run(tasks, function, n_jobs, verbose):
    jobs = (joblib.delayed(function)(*arguments) for _, *arguments in tasks)
    results = joblib.Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
    with progress_bars(verbose):
        return list(tqdm(results, total=len(tasks), desc="comparing explainers", unit="method", disable=not verbose))
