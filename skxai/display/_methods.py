"""What displays are given: something of one method, or of several by their names."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from ..metrics import split_pipeline

__all__ = ["ByMethod", "by_method", "check_clips", "explained_curves", "split_methods", "take_clips"]

ByMethod: TypeAlias = ArrayLike | dict[str, Any]  # an array of one method, or those of several by their names


def by_method(values: Any, owner: str, kind: type | None = None) -> dict[str, Any]:
    """Return a dict by method, of a single one by the name "", all of one kind; ``owner`` begins the errors."""
    methods = values if isinstance(values, dict) else {"": values}
    if not methods:
        raise ValueError(f"{owner} must hold at least one method; got an empty dict.")
    for each in methods.values():
        if kind is not None and not isinstance(each, kind):
            raise TypeError(f"{owner} must be a {kind.__name__} or a dict from names to such; got {type(each).__name__}.")
    return methods


def check_clips(values: ArrayLike | None, n_clips: int, owner: str) -> None:
    """Raise if there is not one value for each clip."""
    if values is not None and np.shape(values) != (n_clips,):
        raise ValueError(f"{owner} must be one for each of {n_clips} clips; got shape {np.shape(values)}.")


def split_methods(estimator: Any, X: Any, name: str | None) -> Iterator[tuple[str, Any, Any]]:
    """Yield name, explainer and features of a fitted estimator, or of each in a dict; without a name it is the class."""
    for label, each in (estimator if isinstance(estimator, dict) else {name: estimator}).items():
        explainer, features = split_pipeline(each, X)
        yield type(explainer).__name__ if label is None else label, explainer, features


def explained_curves(
    curve_of: Callable[..., Any], estimator: Any, X: Any, y: Any, name: str | None, params: dict[str, Any]
) -> dict[str, Any]:
    """Return by the names of ``split_methods`` what ``curve_of`` returns for each explainer's maps of X."""
    curves = {}
    for label, explainer, features in split_methods(estimator, X, name):
        maps = explainer.explain(features, params.get("target"))
        curves[label] = curve_of(explainer, features, maps, y, **params)
    return curves


def take_clips(clips: int | Sequence[int] | None, **arrays: Any) -> list[Any]:
    """Return the chosen clips of each array; None stays None."""
    n_clips = len(arrays["X"])
    for name, values in arrays.items():
        if values is not None and len(values) != n_clips:
            raise ValueError(f"{name} of SaliencyDisplay must be one for each of {n_clips} clips; got {len(values)}.")
    if clips is None:
        return list(arrays.values())
    indices = [int(clip) for clip in np.atleast_1d(clips)]
    if not indices or min(indices) < -n_clips or max(indices) >= n_clips:
        raise ValueError(f"clips of SaliencyDisplay must be indices of the {n_clips} clips of X; got {clips!r}.")
    return [
        None if values is None else values[indices] if isinstance(values, np.ndarray) else [values[i] for i in indices]
        for values in arrays.values()
    ]
