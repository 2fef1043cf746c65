"""What the perturbing metrics share: one check of the arguments, one ranking of pixels, one way to run perturbed clips."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_array

from ..engine import (
    FeatureRange,
    Predictor,
    feature_range,
    predictor,
    resolve_baseline,
    shared,
    slices,
    unperturbed_probabilities,
)
from ..utils.random import RandomStateLike, seed_from


@dataclass(frozen=True)
class ExplainedClips:
    """What is measured: clips, their maps, and what the classifier says of the clips."""

    predictor: Predictor
    X: np.ndarray  # (n, ...)
    maps: np.ndarray  # (n, ...)
    target: np.ndarray  # (n,) column of the class c that is explained
    predicted: np.ndarray  # (n,) column of the predicted class
    before: np.ndarray  # (n,) p_c of the clips as they are
    feature_range: FeatureRange  # of the features seen in fit, and silence


@shared
def prepare_clips(
    estimator: Any, X: Any, maps: np.ndarray, target: Any = None, batch_size: int | None = None
) -> ExplainedClips:
    """Check the arguments that all metrics have in common: finite clips ``(n, ...)`` and maps, and the class to explain."""
    X = check_array(X, dtype=np.float32, allow_nd=True, input_name="X")
    network = predictor(estimator, X, batch_size=batch_size)
    if target is None:
        target = getattr(estimator, "target", None)
    probabilities = unperturbed_probabilities(network, X)
    predicted = probabilities.argmax(axis=1)
    columns = predicted if target is None else network.class_indices(X, target)
    before = probabilities[np.arange(len(X)), columns].astype(np.float64)
    return ExplainedClips(network, X, maps, columns, predicted, before, feature_range(estimator, X))


def predict_perturbed(
    explained: ExplainedClips, n_variants: int, variants_of: Callable, *, baseline: str | float, random_state: RandomStateLike
) -> tuple[np.ndarray, np.ndarray]:
    """Return p_c and the predicted column of ``n_variants`` perturbations of every clip, both ``(n, n_variants)``.

    ``variants_of(x, maps, baseline)`` on a batch of clips returns ``make(clips, variants)``, from two slices to perturbed clips
    ``(c, v, ...)``. ``random_state`` is of the uniform baseline.
    """
    network, n, seed = explained.predictor, len(explained.X), seed_from(random_state)
    target = torch.tensor(explained.target, device=network.device)
    probability, predicted = [], []
    for batch in slices(n, network.batch_size * network.n_threads):
        x, maps = network.tensor(explained.X[batch]), network.tensor(explained.maps[batch])
        make = variants_of(x, maps, resolve_baseline(baseline, x, explained.feature_range, seed))
        of_batch = network.sweep(len(x), n_variants, make, target[batch])
        probability.append(of_batch[0].cpu().numpy())
        predicted.append(of_batch[1].cpu().numpy())
    return np.concatenate(probability).astype(np.float64), np.concatenate(predicted).astype(np.int64)


def check_top(top: float) -> None:
    """Raise unless ``top`` is a share of the pixels in (0, 1]."""
    if not 0 < top <= 1:
        raise ValueError(f"top must be a share of the pixels in (0, 1]; got {top!r}.")


def ranks(maps: torch.Tensor, random_state: RandomStateLike = 0, *, descending: bool = True) -> torch.Tensor:
    """Return the place of each pixel of ``maps (n, ...)`` in the order of relevance, 0 for the first.

    Ties, which class activation maps are full of, are broken by one random order of the pixels, the same for every clip: by
    position they would favour low frequencies and the beginning.
    """
    flat = maps.flatten(1)
    shuffle = np.random.default_rng(seed_from(random_state)).permutation(flat.shape[1])
    if maps.device.type == "cpu":
        return torch.from_numpy(_ranks_by_numpy(flat.numpy(), shuffle, descending)).view_as(maps)
    # Another device sorts by itself: it would wait for the maps to come to the host and the ranks to come back.
    shuffled = torch.as_tensor(shuffle, device=maps.device)
    order = shuffled[flat[:, shuffled].argsort(dim=1, descending=descending, stable=True)]
    places = torch.arange(flat.shape[1], dtype=torch.int32, device=maps.device).expand_as(order)
    return torch.empty_like(places).scatter_(1, order, places).view_as(maps)


def _ranks_by_numpy(flat, shuffle, descending):
    """Return the same of flat maps ``(n, p)``, float32, where inside ties the pixels come as in ``shuffle (p,)``.

    Relevance and place in the shuffle make up one whole number: NumPy sorts those in a fifth of the time of a stable sort of
    floats. torch's threads are left asleep: they would hold the cores when the passes begin.
    """
    # The bits of floats, read as whole numbers, are in the order of the floats, those of negative ones in reverse. + 0 makes
    # one of both zeros.
    bits = (flat + np.float32(0)).view(np.int32)
    relevance = np.where(bits < 0, np.int32(-(2**31)) - bits, bits)
    keys = (~relevance if descending else relevance).astype(np.int64) << 32 | shuffle.argsort()
    keys.sort(axis=1)
    places = np.empty(flat.shape, dtype=np.int32)
    np.put_along_axis(places, shuffle[keys & 0xFFFFFFFF], np.arange(flat.shape[1], dtype=np.int32)[None], axis=1)
    return places


def replace_first(x: torch.Tensor, places: torch.Tensor, counts: torch.Tensor, baseline: torch.Tensor) -> Callable:
    """Return ``make(clips, variants)``: clips whose first ``counts[variant]`` pixels by ``places`` are at the baseline.

    With ``x`` and ``baseline`` exchanged it is insertion.
    """
    x, baseline = torch.broadcast_tensors(x, baseline)

    def make(clips, variants):
        hidden = places[clips, None] < counts[variants].view(1, -1, *[1] * (x.dim() - 1))
        return torch.where(hidden, baseline[clips, None], x[clips, None])

    return make
