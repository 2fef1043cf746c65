"""The clips that a page shows: which they are, and how a method explains them."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import _safe_indexing

from ..engine import shared
from ..features import FeatureAxes, feature_axes
from ..features.steps import feature_steps
from ..inspection import heard_probability

AUDIBLE_SHARE = 0.25  # of the cells, which the kept sound lets through; see sonify


@dataclass(frozen=True, eq=False)
class ExplainedExamples:
    """m example clips, of n that were scored, as one method explains them. Plain data and fitted feature steps: no network."""

    clips: np.ndarray  # (m,), indices of the scored clips
    features: np.ndarray  # (m, ...), of the examples
    maps: np.ndarray  # (m, ...)
    probability: np.ndarray  # (m,), p_c of the explained class
    target: np.ndarray  # (n,), the explained class of all scored clips
    predicted: np.ndarray  # (n,), the predicted class of all scored clips
    axes: FeatureAxes | None = None
    waveforms: np.ndarray | None = None  # (m, samples), where the features were made of sounds
    sample_rate: int | None = None  # in hertz
    extraction: Pipeline | None = None  # fitted; an `AudioLoader` at its head has made the waveforms already
    kept: np.ndarray | None = None  # (m,), p_c of what sonify(…, top=AUDIBLE_SHARE) keeps, NaN where a map is constant
    removed: np.ndarray | None = None  # (m,), p_c of what it removes
    silent_because: str | None = None  # why nothing can be kept or removed of the sounds


def choose_examples(
    n_examples: int, n_clips: int, y: ArrayLike | None = None, predicted: ArrayLike | None = None
) -> np.ndarray:
    """Choose clips of all classes evenly, of each class in turns one that is classified rightly and one that is not.

    Of ``n_clips`` at most ``n_examples``, the first of which are as even as all. Labels and predictions are ``(n_clips,)``,
    where they are known.
    """
    labels = predicted if y is None else y
    if labels is None:
        return np.arange(min(n_examples, n_clips))
    labels = np.asarray(labels)
    right = np.ones(n_clips, dtype=bool) if y is None or predicted is None else labels == np.asarray(predicted)
    of_classes = [
        alternate(np.flatnonzero((labels == label) & right), np.flatnonzero((labels == label) & ~right))
        for label in np.unique(labels)
    ]
    return alternate(*of_classes)[:n_examples]


def alternate(*sequences: Iterable[int]) -> np.ndarray:
    """Return the first of each sequence, then the second of each, and so on; where one has ended, those of the others."""
    return np.array([value for value in chain(*zip_longest(*sequences)) if value is not None], dtype=int)


def explain_examples(
    explainer: Any, features: ArrayLike, maps: np.ndarray, clips: np.ndarray, *, extraction: Any = None, X: Any = None
) -> ExplainedExamples | None:
    """Gather what a page shows of the examples ``clips (m,)`` of a method; None for a control, which explains no model.

    Features and maps ``(n, ...)`` are those of all clips. ``extraction``, a fitted pipeline, transformer or search, made the
    features of X, waveforms or paths; a classifier or an explainer at its end is left out.
    """
    if not getattr(explainer, "explains_model", True):
        return None
    probabilities = explainer.predict_proba(features)
    classes = np.asarray(explainer.classes_)
    predicted = classes[probabilities.argmax(axis=1)]
    explained = getattr(explainer, "target", None)
    target = predicted if explained is None else np.full(len(predicted), explained)
    column = [int(np.flatnonzero(classes == label)[0]) for label in target[clips]]
    steps = [] if extraction is None else feature_steps(extraction)
    sounds = _find_sounds(steps, X, clips) if len(clips) and steps else {}
    if sounds:
        sounds |= _classify_parts(explainer, sounds, maps[clips], target[clips])
    axes = feature_axes(make_pipeline(*steps)) if steps else None
    chosen = _take_clips(features, clips)
    return ExplainedExamples(clips, chosen, maps[clips], probabilities[clips, column], target, predicted, axes, **sounds)


def _find_sounds(steps: list, X: Any, clips: np.ndarray) -> dict[str, Any]:
    """Return the examples' waveforms, their rate and what makes features of them."""
    axes, extraction = feature_axes(steps[0]), make_pipeline(*steps)
    if axes is None or feature_axes(extraction) is None:
        return {}
    if getattr(steps[0], "reads_files", False):
        waveforms = _load_files(steps[0], _safe_indexing(X, clips))
    else:
        waveforms = np.asarray(_take_clips(X, clips), dtype=np.float32)
    return {"waveforms": waveforms, "sample_rate": axes.sample_rate, "extraction": extraction}


@shared
def _take_clips(X: Any, clips: np.ndarray) -> np.ndarray:
    """Return the examples of an array, once for all methods inside ``shared_passes()``."""
    return np.asarray(_safe_indexing(X, clips))


@shared(equal=["loader", "X"])
def _load_files(loader: Any, X: Any) -> np.ndarray:
    """Read the examples' files, once for all methods inside ``shared_passes()``."""
    return loader.transform(X)


def _classify_parts(explainer: Any, sounds: dict, maps: np.ndarray, target: np.ndarray) -> dict[str, Any]:
    """Return p_c of the kept and the removed sounds, or why there are none."""
    extraction = sounds["extraction"]
    try:
        heard = heard_probability(explainer, sounds["waveforms"], maps, extraction, target=target, top=AUDIBLE_SHARE)
    except (TypeError, ValueError) as error:  # of some features it is not defined, and the error says why
        axes = feature_axes(extraction)
        of_cepstra = "a cepstral coefficient is spread over all frequencies, so that no part of the sound is its own"
        return {"silent_because": of_cepstra if axes is not None and axes.kind == "cepstrum" else str(error)}
    return {"kept": heard["kept"].to_numpy(), "removed": heard["removed"].to_numpy()}
