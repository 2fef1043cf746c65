"""A trained module → a frozen copy that computes the same, faster.

What is done, and only where it provably changes nothing: eval mode, no parameter gradients, in-place operations made
out-of-place (a recorded activation must keep its value), batch norm folded into the convolution before it, channels-last
memory. The user's module is never touched.
"""

import contextlib
import copy

import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ._layers import tensor_of

FOLDABLE = {(nn.Conv1d, nn.BatchNorm1d), (nn.Conv2d, nn.BatchNorm2d), (nn.Conv3d, nn.BatchNorm3d)}
SOFTMAX_FUNCTIONS = (torch.softmax, torch.log_softmax, nn.functional.softmax, nn.functional.log_softmax)
SOFTMAX_METHODS = ("softmax", "log_softmax")


def frozen_copy(module, example, *, layer=None, strip_softmax=False):
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

    Returns
    -------
    frozen : torch.nn.Module
        The copy, in eval mode.
    stripped : bool
        Whether a softmax was removed.
    """
    plain = _detached_copy(module)
    try:
        with torch.inference_mode():
            expected = tensor_of(plain(example.clone()))
    except RuntimeError as error:
        raise ValueError(f"{type(module).__name__} cannot take clips of shape {tuple(example.shape[1:])}: {error}") from error
    if not isinstance(expected, torch.Tensor):  # only the caller knows how to read it
        return plain, False

    def agrees(candidate, stripped=False):
        with torch.inference_mode():
            got = tensor_of(candidate(example.clone()))
        if stripped:
            got = torch.softmax(got, dim=1)
        scale = expected.abs().max().clamp_min(1e-6)
        return got.shape == expected.shape and bool(((got - expected).abs() <= 1e-4 * scale).all())

    frozen, stripped = plain, False
    if _hooks_free(plain) and (strip_softmax or _has_foldable_norm(plain)):
        try:
            graph, graph_stripped = _rewritten(plain, layer, strip_softmax)  # shares the layers that it does not fold
            if agrees(graph, graph_stripped):
                frozen, stripped = graph, graph_stripped
        except Exception:  # fx can fail in any way on code that it cannot trace; the plain copy is always right
            pass
    return _in_fast_memory_format(frozen, example, lambda candidate: agrees(candidate, stripped)), stripped


def _detached_copy(module):
    """Copy in eval mode, with no parameter gradients and no in-place activations."""
    clone = copy.deepcopy(module).eval().requires_grad_(False)
    for child in clone.modules():
        if getattr(child, "inplace", False) is True:
            child.inplace = False
    return clone


def _hooks_free(module):
    """Hooks may be part of what a module computes, and tracing would lose those of its containers."""
    return not any(child._forward_hooks or child._forward_pre_hooks for child in module.modules())


def _has_foldable_norm(module):
    return any(type(child) in {norm for _, norm in FOLDABLE} for child in module.modules())


class _Tracer(fx.Tracer):
    """Trace through everything but the asked layer, so that it stays one module whose output can be recorded."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def is_leaf_module(self, module, module_qualified_name):
        return module_qualified_name == self.layer or super().is_leaf_module(module, module_qualified_name)


def _rewritten(module, layer, strip_softmax):
    graph = fx.GraphModule(module, _Tracer(layer).trace(module))
    _fold_batch_norm(graph, layer)
    if layer is not None and any(True for _ in graph.get_submodule(layer).children()):
        # The asked layer is a container: its output is kept, its inside may be folded.
        inside = graph.get_submodule(layer)
        folded = fx.GraphModule(inside, _Tracer(None).trace(inside))
        _fold_batch_norm(folded, None)
        folded.delete_all_unused_submodules()
        graph.set_submodule(layer, folded)
    stripped = strip_softmax and _strip_softmax(graph)
    graph.delete_all_unused_submodules()
    graph.graph.lint()
    graph.recompile()
    return graph, stripped


def _fold_batch_norm(graph, layer):
    modules = dict(graph.named_modules())
    calls = [node.target for node in graph.graph.nodes if node.op == "call_module"]
    for node in list(graph.graph.nodes):
        before = node.args[0] if node.op == "call_module" and len(node.args) == 1 else None
        if not isinstance(before, fx.Node) or before.op != "call_module" or len(before.users) != 1:
            continue
        if layer in (node.target, before.target) or calls.count(before.target) > 1 or calls.count(node.target) > 1:
            continue
        convolution, norm = modules[before.target], modules[node.target]
        if (type(convolution), type(norm)) not in FOLDABLE or norm.running_mean is None:
            continue
        graph.set_submodule(before.target, fuse_conv_bn_eval(convolution, norm).requires_grad_(False))
        node.replace_all_uses_with(before)
        graph.graph.erase_node(node)
    graph.recompile()


def _strip_softmax(graph):
    output = next(node for node in graph.graph.nodes if node.op == "output")
    last = output.args[0]
    if not isinstance(last, fx.Node):
        return False
    is_softmax = (
        (last.op == "call_module" and isinstance(graph.get_submodule(last.target), (nn.Softmax, nn.LogSoftmax)))
        or (last.op == "call_function" and last.target in SOFTMAX_FUNCTIONS)
        or (last.op == "call_method" and last.target in SOFTMAX_METHODS)
    )
    if is_softmax:
        last.replace_all_uses_with(last.args[0])
        graph.graph.erase_node(last)
    return is_softmax


def _in_fast_memory_format(module, example, agrees):
    """Convolutions run up to twice as fast on channels-last weights; a ``view`` in the module can forbid it."""
    if example.dim() != 4:
        return module
    module.to(memory_format=torch.channels_last)
    with contextlib.suppress(RuntimeError):
        if agrees(module):
            return module
    return module.to(memory_format=torch.contiguous_format)
