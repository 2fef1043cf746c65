"""The one place where arguments are checked, so that every error names the argument, its owner, the rule and the value.

Constructor arguments are declared as ``_parameter_constraints`` and checked by scikit-learn's own machinery, which is
re-exported here because it lives in a private module of theirs: should it move, one line changes.
"""

import os
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import HasMethods, Interval, Options, StrOptions, validate_params
from sklearn.utils.validation import validate_data

__all__ = [
    "HasMethods",
    "Interval",
    "Options",
    "StrOptions",
    "check_features",
    "check_sample_rate",
    "check_waveforms",
    "columns_of",
    "validate_params",
]


def check_features(estimator: BaseEstimator, X: ArrayLike, y: Any = "no_validation", *, reset: bool = False) -> Any:
    """Return ``X (n, ...)`` as float32, and y where it was given: a finite array of 2 to 4 dimensions, of the shape in ``fit``.

    With ``reset``, in ``fit``, ``n_features_in_`` and ``feature_shape_`` are set. The result may share memory with X. Raise
    ValueError for NaN, infinite, complex, sparse or empty input, and for clips of another shape than in ``fit``.
    """
    name = type(estimator).__name__
    _refuse_paths(X, f"features for {name}. Put AudioLoader(sample_rate=…) and a spectrogram")
    shape = _shape(X)
    if len(shape) > 4:
        raise ValueError(f"X must have 2 to 4 dimensions, (n, p) to (n, 1, f, t), for {name}; got shape {shape}.")
    if 0 in shape[1:] and len(shape) > 2:  # scikit-learn's own check is for 2 dimensions
        raise ValueError(f"X must hold clips of at least one value for {name}; got shape {shape}.")
    if not reset and len(shape) >= 2:
        _check_clip_shape(estimator, shape[1:])
    checked = validate_data(estimator, X, y, reset=reset, dtype=np.float32, allow_nd=True)
    features = checked[0] if isinstance(checked, tuple) else checked
    if reset:
        estimator.feature_shape_ = features.shape[1:]
    return checked


def check_waveforms(estimator: BaseEstimator, X: ArrayLike, *, reset: bool = False) -> np.ndarray:
    """Return waveforms ``X (n, samples)`` as float32: a finite array, of the length that ``estimator`` saw in ``fit``.

    With ``reset``, in ``fit``, ``n_features_in_`` is set. The result may share memory with X. Raise ValueError for NaN,
    infinite, sparse or empty input, and for clips of another length than in ``fit``.
    """
    _refuse_paths(X, f"waveforms for {type(estimator).__name__}. Put AudioLoader(sample_rate=…)")
    expected = getattr(estimator, "n_features_in_", None)
    shape = _shape(X)
    if not reset and len(shape) == 2 and expected is not None and shape[1] != expected:
        rate = getattr(estimator, "sample_rate", None)
        length = f" ({expected / rate:.3f} s at sample_rate={rate})" if rate else ""
        raise ValueError(
            f"X has {shape[1]} features, but {type(estimator).__name__} is expecting {expected} features as input: "
            f"it was fitted on waveforms of {expected} samples{length}. Clips must have the sample rate and the duration of "
            "fit."
        )
    return validate_data(estimator, X, reset=reset, dtype=np.float32)


def check_sample_rate(estimator: BaseEstimator, highest: float | None, *, name: str) -> None:
    """Raise ValueError if a frequency in hertz, the argument ``name``, is above half the sample rate; None passes."""
    if highest is not None and highest > estimator.sample_rate / 2:
        raise ValueError(
            f"The {name!r} parameter of {type(estimator).__name__} must be at most half the sample rate, "
            f"{estimator.sample_rate / 2:g} Hz. Got {highest!r} instead."
        )


def columns_of(labels: ArrayLike, classes: ArrayLike, refusal: str) -> np.ndarray:
    """Return the column ``(n,)``, int64, of each of ``labels (n,)`` in ``classes (k,)``.

    Raise ValueError(refusal), with ``{label!r}`` and ``{classes}`` in it, for a label that is none of them.
    """
    column = {label: index for index, label in enumerate(np.asarray(classes).tolist())}
    given = np.asarray(labels).tolist()
    unknown = sorted({label for label in given if label not in column}, key=str)
    if unknown:
        raise ValueError(refusal.format(label=unknown[0], classes=list(column)))
    return np.array([column[label] for label in given], dtype=np.int64)


def _refuse_paths(X, rule):
    """Raise where X holds paths, by a rule of what X must be and what to put before this step."""
    first = X
    if isinstance(X, (list, tuple)) and X:
        first = X[0]
    elif isinstance(X, np.ndarray) and X.ndim == 1 and X.size:
        first = X.item(0)
    if isinstance(first, (str, os.PathLike)):
        raise ValueError(f"X must be {rule} before it in a Pipeline; got paths, such as {os.fspath(first)!r}.")


def _shape(X):
    # not np.shape, which asks array-likes for more than they must have
    return tuple(X.shape) if hasattr(X, "shape") else np.asarray(X).shape


def _check_clip_shape(estimator, shape):
    expected = getattr(estimator, "feature_shape_", None)
    if expected is None or shape == expected:
        return
    name = type(estimator).__name__
    if len(shape) == len(expected) == 1:  # scikit-learn's words for its own kind of input
        raise ValueError(f"X has {shape[0]} features, but {name} is expecting {expected[0]} features as input.")
    raise ValueError(f"X has clips of shape {shape}, but {name} is expecting clips of shape {expected}, as seen in fit.")
