"""Metrics that take the same parameters: these stand once, in the signature of one function."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


def parameters_of(
    model: Callable[..., Any], *, without: str | None = None
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Give a function of ``*args, **params`` the parameters of ``model``, but for one: it gets all, with their defaults."""
    taken = [parameter for name, parameter in inspect.signature(model).parameters.items() if name != without]

    def adopt(function):
        signature = inspect.signature(function).replace(parameters=taken)

        @functools.wraps(function)
        def complete(*args, **params):
            bound = signature.bind(*args, **params)
            bound.apply_defaults()
            return function(*bound.args, **bound.kwargs)

        complete.__signature__ = signature
        return complete

    return adopt
