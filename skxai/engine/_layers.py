"""Names of a module's layers, and what goes through them."""

import torch
from torch import nn

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def convolution_names(module):
    """Return the dotted names of the convolutions of ``module``, in the order of their registration."""
    return [name for name, layer in module.named_modules() if isinstance(layer, CONVOLUTIONS)]


def layer_name(module, layer=None):
    """Find a layer by name or index.

    Parameters
    ----------
    module : torch.nn.Module
        The network.
    layer : str, int or None
        A dotted name as in ``module.named_modules()``, an index into the convolutions (−1 is the last), or None for the
        last convolution.

    Returns
    -------
    str
        The dotted name.

    Raises
    ------
    ValueError
        If there is no such layer, or no convolution to choose from.
    """
    owner = type(module).__name__
    if isinstance(layer, str):
        names = [name for name, _ in module.named_modules() if name]
        if layer not in names:
            known = convolution_names(module) or names
            raise ValueError(f"layer={layer!r} is not a layer of {owner}; it has, for example, {', '.join(known)}.")
        return layer
    convolutions = convolution_names(module)
    if not convolutions:
        raise ValueError(
            f"layer={layer!r} asks for a convolution, but {owner} has none: a class activation map needs one, "
            "or the name of another layer whose output is (n, channels, …)."
        )
    index = -1 if layer is None else layer
    if not -len(convolutions) <= index < len(convolutions):
        raise ValueError(
            f"layer={layer!r} must be an index into the {len(convolutions)} convolutions of {owner}: {', '.join(convolutions)}."
        )
    return convolutions[index]


def tensor_of(output):
    """Return the tensor of a module's output: itself, or the first of a tuple (the others are auxiliary by custom)."""
    return output[0] if isinstance(output, (tuple, list)) else output


def watch(module, layers, inputs, note):
    """Run a module without gradients and call ``note(layer, inputs, output)`` after each call of one of ``layers``.

    The module may work in place on what it is given: it gets a copy.
    """
    handles = [layer.register_forward_hook(note) for layer in layers]
    try:
        with torch.inference_mode():
            module(inputs.clone())
    finally:
        for handle in handles:
            handle.remove()


def call(module, inputs):
    """Call a module; a traced one without printing its code where it fails, which is no news here."""
    return nn.Module.__call__(module, inputs)
