"""Rewritings of a module that compute the same with less work. All work in place on a copy that is ours."""

from typing import NamedTuple

import torch
from torch import fx, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ._tracing import NotRewritable, traced

FOLDABLE = {(nn.Conv1d, nn.BatchNorm1d), (nn.Conv2d, nn.BatchNorm2d), (nn.Conv3d, nn.BatchNorm3d)}
SOFTMAX_FUNCTIONS = (torch.softmax, functional.softmax)
RELU_FUNCTIONS = (torch.relu, functional.relu)
POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)


def rewritten(
    module: nn.Module, layer: str | None, strip_softmax: bool, made: dict[tuple[str, str | None], nn.Module] | None = None
) -> tuple[fx.GraphModule, bool]:
    """Trace a module, rewrite its graph, and return it with whether a softmax was removed from its end.

    Layers that stay as they are are shared with the module. ``layer``, whose output will be asked for, stays one module, and
    nothing is moved across it. ``made`` are layers of another copy, by the names of a convolution and of the batch norm that is
    folded into it: below the asked layer, or without one everywhere, they take the places of their like, so that their weights
    are not held twice. Raise NotRewritable if fx cannot trace the module, or if the layer is never called.
    """
    graph = traced(module, layer)
    if layer is not None and not any(node.op == "call_module" and node.target == layer for node in graph.graph.nodes):
        raise NotRewritable(f"layer {layer!r} is never called")
    _simplify(graph, layer, {names: copied for names, copied in (made or {}).items() if _is_below(graph, names[0], layer)})
    if layer is not None and any(True for _ in graph.get_submodule(layer).children()):
        # The asked layer is a container: its output is kept, its inside may be rewritten.
        inside = graph.get_submodule(layer)
        simplified = traced(inside)
        _simplify(simplified, None, {})
        simplified.delete_all_unused_submodules()
        graph.set_submodule(layer, simplified)
    stripped = strip_softmax and _strip_softmax(graph)
    graph.delete_all_unused_submodules()
    graph.graph.lint()
    graph.recompile()
    return graph, stripped


def _is_below(graph, name, layer):
    """Return whether a layer is called once, and before the last call of the asked one, if any."""
    calls = [node.target for node in graph.graph.nodes if node.op == "call_module"]
    return calls.count(name) == 1 and (layer is None or layer in calls[calls.index(name) + 1 :])


def _simplify(graph, layer, made):
    for (name, norm), copied in made.items():
        if norm is None:
            graph.set_submodule(name, copied)
    _fold_batch_norm(graph, layer, made)
    _pool_before_relu(graph, layer)
    _reshape_for_view(graph)
    graph.recompile()


def _fold_batch_norm(graph, layer, made):
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
        folded = made.get((before.target, node.target)) or fuse_conv_bn_eval(convolution, norm).requires_grad_(False)
        folded.norm = node.target
        graph.set_submodule(before.target, folded)
        node.replace_all_uses_with(before)
        graph.graph.erase_node(node)


def _pool_before_relu(graph, layer):
    """Let a max pooling come before the ReLU, which then has a fraction of the values: max and ReLU commute."""
    for pool in list(graph.graph.nodes):
        relu = pool.args[0] if pool.op == "call_module" and len(pool.args) == 1 and not pool.kwargs else None
        if not isinstance(relu, fx.Node) or len(relu.users) != 1 or layer in (pool.target, relu.target):
            continue
        is_relu = len(relu.args) == 1 and _calls(graph, relu, nn.ReLU, RELU_FUNCTIONS, "relu")
        if not is_relu or not isinstance(relu.args[0], fx.Node):
            continue
        pooling = graph.get_submodule(pool.target)
        if not isinstance(pooling, POOLS) or pooling.return_indices:
            continue
        before = relu.args[0]
        pool.replace_all_uses_with(relu)
        pool.args = (before,)
        relu.args = (pool,)
        pool.append(relu)


def _reshape_for_view(graph):
    """A view needs contiguous memory, which the fast layouts are not; reshape takes any."""
    for node in graph.graph.nodes:
        is_view = node.op == "call_method" and node.target == "view"
        if is_view and not any(isinstance(value, torch.dtype) for value in node.args):
            node.target = "reshape"


def _calls(graph, node, kind, functions, method):
    """Return whether a node computes what layers of a kind, some functions and a method of tensors compute."""
    if node.op == "call_module":
        return type(graph.get_submodule(node.target)) is kind
    return (node.op == "call_function" and node.target in functions) or (node.op == "call_method" and node.target == method)


def _strip_softmax(graph):
    output = next(node for node in graph.graph.nodes if node.op == "output")
    last = output.args[0]
    if not isinstance(last, fx.Node):
        return False
    if _calls(graph, last, nn.Softmax, SOFTMAX_FUNCTIONS, "softmax") and last.args:
        last.replace_all_uses_with(last.args[0])
        graph.graph.erase_node(last)
        return True
    return False


class Parts(NamedTuple):
    """A copy that was cut in two behind a layer."""

    below: nn.Module  # from inputs (b, ...) to a tuple of the tensors that are needed above
    above: nn.Module  # from those to what the module returns
    place: int  # of the layer's output among them


def split_at(graph: fx.GraphModule, layer: str | None) -> Parts:
    """Cut a traced module, from ``rewritten`` with that layer, in two behind the layer's last call."""
    nodes = list(graph.graph.nodes)
    last = max(index for index, node in enumerate(nodes) if node.op == "call_module" and node.target == layer)
    low, high = nodes[: last + 1], nodes[last + 1 :]
    needed = [node for node in low if node is nodes[last] or any(user in high for user in node.users)]

    copies: dict[fx.Node, fx.Node] = {}
    below = fx.Graph()
    for node in low:
        copies[node] = below.node_copy(node, copies.__getitem__)
    below.output(tuple(copies[node] for node in needed))

    above, copies = fx.Graph(), {}
    for node in needed:
        copies[node] = above.placeholder(node.name)
    for node in high:
        copies[node] = above.node_copy(node, copies.__getitem__)

    return Parts(fx.GraphModule(graph, below), fx.GraphModule(graph, above), needed.index(nodes[last]))
