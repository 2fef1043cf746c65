"""A frozen copy through which gradients flow, and whose layer can be recorded."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ._accelerate import accelerated
from ._forms import shared_convolutions
from ._forward_copy import ForwardCopy, in_fast_layout
from ._layers import tensor_of
from ._scores import Output, scores_of
from ._sharing import shared_by_content


@dataclass(frozen=True)
class UpperPart:
    """The part of a network above a layer, for b clips whose part below has run."""

    activations: Tensor  # the layer's output A (b, channels, ...)
    bytes_per_clip: int  # of what is held of a clip, and once more for each variant of its A
    # logits(others, clips): from tensors (c, v, channels, ...) in the place of A, v for each clip of a slice, to S (c, v, k)
    logits: Callable


class RecordedCopy:
    """The frozen copy of a module for gradients, with a recorder at its ``layer``, if any; several threads may use it at once.

    ``example (1, ...)`` is one input, on the module's device. The part below the layer, or without one the whole, consists of
    the layers of ``forward``, the module's copy for passes without gradients, where it can.
    """

    def __init__(self, module: nn.Module, example: Tensor, output: Output, layer: str | None, forward: ForwardCopy):
        self.owner, self.layer = type(module).__name__, layer
        frozen = accelerated(
            module,
            example,
            "gradients" if layer is None else "layer",
            strip_softmax=output == "probabilities",
            layer=layer,
            made=shared_convolutions(forward.module),
        )
        self.module, self._parts = frozen.module, frozen.parts  # the former is None where the copy was cut in two
        self.graph_bytes = frozen.total  # of the outputs of all layers, for one input
        self.output = "logits" if frozen.stripped else output
        self._exchange = threading.local()  # ``now``: what the pass of a thread puts in the place of the layer's output
        if layer is not None and self._parts is None:
            self.module.get_submodule(layer).register_forward_hook(self._hook)

    @property
    def modules(self) -> list[nn.Module]:
        """The copy, or its parts below and above the layer."""
        return [self.module] if self._parts is None else list(self._parts[:2])

    def logits(self, inputs: Tensor) -> Tensor:
        """Return the scores S ``(b, k)`` of inputs ``(b, ...)``."""
        return scores_of(self.module(in_fast_layout(inputs)), self.output)

    def input_gradient(self, inputs: Tensor, target: Tensor | None = None) -> Tensor:
        """Return ∂S_c/∂x of the shape of ``inputs``, for the class ``target`` ``(b,)`` or the predicted one."""
        with torch.enable_grad():
            leaf = inputs.detach().requires_grad_()
            score = _of_target(self.logits(leaf.clone()), target)  # the clone may be worked on in place, a leaf may not
        return _gradient(score, leaf)

    @shared_by_content
    @torch.inference_mode()
    def activations(self, inputs: Tensor) -> tuple[Tensor]:
        """Return the layer's output A ``(b, channels, ...)`` without a graph."""
        if self._parts is not None:
            return (self._checked(self._parts.below(in_fast_layout(inputs.clone()))[self._parts.place]),)
        recorder = _Recorder()
        self._run(inputs.clone(), recorder)
        return (self._checked(recorder.value),)

    @shared_by_content
    @torch.inference_mode()
    def activations_and_scores(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the layer's output A ``(b, channels, ...)`` and the scores S ``(b, k)``, of one pass without a graph."""
        recorder = _Recorder()
        scores = scores_of(self._run(inputs.clone(), recorder), self.output)
        activations = self._checked(recorder.value)
        RecordedCopy.activations.remember(self, (inputs,), (activations,))
        return activations, scores

    @shared_by_content
    def activation_gradients(self, inputs: Tensor, target: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the layer's output A ``(b, channels, ...)`` and ∂S_c/∂A of the same shape.

        Parameters and input need no gradient, so that no graph is built below the layer.
        """
        recorder = _Recorder(begins_graph=True)
        with torch.enable_grad():
            scores = scores_of(self._run(inputs.clone(), recorder), self.output)
            leaf = self._checked(recorder.value)
            score = _of_target(scores, target)
        activations = leaf.detach()
        RecordedCopy.activations.remember(self, (inputs,), (activations,))
        RecordedCopy.activations_and_scores.remember(self, (inputs,), (activations, scores.detach()))
        return activations, _gradient(score, leaf)

    @torch.inference_mode()
    def upper_part(self, inputs: Tensor) -> UpperPart:
        """Return the layer's output A, and what the network makes of other outputs in its place."""

        def for_each(tensor, others, clips):
            return tensor[clips].repeat_interleave(others.shape[1], dim=0)

        if self._parts is not None:
            below, above, place = self._parts
            held = [in_fast_layout(tensor) for tensor in below(in_fast_layout(inputs.clone()))]
            activations = self._checked(held[place])

            def run(others, clips):
                given = [None if index == place else for_each(tensor, others, clips) for index, tensor in enumerate(held)]
                given[place] = in_fast_layout(others.flatten(0, 1))
                return above(*given)

        else:
            recorder = _Recorder()
            self._run(inputs.clone(), recorder)
            activations = self._checked(recorder.value)
            held = [inputs, activations]

            def run(others, clips):
                calls = itertools.count(1)

                def exchange(output):  # the layer's output is that of its last call, as in ``split_at``
                    return others.flatten(0, 1) if next(calls) == recorder.n_calls else None

                return self._run(for_each(inputs, others, clips), exchange)

        def logits(others, clips):
            return scores_of(run(others, clips), self.output).unflatten(0, others.shape[:2])

        return UpperPart(activations, sum(tensor.nbytes for tensor in held) // len(inputs), logits)

    def _run(self, inputs, exchange):
        """Return what the module returns with ``exchange(A)``, unless it is None, in the place of the layer's output A."""
        if self._parts is not None:
            below, above, place = self._parts
            with torch.no_grad():
                tensors = [in_fast_layout(tensor) for tensor in below(in_fast_layout(inputs))]
            tensors[place] = exchange(tensors[place])
            return above(*tensors)
        self._exchange.now = exchange
        try:
            return self.module(in_fast_layout(inputs))
        finally:
            self._exchange.now = None

    def _hook(self, layer, inputs, output):
        exchange = getattr(self._exchange, "now", None)
        other = None if exchange is None else exchange(tensor_of(output))
        return other if other is None or isinstance(output, Tensor) else (other, *output[1:])

    def _checked(self, record):
        if not isinstance(record, Tensor) or record.dim() < 3:
            got = "nothing: it was not run" if record is None else f"shape {tuple(getattr(record, 'shape', ()))}"
            raise ValueError(
                f"layer={self.layer!r} of {self.owner} must return a tensor (n, channels, …) with a spatial axis; got {got}."
            )
        return record


class _Recorder:
    """Keeps a layer's output in its last call, on request as a leaf; what runs after it gets a copy, to work on in place."""

    def __init__(self, begins_graph=False):
        self.begins_graph, self.value, self.n_calls = begins_graph, None, 0

    def __call__(self, output):
        self.value, self.n_calls = output, self.n_calls + 1
        if not isinstance(output, Tensor):
            return None
        if self.begins_graph:
            self.value = output.detach().requires_grad_()
        return self.value.clone()


def _of_target(logits, target):
    """Return the sum of the scores of the classes ``target`` ``(b,)``, or of the predicted ones."""
    if target is None:
        target = logits.argmax(1)  # of a tie the first, as everywhere; amax would give the mean of their gradients
    return logits.gather(1, torch.as_tensor(target, device=logits.device)[:, None]).sum()


def _gradient(score, leaf):
    """Return ∂score/∂leaf; zero where the score does not depend on the leaf."""
    if not score.requires_grad:
        return torch.zeros_like(leaf)
    (gradient,) = torch.autograd.grad(score, leaf, allow_unused=True)
    return torch.zeros_like(leaf) if gradient is None else gradient
