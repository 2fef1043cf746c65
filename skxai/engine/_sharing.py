"""Passes that several metrics need are run once.

Metrics stay plain functions of ``(estimator, X, maps, y)``; average drop and average increase both call the same function
for the masked predictions. Inside ``shared_passes()`` the second call with the same arguments returns the first one's result.
"""

import contextlib
import contextvars
import functools
import inspect

import numpy as np

_STORE = contextvars.ContextVar("skxai_shared_passes", default=None)


@contextlib.contextmanager
def shared_passes():
    """Share the results of functions decorated with ``shared`` until the block ends (per thread; nestable)."""
    if _STORE.get() is not None:  # the outermost block holds the results
        yield
        return
    token = _STORE.set({})
    try:
        yield
    finally:
        _STORE.reset(token)


def shared(function):
    """Let ``function`` return an earlier result for the same arguments inside ``shared_passes()``.

    Arrays and estimators are the same if they are the same object; they must not be changed inside the block.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        store = _STORE.get()
        if store is None:
            return function(*args, **kwargs)
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        key = (function, *(_identity(value) for value in bound.arguments.values()))
        if key not in store:
            # The arguments are kept beside the result: an id is unique only while its object lives.
            store[key] = (bound.arguments, function(*args, **kwargs))
        return store[key][1]

    return wrapper


def _identity(value):
    if value is None or isinstance(value, (str, int, float, bool, tuple)):
        return (type(value), value)
    if isinstance(value, np.generic):
        return (type(value), value.item())
    return id(value)
