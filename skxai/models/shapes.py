"""Clips of 1 to 3 dimensions as images ``(channels, rows, columns)``."""

from torch import nn


def as_image(input_shape: tuple[int, ...]) -> tuple[nn.Module, int]:
    """Return the module from clips ``(n, *input_shape)`` to images ``(n, channels, rows, columns)``, and the channels."""
    if len(input_shape) == 3:
        return nn.Identity(), input_shape[0]
    return nn.Unflatten(1, (1,) * (3 - len(input_shape)) + (input_shape[0],)), 1
