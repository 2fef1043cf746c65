"""What makes a function a metric: its direction, its bounds, its family and its needs, declared beside it in one table."""

import functools
import warnings
from collections.abc import Callable
from typing import Any, Literal, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.utils.validation import check_array

from ..datasets import EventTruth

Family = Literal["faithfulness", "ground truth", "randomisation", "axiomatic", "complexity"]
# In these a better value means a truer map: the mean rank of a method is taken over them.
RANK_METHODS = ("faithfulness", "ground truth")


class Metric(Protocol):
    """A function that was declared with ``metric``; for the attributes see there."""

    __name__: str
    __module__: str
    greater_is_better: bool
    bounds: tuple[float, float]
    family: Family
    ranks_methods: bool
    requires_y: bool
    requires_explainer: bool
    requires_module: bool
    requires_truth: bool | Literal["of every class"]
    partial: bool
    scorer_name: str

    def __call__(self, estimator: Any, X: Any, maps: Any, y: Any = None, **params: Any) -> np.ndarray:
        """Return one value per clip, ``(n,)``."""
        ...


_declared: dict[str, Metric] = {}  # by name: those of skxai, and those of the user's own process


def metric(
    *,
    greater_is_better: bool,
    bounds: tuple[float, float],
    family: Family,
    requires_y: bool = False,
    requires_explainer: bool = False,
    requires_module: bool = False,
    requires_truth: bool | Literal["of every class"] = False,
    partial: bool = False,
) -> Callable[[Callable[..., np.ndarray]], Metric]:
    """Declare a function to be a metric.

    Its name, ``neg_`` before it for a loss, is a scorer's name from then on, in this process. Declared again, as when a cell of
    a notebook is run twice, it takes the place of the former.

    Parameters
    ----------
    greater_is_better : bool
        The direction. A loss gets ``neg_`` before its scorer's name, as in scikit-learn.
    bounds : tuple of float
        Lowest and highest value.
    family : {"faithfulness", "ground truth", "randomisation", "axiomatic", "complexity"}
        What it asks of a map. "faithfulness": does the classifier use what the map calls relevant? "ground truth": does the
        relevance lie where the class sounds? In both, true maps score better than random ones, and those better than the
        opposite of true ones; methods are ranked by them (``ranks_methods``). "randomisation": does the map depend on what the
        classifier has learned? "axiomatic": has it a property that explanations should have, such as invariance?
        "complexity": how sharp it is, say.
    requires_y : bool, default=False
        Whether it needs the true labels.
    requires_explainer : bool, default=False
        Whether its ``estimator`` must be an explainer, because it explains anew, rather than any classifier.
    requires_module : bool, default=False
        Whether the classifier must hold a torch module, because that is changed; else the metric is left out.
    requires_truth : bool or "of every class", default=False
        Whether it takes a keyword ``truth=None``, where the classes sound, and is left out where there is none. "of every
        class": it must be an ``EventTruth``, and not the mask of the explained class.
    partial : bool, default=False
        Whether it is for some clips only, such as those in which the explained class sounds: a scorer does not warn of NaN.

    Returns
    -------
    callable
        A decorator of ``function(estimator, X, maps, y=None, *, …)`` → one value per clip, ``(n,)``, NaN where it is undefined.

    Raises
    ------
    ValueError
        For an unknown family, or where another module has declared a metric of that name: from the decorator.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.metrics import get_scorer, metric
    >>> @metric(greater_is_better=False, bounds=(0, 1), family="complexity")
    ... def share_of_relevant_pixels(estimator, X, maps, y=None):
    ...     return (np.abs(maps) > 0).reshape(len(maps), -1).mean(axis=1)
    >>> get_scorer("neg_share_of_relevant_pixels")
    get_scorer('neg_share_of_relevant_pixels')
    """
    families = Family.__args__  # type: ignore[attr-defined]
    if family not in families:
        raise ValueError(f"family of a metric must be one of {', '.join(families)}; got {family!r}.")

    def declare(function: Callable[..., np.ndarray]) -> Metric:
        @functools.wraps(function)
        def checked(estimator, X, maps=None, y=None, **params):
            if maps is None or (np.ndim(maps) == 1 and np.ndim(X) > 1):  # what cross_val_score gives a scorer: X and y
                raise TypeError(
                    f"maps must be given to {function.__name__}, a metric of maps that are there already. As scoring= give its "
                    f"scorer, get_scorer({declared.scorer_name!r})."
                )
            maps = check_maps(maps, None if X is None else np.shape(X))
            if requires_truth:
                check_truth(params.get("truth"), requires_truth, function.__name__)
            return function(estimator, X, maps, y, **params)

        declared = cast(Metric, checked)
        declared.greater_is_better = greater_is_better
        declared.bounds = (float(bounds[0]), float(bounds[1]))
        declared.family = family
        declared.ranks_methods = family in RANK_METHODS
        declared.requires_y = requires_y
        declared.requires_explainer = requires_explainer
        declared.requires_module = requires_module
        declared.requires_truth = requires_truth
        declared.partial = partial
        declared.scorer_name = declared.__name__ if greater_is_better else f"neg_{declared.__name__}"
        _register(declared)
        return declared

    return declare


def _register(new: Metric) -> None:
    """Put a metric into the table, unless its name, or its scorer's, is that of another."""
    for old in _declared.values():
        same_place = (old.__module__, old.__name__) == (new.__module__, new.__name__)
        if not same_place and (old.__name__ == new.__name__ or old.scorer_name == new.scorer_name):
            raise ValueError(
                f"metric {new.__name__} of {new.__module__} must have a name of its own; {old.__name__} of {old.__module__}, "
                f"scorer {old.scorer_name!r}, is declared already."
            )
    _declared[new.__name__] = new


def find_metric(name: str) -> Metric | None:
    """Return the metric of a name: its direction, bounds, family and needs are its attributes.

    Parameters
    ----------
    name : str
        Of a function that was declared with ``metric``, by skxai or in this process.

    Returns
    -------
    callable or None

    Examples
    --------
    >>> from skxai.metrics import find_metric
    >>> find_metric("deletion_auc").greater_is_better
    False
    >>> find_metric("accuracy") is None
    True
    """
    return _declared.get(name)


def find_scored_metric(scorer_name: str) -> Metric | None:
    """Return the metric that a scorer's name, ``neg_`` before it for a loss, stands for; None where there is none."""
    return next((function for function in _declared.values() if function.scorer_name == scorer_name), None)


def all_metrics() -> list[tuple[str, Metric]]:
    """Return the metrics of skxai; those that are declared elsewhere are not among them.

    Returns
    -------
    list of (str, callable)
        Sorted by name.

    Examples
    --------
    >>> from skxai.metrics import all_metrics
    >>> "average_drop" in dict(all_metrics())
    True
    """
    own = __package__ + "."
    return sorted((name, function) for name, function in _declared.items() if function.__module__.startswith(own))


def get_scorer_names() -> list[str]:
    """Return the names of skxai's scorers; ``get_scorer`` finds those of metrics that are declared elsewhere, too.

    Returns
    -------
    list of str
        Sorted.

    Examples
    --------
    >>> from skxai.metrics import get_scorer_names
    >>> "insertion_auc" in get_scorer_names()
    True
    """
    return sorted(metric.scorer_name for _, metric in all_metrics())


def check_truth(truth: Any, required: bool | str, name: str) -> None:
    """Raise unless there is the truth that a metric requires."""
    if truth is None:
        raise ValueError(f"truth must be given for {name}: where the explained classes sound; got None.")
    if required == "of every class" and not isinstance(truth, EventTruth):
        raise TypeError(f"truth must be an EventTruth for {name}, which compares classes; got {type(truth).__name__}.")


def check_maps(maps: ArrayLike, shape: tuple[int, ...] | None) -> np.ndarray:
    """Return maps as a finite float32 array, of ``shape`` unless that is None."""
    checked = check_array(maps, dtype=np.float32, allow_nd=True, input_name="maps")
    if shape is not None and checked.shape != shape:
        raise ValueError(f"maps must have the shape of X, {shape}; got {checked.shape}.")
    return checked


def mean_of_defined(values: np.ndarray, name: str, of: str | None = None) -> float:
    """Return the mean of the values that are not NaN, and warn once with the number of the others.

    There is no warning for a metric that is declared ``partial``, for some clips only. ``of`` is whose values they are.
    """
    undefined = np.isnan(values)
    if undefined.any() and not getattr(find_metric(name), "partial", False):
        warnings.warn(
            f"{name}{f' of {of}' if of else ''} is undefined for {undefined.sum()} of {len(values)} clips (a constant map, "
            "probability 0 or a constant effect); the score is the mean of the others.",
            UndefinedMetricWarning,
            stacklevel=2,
        )
    return float(values[~undefined].mean()) if not undefined.all() else float("nan")
