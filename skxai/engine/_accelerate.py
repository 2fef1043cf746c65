"""A trained module → a frozen copy that computes the same, faster: ``accelerated`` is the one door to all forms of copies.

What is done, and only where it provably changes nothing: eval mode, no parameter gradients, in-place operations made
out-of-place (a recorded activation must keep its value), the rewritings of ``_rewrite``, and a fast memory layout. Each step
is kept only if the copy still gives the module's own output; else the log ``skxai.engine`` says why not. The user's module is
never touched.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, fx, nn

from ._agreement import Reference, is_close, output_and_gradient, output_of, refused_for, rounding_of
from ._copies import detached_copy, has_hooks, output_sizes, structural_copy, with_weights_of_its_own
from ._differentiable import Differentiable
from ._forms import Blocked, Rounded, fastest_form
from ._one_axis import has_layers_over_one_axis, over_images
from ._rewrite import Parts, rewritten, split_at
from ._tracing import NotRewritable
from ._trim_kernels import trim_kernels

# What a copy is for:
# - "scores": passes without gradients, of inputs in float32 to outputs in float32. On a CPU the layers compute in oneDNN's own
#   blocked layout where that is faster, from one to the next without reordering.
# - "gradients": gradients by its input, on a CPU in blocked layout too.
# - "layer": the output of a layer, and gradients by it. The copy is cut in two behind the layer where it can be, so that what
#   is below is as fast as passes without gradients.
# - "hooks": the layers themselves, on which others hang hooks.
Purpose = Literal["scores", "gradients", "layer", "hooks"]


@dataclass(frozen=True)
class Accelerated:
    """A frozen copy, and what is known of it."""

    module: Any  # torch.nn.Module in eval mode; None where it was cut in two
    stripped: bool  # whether a softmax at the end was removed
    largest: int  # bytes of the largest output of a layer, for one input
    total: int  # bytes of all outputs
    rounding: float = 0.0  # what float32 leaves open in the output, relative to its largest value
    parts: Parts | None = None


@dataclass(frozen=True)
class _Order:
    """The arguments of ``accelerated``."""

    module: nn.Module
    example: Tensor
    strip_softmax: bool
    layer: str | None
    dtype: torch.dtype
    made: dict | None

    @property
    def owner(self):
        return type(self.module).__name__

    @property
    def is_of_images_on_a_cpu(self):
        return self.example.dim() == 4 and self.example.device.type == "cpu"


def accelerated(
    module: nn.Module,
    example: Tensor,
    purpose: Purpose,
    *,
    strip_softmax: bool = False,
    layer: str | None = None,
    dtype: torch.dtype = torch.float32,
    made: dict | None = None,
) -> Accelerated:
    """Copy a module into the fastest form that gives the module's own output for ``example (1, ...)``, on the module's device.

    ``strip_softmax``: remove a softmax at the end, so that the output is logits. ``layer``: the dotted name of the layer whose
    output will be asked for; nothing is folded into or across it. ``dtype``: float32 or bfloat16, for "scores". ``made``:
    layers of another copy that may be used here too, see ``rewritten``. Raise ValueError if the module cannot take the example.
    """
    return _FORMS[purpose](_Order(module, example, strip_softmax, layer, dtype, made))


def _rewritten_copy(order: _Order) -> Accelerated:
    """Copy a module, with its graph rewritten and in a fast memory layout of torch's own: what all forms begin with."""
    module, example = order.module, order.example
    plain: Any = detached_copy(module)
    try:
        expected = output_of(plain, example)
    except RuntimeError as error:
        raise ValueError(f"{order.owner} cannot take clips of shape {tuple(example.shape[1:])}: {error}") from error
    if not isinstance(expected, Tensor):  # only the caller knows how to read it
        return Accelerated(with_weights_of_its_own(plain, module), False, *output_sizes(plain, example))

    reference = Reference(order.owner, example, expected, rounding_of(plain, example, expected))
    frozen, stripped = plain, False
    if not has_hooks(plain):
        with refused_for(order.owner, "rewritten graph", NotRewritable):
            graph, graph_stripped = rewritten(plain, order.layer, order.strip_softmax, order.made)  # shares layers with plain
            if reference.accepts("rewritten graph", graph, 1e-4, stripped=graph_stripped):
                frozen, stripped = graph, graph_stripped
    trim_kernels(frozen, example)
    # A module may read the weights of its layers by itself.
    if not reference.accepts("smaller kernels", frozen, 1e-4, stripped=stripped):
        frozen, stripped = detached_copy(module), False
    if example.dim() == 4:  # convolutions run up to twice as fast on channels-last weights; a ``view`` can forbid it
        frozen.to(memory_format=torch.channels_last)
        if not reference.accepts("channels-last memory", frozen, 1e-4, stripped=stripped):
            frozen.to(memory_format=torch.contiguous_format)
    elif example.device.type == "cpu" and has_layers_over_one_axis(frozen):
        candidate = over_images(structural_copy(frozen)).to(memory_format=torch.channels_last)
        if reference.accepts("images of one row", candidate, 1e-4, stripped=stripped):
            frozen = candidate
    frozen = with_weights_of_its_own(frozen, module)
    return Accelerated(frozen, stripped, *output_sizes(frozen, example), reference.rounding)


@torch.inference_mode(False)  # copies for gradients may use its layers
def _for_scores(order: _Order) -> Accelerated:
    forms: list[Callable] = [fastest_form] if order.is_of_images_on_a_cpu else []
    if order.dtype is not torch.float32:
        forms.append(lambda *_: Rounded)
    # Rounded weights and activations still give about the same; an operation that misreads the layout does not.
    least = 1e-5 if order.dtype is torch.float32 else 0.1
    for form_of in forms:
        # Each form takes the layers of a copy one by one, so that a large network is not held twice.
        frozen = _rewritten_copy(order)
        with torch.inference_mode():
            expected = frozen.module(order.example.clone())
        if not isinstance(expected, Tensor):  # only the caller knows how to read it
            return frozen
        form = form_of(frozen.module, order.example)
        with refused_for(order.owner, form.__name__, ValueError, RuntimeError):  # of a layer that oneDNN does not know
            candidate = form(frozen.module, order.dtype)
            if Reference(order.owner, order.example, expected, frozen.rounding).accepts(form.__name__, candidate, least):
                return replace(frozen, module=candidate)
    return _rewritten_copy(order)


def _for_gradients(order: _Order) -> Accelerated:
    with_gradients = {names: layer for names, layer in (order.made or {}).items() if type(layer) is nn.Conv2d}
    frozen = _rewritten_copy(replace(order, made=with_gradients))
    if not order.is_of_images_on_a_cpu or not isinstance(frozen.module, fx.GraphModule):
        return frozen
    with refused_for(order.owner, "Differentiable", ValueError, RuntimeError):  # of a layer that it does not know
        candidate = Differentiable(_rewritten_copy(order).module, order.example)
        with refused_for(order.owner, "Differentiable", Exception):  # of an operation that does not know the layout
            expected, slopes = output_and_gradient(frozen.module, order.example)
            reference = Reference(order.owner, order.example, expected, frozen.rounding)
            got, got_slopes = output_and_gradient(candidate, order.example)
            # A value next to the kink of a ReLU may fall on its other side; an operation that misreads the layout errs more.
            if reference.agrees("Differentiable", got, expected, 1e-5) and is_close(got_slopes, slopes, 0.1):
                return replace(frozen, module=candidate)
    return frozen


def _for_layer(order: _Order) -> Accelerated:
    frozen = _rewritten_copy(order)
    if not isinstance(frozen.module, fx.GraphModule):
        return frozen
    parts = split_at(frozen.module, order.layer)
    with torch.inference_mode():
        expected = parts.below(order.example.clone())
    if not all(isinstance(tensor, Tensor) for tensor in expected):
        return frozen
    blocked = order.is_of_images_on_a_cpu and fastest_form(frozen.module, order.example) is Blocked
    frozen = replace(frozen, module=None)  # its layers are freed while others take their places
    if not blocked:
        return replace(frozen, parts=parts)
    with refused_for(order.owner, "Blocked below a layer", ValueError, RuntimeError):  # of a layer that oneDNN does not know
        parts = parts._replace(below=Blocked(parts.below, torch.float32))
        reference = Reference(order.owner, order.example, expected[parts.place], frozen.rounding)
        with refused_for(order.owner, "Blocked below a layer", Exception), torch.inference_mode():  # of an operation
            got = parts.below(order.example.clone())
            if all(reference.agrees("Blocked below a layer", *pair, 1e-5) for pair in zip(got, expected, strict=True)):
                return replace(frozen, parts=parts)
    again = _rewritten_copy(replace(order, made=None))
    return replace(frozen, parts=split_at(again.module, order.layer))


_FORMS = {"scores": _for_scores, "gradients": _for_gradients, "layer": _for_layer, "hooks": _rewritten_copy}
