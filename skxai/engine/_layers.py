"""Names of a module's layers, and what goes through them."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def convolution_names(module: nn.Module) -> list[str]:
    """Return the dotted names of the convolutions of ``module``, in the order of their registration."""
    return [name for name, layer in module.named_modules() if isinstance(layer, CONVOLUTIONS)]


def layer_name(module: nn.Module, layer: str | int | None = None) -> str:
    """Return the dotted name of a layer as in ``module.named_modules()``, given by name or by index into the convolutions.

    Index −1 or None is the last convolution. Raise ValueError if there is no such layer, or no convolution to choose from.
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


def tensor_of(output: Any) -> Any:
    """Return the tensor of a module's output: itself, or the first of a tuple (the others are auxiliary by custom)."""
    return output[0] if isinstance(output, (tuple, list)) else output


def watch(module: nn.Module, layers: Iterable[nn.Module], inputs: Tensor, note: Callable) -> None:
    """Run a module without gradients and call ``note(layer, inputs, output)`` after each call of one of ``layers``.

    The module gets a copy of the inputs, on which it may work in place.
    """

    def hook(layer, args, kwargs, output):
        note(layer, (*args, *kwargs.values()), output)

    handles = [layer.register_forward_hook(hook, with_kwargs=True) for layer in layers]
    try:
        with torch.inference_mode():
            module(inputs.clone())
    finally:
        for handle in handles:
            handle.remove()


def call(module: nn.Module, inputs: Tensor) -> Any:
    """Call a module; a traced one without printing its code where it fails, which is no news here."""
    return nn.Module.__call__(module, inputs)
