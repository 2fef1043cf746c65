"""What makes a function a metric: its direction, its bounds and its needs, declared beside it."""

import functools

import numpy as np
from sklearn.utils.validation import check_array

from ..datasets import EventTruth


def metric(
    *,
    greater_is_better,
    bounds,
    requires_y=False,
    requires_explainer=False,
    requires_module=False,
    requires_truth=False,
    measures_truth=True,
    partial=False,
):
    """Declare a function to be a metric.

    Parameters
    ----------
    greater_is_better : bool
        The direction. A loss gets ``neg_`` before its scorer's name, as in scikit-learn.
    bounds : tuple of float
        Lowest and highest value.
    requires_y : bool, default=False
        Whether it needs the true labels.
    requires_explainer : bool, default=False
        Whether its ``estimator`` must be an explainer, because it explains anew, rather than any classifier.
    requires_module : bool, default=False
        Whether the classifier must hold a torch module, because its weights or its input are changed: the metric is left out
        where there is none.
    requires_truth : bool or "of every class", default=False
        Whether it needs to know where the classes sound: it takes a keyword ``truth=None``, and is left out where there is
        none. "of every class": the mask of the explained class is not enough, it must be an ``EventTruth``.
    measures_truth : bool, default=True
        Whether it tells how true a map is: the truth scores better than chance, and chance better than the opposite of the
        truth. False for a property of the map alone, such as how sharp it is, or of the explainer.
    partial : bool, default=False
        Whether it is meant for some clips only, such as those in which the explained class sounds: NaN for the others is
        no failure, and a scorer does not warn of it.

    Returns
    -------
    callable
        A decorator of ``function(estimator, X, maps, y=None, *, …)`` → one value per clip, ``(n,)``, NaN where it is undefined.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.metrics import metric
    >>> @metric(greater_is_better=False, bounds=(0, 1))
    ... def share_of_relevant_pixels(estimator, X, maps, y=None):
    ...     return (np.abs(maps) > 0).reshape(len(maps), -1).mean(axis=1)
    >>> share_of_relevant_pixels.greater_is_better
    False
    """

    def declare(function):
        @functools.wraps(function)
        def checked(estimator, X, maps, y=None, **params):
            maps = check_maps(maps, None if X is None else np.shape(X))
            if requires_truth:
                check_truth(params.get("truth"), requires_truth, function.__name__)
            return function(estimator, X, maps, y, **params)

        checked.greater_is_better = greater_is_better
        checked.bounds = tuple(float(bound) for bound in bounds)
        checked.requires_y = requires_y
        checked.requires_explainer = requires_explainer
        checked.requires_module = requires_module
        checked.requires_truth = requires_truth
        checked.measures_truth = measures_truth
        checked.partial = partial
        checked.scorer_name = function.__name__ if greater_is_better else f"neg_{function.__name__}"
        return checked

    return declare


def check_truth(truth, required, name):
    """Raise unless there is the truth that a metric requires."""
    if truth is None:
        raise ValueError(f"truth must be given for {name}: where the explained classes sound; got None.")
    if required == "of every class" and not isinstance(truth, EventTruth):
        raise TypeError(f"truth must be an EventTruth for {name}, which compares classes; got {type(truth).__name__}.")


def check_maps(maps, shape):
    """Return maps as a finite float32 array, of ``shape`` unless that is None."""
    maps = check_array(maps, dtype=np.float32, allow_nd=True, input_name="maps")
    if shape is not None and maps.shape != shape:
        raise ValueError(f"maps must have the shape of X, {shape}; got {maps.shape}.")
    return maps


def is_metric(value):
    """Return whether ``value`` was declared with ``metric``."""
    return callable(value) and hasattr(value, "greater_is_better") and hasattr(value, "scorer_name")
