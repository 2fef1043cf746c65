"""The frozen network: what only a differentiable classifier has, gradients and the activations of a layer."""

import contextlib
import copy
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ._accelerate import accelerated
from ._batches import batch_size_within
from ._cache import copies_of
from ._config import forward_dtype, get_config
from ._copies import detached_copy, remove_softmax
from ._forward_copy import ForwardCopy
from ._layers import convolution_names, watch
from ._predictor import Predictor
from ._recorded_copy import RecordedCopy, UpperPart
from ._scores import Output, Scores
from ._threads import map_in_threads

# What an input holds on its way through a network, as a multiple of the outputs of its leaf modules: functional
# operations between them are not seen by hooks, and a convolution needs a workspace.
WORKSPACE = 2.0


class FrozenNetwork(Predictor):
    """The fast, frozen copies of a classifier's network, which returns scores of ``classes (k,)``; the module is never touched.

    One copy is for passes without gradients, in the layout and the number format that are fastest; another is for gradients and
    for recording a ``layer``. Both are made once for a module, however many networks are made of it. ``example (1, ...)``, one
    input, is for checking the copies and measuring their memory. ``batch_size`` is that of all threads together; None is within
    the working memory.
    """

    def __init__(
        self,
        module: nn.Module,
        example: np.ndarray,
        *,
        classes: ArrayLike,
        output: Output = "logits",
        layer: str | None = None,
        batch_size: int | None = None,
    ):
        tensors = itertools.chain(module.parameters(), module.buffers())  # some modules have nothing but buffers
        self.device = next((tensor.device for tensor in tensors), torch.device("cpu"))
        self.classes_ = np.asarray(classes)
        self.owner = type(module).__name__
        self.layer = layer
        self.n_threads = min(torch.get_num_threads(), batch_size or torch.get_num_threads()) if self.device.type == "cpu" else 1
        clip = self.tensor(example)
        self._module, self._example, self._output, self._forced_batch_size = module, clip, output, batch_size
        # Passes without gradients ask for no layer: they are the same whatever an explainer looks at.
        copies, kind, dtype = copies_of(module), (clip.shape, output), forward_dtype(self.device)
        with _exact_convolutions(self.device):
            self._forward = self.shared_as = copies.get((kind, dtype), lambda: ForwardCopy(module, clip, output, dtype))
        self._check_scores()
        self._record = lambda: copies.get((kind, layer), lambda: RecordedCopy(module, clip, output, layer, self._forward))
        self.batch_size = self._size_within(WORKSPACE * 2 * self._forward.largest)

    @functools.cached_property
    def _recorded(self):
        with _exact_convolutions(self.device):
            return self._record()

    @functools.cached_property
    def gradient_batch_size(self) -> int:
        """Inputs at once where a graph is kept, in each thread."""
        return self._size_within(WORKSPACE * self._recorded.graph_bytes)

    def _size_within(self, bytes_per_input: float) -> int:
        if self._forced_batch_size is not None:
            return self._forced_batch_size // self.n_threads
        return batch_size_within(bytes_per_input, self.device.type, self.n_threads)

    def run(self, function: Callable, blocks: Iterable[tuple[slice, ...]]) -> Iterator[tuple[tuple[slice, ...], Any]]:
        def attempt(block):
            return [(block, function(*block))] if self.device.type == "cpu" else list(_halving(function, block))

        with _exact_convolutions(self.device):
            for done in map_in_threads(attempt, blocks, self.n_threads):
                yield from done

    @torch.inference_mode()
    def logits(self, inputs: Tensor) -> Tensor:
        """Return the scores S ``(b, k)`` before the softmax."""
        # A module may work in place on what it is given; variants are made for this call, so nothing of value is lost.
        return self._forward.logits(inputs)

    @torch.inference_mode()
    def probabilities(self, inputs: Tensor) -> Tensor:
        return torch.softmax(self.logits(inputs), dim=1)

    def input_gradient(self, inputs: Tensor, target: Tensor | None = None) -> Tensor:
        """Return ∂S_c/∂x of the shape of ``inputs``, for the class ``target`` ``(b,)`` or the predicted one."""
        return self._recorded.input_gradient(inputs, target)

    def activations(self, inputs: Tensor) -> Tensor:
        """Return the layer's output A ``(b, channels, ...)`` without a graph."""
        return self._recorded.activations(inputs)[0]

    def activations_and_prediction(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return the layer's output A ``(b, channels, ...)`` and the columns ``(b,)`` of the predicted classes, of one pass."""
        activations, scores = self._recorded.activations_and_scores(inputs)
        return activations, scores.argmax(1)

    def activation_gradients(self, inputs: Tensor, target: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the layer's output A ``(b, channels, ...)`` and ∂S_c/∂A of the same shape."""
        return self._recorded.activation_gradients(inputs, target)

    def upper_part(self, inputs: Tensor) -> UpperPart:
        """Return the layer's output A, and what the network makes of other outputs in its place."""
        return self._recorded.upper_part(inputs)

    def sweep_upper_part(self, part: UpperPart, n_variants: int, make: Callable, target: Tensor) -> Tensor:
        """Return S_c ``(b, n_variants)`` of what the part of the network above the layer makes of variants of its output.

        ``part`` is of b clips, from ``upper_part``; ``make(clips, variants)``, two slices → tensor ``(c, v, channels, ...)`` in
        the place of A, is called when they are needed; ``target (b,)`` is the column of the class.
        """
        size = self._size_within(WORKSPACE * (2 * self._forward.largest + part.bytes_per_clip))

        def of_variants(clips, variants):
            return part.logits(make(clips, variants), clips)

        return self._sweep(len(part.activations), n_variants, of_variants, target, size)[0]

    def scores_module(self) -> Scores:
        """Return a new module of the module's own layers, with weights of its own, that returns the scores S: to hang hooks on.

        A softmax at the end is removed; where it is no layer, the layers are those of the fast copy, which may be fewer and in
        another order.
        """
        plain = copy.deepcopy(detached_copy(self._module))
        if self._output == "probabilities":
            if remove_softmax(plain, self._example):
                return Scores(plain, "logits")
            frozen = accelerated(self._module, self._example, "hooks", strip_softmax=True)
            if frozen.stripped:
                return Scores(frozen.module, "logits")
        return Scores(plain, self._output)

    def convolution_shapes(self, x: np.ndarray) -> dict[str, tuple[int, ...]]:
        """Return {name: (channels, ...)} of the outputs of all convolutions for one input, in the order they run."""
        plain = detached_copy(self._module)
        shapes: dict[str, tuple[int, ...]] = {}
        names = {plain.get_submodule(name): name for name in convolution_names(plain)}

        def note(layer, inputs, output):
            shapes[names[layer]] = tuple(output.shape[1:])

        watch(plain, names, self.tensor(x), note)
        return shapes

    def _check_scores(self):
        got = self._forward.score_shape
        if got != (1, len(self.classes_)):
            raise ValueError(
                f"{self.owner} must return scores of shape (n, {len(self.classes_)}), one for each class; got "
                f"{f'shape {got}' if isinstance(got, tuple) else f'a {got}'} for one clip. Give output=, a function from what "
                "the module returns to logits."
            )


def _halving(function, block):
    """Yield ``(block, function(*block))``, of both halves of the block where there is too little memory for the whole."""
    try:
        result = function(*block)
    except torch.OutOfMemoryError:
        longest = max(range(len(block)), key=lambda axis: block[axis].stop - block[axis].start)
        start, stop = block[longest].start, block[longest].stop
        if stop - start < 2:
            raise
        halves = [slice(start, (start + stop) // 2), slice((start + stop) // 2, stop)]
    else:
        yield block, result
        return
    # Outside the handler: while the error lives, so do the tensors of the frames in its traceback.
    torch.cuda.empty_cache()
    for half in halves:
        yield from _halving(function, (*block[:longest], half, *block[longest + 1 :]))


@contextlib.contextmanager
def _exact_convolutions(device):
    """Keep cuDNN from rounding the inputs of convolutions to 10 bits (TF32), which is torch's default."""
    if device.type != "cuda" or not get_config()["tune_process"]:
        yield
        return
    switches = _switches_of_tf32(torch.backends.cudnn)
    for owner, name, exact, _ in switches:
        setattr(owner, name, exact)
    try:
        yield
    finally:
        for owner, name, _, before in switches:
            setattr(owner, name, before)


def _switches_of_tf32(cudnn):
    """Return the owner and name of each switch, the value with which nothing is rounded, and the present one."""
    switches = []
    with contextlib.suppress(RuntimeError):  # torch does not tell it where the user has set one of the newer ones
        switches.append((cudnn, "allow_tf32", False, cudnn.allow_tf32))
    # Since torch 2.9 each operation has one of its own, which the first does not always reach, but sets it where it does.
    newer = [getattr(cudnn, operation) for operation in ("conv", "rnn") if hasattr(cudnn, operation)]
    return [*switches, *((operation, "fp32_precision", "ieee", operation.fp32_precision) for operation in newer)]
