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
    """Example clips as one method explains them. Plain data and fitted feature steps: no network.

    Attributes
    ----------
    clips : ndarray of shape (m,)
        Which clips the examples are, as indices of those that were scored.
    features, maps : ndarray of shape (m, ...)
        Of the examples.
    probability : ndarray of shape (m,)
        p_c of the explained class.
    target, predicted : ndarray of shape (n,)
        The explained and the predicted class of all clips that were scored.
    axes : FeatureAxes or None
        Of the features, where they are known.
    waveforms : ndarray of shape (m, samples) or None
        The sounds of the examples, where the features were made of sounds.
    sample_rate : int or None
        Of the waveforms, in hertz.
    extraction : Pipeline or None
        Fitted: from these waveforms to the features. An `AudioLoader` at its head has made them already.
    kept, removed : ndarray of shape (m,) or None
        p_c of what ``sonify(…, top=AUDIBLE_SHARE)`` keeps and removes, NaN where a map is constant.
    silent_because : str or None
        Why nothing can be kept or removed of the sounds.
    """

    clips: np.ndarray
    features: np.ndarray
    maps: np.ndarray
    probability: np.ndarray
    target: np.ndarray
    predicted: np.ndarray
    axes: FeatureAxes | None = None
    waveforms: np.ndarray | None = None
    sample_rate: int | None = None
    extraction: Pipeline | None = None
    kept: np.ndarray | None = None
    removed: np.ndarray | None = None
    silent_because: str | None = None


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
    """Gather what a page shows of a method's examples.

    Parameters
    ----------
    explainer : Explainer
        Fitted.
    features, maps : array-like of shape (n, ...)
        Of all clips.
    clips : ndarray of int, shape (m,)
        The examples.
    extraction : Pipeline, transformer, fitted search or None, default=None
        Fitted: what made the features of X. A classifier or an explainer at its end is left out.
    X : array-like of shape (n, ...) or None, default=None
        Waveforms or paths, or whatever else the features were made of.

    Returns
    -------
    ExplainedExamples or None
        None for a control: it explains no model.
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
    sounds: dict[str, Any] = {}
    if len(clips) and steps:
        sounds = _find_sounds(steps, X, clips)
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
    if not sounds:
        return {}
    extraction = sounds["extraction"]
    try:
        heard = heard_probability(explainer, sounds["waveforms"], maps, extraction, target=target, top=AUDIBLE_SHARE)
    except (TypeError, ValueError) as error:  # of some features it is not defined, and the error says why
        axes = feature_axes(extraction)
        of_cepstra = "a cepstral coefficient is spread over all frequencies, so that no part of the sound is its own"
        return {"silent_because": of_cepstra if axes is not None and axes.kind == "cepstrum" else str(error)}
    return {"kept": heard["kept"].to_numpy(), "removed": heard["removed"].to_numpy()}
