"""Clips of 1 to 3 dimensions as images ``(channels, rows, columns)``."""

from torch import nn


def as_image(input_shape: tuple[int, ...]) -> tuple[nn.Module, int]:
    """Return the module that makes an image of a clip, and the number of its channels.

    Parameters
    ----------
    input_shape : tuple of int
        ``(c, f, t)``, ``(f, t)`` or ``(p,)``.

    Returns
    -------
    module : torch.nn.Module
        ``(n, *input_shape)`` → ``(n, channels, rows, columns)``.
    channels : int
    """
    if len(input_shape) == 3:
        return nn.Identity(), input_shape[0]
    if len(input_shape) == 2:
        return nn.Unflatten(1, (1, input_shape[0])), 1
    return nn.Unflatten(1, (1, 1, input_shape[0])), 1
