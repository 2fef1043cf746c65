"""A form of a copy for gradients by the input: in oneDNN's blocked layout, forwards and backwards.

torch's gradient of a convolution takes up to ten times as long as the convolution. It is a convolution itself, by the kernel
turned round, and is computed as one.
"""

from itertools import product

import torch
from torch import Tensor, nn

from ._forms import BlockedConvolution, LinearAfterBlocks, in_own_layout, reordered
from ._layers import call, watch

# oneDNN computes so many channels at once, also where a convolution has fewer.
CHANNELS_AT_ONCE = 16


class Differentiable(nn.Module):
    """A module through which gradients flow to its input, of blocked layers, which its convolutions may be already.

    The module is taken over; ``example (1, ...)`` is one input.
    """

    def __init__(self, module: nn.Module, example: Tensor):
        super().__init__()
        self.module = module
        convolutions = [layer for layer in module.modules() if isinstance(layer, (nn.Conv2d, BlockedConvolution))]
        shapes: dict[nn.Module, set] = {}  # convolution → {shape of its inputs}

        def note(convolution, inputs, output):
            shapes.setdefault(convolution, set()).add(tuple(inputs[0].shape[1:]))

        watch(module, convolutions, example, note)
        for name, layer in list(module.named_modules()):
            if layer in shapes:
                blocked = layer if isinstance(layer, BlockedConvolution) else BlockedConvolution(layer, torch.float32)
                module.set_submodule(name, _Convolution(blocked, shapes[layer]))
            elif type(layer) is nn.Linear:
                module.set_submodule(name, LinearAfterBlocks(layer, torch.float32))

    def forward(self, inputs: Tensor) -> Tensor:
        return in_own_layout(call(self.module, inputs))


class _Convolution(nn.Module):
    def __init__(self, blocked, shapes):
        super().__init__()
        self.blocked = blocked
        self.gradient = _Gradient(blocked, shapes)

    def forward(self, inputs):
        return _Convolve.apply(inputs, self)


class _Convolve(torch.autograd.Function):
    """A convolution to blocked outputs, of inputs that are blocked or in torch's own layout."""

    @staticmethod
    def forward(ctx, inputs, convolution):
        ctx.gradient, ctx.shape, ctx.blocked = convolution.gradient, inputs.shape, inputs.is_mkldnn
        return convolution.blocked(inputs if inputs.is_mkldnn else inputs.to_mkldnn())

    @staticmethod
    def backward(ctx, of_outputs):
        of_inputs = ctx.gradient(of_outputs, ctx.shape)
        if of_inputs.is_mkldnn != ctx.blocked:
            of_inputs = of_inputs.to_mkldnn() if ctx.blocked else of_inputs.to_dense()
        return of_inputs, None


class _Gradient:
    """The gradient of a convolution of stride 1 by its inputs.

    Of few channels, rectangles of neighbouring pixels are computed as so many channels of one pixel, by a larger kernel with
    the rectangle's sides as its stride: 1 × 32 × 32 as 16 × 4 × 16.
    """

    def __init__(self, blocked, shapes):
        weight = blocked.weight.to_dense()
        n_outputs, n_inputs, height, width = weight.shape
        padding, stride, dilation, groups = blocked.settings
        padding = [d * (size - 1) - pad for pad, d, size in zip(padding, dilation, (height, width))]
        if set(stride) != {1} or groups != 1 or min(padding) < 0:
            raise ValueError("such a convolution has a gradient that is no convolution of stride 1")
        self.side = _fastest_side(*shapes, weight.shape) if len(shapes) == 1 and set(dilation) == {1} else (1, 1)
        kernels = weight.new_zeros(n_inputs, *self.side, n_outputs, height + self.side[0] - 1, width + self.side[1] - 1)
        for row, column in product(*map(range, self.side)):
            kernels[:, row, column, :, row : row + height, column : column + width] = weight.flip(2, 3).transpose(0, 1)
        self.settings = (padding, self.side, dilation, 1)
        self.weight = reordered(kernels.flatten(0, 2), torch.float32, self.settings)

    def __call__(self, of_outputs, shape):
        rectangles = torch.mkldnn_convolution(of_outputs, self.weight, None, *self.settings)
        if self.side == (1, 1):
            return rectangles
        rows, columns = (extent // length for extent, length in zip(shape[2:], self.side))
        return rectangles.to_dense().view(-1, shape[1], *self.side, rows, columns).permute(0, 1, 4, 2, 5, 3).reshape(shape)


def _fastest_side(shape, kernel):
    """Return the sides of the rectangle of pixels that takes the fewest multiplications for a pixel."""
    n_channels, *extents = shape

    def multiplications(side):
        n_at_once = -(-n_channels * side[0] * side[1] // CHANNELS_AT_ONCE)
        return n_at_once * (kernel[2] + side[0] - 1) * (kernel[3] + side[1] - 1) / (side[0] * side[1])

    sides = product(*([length for length in (1, 2, 4, 8) if extent % length == 0] for extent in extents))
    return min(sides, key=multiplications)
