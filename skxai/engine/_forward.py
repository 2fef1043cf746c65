"""A frozen copy for passes without gradients."""

import torch
from torch import nn

from ._freeze import forward_copy
from ._layers import tensor_of


class Forward:
    """The frozen copy for passes without gradients.

    Parameters
    ----------
    module : torch.nn.Module
        The trained module; it is copied and never touched.
    example : tensor of shape (1, ...)
        One input, on the module's device.
    output : "logits", "probabilities" or callable
        What the module returns, or a function of it that gives logits ``(b, k)``.
    dtype : torch.dtype
        float32 or bfloat16.

    Attributes
    ----------
    largest : int
        Bytes of the largest output of a layer, for one input.
    score_shape : tuple of int, or str
        Shape of the scores of one input, or the type of what stands in their place.
    """

    def __init__(self, module, example, output, dtype):
        frozen = forward_copy(module, example, dtype, strip_softmax=output == "probabilities")
        self.output = "logits" if frozen.stripped else output
        self.largest = frozen.largest
        self.module = frozen.module
        with torch.inference_mode():
            raw = self.module(example.clone())
            scores = self.output(raw) if callable(self.output) else tensor_of(raw)
        self.score_shape = tuple(scores.shape) if isinstance(scores, torch.Tensor) else type(scores).__name__

    def logits(self, inputs):
        """Return the scores S ``(b, k)`` of inputs ``(b, ...)``."""
        return scores_of(self.module(in_fast_layout(inputs)), self.output)


class Scores(nn.Module):
    """A module that returns the scores S ``(b, k)``, whatever the module inside returns.

    Parameters
    ----------
    module : torch.nn.Module
        It is not copied.
    output : "logits", "probabilities" or callable
        What it returns, or a function of it that gives logits ``(b, k)``.
    """

    def __init__(self, module, output):
        super().__init__()
        self.module, self.output = module, output

    def forward(self, inputs):
        """Return the scores S ``(b, k)`` of inputs ``(b, ...)``."""
        return scores_of(self.module(inputs.clone()), self.output)  # the clone may be worked on in place, a leaf may not


def scores_of(raw, output):
    """Return the scores S ``(b, k)`` before the softmax from what a module returns.

    Where the module ends in a softmax that cannot be removed, log p stands in: it differs from S by a constant of the clip.
    """
    if callable(output):
        return output(raw)
    raw = tensor_of(raw)
    return raw.clamp_min(torch.finfo(raw.dtype).tiny).log() if output == "probabilities" else raw


def in_fast_layout(inputs):
    """Return images ``(b, channels, rows, columns)`` in channels-last memory, other inputs as they are."""
    return inputs.contiguous(memory_format=torch.channels_last) if inputs.dim() == 4 else inputs
