"""The frozen network: what only a differentiable classifier has, gradients and the activations of a layer."""

import contextlib

import numpy as np
import torch

from ._batches import batch_size_within
from ._freeze import frozen_copy
from ._layers import convolution_names, tensor_of
from ._predictor import Predictor

# What an input holds on its way through a network, as a multiple of the outputs of its leaf modules: functional
# operations between them are not seen by hooks, and a convolution needs a workspace.
WORKSPACE = 2.0


class FrozenNetwork(Predictor):
    """The fast, frozen copy of a classifier's network.

    Parameters
    ----------
    module : torch.nn.Module
        The trained module; it is copied and never touched.
    example : ndarray of shape (1, ...)
        One input, to check the copy and to measure its memory.
    classes : ndarray of shape (k,)
        The labels, in the order of the outputs.
    output : "logits", "probabilities" or callable
        What the module returns, or a function of it that gives logits ``(b, k)``.
    layer : str, int or None, default=None
        The layer that will be asked for, see ``layer_name``. None: no layer.
    batch_size : int or None, default=None
        Inputs at once; None: within the working memory.
    """

    def __init__(self, module, example, *, classes, output="logits", layer=None, batch_size=None):
        self.device = _device_of(module)
        self.classes_ = np.asarray(classes)
        self.output = output
        self.owner = type(module).__name__
        self.layer = layer
        self._forced_batch_size = batch_size
        self._recording = None  # "value" or "graph" while a method asks for the layer's output
        self._recorded = None
        example = self.tensor(example)
        self.module, stripped = frozen_copy(module, example, layer=layer, strip_softmax=output == "probabilities")
        if stripped:
            self.output = "logits"
        self._check_output(example)
        if layer is not None:
            self.module.get_submodule(layer).register_forward_hook(self._record)
        self._forward_bytes, self._graph_bytes = self._measure(example)

    # -- sizes ---------------------------------------------------------------------------------------------------------

    @property
    def batch_size(self):
        """Inputs at once in forward passes."""
        return self._forced_batch_size or batch_size_within(self._forward_bytes, self.device.type)

    @property
    def gradient_batch_size(self):
        """Inputs at once where a graph is kept."""
        return self._forced_batch_size or batch_size_within(self._graph_bytes, self.device.type)

    def _measure(self, example):
        """Return the bytes that one input holds in a forward pass, and with its graph."""
        sizes = [example.nbytes]
        leaves = [module for module in self.module.modules() if not any(True for _ in module.children())]

        def note(module, inputs, output):
            if isinstance(output := tensor_of(output), torch.Tensor):
                sizes.append(output.nbytes)

        handles = [leaf.register_forward_hook(note) for leaf in leaves]
        try:
            with torch.inference_mode():
                self.module(example.clone())
        finally:
            for handle in handles:
                handle.remove()
        return WORKSPACE * 2 * max(sizes), WORKSPACE * sum(sizes)

    # -- passes --------------------------------------------------------------------------------------------------------

    def logits(self, inputs):
        """Return the scores S ``(b, k)`` before the softmax.

        Where the module ends in a softmax that cannot be removed, log p stands in: it differs from S by a constant of
        the clip.
        """
        if inputs.dim() == 4:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        raw = self.module(inputs)
        if callable(self.output):
            return self.output(raw)
        raw = tensor_of(raw)
        return raw.clamp_min(torch.finfo(raw.dtype).tiny).log() if self.output == "probabilities" else raw

    @torch.inference_mode()
    def probabilities(self, inputs):
        # A module may work in place on what it is given; variants are made for this call, so nothing of value is lost.
        return torch.softmax(self.logits(inputs), dim=1)

    def input_gradient(self, inputs, target):
        """Return ∂S_c/∂x of the shape of ``inputs``, for the class ``target`` ``(b,)`` of each input."""
        with torch.enable_grad():
            leaf = inputs.detach().requires_grad_()
            scores = self._score(leaf.clone(), target)  # the clone may be worked on in place, a leaf may not
        return _gradient(scores, leaf)

    def activations(self, inputs):
        """Return the layer's output A ``(b, channels, ...)`` without a graph, and the class probabilities ``(b, k)``."""
        with torch.inference_mode(), self._record_as("value"):
            probabilities = torch.softmax(self.logits(inputs.clone()), dim=1)
            return self._take_record(), probabilities

    def activation_gradients(self, inputs, target):
        """Return the layer's output A ``(b, channels, ...)`` and ∂S_c/∂A of the same shape.

        Parameters and input need no gradient, so that no graph is built below the layer.
        """
        with torch.enable_grad(), self._record_as("graph"):
            scores = self._score(inputs.clone(), target)
            leaf = self._take_record()
        return leaf.detach(), _gradient(scores, leaf)

    def _score(self, inputs, target):
        target = torch.as_tensor(target, device=self.device)
        return self.logits(inputs).gather(1, target[:, None]).sum()

    @contextlib.contextmanager
    def _record_as(self, kind):
        self._recording = kind
        try:
            yield
        finally:
            self._recording = self._recorded = None

    def _record(self, module, inputs, output):
        """Keep the layer's output; what runs after it gets a copy, on which it may work in place."""
        if self._recording is None:
            return None
        self._recorded = tensor = tensor_of(output)
        if not isinstance(tensor, torch.Tensor):
            return None
        if self._recording == "graph":
            self._recorded = tensor.detach().requires_grad_()
        copy = self._recorded.clone()
        return copy if tensor is output else (copy, *output[1:])

    def _take_record(self):
        record = self._recorded
        if not isinstance(record, torch.Tensor) or record.dim() < 3:
            got = "nothing: it was not run" if record is None else f"shape {tuple(getattr(record, 'shape', ()))}"
            raise ValueError(
                f"layer={self.layer!r} of {self.owner} must return a tensor (n, channels, …) with a spatial axis; got {got}."
            )
        return record

    # -- layers --------------------------------------------------------------------------------------------------------

    def convolution_shapes(self, x):
        """Return {name: (channels, ...)} of the outputs of all convolutions for one input, in the order they run."""
        shapes = {}
        names = convolution_names(self.module)
        handles = [
            self.module.get_submodule(name).register_forward_hook(
                lambda module, inputs, output, name=name: shapes.__setitem__(name, tuple(output.shape[1:]))
            )
            for name in names
        ]
        try:
            with torch.inference_mode():
                self.logits(self.tensor(x))
        finally:
            for handle in handles:
                handle.remove()
        return shapes

    def _check_output(self, example):
        with torch.inference_mode():
            raw = self.module(example.clone())
            scores = self.output(raw) if callable(self.output) else tensor_of(raw)
        if not isinstance(scores, torch.Tensor) or scores.shape != (1, len(self.classes_)):
            got = f"shape {tuple(scores.shape)}" if isinstance(scores, torch.Tensor) else f"a {type(scores).__name__}"
            raise ValueError(
                f"{self.owner} must return scores of shape (n, {len(self.classes_)}), one for each class; got {got} for one "
                "clip. Give output=, a function from what the module returns to logits."
            )


def _gradient(scores, leaf):
    """Return ∂scores/∂leaf; zero where the scores do not depend on the leaf."""
    if not scores.requires_grad:
        return torch.zeros_like(leaf)
    (gradient,) = torch.autograd.grad(scores, leaf, allow_unused=True)
    return torch.zeros_like(leaf) if gradient is None else gradient


def _device_of(module):
    return next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
