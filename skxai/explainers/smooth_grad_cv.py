"""SmoothGrad whose noise level and number of samples are chosen by cross-validation, a whole grid at the cost of its end."""

import time
from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import GridSearchCV, check_cv
from sklearn.utils import _safe_indexing, indexable
from tqdm.auto import tqdm

from ..engine import candidate_passes, shared_passes
from ..utils.parallel import run_in_parallel
from ..utils.random import RandomStateLike
from ..utils.validation import Options
from ._base import Explainer, MemoryLike
from .smooth_grad import SmoothGrad

SHARED = ("estimator", "target", "batch_size", "memory", "random_state", "verbose")  # what all candidates have in common


class SmoothGradCV(Explainer):
    """SmoothGrad that chooses its noise level and its number of samples by cross-validation.

    The results are those of ``GridSearchCV`` over ``SmoothGrad`` on the same grid, to the bit, for less work: all numbers of
    samples cost what the largest does, whose draws begin with theirs, and the classifier is trained once a fold.

    See ``VanillaSaliency`` for the parameters and attributes that are not listed.

    Parameters
    ----------
    noise_levels : array-like of float, default=(0.05, 0.1, 0.2)
        Standard deviations of the noise to try, as shares of a clip's range of values.
    n_samples : array-like of int, default=(5, 10, 20, 50)
        Numbers of noisy copies to try.
    cv : int, splitter, iterable or None, default=None
        How clips are split, as in ``GridSearchCV``: None is 5 folds without shuffling or stratification.
    scoring : str, callable, list, tuple, dict or None, default=None
        What is measured, as in ``GridSearchCV``, such as ``skxai.metrics.get_scorer(...)`` or ``explanation_scorer(...)``.
        None is ``score``: insertion AUC − deletion AUC.
    refit : True, str or callable, default=True
        What decides, as in ``GridSearchCV``: the name of one of several metrics, or a function from ``cv_results_`` to the
        best index. True is for a single metric.
    random_state : int, RandomState instance or None, default=None
        Seed of the noise, the same for all candidates.
    n_jobs : int or None, default=None
        Folds in parallel, by joblib.

    Attributes
    ----------
    noise_level_, n_samples_ : float, int
        The best setting.
    best_estimator_ : SmoothGrad
        The best candidate, fitted on all clips: maps, predictions and ``score`` are its own.
    best_params_ : dict
        Its parameters ``noise_level`` and ``n_samples``.
    best_index_ : int
        Its place in ``cv_results_``.
    best_score_ : float
        Its mean score over the folds; not with a callable ``refit``.
    cv_results_ : dict of ndarray
        As in ``GridSearchCV``. The time of a fit and that of the maps of a noise level count for each candidate they serve.
    n_splits_ : int
        How many folds there are.

    See Also
    --------
    SmoothGrad : With given parameters.

    Notes
    -----
    It is to ``SmoothGrad`` as scikit-learn's ``LassoCV`` is to ``Lasso``. Unlike ``GridSearchCV`` it raises an error in a fold,
    as with ``error_score="raise"``, and it is always refitted, since it is an explainer itself. In a Pipeline the steps before
    it are fitted on all clips, not fold by fold. Maps are in memory for one noise level and the clips of one fold at a time.

    References
    ----------
    .. [1] Smilkov, Thorat, Kim, Viégas & Wattenberg, "SmoothGrad: removing noise by adding noise", arXiv:1706.03825, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.frozen import FrozenEstimator
    >>> from skxai.explainers import SmoothGradCV
    >>> from skxai.models import AcoumonClassifier
    >>> X, y = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32), np.repeat(["cough", "wheeze"], 10)
    >>> trained = FrozenEstimator(AcoumonClassifier(random_state=0).fit(X, y))
    >>> sorted(SmoothGradCV(trained, noise_levels=[0.1, 0.2], n_samples=[5], cv=2, random_state=0).fit(X, y).best_params_)
    ['n_samples', 'noise_level']
    """

    _parameter_constraints = {
        **Explainer._parameter_constraints,
        "noise_levels": ["array-like"],  # each value is checked as the parameter of SmoothGrad that it is
        "n_samples": ["array-like"],
        "cv": ["cv_object"],
        "scoring": [str, callable, list, tuple, dict, None],
        "refit": [Options(bool, {True}), str, callable],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        noise_levels: ArrayLike = (0.05, 0.1, 0.2),
        n_samples: ArrayLike = (5, 10, 20, 50),
        cv: Any = None,
        scoring: Any = None,
        refit: bool | str | Callable = True,
        target: Any = None,
        batch_size: int | None = None,
        memory: MemoryLike = None,
        random_state: RandomStateLike = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(estimator, target=target, batch_size=batch_size, memory=memory, verbose=verbose)
        self.noise_levels = noise_levels
        self.n_samples = n_samples
        self.cv = cv
        self.scoring = scoring
        self.refit = refit
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _fit_classifier(self, X, y):
        X, y = indexable(X, y)
        grid = {"noise_level": self._values("noise_levels", "noise_level"), "n_samples": self._values("n_samples", "n_samples")}
        candidate = SmoothGrad(**{name: getattr(self, name) for name in SHARED})
        folds = list(check_cv(self.cv, y, classifier=is_classifier(candidate)).split(X, y))
        if isinstance(self.scoring, str) and self.scoring not in get_scorer_names():
            raise ValueError(
                f"scoring of SmoothGradCV must be a scorer, or the name of one of scikit-learn's; got {self.scoring!r}. A "
                f"metric of skxai is given as skxai.metrics.get_scorer({self.scoring!r})."
            )
        scorer = check_scoring(candidate, self.scoring)
        tasks = [(candidate, X, y, fold, grid, scorer, self.refit) for fold in folds]
        results = run_in_parallel(_evaluate, tasks, self.n_jobs)
        bar = tqdm(results, desc="SmoothGradCV: folds", total=len(folds), unit="fold", disable=not self.verbose)
        self._choose(grid, list(bar))
        self.best_estimator_ = clone(candidate).set_params(**self.best_params_).fit(X, y)
        return self.best_estimator_.estimator_, self.best_estimator_.classes_

    def _explain(self, network: Any, x: torch.Tensor, target: Any) -> torch.Tensor:
        return self.best_estimator_._explain(network, x, target)

    def _values(self, name, of_candidate):
        """Return the values of a parameter to try as a list."""
        given, (constraint, *_) = getattr(self, name), SmoothGrad._parameter_constraints[of_candidate]
        values = list(given)
        if not values or not all(map(constraint.is_satisfied_by, values)):
            raise ValueError(
                f"The {name!r} parameter of SmoothGradCV must hold at least one value, each {constraint}. "
                f"Got {given!r} instead."
            )
        return values

    def _choose(self, grid, results):
        """Set what ``GridSearchCV`` sets: it keeps the accounts itself, of candidates whose scores are known."""
        search = GridSearchCV(
            _Point(),
            grid,
            scoring=lambda point, fold: results[fold[0]][point.noise_level, point.n_samples]["score"],
            cv=[([fold], [fold]) for fold in range(len(results))],
            refit=self.refit,
            error_score="raise",
        ).fit(np.arange(len(results)))
        self.n_splits_, self.cv_results_ = len(results), search.cv_results_
        self.best_index_, self.best_params_ = search.best_index_, search.best_params_
        self.noise_level_, self.n_samples_ = self.best_params_["noise_level"], self.best_params_["n_samples"]
        if hasattr(search, "best_score_"):
            self.best_score_ = search.best_score_
        points = [(params["noise_level"], params["n_samples"]) for params in self.cv_results_["params"]]
        for name in ("fit_time", "score_time"):
            seconds = np.array([[result[point][name] for result in results] for point in points])
            self.cv_results_[f"mean_{name}"], self.cv_results_[f"std_{name}"] = seconds.mean(axis=1), seconds.std(axis=1)


def _evaluate(candidate, X, y, fold, grid, scorer, refit):
    """Return what one fold gives: {(noise level, number of samples): {"score": …, "fit_time": …, "score_time": …}}."""
    (X_train, *y_train), (X_test, *y_test) = (
        [_safe_indexing(array, part) for array in (X, y) if array is not None] for part in fold
    )
    start = time.perf_counter()
    fitted = clone(candidate).fit(X_train, *y_train)
    fit_time = time.perf_counter() - start
    result = {}
    with shared_passes():  # the clips as they are: all candidates ask what the classifier says of them
        for point, score, score_time in _scored(fitted, X_test, y_test, grid, scorer):
            if isinstance(score, dict) and not callable(refit) and refit not in score:
                raise ValueError(
                    "The 'refit' parameter of SmoothGradCV must name the metric that decides, or be a callable, since scoring "
                    f"gives {', '.join(score)}. Got {refit!r} instead."
                )
            result[point] = {"score": score, "fit_time": fit_time, "score_time": score_time}
    return result


def _scored(fitted, X, y, grid, scorer):
    """Yield each candidate's noise level and number of samples, its score, and the seconds that both took."""
    network, counts = fitted._network(X), sorted(set(grid["n_samples"]))
    for level in sorted(set(grid["noise_level"])):
        start = time.perf_counter()
        fitted.set_params(noise_level=level)
        rungs = fitted._several_maps(
            lambda network, x, target: fitted._means(network, x, target, counts), len(counts), network, X, fitted.target
        )
        map_time = time.perf_counter() - start
        for count in counts:
            start = time.perf_counter()
            with candidate_passes():
                score = scorer(_Explained.by(fitted, count, X, rungs.pop(0)), X, *y)
            yield (level, count), score, map_time + time.perf_counter() - start


class _Explained(SmoothGrad):
    """A fitted SmoothGrad that has the maps of some clips already: a scorer that asks for them costs nothing more."""

    _known = (object(), None)

    @classmethod
    def by(cls, fitted, n_samples, X, maps):
        """Return what ``fitted`` would be with ``n_samples``, given its maps of X."""
        explained = cls.__new__(cls)
        vars(explained).update(vars(fitted), n_samples=n_samples, _known=(X, maps))
        return explained

    def explain(self, X, target=None):
        clips, maps = self._known
        return maps.copy() if X is clips and target is None else super().explain(X, target)


class _Point(BaseEstimator):
    """A point of the grid, in the place of an estimator."""

    def __init__(self, noise_level=None, n_samples=None):
        self.noise_level = noise_level
        self.n_samples = n_samples

    def fit(self, X, y=None):
        return self
