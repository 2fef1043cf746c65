"""A fitted classifier as the rest of the package sees it: probabilities of batches of tensors."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..utils.validation import columns_of
from ._batches import batch_size_within, blocks
from ._classifier import FittedClassifier
from ._progress import with_bar
from ._sharing import shared
from ._threads import free_threads

# Of an input on its way through a classifier without a network: float32, and a copy in float64.
BYTES_PER_VALUE = 4 + 8


class Predictor(ABC):
    """A fitted classifier behind one interface: batches of tensors in, probabilities ``(b, k)`` out."""

    device = torch.device("cpu")  # where tensors are made
    n_threads = 1  # how many blocks of work are run at the same time
    classes_: np.ndarray  # the labels (k,), in the order of the columns
    batch_size: int  # how many inputs go through at once, in each thread
    owner: str  # what the classifier is called in messages

    def tensor(self, array: np.ndarray) -> Tensor:
        """Copy an array onto the device: whatever a module does in place never reaches the caller's data."""
        # NumPy makes the copy, since torch takes no reversed arrays.
        return torch.from_numpy(np.array(array, dtype=np.float32, order="C")).to(self.device)

    @abstractmethod
    def probabilities(self, inputs: Tensor) -> Tensor:
        """Return class probabilities ``(b, k)`` of a batch of tensors ``(b, ...)``."""

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return class probabilities ``(n, k)``, float32, of an array ``(n, ...)``."""
        found = self.run(lambda clips, _: self.probabilities(self.tensor(X[clips])), self.cut(len(X), 1, self.batch_size))
        return torch.cat([probabilities for _, probabilities in found]).cpu().numpy()

    def cut(self, n_clips: int, n_variants: int, size: int, *, alongside: int = 1) -> list[tuple[slice, slice]]:
        """Return clips × variants, cut into blocks of at most ``size`` for the threads that are free; see ``blocks``.

        Of several grids that are run ``alongside`` each other, each gets its share of the threads.
        """
        return list(blocks(n_clips, n_variants, size, -(-free_threads(self.n_threads) // alongside)))

    def run(self, function: Callable, blocks: Iterable[tuple[slice, ...]]) -> Iterator[tuple[tuple[slice, ...], Any]]:
        """Yield ``block, function(*block)`` for blocks, tuples of slices, in order; in parallel where that is faster.

        On a CPU the function runs in threads: it may write to its own part of an array only. On a GPU that runs out of memory a
        block is halved and both halves are run.
        """
        for block in blocks:
            yield block, function(*block)

    def sweep(
        self,
        n_clips: int,
        n_variants: int,
        make: Callable,
        target: Tensor,
        scores: Callable[[Tensor], Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return p_c of every variant of every clip ``(n_clips, n_variants)``, and the columns of the predicted classes, int32.

        ``make(clips, variants)``, two slices → inputs ``(c, v, ...)``, is called when they are needed, so that memory does not
        grow with the grid. ``target (n_clips,)`` holds the columns of c. ``scores``, from inputs ``(b, ...)`` to ``(b, k)``,
        stands in for the probabilities: ``logits``, say.
        """
        scores = self.probabilities if scores is None else scores

        def of_variants(clips, variants):
            inputs = make(clips, variants)
            return scores(inputs.flatten(0, 1)).unflatten(0, inputs.shape[:2])

        return self._sweep(n_clips, n_variants, of_variants, target, self.batch_size)

    def _sweep(self, n_clips, n_variants, scores, target, batch_size):
        """Run ``scores(clips, variants)``, two slices → scores ``(c, v, k)``, on blocks of ``batch_size`` cells of the grid."""
        of_target = torch.empty(n_clips, n_variants, device=self.device)
        predicted = torch.empty(n_clips, n_variants, dtype=torch.int32, device=self.device)

        @torch.inference_mode()
        def one(clips, variants):
            found = scores(clips, variants)
            columns = target[clips, None, None].expand(*found.shape[:2], 1)
            return found.gather(2, columns)[..., 0], found.argmax(2).to(torch.int32)

        grid = self.cut(n_clips, n_variants, batch_size)
        done = self.run(one, grid)
        for block, found in with_bar(done, len(grid), f"{n_clips} clips × {n_variants} variants", "batch"):
            of_target[block], predicted[block] = found
        return of_target, predicted

    def class_indices(self, X: np.ndarray, target: Any = None) -> np.ndarray:
        """Return the column ``(n,)`` of the class to explain: of ``target``, one label or one for each clip, or the predicted.

        Raise ValueError for a label that the classifier does not know, or another number of labels than clips.
        """
        if target is None:
            return self.predicted_indices(X)
        labels = np.asarray(target)
        if labels.ndim > 0 and labels.shape != (len(X),):
            raise ValueError(f"target must be one label or one for each of the {len(X)} clips; got shape {labels.shape}.")
        refusal = "target={label!r} is not a class of the classifier; they are {classes}."
        return columns_of(np.broadcast_to(labels, (len(X),)), self.classes_, refusal)

    def predicted_indices(self, X: np.ndarray) -> np.ndarray:
        """Return the column ``(n,)`` of the predicted class of each clip."""
        return unperturbed_probabilities(self, X).argmax(axis=1)


@shared
def unperturbed_probabilities(predictor: Predictor, X: np.ndarray) -> np.ndarray:
    """Return ``predictor.predict_proba(X)``, once for all metrics that ask for it inside ``shared_passes()``."""
    return predictor.predict_proba(X)


class OpaquePredictor(Predictor):
    """Any fitted classifier of inputs of ``n_values`` features: only its probabilities are known."""

    def __init__(self, estimator: FittedClassifier, n_values: int, batch_size: int | None = None):
        self.estimator, self.owner = estimator, type(estimator).__name__
        self.classes_ = np.asarray(estimator.classes_)
        self.batch_size = batch_size or batch_size_within(BYTES_PER_VALUE * n_values, device=None)

    def probabilities(self, inputs: Tensor) -> Tensor:
        return torch.from_numpy(np.asarray(self.estimator.predict_proba(inputs.numpy()), dtype=np.float32))
