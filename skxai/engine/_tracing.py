"""The one place where fx traces: a module → its graph, and nothing changes for other threads meanwhile."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import fx, nn


class NotRewritable(Exception):
    """Why a module is run as it is."""


def traced(module: nn.Module, layer: str | None = None) -> fx.GraphModule:
    """Trace a module that is ours alone, whose asked layer stays one node: the one place where fx traces."""
    try:
        return fx.GraphModule(module, _Tracer(layer).trace(module))
    except Exception as error:  # fx runs the module's code on stand-ins for tensors, at which that may raise anything
        raise NotRewritable(f"fx cannot trace it: {type(error).__name__}: {error}") from error


class _Tracer(fx.Tracer):
    """Trace through everything but the asked layer, so that it stays one module whose output can be recorded.

    ``fx.Tracer.trace`` exchanges ``torch.nn.Module.__call__`` for the whole process, so that modules which another thread
    calls meanwhile, the user's own too, fail. Here only the layers of the traced copy, which nobody else has, are changed.
    """

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def trace(self, root, concrete_args=None):
        """Return the graph of a module that is ours alone."""
        self.root, self.root_module_name = root, type(root).__name__
        self.submodule_paths = {module: name for name, module in root.named_modules()}
        self.tensor_attrs = {
            value: f"{path}.{name}" if path else name
            for path, module in root.named_modules()
            for name, value in vars(module).items()
            if isinstance(value, torch.Tensor)
        }
        self.graph = fx.Graph(tracer_cls=type(self))
        forward, arguments = self.create_args_for_root(type(root).forward, True, concrete_args)
        with _traced_by(self, root):
            output = forward(*arguments)
        self.create_node("output", "output", (self.create_arg(output),), {})
        self.submodule_paths = None
        return self.graph

    def is_leaf_module(self, module, module_qualified_name):
        return module_qualified_name == self.layer or super().is_leaf_module(module, module_qualified_name)


class _Traced:
    """What the layers of a module are while it is traced: their calls, and their parameters, go to the tracer."""

    def __init_subclass__(cls, **_):
        pass  # no registry of the layers' own classes shall hear of it

    def __call__(self, *arguments, **named):
        return self._tracer.call_module(self, super().__call__, arguments, named)

    def __getattr__(self, name):
        return self._tracer.getattr(name, super().__getattr__(name), self._proxies)


@contextlib.contextmanager
def _traced_by(tracer: fx.Tracer, root: nn.Module) -> Iterator[None]:
    """Let the layers of a module be ``_Traced`` in this block."""
    proxies: dict[str, fx.Proxy] = {}  # of the parameters that are read
    kinds = {module: type(module) for module in root.modules()}
    traced = {}
    for kind in set(kinds.values()):
        members = {"_tracer": tracer, "_proxies": proxies, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
        make_class: Any = type(kind)
        traced[kind] = make_class(kind.__name__, (_Traced, kind), members)
    try:
        for module, kind in kinds.items():
            module.__class__ = traced[kind]
        yield
    finally:
        for module, kind in kinds.items():
            module.__class__ = kind
