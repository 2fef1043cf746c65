"""Passes that several explainers and metrics need are run once.

Inside ``shared_passes()`` the second call of a ``@shared`` function with the same arguments returns the first one's result:
arrays as read-only views, tensors as copies. Results lie in a context variable, since explainers are scikit-learn's
transformers and metrics functions of ``(estimator, X, maps, y)``, also those of other packages: an object with the results
would have to pass through all of them down to the engine.
"""

import contextlib
import contextvars
import copy
import functools
import hashlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

import joblib
import numpy as np
from sklearn import get_config
from torch import nn


@dataclass
class _Store:
    """What was computed inside a block, and how many bytes of tensors it may still keep."""

    bytes_left: float
    results: dict = field(default_factory=dict)  # key → result
    kept: frozenset = frozenset()  # ids of the tensors among the results

    def __copy__(self):
        return _Store(self.bytes_left, dict(self.results), self.kept)


_STORE: contextvars.ContextVar[_Store | None] = contextvars.ContextVar("skxai_shared_passes", default=None)


@contextlib.contextmanager
def _sharing_in(store: _Store | None) -> Iterator[None]:
    token = _STORE.set(store)
    try:
        yield
    finally:
        _STORE.reset(token)


def shared_passes() -> contextlib.AbstractContextManager[None]:
    """Share the results of functions decorated with ``shared`` until the block ends (per thread; nestable)."""
    # The outermost block holds the results.
    return _sharing_in(_STORE.get() or _Store(get_config()["working_memory"] * 2**20 / 8))


def candidate_passes() -> contextlib.AbstractContextManager[None]:
    """Share what the block around this one shares, and forget at the end what candidates, tried one after another, add."""
    return _sharing_in(copy.copy(_STORE.get()))


def unshared_passes() -> contextlib.AbstractContextManager[None]:
    """Share nothing until the block ends: for passes that nobody asks for again, whose networks the store would keep."""
    return _sharing_in(None)


def shared(function: Callable | None = None, *, equal: Sequence[str] = ()) -> Callable:
    """Let ``function`` return an earlier result for the same arguments inside ``shared_passes()``.

    Arrays are the same if they are the same memory, which must not be changed inside the block; estimators if they are one
    object with the same parameters and fitted attributes; modules if they are one object whose weights were not changed;
    arguments named in ``equal`` if they hold the same, by joblib's hash. Arrays of a shared result, also those in tuples, dicts
    and dataclasses, are read-only.
    """
    if function is None:
        return functools.partial(shared, equal=equal)
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        store = _STORE.get()
        if store is None:
            return function(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments = bound.arguments.items()
        key = (function, *(joblib.hash(value) if name in equal else _key_of(value) for name, value in arguments))
        if key not in store.results:
            store.results[key] = _read_only(function(*args, **kwargs))
        return store.results[key]

    return wrapper


def shared_by_content(function: Callable) -> Any:
    """Let a method from tensors to a tuple of tensors return an earlier result for equal tensors inside ``shared_passes()``.

    For passes whose layer is recorded: each explainer makes its own batches, of the same clips. Results are kept up to an
    eighth of ``sklearn.get_config()["working_memory"]``, whatever the number of clips. Each caller gets a copy.
    """

    def store_for(tensors):
        # A GPU would wait for the digest longer than for the result, and keep the result in its own memory.
        return _STORE.get() if tensors[0].device.type == "cpu" else None

    def key_of(self, tensors):
        return (function, _Same(self), *map(_digest, tensors))

    def keep(store, key, result):
        # Results may have a tensor in common, the feature maps beside their gradients or the scores: it takes memory once.
        sizes = {id(tensor): tensor.nbytes for tensor in result if id(tensor) not in store.kept}
        if store.bytes_left >= sum(sizes.values()):
            store.bytes_left -= sum(sizes.values())
            store.kept |= sizes.keys()
            store.results[key] = result

    def remember(self, tensors, result):
        """Keep a result that another method has found on its way."""
        store = store_for(tensors)
        if store is not None:
            keep(store, key_of(self, tensors), result)

    @functools.wraps(function)
    def wrapper(self, *tensors):
        store = store_for(tensors)
        if store is None:
            return function(self, *tensors)
        key = key_of(self, tensors)
        result = store.results.get(key)
        if result is None:
            result = function(self, *tensors)
            keep(store, key, result)
        return tuple(tensor.clone() if id(tensor) in store.kept else tensor for tensor in result)

    wrapper.remember = remember  # type: ignore[attr-defined]
    return wrapper


def _digest(tensor):
    if tensor is None:
        return None
    values = tensor.detach().cpu().contiguous()
    return tuple(values.shape), hashlib.blake2b(values.numpy().tobytes(), digest_size=16).digest()


class _Same:
    """A part of a key: the same as another of the same ``id``, which is unique as long as the key keeps the object alive."""

    def __init__(self, value, identity=None):
        self.value, self.identity = value, id(value) if identity is None else identity

    def __eq__(self, other):
        return isinstance(other, _Same) and self.identity == other.identity

    def __hash__(self):
        return hash(self.identity)


def _key_of(value: Any, within: tuple = ()) -> Any:
    """Return what must be equal for a value to be the same; ``within`` are the estimators around it."""
    if value is None or isinstance(value, (str, bytes, int, float)):
        return type(value), value
    if isinstance(value, np.generic):
        return type(value), value.item()
    if isinstance(value, np.ndarray):
        memory = value.__array_interface__
        return _Same(value, ("array", memory["data"][0], value.shape, value.strides, value.dtype.str))
    if isinstance(value, nn.Module):
        tensors = (*value.parameters(), *value.buffers())
        return _Same(value), *(-1 if tensor.is_inference() else tensor._version for tensor in tensors)
    if isinstance(value, tuple):
        return tuple(_key_of(item, within) for item in value)
    if within and isinstance(value, list) and all(isinstance(item, tuple) or _is_estimator(item) for item in value):
        return tuple(_key_of(item, within) for item in value)  # the steps of a pipeline
    if _is_estimator(value) and not any(value is around for around in within):
        attributes = getattr(value, "__dict__", {})  # parameters, and what fit has found
        return _Same(value), *((name, _key_of(each, (*within, value))) for name, each in attributes.items())
    return _Same(getattr(value, "shared_as", value))


def _is_estimator(value):
    return hasattr(value, "get_params") and not isinstance(value, type)


def _read_only(result: Any) -> Any:
    """Return a result whose arrays are views that cannot be written to; they are the same memory."""
    if isinstance(result, np.ndarray):
        view = result.view()
        view.flags.writeable = False
        return view
    if type(result) in (tuple, list):
        return type(result)(map(_read_only, result))
    if type(result) is dict:
        return {name: _read_only(value) for name, value in result.items()}
    if is_dataclass(result) and not isinstance(result, type):
        return replace(result, **{each.name: _read_only(getattr(result, each.name)) for each in fields(result)})
    return result
