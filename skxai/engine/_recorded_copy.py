"""A frozen copy through which gradients flow, and whose layer can be recorded."""

import contextlib
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
        self._record = threading.local()
        if layer is not None and self._parts is None:
            self.module.get_submodule(layer).register_forward_hook(self._keep)

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
    def activations(self, inputs: Tensor) -> tuple[Tensor]:
        """Return the layer's output A ``(b, channels, ...)`` without a graph."""
        if self._parts is not None:
            below, _, place = self._parts
            with torch.inference_mode():
                return (self._checked(below(in_fast_layout(inputs.clone()))[place]),)
        with torch.inference_mode(), self._record_as("value"):
            self.module(in_fast_layout(inputs.clone()))
            return (self._checked(getattr(self._record, "value", None)),)

    @shared_by_content
    @torch.inference_mode()
    def activations_and_scores(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the layer's output A ``(b, channels, ...)`` and the scores S ``(b, k)``, of one pass without a graph."""
        if self._parts is not None:
            below, above, place = self._parts
            tensors = [in_fast_layout(tensor) for tensor in below(in_fast_layout(inputs.clone()))]
            activations = self._checked(tensors[place])
            tensors[place] = activations.clone()  # what runs after it may work in place on it
            scores = scores_of(above(*tensors), self.output)
        else:
            with self._record_as("value"):
                scores = self.logits(inputs.clone())
                activations = self._checked(getattr(self._record, "value", None))
        RecordedCopy.activations.remember(self, (inputs,), (activations,))
        return activations, scores

    @shared_by_content
    def activation_gradients(self, inputs: Tensor, target: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the layer's output A ``(b, channels, ...)`` and ∂S_c/∂A of the same shape.

        Parameters and input need no gradient, so that no graph is built below the layer.
        """
        if self._parts is not None:
            below, above, place = self._parts
            with torch.no_grad():
                tensors = [in_fast_layout(tensor) for tensor in below(in_fast_layout(inputs.clone()))]
            with torch.enable_grad():
                leaf = self._checked(tensors[place]).detach().requires_grad_()  # another of them may be the same tensor
                tensors[place] = leaf.clone()  # the clone may be worked on in place, a leaf may not
                scores = scores_of(above(*tensors), self.output)
        else:
            with torch.enable_grad(), self._record_as("graph"):
                scores = self.logits(inputs.clone())
                leaf = self._checked(getattr(self._record, "value", None))
        activations = leaf.detach()
        RecordedCopy.activations.remember(self, (inputs,), (activations,))
        RecordedCopy.activations_and_scores.remember(self, (inputs,), (activations, scores.detach()))
        with torch.enable_grad():
            score = _of_target(scores, target)
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
            with self._record_as("value"):
                self.module(in_fast_layout(inputs.clone()))
                activations, n_calls = self._checked(self._record.value), self._record.n_calls
            held = [inputs, activations]

            def run(others, clips):
                with self._record_as("others", others.flatten(0, 1), -n_calls):
                    return self.module(in_fast_layout(for_each(inputs, others, clips)))

        def logits(others, clips):
            return scores_of(run(others, clips), self.output).unflatten(0, others.shape[:2])

        return UpperPart(activations, sum(tensor.nbytes for tensor in held) // len(inputs), logits)

    @contextlib.contextmanager
    def _record_as(self, kind, value=None, n_calls=0):
        self._record.kind, self._record.value, self._record.n_calls = kind, value, n_calls
        try:
            yield
        finally:
            self._record.kind = self._record.value = None

    def _keep(self, layer, inputs, output):
        """Keep the layer's output; what runs after it gets a copy, on which it may work in place."""
        kind = getattr(self._record, "kind", None)
        if kind is None:
            return None
        self._record.n_calls += 1
        if kind == "others":  # the layer's output is that of its last call, as in ``split_at``
            return _in_place_of(output, self._record.value) if self._record.n_calls == 0 else None
        self._record.value = tensor = tensor_of(output)
        if not isinstance(tensor, Tensor):
            return None
        if kind == "graph":
            self._record.value = tensor.detach().requires_grad_()
        return _in_place_of(output, self._record.value.clone())

    def _checked(self, record):
        if not isinstance(record, Tensor) or record.dim() < 3:
            got = "nothing: it was not run" if record is None else f"shape {tuple(getattr(record, 'shape', ()))}"
            raise ValueError(
                f"layer={self.layer!r} of {self.owner} must return a tensor (n, channels, …) with a spatial axis; got {got}."
            )
        return record


def _in_place_of(output, tensor):
    """Return a layer's output with another tensor in the place of its own."""
    return tensor if isinstance(output, Tensor) else (tensor, *output[1:])


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
