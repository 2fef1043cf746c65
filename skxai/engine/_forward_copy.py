"""A frozen copy for passes without gradients."""

import torch
from torch import Tensor, nn

from ._accelerate import accelerated
from ._layers import tensor_of
from ._scores import Output, scores_of


class ForwardCopy:
    """The frozen copy of a module for passes without gradients; ``example (1, ...)`` is one input, on its device."""

    def __init__(self, module: nn.Module, example: Tensor, output: Output, dtype: torch.dtype):
        frozen = accelerated(module, example, "scores", strip_softmax=output == "probabilities", dtype=dtype)
        self.output = "logits" if frozen.stripped else output
        self.module, self.largest = frozen.module, frozen.largest  # bytes of the largest output of a layer, for one input
        with torch.inference_mode():
            raw = self.module(example.clone())
            scores = self.output(raw) if callable(self.output) else tensor_of(raw)
        # Of one input; the type of what stands in the place of scores.
        self.score_shape = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__

    def logits(self, inputs: Tensor) -> Tensor:
        """Return the scores S ``(b, k)`` of inputs ``(b, ...)``."""
        return scores_of(self.module(in_fast_layout(inputs)), self.output)


def in_fast_layout(inputs: Tensor) -> Tensor:
    """Return images ``(b, channels, rows, columns)`` in channels-last memory, other inputs as they are."""
    return inputs.contiguous(memory_format=torch.channels_last) if inputs.dim() == 4 else inputs
