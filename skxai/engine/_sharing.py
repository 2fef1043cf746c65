"""Passes that several metrics need are run once.

Metrics stay plain functions of ``(estimator, X, maps, y)``; average drop and average increase both call the same function
for the masked predictions. Inside ``shared_passes()`` the second call with the same arguments returns the first one's result.
"""

import contextlib
import contextvars
import functools
import hashlib
import inspect

import joblib
import numpy as np
from sklearn import get_config

_STORE = contextvars.ContextVar("skxai_shared_passes", default=None)


@contextlib.contextmanager
def shared_passes():
    """Share the results of functions decorated with ``shared`` until the block ends (per thread; nestable)."""
    if _STORE.get() is not None:  # the outermost block holds the results
        yield
        return
    token = _STORE.set({"bytes left": get_config()["working_memory"] * 2**20 / 8, "kept": frozenset()})
    try:
        yield
    finally:
        _STORE.reset(token)


@contextlib.contextmanager
def candidate_passes():
    """Share what the block around this one shares; what is added is forgotten at the end.

    For candidates that are tried one after the other: memory does not grow with their number.
    """
    store = _STORE.get()
    token = _STORE.set(None if store is None else dict(store))
    try:
        yield
    finally:
        _STORE.reset(token)


@contextlib.contextmanager
def unshared_passes():
    """Share nothing until the block ends: for passes that nobody asks for again, whose networks the store would keep."""
    token = _STORE.set(None)
    try:
        yield
    finally:
        _STORE.reset(token)


def shared(function=None, *, equal=()):
    """Let ``function`` return an earlier result for the same arguments inside ``shared_passes()``.

    Arrays are the same if they are the same memory, estimators if they are the same object; they must not be changed inside
    the block. Arguments named in ``equal`` are the same if they hold the same, by joblib's hash.
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
        arguments = bound.arguments
        key = (function, *(joblib.hash(arguments[name]) if name in equal else _identity(arguments[name]) for name in arguments))
        if key not in store:
            # The arguments are kept beside the result: an id is unique only while its object lives.
            store[key] = (arguments, function(*args, **kwargs))
        return store[key][1]

    return wrapper


def shared_by_content(function):
    """Let a method of tensors return an earlier result for equal tensors inside ``shared_passes()``.

    For recorded forwards: each explainer makes its own batches, of the same clips. Results are kept up to an eighth of
    ``sklearn.get_config()["working_memory"]``, so that memory does not grow with the number of clips.
    """

    def key_of(self, tensors):
        return (function, id(self), *map(_digest, tensors))

    def store_for(tensors):
        # A GPU would wait for the digest longer than for the result, and keep the result in its own memory.
        return _STORE.get() if tensors[0].device.type == "cpu" else None

    def remember(self, tensors, result):
        store = store_for(tensors)
        if store is None:
            return
        # Results may have a tensor in common, the feature maps beside their gradients or the scores: it takes memory once.
        sizes = {id(tensor): tensor.nbytes for tensor in result if id(tensor) not in store["kept"]}
        if store["bytes left"] >= sum(sizes.values()):
            store["bytes left"] -= sum(sizes.values())
            store["kept"] |= sizes.keys()
            store[key_of(self, tensors)] = (self, result)

    @functools.wraps(function)
    def wrapper(self, *tensors):
        store = store_for(tensors)
        if store is None:
            return function(self, *tensors)
        known = store.get(key_of(self, tensors))
        if known is not None:
            return known[1]
        result = function(self, *tensors)
        remember(self, tensors, result)
        return result

    wrapper.remember = remember
    return wrapper


def _digest(tensor):
    if tensor is None:
        return None
    values = tensor.detach().cpu().contiguous()
    return tuple(values.shape), hashlib.blake2b(values.numpy().tobytes(), digest_size=16).digest()


def _identity(value):
    if value is None or isinstance(value, (str, bytes, int, float, bool, tuple)):
        return (type(value), value)
    if isinstance(value, np.generic):
        return (type(value), value.item())
    if isinstance(value, np.ndarray):
        return ("array", value.__array_interface__["data"][0], value.shape, value.strides, value.dtype.str)
    return id(getattr(value, "shared_as", value))
