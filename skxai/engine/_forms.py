"""The forms of a copy for passes without gradients: oneDNN's own memory layout, and another number format."""

import torch
from torch import nn

from ._layers import call


class Blocked(nn.Module):
    """A module whose layers hand over tensors in oneDNN's blocked layout; it is taken over."""

    def __init__(self, module, dtype):
        super().__init__()
        self.dtype = dtype
        self.module = module
        for name, layer in list(module.named_modules()):
            if type(layer) is nn.Conv2d:
                module.set_submodule(name, BlockedConvolution(layer, dtype))
            elif type(layer) is nn.Linear:
                module.set_submodule(name, LinearAfterBlocks(layer, dtype))

    def forward(self, inputs):
        output = call(self.module, inputs.to_mkldnn(self.dtype))
        return tuple(map(in_own_layout, output)) if isinstance(output, tuple) else in_own_layout(output)


def in_own_layout(output):
    return output.to_dense(torch.float32) if output.is_mkldnn else output.float()


class BlockedConvolution(nn.Module):
    """A convolution with its weights in the order that oneDNN wants."""

    def __init__(self, convolution, dtype):
        super().__init__()
        if convolution.padding_mode != "zeros" or isinstance(convolution.padding, str):
            raise ValueError("oneDNN's convolution knows zero padding by a number only")
        self.settings = (convolution.padding, convolution.stride, convolution.dilation, convolution.groups)
        self.weight = reordered(convolution.weight.detach(), dtype, self.settings)
        self.bias = None if convolution.bias is None else convolution.bias.detach().to_mkldnn()
        self.norm = getattr(convolution, "norm", None)  # the name of the batch norm that is folded into it

    def forward(self, inputs):
        blocked = inputs if inputs.is_mkldnn else inputs.to_mkldnn()
        outputs = torch.mkldnn_convolution(blocked, self.weight, self.bias, *self.settings)
        return outputs if inputs.is_mkldnn else outputs.to_dense()


def reordered(weight, dtype, settings):
    """Return the weights of a convolution in the order that oneDNN wants."""
    return torch._C._nn.mkldnn_reorder_conv2d_weight(weight.contiguous().to_mkldnn(dtype), *settings)


class LinearAfterBlocks(nn.Module):
    """A linear layer that takes what comes from a convolution back to torch's own layout."""

    def __init__(self, linear, dtype):
        super().__init__()
        self.linear = linear.to(dtype)

    def forward(self, inputs):
        return self.linear(inputs.to_dense() if inputs.is_mkldnn else inputs)


class Rounded(nn.Module):
    """A module in another number format; it is taken over."""

    def __init__(self, module, dtype):
        super().__init__()
        self.dtype = dtype
        self.module = module.to(dtype)

    def forward(self, inputs):
        return call(self.module, inputs.to(self.dtype)).float()


def blocked_layers(module):
    """Return the convolutions of a forward copy that are in oneDNN's layout, by their names and those of their batch norms."""
    inside = module.module if isinstance(module, Blocked) and module.dtype is torch.float32 else nn.Module()
    return {(name, layer.norm): layer for name, layer in inside.named_modules() if isinstance(layer, BlockedConvolution)}
