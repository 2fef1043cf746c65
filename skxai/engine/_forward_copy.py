"""A frozen copy for passes without gradients."""

import torch
from torch import Tensor, nn

from ._accelerate import accelerated
from ._layers import tensor_of
from ._scores import Output, scores_of


class ForwardCopy:
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

    def __init__(self, module: nn.Module, example: Tensor, output: Output, dtype: torch.dtype):
        frozen = accelerated(module, example, "scores", strip_softmax=output == "probabilities", dtype=dtype)
        self.output = "logits" if frozen.stripped else output
        self.largest = frozen.largest
        self.module = frozen.module
        with torch.inference_mode():
            raw = self.module(example.clone())
            scores = self.output(raw) if callable(self.output) else tensor_of(raw)
        self.score_shape = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__

    def logits(self, inputs: Tensor) -> Tensor:
        """Return the scores S ``(b, k)`` of inputs ``(b, ...)``."""
        return scores_of(self.module(in_fast_layout(inputs)), self.output)


def in_fast_layout(inputs: Tensor) -> Tensor:
    """Return images ``(b, channels, rows, columns)`` in channels-last memory, other inputs as they are."""
    return inputs.contiguous(memory_format=torch.channels_last) if inputs.dim() == 4 else inputs
