"""From what a module returns to scores: the one place that knows the kinds of output."""

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ._layers import tensor_of

# What a module returns, or a function of it that gives logits (b, k).
Output = Literal["logits", "probabilities"] | Callable[[Any], Tensor]


class Scores(nn.Module):
    """A module that returns the scores S ``(b, k)``, whatever the module inside returns; it is not copied."""

    def __init__(self, module: nn.Module, output: Output):
        super().__init__()
        self.module, self.output = module, output

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the scores S ``(b, k)`` of inputs ``(b, ...)``."""
        return scores_of(self.module(inputs.clone()), self.output)  # the clone may be worked on in place, a leaf may not


def scores_of(raw: Any, output: Output) -> Tensor:
    """Return the scores S ``(b, k)`` before the softmax from what a module returns.

    Where the module ends in a softmax that cannot be removed, log p stands in: it differs from S by a constant of the clip.
    """
    if callable(output):
        return output(raw)
    raw = tensor_of(raw)
    return raw.clamp_min(torch.finfo(raw.dtype).tiny).log() if output == "probabilities" else raw
