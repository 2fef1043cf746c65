"""The forms of a copy for passes without gradients: one memory layout or another, and another number format."""

from typing import Any

import torch
from torch import Tensor, nn

from ._layers import call, watch

# Where oneDNN has no AVX-512, its kernels for channels-last images are the faster ones up to so many taps: 3 × 3, not 5 × 5.
MOST_TAPS_OF_CHANNELS_LAST = 9


def fastest_form(module: nn.Module, example: Tensor) -> type[nn.Module]:
    """Return the form, ``Blocked`` or ``ChannelsLast``, in which a channels-last copy of a module on a CPU is fastest.

    It depends on the kernels and the processor; with AVX-512 it is oneDNN's blocked layout. It could be timed, but then two
    processes might choose differently, and their results differ in the last digit.
    """
    if torch.backends.cpu.get_cpu_capability() != "AVX2":
        return Blocked
    multiplications: dict[type[nn.Module], int] = {Blocked: 0, ChannelsLast: 0}

    def note(convolution, inputs, output):
        _, n_channels, height, width = convolution.weight.shape
        form = ChannelsLast if height * width <= MOST_TAPS_OF_CHANNELS_LAST else Blocked
        multiplications[form] += output.numel() * n_channels * height * width

    watch(module, [layer for layer in module.modules() if type(layer) in (nn.Conv2d, BlockedConvolution)], example, note)
    return max(multiplications, key=multiplications.__getitem__)


class Blocked(nn.Module):
    """A module whose layers hand over tensors in oneDNN's blocked layout; it is taken over."""

    def __init__(self, module: nn.Module, dtype: torch.dtype):
        super().__init__()
        self.dtype = dtype
        self.module = module
        for name, layer in list(module.named_modules()):
            if type(layer) is nn.Conv2d:
                module.set_submodule(name, BlockedConvolution(layer, dtype))
            elif type(layer) is nn.Linear:
                module.set_submodule(name, LinearAfterBlocks(layer, dtype))

    def forward(self, inputs: Tensor) -> Any:
        output = call(self.module, inputs.to_mkldnn(self.dtype))
        return tuple(map(in_own_layout, output)) if isinstance(output, tuple) else in_own_layout(output)


def in_own_layout(output: Tensor) -> Tensor:
    """Return a tensor in torch's own layout, float32."""
    return output.to_dense(torch.float32) if output.is_mkldnn else output.float()


class BlockedConvolution(nn.Module):
    """A convolution with its weights in the order that oneDNN wants."""

    def __init__(self, convolution: nn.Conv2d, dtype: torch.dtype):
        super().__init__()
        if convolution.padding_mode != "zeros" or isinstance(convolution.padding, str):
            raise ValueError("oneDNN's convolution knows zero padding by a number only")
        self.settings = (convolution.padding, convolution.stride, convolution.dilation, convolution.groups)
        self.weight = reordered(convolution.weight.detach(), dtype, self.settings)
        self.bias = None if convolution.bias is None else convolution.bias.detach().to_mkldnn()
        self.norm = getattr(convolution, "norm", None)  # the name of the batch norm that is folded into it

    def forward(self, inputs: Tensor) -> Any:
        blocked = inputs if inputs.is_mkldnn else inputs.to_mkldnn()
        outputs = torch.mkldnn_convolution(blocked, self.weight, self.bias, *self.settings)
        return outputs if inputs.is_mkldnn else outputs.to_dense()


def reordered(weight: Tensor, dtype: torch.dtype, settings: tuple) -> Tensor:
    """Return the weights of a convolution in the order that oneDNN wants."""
    return torch._C._nn.mkldnn_reorder_conv2d_weight(weight.contiguous().to_mkldnn(dtype), *settings)


class LinearAfterBlocks(nn.Module):
    """A linear layer that takes what comes from a convolution back to torch's own layout."""

    def __init__(self, linear: nn.Linear, dtype: torch.dtype):
        super().__init__()
        self.linear = linear.to(dtype)

    def forward(self, inputs: Tensor) -> Any:
        return self.linear(inputs.to_dense() if inputs.is_mkldnn else inputs)


class Rounded(nn.Module):
    """A module in another number format; it is taken over."""

    def __init__(self, module: nn.Module, dtype: torch.dtype):
        super().__init__()
        self.dtype = dtype
        self.module = module.to(dtype)

    def forward(self, inputs: Tensor) -> Any:
        return call(self.module, inputs.to(self.dtype)).float()


class ChannelsLast(Rounded):
    """A module that stays in channels-last memory; other copies may use its layers."""


def shared_convolutions(module: Any) -> dict[Any, Any]:
    """Return the convolutions of a forward copy that other copies may use, by their names and those of their batch norms."""
    kind = {Blocked: BlockedConvolution, ChannelsLast: nn.Conv2d}.get(type(module))
    if kind is None or module.dtype is not torch.float32:
        return {}
    layers = module.module.named_modules()
    return {(name, getattr(layer, "norm", None)): layer for name, layer in layers if type(layer) is kind}
