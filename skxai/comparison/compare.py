"""Explainers side by side on the same clips: one row a method."""

import inspect
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from numbers import Integral

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _num_samples, check_is_fitted
from tqdm.auto import tqdm

from ..engine import progress_bars, shared_passes
from ..metrics import available_scorers, get_scorer, split_pipeline
from .evidence import choose_examples, evidence_of, join_curves, show
from .explained import CURVE_OF, Explained, explain_and_score, table_of
from .provenance import machine, versions


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
    examples=24,
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
    examples : int, default=24
        Of how many clips the table keeps the maps, and the waveforms where a pipeline begins with them, to show them on its
        page: ``to_html("page.html")``. They are taken from all classes evenly; without ``cv`` right and wrong
        ones in turns.
    **params
        Parameters that are given to each metric that takes them, such as ``baseline``.

    Returns
    -------
    Comparison
        A DataFrame: one row a method, one column a metric, the metric's own mean over the clips (a loss is not negated), then
        ``ms_per_map``, the milliseconds that a map took without what a row above had computed already: features, recorded
        forwards and the predictions of the clips are shared. Its ``intervals()``, ``tests()``, ``ranks()`` and
        ``agreement()`` say how sure the means are, which differences are real, and whether the metrics agree;
        ``to_html("page.html")`` writes all of it, with examples to look at and to listen to, as one page.

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
    if not isinstance(examples, Integral) or examples < 0:
        raise ValueError(f"examples of compare_explainers must be a whole number of clips, 0 or more; got {examples!r}.")
    scoring = available_scorers(y, truth, explainers.values()) if scoring is None else list(scoring)
    facts = _facts(explainers, scoring, cv, random_state, params)
    if any("random_state" in inspect.signature(get_scorer(name).metric).parameters for name in scoring):
        params["random_state"] = random_state
    given = {"scoring": scoring, "curves": _curves_behind(scoring), **params}
    if cv is not None:
        if y is None:
            raise ValueError("y must be given with cv: the explainers' classifiers are trained in each fold; got None.")
        explained, clips, shown = _cross_validated(explainers, X, y, cv, groups, truth, n_jobs, verbose, examples, given)
        # A splitter that tests a clip more than once does not make more clips of it.
        groups = clips if groups is None else _safe_indexing(groups, clips)
        y = _safe_indexing(y, clips)
    else:
        for explainer in explainers.values():
            check_is_fitted(explainer)
        with shared_passes():
            first, features = split_pipeline(next(iter(explainers.values())), X)
            shown = choose_examples(examples, _num_samples(X), y, first.predict(features))

            def score(estimator):
                with shared_passes():  # which a worker of its own has not
                    found = explain_and_score(estimator, X, y, truth=truth, **given)
                    explainer, features = split_pipeline(estimator, X)
                    return _with_examples(found, explainer, features, shown, estimator, X)

            results = _run(list(explainers.items()), score, n_jobs, verbose)
        explained, clips = dict(zip(explainers, results)), None
    evidence = evidence_of(explained, shown, y, groups=groups, facts=facts)
    return table_of(explained, explainers, clips=clips, groups=groups, random_state=random_state, evidence=evidence)


def _curves_behind(scoring):
    """Return the curves whose area is scored: they cost no pass."""
    names = {get_scorer(name).metric.__name__ for name in scoring}
    return [kind for kind in CURVE_OF if {f"{kind}_auc", f"{kind}_accuracy_auc"} & names]


def _with_examples(found, explainer, features, clips, extraction, X):
    shown = show(explainer, features, found.maps, clips, extraction=extraction, X=X)
    return found if shown is None else replace(found, shown=(shown,))


def _facts(explainers, scoring, cv, random_state, params):
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


def _cross_validated(explainers, X, y, cv, groups, truth, n_jobs, verbose, examples, given):
    """Return what each method gave on all folds, which clips these are, and which of them are the examples."""
    folds = list(check_cv(cv, y, classifier=True).split(X, y, groups))
    clips = np.concatenate([test for _, test in folds])
    # Nothing is predicted yet. Each fold shows its own part of the examples.
    starts = np.cumsum([0, *(len(test) for _, test in folds[:-1])])
    parts = np.diff(np.linspace(0, examples, len(folds) + 1).round().astype(int))
    shown_of = [choose_examples(n, len(test), _safe_indexing(y, test)) for n, (_, test) in zip(parts, folds)]
    in_turns = zip_longest(*(start + shown for start, shown in zip(starts, shown_of)))
    chosen = np.array([clip for turn in in_turns for clip in turn if clip is not None], dtype=int)
    with tempfile.TemporaryDirectory() as cache:
        features = joblib.Memory(cache, verbose=0)
        estimators = {name: _with_memory(explainer, cache) for name, explainer in explainers.items()}
        tasks = [
            (name, estimator, *fold, shown) for fold, shown in zip(folds, shown_of) for name, estimator in estimators.items()
        ]

        def fit_and_score(estimator, train, test, shown):
            fitted = clone(estimator).fit(_safe_indexing(X, train), _safe_indexing(y, train))
            explainer, X_test, steps = fitted, _safe_indexing(X, test), None
            clips_of_fold = X_test
            if isinstance(fitted, Pipeline):
                explainer, steps = fitted[-1], fitted[:-1] if len(fitted) > 1 else None
            if steps is not None:
                X_test = features.cache(_transformed)(steps, X_test)
            of_truth = None if truth is None else _safe_indexing(truth, test)
            with shared_passes():
                found = explain_and_score(explainer, X_test, _safe_indexing(y, test), truth=of_truth, **given)
                return _with_examples(found, explainer, X_test, shown, steps, clips_of_fold)

        # Passes are shared by the metrics of a method only: each loads a classifier of its own from the cache.
        results = _run(tasks, fit_and_score, n_jobs, verbose)
    joined = {}
    for name in explainers:
        joined[name] = _joined([result for (owner, *_), result in zip(tasks, results) if owner == name], starts)
    return joined, clips, chosen


def _joined(parts, starts):
    """Return what a method gave on all folds, one after the other."""
    return Explained(
        np.concatenate([part.maps for part in parts]),
        {metric: np.concatenate([part.scores[metric] for part in parts]) for metric in parts[0].scores},
        {kind: join_curves([part.curves[kind] for part in parts]) for kind in parts[0].curves},
        sum(part.seconds for part in parts),
        tuple(replace(shown, clips=shown.clips + start) for part, start in zip(parts, starts) for shown in part.shown),
    )


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
