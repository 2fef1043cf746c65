"""Copies of a module that leave it as it is: around its own weights at first, which are exchanged or copied one by one."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from ._agreement import is_close, output_of
from ._layers import tensor_of, watch


def detached_copy(module: nn.Module) -> nn.Module:
    """Copy in eval mode, with no parameter gradients and no in-place activations.

    The weights are still the module's own; buffers, which a forward pass can change, are copied.
    """
    clone = structural_copy(module).eval()
    child: Any
    for child in clone.modules():
        if getattr(child, "inplace", False) is True:
            child.inplace = False
    return clone


def structural_copy(module: nn.Module) -> nn.Module:
    """Copy the layers of a module around the same weights."""
    weights = {id(weight): nn.Parameter(weight.detach(), requires_grad=False) for weight in module.parameters()}
    return copy.deepcopy(module, weights)


def with_weights_of_its_own(frozen: nn.Module, module: nn.Module) -> nn.Module:
    """Copy the weights that a frozen copy still shares with the user's module."""
    shared = {weight.data_ptr() for weight in module.parameters()}
    for weight in frozen.parameters():
        if weight.data_ptr() in shared:
            weight.data = weight.data.clone()
    return frozen


def remove_softmax(module: nn.Module, example: Tensor) -> bool:
    """Put an identity in the place of a softmax layer at the end; return whether there was one, or else change nothing."""
    found = [name for name, layer in module.named_modules() if name and type(layer) is nn.Softmax]
    if not found:
        return False
    softmax, expected = module.get_submodule(found[-1]), output_of(module, example)
    module.set_submodule(found[-1], nn.Identity())
    got = output_of(module, example)
    if isinstance(got, Tensor) and got.dim() == 2 and is_close(torch.softmax(got, dim=1), expected, 1e-4):
        return True
    module.set_submodule(found[-1], softmax)
    return False


def has_hooks(module: nn.Module) -> bool:
    """Return whether there are hooks: they may be part of what a module computes, and tracing would lose some."""
    return any(child._forward_hooks or child._forward_pre_hooks for child in module.modules())


def output_sizes(module: nn.Module, example: Tensor) -> tuple[int, int]:
    """Return the bytes of the largest and of all outputs of the layers, for one input."""
    sizes = [example.nbytes]

    def note(layer, inputs, output):
        if isinstance(output := tensor_of(output), Tensor):
            sizes.append(output.nbytes)

    watch(module, [layer for layer in module.modules() if not any(True for _ in layer.children())], example, note)
    return max(sizes), sum(sizes)
