"""Explainers side by side on the same clips: one row a method."""

import inspect
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, check_is_fitted
from tqdm.auto import tqdm

from ..datasets import EventTruth
from ..engine import progress_bars, shared_passes
from ..explainers import RandomMap
from ..metrics import available_scorers, get_scorer, split_pipeline
from ..metrics.base import mean_of_defined
from ..utils.parallel import run_in_parallel
from ..utils.random import RandomStateLike
from .evidence import Evidence, gather_evidence
from .examples import alternate, choose_examples, explain_examples
from .method_result import CURVES, MethodResult, explain_and_score, join_results
from .provenance import machine, versions
from .table import Comparison


def compare_explainers(
    explainers: Mapping[str, Any],
    X: ArrayLike,
    y: ArrayLike | None = None,
    *,
    scoring: Iterable[str] | None = None,
    cv: Any = None,
    groups: ArrayLike | None = None,
    truth: EventTruth | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    random_state: RandomStateLike = 0,
    examples: int = 24,
    **params: Any,
) -> Comparison:
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
        The recording of each clip, for the splitter, the intervals and the tests.
    truth : EventTruth or None, default=None
        Where the classes sound in the features, see ``event_truth``; without it the ground-truth metrics are left out.
    n_jobs : int or None, default=None
        Methods in parallel, by joblib.
    verbose : int, default=0
        Above 0 shows a progress bar.
    random_state : int, RandomState instance, Generator or None, default=0
        Of the metrics that draw, and of the bootstrap behind the intervals.
    examples : int, default=24
        Of how many clips the page shows the maps, and the sounds where a pipeline begins with them. They are taken from all
        classes evenly; without ``cv`` right and wrong ones in turns.
    **params
        Parameters that are given to each metric that takes them, such as ``baseline``.

    Returns
    -------
    Comparison
        Its ``table`` is that of ``compare_results``, with the metric's own means: a loss is not negated. What the methods share
        is features, recorded forwards and the predictions of the clips.

    Raises
    ------
    ValueError
        For an unknown scorer, ``cv`` without ``y``, groups of another number than the clips, or a negative number of examples.
    NotFittedError
        If an explainer is not fitted and there is no ``cv``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.frozen import FrozenEstimator
    >>> from skxai.explainers import GradCAM, VanillaSaliency
    >>> from skxai.models import AcoumonClassifier
    >>> from skxai.comparison import compare_explainers
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> trained = FrozenEstimator(AcoumonClassifier(random_state=0).fit(X, y))
    >>> methods = {"saliency": VanillaSaliency(trained).fit(X), "Grad-CAM": GradCAM(trained).fit(X)}
    >>> compare_explainers(methods, X, y, scoring=["insertion_auc", "neg_deletion_auc"]).table.columns.tolist()
    ['insertion_auc', 'deletion_auc', 'ms_per_map']
    """
    if not isinstance(explainers, Mapping) or not explainers:
        raise TypeError(f"explainers must be a dict from a name to an explainer or a Pipeline; got {explainers!r}.")
    if groups is not None and _num_samples(groups) != _num_samples(X):
        raise ValueError(f"groups must hold one for each of {_num_samples(X)} clips; got {_num_samples(groups)}.")
    if not isinstance(examples, Integral) or examples < 0:
        raise ValueError(f"examples of compare_explainers must be a whole number of clips, 0 or more; got {examples!r}.")
    if isinstance(scoring, str):
        raise ValueError(f"scoring of compare_explainers must be a list of scorer names; got {scoring!r}: write [{scoring!r}].")
    scoring = available_scorers(y, truth, explainers.values()) if scoring is None else list(scoring)
    facts = _facts(explainers, scoring, cv, random_state, params)
    if any("random_state" in inspect.signature(get_scorer(name).metric).parameters for name in scoring):
        params["random_state"] = random_state
    given = {"scoring": scoring, "curves": _curves_behind(scoring), **params}
    if cv is not None:
        if y is None:
            raise ValueError("y must be given with cv: the explainers' classifiers are trained in each fold; got None.")
        results, clips, chosen = _cross_validate(explainers, X, y, cv, groups, truth, n_jobs, verbose, examples, given)
        # A splitter that tests a clip more than once does not make more clips of it.
        groups = clips if groups is None else _safe_indexing(groups, clips)
        y = _safe_indexing(y, clips)
    else:
        results, chosen = _score_fitted(explainers, X, y, truth, n_jobs, verbose, examples, given)
        clips = None
    evidence = gather_evidence(results, chosen, y, groups=groups, facts=facts)
    return compare_results(results, explainers, clips=clips, groups=groups, random_state=random_state, evidence=evidence)


def compare_results(
    results: Mapping[str, MethodResult],
    explainers: Mapping[str, Any] | None = None,
    *,
    clips: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    random_state: RandomStateLike = 0,
    evidence: Evidence | None = None,
) -> Comparison:
    """Compare methods whose maps were explained and scored already.

    Parameters
    ----------
    results : dict from str to MethodResult
        By the name of their row.
    explainers : dict from str to explainer or Pipeline, or None, default=None
        The methods, by the same names: they tell which rows are controls.
    clips : array-like of shape (n,) or None, default=None
        What the clips are called.
    groups : array-like of shape (n,) or None, default=None
        The recording of each clip.
    random_state : int, RandomState instance, Generator or None, default=0
        Of the bootstrap.
    evidence : Evidence or None, default=None
        What the page shows beside the table.

    Returns
    -------
    Comparison
        Its ``table`` has a row for each method and a column for each metric, the mean over the clips where it is defined; last
        ``ms_per_map``, the milliseconds that a map took without what a row above had computed already.
    """
    rows = {}
    for method, result in results.items():
        rows[method] = {name: mean_of_defined(values, name, method) for name, values in result.scores.items()}
        rows[method]["ms_per_map"] = 1000 * result.seconds / len(result.maps)
    last = {name: _last_step(estimator) for name, estimator in (explainers or {}).items()}
    return Comparison(
        pd.DataFrame.from_dict(rows, orient="index").rename_axis("method"),
        {method: result.scores for method, result in results.items()},
        clips=clips,
        groups=groups,
        controls=[name for name, explainer in last.items() if not getattr(explainer, "explains_model", True)],
        chance=_find_chance(last),
        random_state=random_state,
        evidence=evidence,
    )


def _last_step(estimator: Any) -> Any:
    return estimator[-1] if isinstance(estimator, Pipeline) else estimator


def _find_chance(explainers: Mapping[str, Any]) -> dict[str, str]:
    """Return for each method the row of random maps over its classifier, or else of the only ones that there are."""
    random = [name for name, explainer in explainers.items() if isinstance(explainer, RandomMap)]
    chance = {}
    for name, explainer in explainers.items():
        same = [other for other in random if explainers[other].estimator is getattr(explainer, "estimator", None)]
        if name not in random and (same or len(random) == 1):
            chance[name] = (same or random)[0]
    return chance


def _curves_behind(scoring: Iterable[str]) -> list[str]:
    """Return the curves whose area is scored: they cost no pass."""
    names = {get_scorer(name).metric.__name__ for name in scoring}
    return [kind for kind in CURVES if {f"{kind}_auc", f"{kind}_accuracy_auc"} & names]


def _facts(explainers: Mapping[str, Any], scoring: list[str], cv: Any, random_state: Any, params: dict) -> dict[str, Any]:
    """Return what a page tells of where its table comes from."""
    return {
        "made by": "skxai.comparison.compare_explainers",
        "explainers": {name: " ".join(repr(explainer).split()) for name, explainer in explainers.items()},
        "scoring": scoring,
        **({} if cv is None else {"cross-validation": repr(cv)}),
        "random state": repr(random_state),
        **{name: repr(value) for name, value in params.items()},
        "versions": versions(),
        "machine": machine(),
    }


def _score_fitted(explainers, X, y, truth, n_jobs, verbose, n_examples, given):
    """Return what each fitted method gave on all clips, and which of these are the examples."""
    for explainer in explainers.values():
        check_is_fitted(explainer)
    with shared_passes():
        first, features = split_pipeline(next(iter(explainers.values())), X)
        chosen = choose_examples(n_examples, _num_samples(X), y, first.predict(features))

        def score(estimator):
            with shared_passes():  # which a worker of its own has not
                result = explain_and_score(estimator, X, y, truth=truth, **given)
                explainer, features = split_pipeline(estimator, X)
                return _with_examples(result, explainer, features, chosen, estimator, X)

        results = _run(list(explainers.items()), score, n_jobs, verbose)
    return dict(zip(explainers, results)), chosen


def _cross_validate(explainers, X, y, cv, groups, truth, n_jobs, verbose, n_examples, given):
    """Return what each method gave on all folds, which clips these are, and which of them are the examples."""
    folds = list(check_cv(cv, y, classifier=True).split(X, y, groups))
    clips = np.concatenate([test for _, test in folds])
    # Nothing is predicted yet. Each fold shows its own part of the examples.
    starts = np.cumsum([0, *(len(test) for _, test in folds[:-1])])
    parts = np.diff(np.linspace(0, n_examples, len(folds) + 1).round().astype(int))
    chosen = [choose_examples(n, len(test), _safe_indexing(y, test)) for n, (_, test) in zip(parts, folds)]
    with tempfile.TemporaryDirectory() as cache:
        features = joblib.Memory(cache, verbose=0)
        estimators = {name: _with_memory(explainer, cache) for name, explainer in explainers.items()}
        tasks = [
            (name, estimator, *fold, of_fold) for fold, of_fold in zip(folds, chosen) for name, estimator in estimators.items()
        ]

        def fit_and_score(estimator, train, test, examples):
            fitted = clone(estimator).fit(_safe_indexing(X, train), _safe_indexing(y, train))
            explainer, clips_of_fold = _last_step(fitted), _safe_indexing(X, test)
            steps = fitted[:-1] if isinstance(fitted, Pipeline) and len(fitted) > 1 else None
            X_test = clips_of_fold if steps is None else features.cache(_transform)(steps, clips_of_fold)
            of_truth = None if truth is None else _safe_indexing(truth, test)
            with shared_passes():
                result = explain_and_score(explainer, X_test, _safe_indexing(y, test), truth=of_truth, **given)
                return _with_examples(result, explainer, X_test, examples, steps, clips_of_fold)

        # Passes are shared by the metrics of a method only: each loads a classifier of its own from the cache.
        results = _run(tasks, fit_and_score, n_jobs, verbose)
    of_method = {name: [result for task, result in zip(tasks, results) if task[0] == name] for name in explainers}
    examples = alternate(*(start + of_fold for start, of_fold in zip(starts, chosen)))
    return {name: join_results(each, starts) for name, each in of_method.items()}, clips, examples


def _with_examples(result, explainer, features, clips, extraction, X):
    examples = explain_examples(explainer, features, result.maps, clips, extraction=extraction, X=X)
    return result if examples is None else replace(result, examples=(examples,))


def _with_memory(estimator: BaseEstimator, cache: str) -> BaseEstimator:
    """Let explainers share features and the training of their classifier, unless the user has chosen where they are kept."""
    estimator = clone(estimator)
    for each in (estimator, _last_step(estimator)):
        if getattr(each, "memory", cache) is None:
            each.set_params(memory=joblib.Memory(cache, verbose=0))
    return estimator


def _transform(steps: Any, X: Any) -> np.ndarray:
    return steps.transform(X)


def _run(tasks: Sequence[tuple], function: Callable, n_jobs: int | None, verbose: int) -> list[MethodResult]:
    results = run_in_parallel(function, [tuple(arguments) for _, *arguments in tasks], n_jobs)
    with progress_bars(bool(verbose)):
        return list(tqdm(results, total=len(tasks), desc="comparing explainers", unit="method", disable=not verbose))
