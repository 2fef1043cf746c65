"""A clip as a picture, rows of frequencies × columns of time, and sizes on it."""

import math
from numbers import Integral, Real

from ..utils.validation import Interval

Size = int | float | tuple | list
# The constraints of a parameter that is a size; what a tuple holds is checked by ``sizes``.
SIZE = [Interval(Integral, 1, None, closed="left"), Interval(Real, 0, 1, closed="right"), tuple, list]


def pictures(x):
    """Return clips ``(b, ...)`` as pictures ``(b, channels, rows, columns)``; a vector is one row."""
    return x.reshape(len(x), -1, *(1, *x.shape[1:])[-2:])


def as_clips(maps, x):
    """Return maps ``(b, rows, columns)`` in a shape that expands to that of the clips ``x``, whose channels share them."""
    axes = x.shape[1:][-2:]
    return maps.reshape(len(x), *[1] * (x.dim() - 1 - len(axes)), *axes)


def sizes(given, of, *, name, owner):
    """Return a size on a picture, ``(rows, columns)``, as numbers of values; a vector has 1 row.

    ``given`` is an integer, a number of values, or a float, a share of the extents ``of`` along the clips' axes ``(frequency,
    time)`` or ``(values,)``, rounded up; or a tuple with one for each axis. Raise ValueError, in the words of the parameter
    ``name`` of ``owner``, for another number of sizes than of axes, or a size beyond the extent.
    """
    each = tuple(given) if isinstance(given, (tuple, list)) else (given,) * len(of)
    if len(each) != len(of) or not all(map(_fits, each, of)):
        raise ValueError(
            f"The {name!r} parameter of {owner} must be a number of values from 1 to {' and '.join(map(str, of))}, or a share "
            f"in (0.0, 1.0], or a tuple with one for each axis. Got {given!r} instead."
        )
    found = [size if isinstance(size, Integral) else math.ceil(round(size * extent, 6)) for size, extent in zip(each, of)]
    return (1, *(max(1, size) for size in found))[-2:]


def _fits(size, extent):
    if isinstance(size, bool) or not isinstance(size, Real):
        return False
    return 1 <= size <= extent if isinstance(size, Integral) else 0 < size <= 1
