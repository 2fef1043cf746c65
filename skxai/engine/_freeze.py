"""A trained module → a frozen copy that computes the same, faster.

What is done, and only where it provably changes nothing: eval mode, no parameter gradients, in-place operations made
out-of-place (a recorded activation must keep its value), the rewritings of ``_rewrite``, and a fast memory layout. Each step
is kept only if the copy still gives the module's own output. The user's module is never touched.
"""

import contextlib
import copy
from dataclasses import dataclass, replace

import torch
from torch import fx, nn

from ._differentiable import Differentiable
from ._forms import Blocked, Rounded, fastest_form
from ._layers import call, tensor_of, watch
from ._one_axis import has_layers_over_one_axis, over_images
from ._rewrite import rewritten, split_at, trim_kernels


@dataclass(frozen=True)
class Frozen:
    """A frozen copy, and what is known of it."""

    module: nn.Module
    stripped: bool  # whether a softmax at the end was removed
    largest: int  # bytes of the largest output of a layer, for one input
    total: int  # bytes of all outputs
    rounding: float = 0.0  # what float32 leaves open in the output, relative to its largest value


def frozen_copy(module, example, *, layer=None, strip_softmax=False, made=None):
    """Copy a module into its fast, frozen form.

    Parameters
    ----------
    module : torch.nn.Module
        The trained network, on any device.
    example : tensor of shape (1, ...)
        One input on the module's device: a rewritten copy is used only if it gives the module's own output for it.
    layer : str or None
        Dotted name of a layer whose output will be asked for: nothing is folded into or across it.
    strip_softmax : bool, default=False
        Remove a softmax at the end, so that the output is logits.
    made : dict or None, default=None
        Layers of another copy that stand below the asked layer, see ``rewritten``.

    Returns
    -------
    Frozen
        The copy, in eval mode.
    """
    plain = detached_copy(module)
    try:
        expected = _output(plain, example)
    except RuntimeError as error:
        raise ValueError(f"{type(module).__name__} cannot take clips of shape {tuple(example.shape[1:])}: {error}") from error
    if not isinstance(expected, torch.Tensor):  # only the caller knows how to read it
        return Frozen(_with_weights_of_its_own(plain, module), False, *_sizes(plain, example))

    rounding = _rounding(plain, example, expected)
    tolerance = _tolerance(1e-4, rounding)
    frozen, stripped = plain, False
    if _hooks_free(plain):
        try:
            graph, graph_stripped = rewritten(plain, layer, strip_softmax, made)  # shares the layers that it leaves alone
            if _agrees(graph, example, expected, tolerance, graph_stripped):
                frozen, stripped = graph, graph_stripped
        except Exception:  # fx can fail in any way on code that it cannot trace; the plain copy is always right
            pass
    trim_kernels(frozen, example)
    if not _agrees(frozen, example, expected, tolerance, stripped):  # a module may read the weights of its layers by itself
        frozen, stripped = detached_copy(module), False
    if example.dim() == 4:
        frozen = _channels_last(frozen, example, expected, tolerance, stripped)
    elif example.device.type == "cpu" and has_layers_over_one_axis(frozen):
        candidate = over_images(_structural_copy(frozen)).to(memory_format=torch.channels_last)
        with contextlib.suppress(RuntimeError):  # as for images, a ``view`` in the module can forbid it
            if _agrees(candidate, example, expected, tolerance, stripped):
                frozen = candidate
    return Frozen(_with_weights_of_its_own(frozen, module), stripped, *_sizes(frozen, example), rounding)


@torch.inference_mode(False)  # copies for gradients may use its layers
def forward_copy(module, example, dtype, *, strip_softmax=False):
    """Copy a module for passes without gradients.

    On a CPU the layers compute in oneDNN's own blocked layout where that is faster, from one to the next without reordering.
    Operations that know no such layout leave the module as it is.

    Parameters
    ----------
    module, example, strip_softmax
        See ``frozen_copy``.
    dtype : torch.dtype
        float32 or bfloat16.

    Returns
    -------
    Frozen
        Its module takes inputs ``(b, ...)`` in float32 and gives what the module returns, in float32.
    """
    forms = []
    if example.dim() == 4 and example.device.type == "cpu":
        forms.append(fastest_form)
    if dtype is not torch.float32:
        forms.append(lambda *_: Rounded)
    # Rounded weights and activations still give about the same; an operation that misreads the layout does not.
    least = 1e-5 if dtype is torch.float32 else 0.1
    for form_of in forms:
        # Each form takes the layers of a copy one by one, so that a large network is not held twice.
        frozen = frozen_copy(module, example, strip_softmax=strip_softmax)
        with torch.inference_mode():
            expected = frozen.module(example.clone())
        if not isinstance(expected, torch.Tensor):  # only the caller knows how to read it
            return frozen
        with contextlib.suppress(Exception):  # whatever an operation raises that does not know the layout or the format
            candidate = form_of(frozen.module, example)(frozen.module, dtype)
            if _agrees(candidate, example, expected, _tolerance(least, frozen.rounding)):
                return replace(frozen, module=candidate)
    return frozen_copy(module, example, strip_softmax=strip_softmax)


def gradient_copy(module, example, *, strip_softmax=False, made=None):
    """Copy a module for gradients by its input.

    Parameters
    ----------
    module, example, strip_softmax, made
        See ``frozen_copy``.

    Returns
    -------
    Frozen
    """
    with_gradients = {names: layer for names, layer in (made or {}).items() if type(layer) is nn.Conv2d}
    frozen = frozen_copy(module, example, strip_softmax=strip_softmax, made=with_gradients)
    if example.dim() != 4 or example.device.type != "cpu" or not isinstance(frozen.module, fx.GraphModule):
        return frozen
    with contextlib.suppress(Exception):  # whatever an operation raises that does not know the layout
        again = frozen_copy(module, example, strip_softmax=strip_softmax, made=made)
        candidate = Differentiable(again.module, example)
        expected, slopes = _with_gradient(frozen.module, example)
        got, got_slopes = _with_gradient(candidate, example)
        # A value next to the kink of a ReLU may fall on its other side; an operation that misreads the layout errs more.
        if _close(got, expected, _tolerance(1e-5, frozen.rounding)) and _close(got_slopes, slopes, 0.1):
            return replace(frozen, module=candidate)
    return frozen


def split_copy(module, example, *, layer, strip_softmax=False, made=None):
    """Copy a module and cut the copy in two behind a layer, so that what is below it is as fast as passes without gradients.

    Parameters
    ----------
    module, example, strip_softmax, made
        See ``frozen_copy``.
    layer : str

    Returns
    -------
    frozen : Frozen
        The copy; its module is None where it was cut.
    parts : tuple or None
        ``below``, a module from inputs ``(b, ...)`` to a tuple of the tensors that are needed above, ``above``, a module from
        those to what the module returns, and the place of the layer's output among them. None where the copy could not be
        traced, or where other things than tensors cross the cut.
    """
    frozen = frozen_copy(module, example, layer=layer, strip_softmax=strip_softmax, made=made)
    if not isinstance(frozen.module, fx.GraphModule):
        return frozen, None
    try:
        below, above, place = split_at(frozen.module, layer)
    except ValueError:  # the layer is never called
        return frozen, None
    with torch.inference_mode():
        expected = below(example.clone())
    if not all(isinstance(tensor, torch.Tensor) for tensor in expected):
        return frozen, None
    blocked = example.dim() == 4 and example.device.type == "cpu" and fastest_form(frozen.module, example) is Blocked
    frozen = replace(frozen, module=None)  # its layers are freed while others take their places
    if not blocked:
        return frozen, (below, above, place)
    with contextlib.suppress(Exception):  # whatever an operation raises that does not know the layout
        below = Blocked(below, torch.float32)
        with torch.inference_mode():
            got = below(example.clone())
        tolerance = _tolerance(1e-5, frozen.rounding)
        if all(_close(*pair, tolerance) for pair in zip(got, expected, strict=True)):
            return frozen, (below, above, place)
    again = frozen_copy(module, example, layer=layer, strip_softmax=strip_softmax)
    return frozen, split_at(again.module, layer)


def detached_copy(module):
    """Copy in eval mode, with no parameter gradients and no in-place activations.

    The weights are still the module's own, to be replaced or copied one by one. A forward pass can't change them; buffers it
    can, so that they are copied here.
    """
    clone = _structural_copy(module).eval()
    for child in clone.modules():
        if getattr(child, "inplace", False) is True:
            child.inplace = False
    return clone


def without_softmax(module, example):
    """Put an identity in the place of a softmax layer at the end; return whether there was one, or else change nothing."""
    found = [name for name, layer in module.named_modules() if name and type(layer) is nn.Softmax]
    if not found:
        return False
    softmax, expected = module.get_submodule(found[-1]), _output(module, example)
    module.set_submodule(found[-1], nn.Identity())
    got = _output(module, example)
    if isinstance(got, torch.Tensor) and got.dim() == 2 and _close(torch.softmax(got, dim=1), expected, 1e-4):
        return True
    module.set_submodule(found[-1], softmax)
    return False


def _structural_copy(module):
    """Copy the layers of a module around the same weights."""
    return copy.deepcopy(
        module, {id(weight): nn.Parameter(weight.detach(), requires_grad=False) for weight in module.parameters()}
    )


def _with_weights_of_its_own(frozen, module):
    """Copy the weights that a frozen copy still shares with the user's module."""
    shared = {weight.data_ptr() for weight in module.parameters()}
    for weight in frozen.parameters():
        if weight.data_ptr() in shared:
            weight.data = weight.data.clone()
    return frozen


def _hooks_free(module):
    """Hooks may be part of what a module computes, and tracing would lose those of its containers."""
    return not any(child._forward_hooks or child._forward_pre_hooks for child in module.modules())


def _output(module, example):
    with torch.inference_mode():
        return tensor_of(call(module, example.clone()))


def _with_gradient(module, example):
    """Return the output, and the gradient of its first column by the input."""
    with torch.enable_grad():
        leaf = example.detach().requires_grad_()
        output = call(module, leaf.clone())
        (gradient,) = torch.autograd.grad(output[:, 0].sum(), leaf)
    return output.detach(), gradient


def _rounding(module, example, expected):
    """Return how far the output moves where the last bit of the input does, relative to its largest value.

    No rewriting can agree better than the module agrees with itself. Most networks lose one digit; in a deep one with large
    residual sums float32 leaves less than four.
    """
    signs = torch.randint(0, 2, example.shape, generator=torch.Generator().manual_seed(0)).to(example.device) * 2 - 1
    last_bit = torch.finfo(example.dtype).eps * example.abs().max()
    with torch.inference_mode():
        moved = _output(module, example + signs * last_bit)
        return float((moved - expected).abs().max() / _scale(expected))


def _tolerance(least, rounding):
    # Sums in another order err as much as a last bit that moves, and by chance a few times more.
    return max(least, 4 * rounding)


def _agrees(candidate, example, expected, tolerance, stripped=False):
    got = _output(candidate, example)
    if stripped:
        got = torch.softmax(got, dim=1)
    return _close(got, expected, tolerance)


def _close(got, expected, tolerance):
    return got.shape == expected.shape and bool(((got - expected).abs() <= tolerance * _scale(expected)).all())


def _scale(expected):
    return expected.abs().max().clamp_min(1e-6)


def _channels_last(module, example, expected, tolerance, stripped):
    """Convolutions run up to twice as fast on channels-last weights; a ``view`` in the module can forbid it."""
    module.to(memory_format=torch.channels_last)
    with contextlib.suppress(RuntimeError):
        if _agrees(module, example, expected, tolerance, stripped):
            return module
    return module.to(memory_format=torch.contiguous_format)


def _sizes(module, example):
    """Return the bytes of the largest and of all outputs of the layers, for one input."""
    sizes = [example.nbytes]

    def note(layer, inputs, output):
        if isinstance(output := tensor_of(output), torch.Tensor):
            sizes.append(output.nbytes)

    watch(module, [layer for layer in module.modules() if not any(True for _ in layer.children())], example, note)
    return max(sizes), sum(sizes)
