"""Smaller convolution kernels, where parts of them only ever see padding."""

from typing import Any

from torch import Tensor, nn

from ._layers import CONVOLUTIONS, watch


def trim_kernels(module: nn.Module, example: Tensor) -> None:
    """Cut off the parts of convolution kernels that only ever see padding, for inputs of the shape of ``example (1, ...)``.

    A 3 × 3 kernel over a single row of frequencies, where a ResNet ends on cepstra, is a 1 × 3 kernel.
    """
    seen: dict[Any, set] = {}  # convolution → {(shape of its input, shape of its output)}

    def note(convolution, inputs, output):
        seen.setdefault(convolution, set()).add((tuple(inputs[0].shape[2:]), tuple(output.shape[2:])))

    watch(module, [layer for layer in module.modules() if type(layer) in CONVOLUTIONS], example, note)
    for convolution, shapes in seen.items():
        if len(shapes) == 1 and convolution.padding_mode == "zeros" and not isinstance(convolution.padding, str):
            _trim(convolution, *shapes.pop())


def _trim(convolution, extents, outputs):
    weight, padding = convolution.weight.detach(), list(convolution.padding)
    for axis, (extent, n_outputs) in enumerate(zip(extents, outputs)):
        size, stride = convolution.kernel_size[axis], convolution.stride[axis]
        pad, dilation = convolution.padding[axis], convolution.dilation[axis]
        starts = range(-pad, n_outputs * stride - pad, stride)
        sees = [any(0 <= start + tap * dilation < extent for start in starts) for tap in range(size)]
        if all(sees) or not any(sees):
            continue
        first, last = sees.index(True), size - 1 - sees[::-1].index(True)
        trimmed_pad = pad - first * dilation
        reach = dilation * (last - first) + 1
        if trimmed_pad >= 0 and (extent + 2 * trimmed_pad - reach) // stride + 1 == n_outputs:
            weight, padding[axis] = weight.narrow(2 + axis, first, last - first + 1), trimmed_pad
    if weight.shape != convolution.weight.shape:
        convolution.weight = nn.Parameter(weight.clone(), requires_grad=False)
        convolution.kernel_size, convolution.padding = tuple(weight.shape[2:]), tuple(padding)
        convolution._reversed_padding_repeated_twice = [pad for pad in reversed(padding) for _ in range(2)]
