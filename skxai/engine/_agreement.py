"""Whether a copy in a faster form computes what the module computes, and the log of why a form was refused.

``logging.getLogger("skxai.engine").setLevel("DEBUG")`` shows it.
"""

import contextlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ._layers import call, tensor_of

LOGGER = logging.getLogger("skxai.engine")


@contextlib.contextmanager
def refused_for(owner: str, form: str, *errors: type[Exception]) -> Iterator[None]:
    """Log one of ``errors`` as the reason why ``owner`` is not copied in a form, and go on behind the block."""
    try:
        yield
    except errors as error:
        LOGGER.debug("%s: form '%s' is refused for %s: %s", owner, form, type(error).__name__, error)


@dataclass(frozen=True)
class Reference:
    """What a copy must give for one input."""

    owner: str  # what the module is called in the log
    example: Tensor  # the input (1, ...)
    expected: Tensor  # the output
    rounding: float  # what float32 leaves open in the output, relative to its largest value

    def accepts(self, form: str, candidate: nn.Module, least: float, *, stripped: bool = False) -> bool:
        """Return whether a copy gives the expected output, where a softmax was ``stripped`` with one."""
        # Anybody's module on a memory layout or in a number format that its operations may not know: they raise anything.
        with refused_for(self.owner, form, Exception):
            got = output_of(candidate, self.example)
            return self.agrees(form, torch.softmax(got, dim=1) if stripped else got, self.expected, least)
        return False

    def agrees(self, form: str, got: Tensor, expected: Tensor, least: float) -> bool:
        """Return whether a tensor is the expected one within ``least`` of its largest value, or within rounding."""
        # Sums in another order err as much as a last bit that moves, and by chance a few times more.
        tolerance = max(least, 4 * self.rounding)
        if is_close(got, expected, tolerance):
            return True
        LOGGER.debug("%s: form '%s' is refused for another output than the module's (> %.1g)", self.owner, form, tolerance)
        return False


def is_close(got: Tensor, expected: Tensor, tolerance: float) -> bool:
    """Return whether the shape is the expected one and no value differs by more than ``tolerance`` of the largest."""
    return got.shape == expected.shape and bool(((got - expected).abs() <= tolerance * _scale(expected)).all())


def output_of(module: nn.Module, example: Tensor) -> Tensor:
    """Return a module's output without a graph; of a tuple the first."""
    with torch.inference_mode():
        return tensor_of(call(module, example.clone()))


def output_and_gradient(module: nn.Module, example: Tensor) -> tuple[Tensor, Tensor]:
    """Return the output, and the gradient of its first column by the input."""
    with torch.enable_grad():
        leaf = example.detach().requires_grad_()
        output = tensor_of(call(module, leaf.clone()))
        (gradient,) = torch.autograd.grad(output[:, 0].sum(), leaf)
    return output.detach(), gradient


def rounding_of(module: nn.Module, example: Tensor, expected: Tensor) -> float:
    """Return how far the output moves where the last bit of the input does, relative to its largest value.

    No rewriting can agree better than the module agrees with itself: in a deep network with large residual sums float32 leaves
    less than four digits.
    """
    signs = torch.randint(0, 2, example.shape, generator=torch.Generator().manual_seed(0)).to(example.device) * 2 - 1
    last_bit = torch.finfo(example.dtype).eps * example.abs().max()
    with torch.inference_mode():
        moved = output_of(module, example + signs * last_bit)
        return float((moved - expected).abs().max() / _scale(expected))


def _scale(expected):
    return expected.abs().max().clamp_min(1e-6)
