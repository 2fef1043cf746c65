"""What stands behind a table, for its page: the maps and sounds of some clips, the curves, and where the relevance lies."""

from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import _safe_indexing

from ..engine import shared
from ..features import FeatureAxes, feature_axes
from ..features.steps import feature_steps
from ..inspection import heard_probability, summarise_relevance
from ..metrics import PerturbationCurve
from ..metrics.perturbation_curve import CURVES
from ..utils.statistics import standard_error

AUDIBLE_SHARE = 0.25  # of the cells that the kept sound lets through, see sonify


@dataclass(frozen=True, eq=False)
class Shown:
    """What a method showed on some of the clips, its examples. Plain data and fitted feature steps: no network.

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


@dataclass(frozen=True, eq=False)
class Evidence:
    """What a page shows beside the table.

    Attributes
    ----------
    clips : ndarray of shape (m,)
        The examples, as rows of the table's ``scores``; the first ones are the most important.
    labels : ndarray of shape (m,) or None
        Their true classes, where they are known.
    shown : dict from str to list of Shown
        By method; of a cross-validation one a fold. Floors explain nothing and have none.
    curves : dict from str to dict from str to dict
        Mean curves by kind and method; see ``mean_curves``.
    sentences : dict from str to dict from str to str
        Where the relevance lies, by method and explained class.
    accuracy : dict from str to float
        Of the classifier behind each method, on the scored clips; empty without true classes.
    events : list of m lists of (str, float, float, float, float), or None
        Label, onset, offset, low and high of what sounds in the examples, in seconds and hertz, where it is known.
    facts : dict from str to anything that JSON can hold
        Where all of it comes from.
    """

    clips: np.ndarray
    labels: np.ndarray | None
    shown: dict
    curves: dict
    sentences: dict
    accuracy: dict
    events: list | None
    facts: dict


def choose_examples(n_examples, n_clips, y=None, predicted=None):
    """Choose clips of all classes evenly, of each first one that is classified rightly, then one that is not, and so on.

    Parameters
    ----------
    n_examples : int
        At most so many.
    n_clips : int
        Of so many.
    y, predicted : array-like of shape (n_clips,) or None, default=None
        Where they are known.

    Returns
    -------
    ndarray of int
        The first of them are as even as all.
    """
    labels = predicted if y is None else y
    if labels is None:
        return np.arange(min(n_examples, n_clips))
    labels = np.asarray(labels)
    right = np.ones(n_clips, dtype=bool) if y is None or predicted is None else labels == np.asarray(predicted)
    of_classes = [
        [clip for pair in zip_longest(*(np.flatnonzero((labels == label) & are) for are in (right, ~right))) for clip in pair]
        for label in np.unique(labels)
    ]
    in_turns = zip_longest(*([clip for clip in clips if clip is not None] for clips in of_classes))
    return np.array([clip for turn in in_turns for clip in turn if clip is not None][:n_examples], dtype=int)


def show(explainer, features, maps, clips, *, extraction=None, X=None):
    """Gather what a method shows on its examples.

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
    Shown or None
        None for a floor: it explains nothing.
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
    sounds, heard = {}, {}
    if len(clips) and steps:
        sounds = _sounds(steps, X, clips)
        heard = _heard(explainer, sounds, maps[clips], target[clips])
    return Shown(
        clips,
        _taken(features, clips),
        maps[clips],
        probabilities[clips, column],
        target,
        predicted,
        feature_axes(make_pipeline(*steps)) if steps else None,
        **sounds,
        **heard,
    )


def _sounds(steps, X, clips):
    """Return the examples' waveforms, their rate and what makes features of them."""
    axes, extraction = feature_axes(steps[0]), make_pipeline(*steps)
    if axes is None or feature_axes(extraction) is None:
        return {}
    if getattr(steps[0], "reads_files", False):
        waveforms = _loaded(steps[0], _safe_indexing(X, clips))
    else:
        waveforms = np.asarray(_taken(X, clips), dtype=np.float32)
    return {"waveforms": waveforms, "sample_rate": axes.sample_rate, "extraction": extraction}


@shared
def _taken(X, clips):
    """Return the examples of an array, once for all methods inside ``shared_passes()``."""
    return np.asarray(_safe_indexing(X, clips))


@shared(equal=["loader", "X"])
def _loaded(loader, X):
    """Read the examples' files, once for all methods inside ``shared_passes()``."""
    return loader.transform(X)


def _heard(explainer, sounds, maps, target):
    """Return what the classifier makes of the kept and the removed sounds, or why there are none."""
    if not sounds:
        return {}
    try:
        heard = heard_probability(explainer, sounds["waveforms"], maps, sounds["extraction"], target=target, top=AUDIBLE_SHARE)
    except (TypeError, ValueError) as error:  # of some features it is not defined, and the error says why
        axes = feature_axes(sounds["extraction"])
        of_cepstra = "a cepstral coefficient is spread over all frequencies, so that no part of the sound is its own"
        return {"silent_because": of_cepstra if axes is not None and axes.kind == "cepstrum" else str(error)}
    return {"kept": heard["kept"].to_numpy(), "removed": heard["removed"].to_numpy()}


def evidence_of(explained, clips, y=None, *, groups=None, events=None, facts=None):
    """Gather the evidence of methods that were explained with ``show``.

    Parameters
    ----------
    explained : dict from str to Explained
        By method.
    clips : ndarray of int, shape (m,)
        The examples.
    y : array-like of shape (n,) or None, default=None
        True classes of all clips.
    groups : array-like of shape (n,) or None, default=None
        The recording of each clip.
    events : sequence of n sequences of AudioEvent, or None, default=None
        What sounds in each clip.
    facts : dict or None, default=None
        Where it comes from.

    Returns
    -------
    Evidence
    """
    y = None if y is None else np.asarray(y)
    shown = {method: found.shown for method, found in explained.items() if found.shown}
    sentences, accuracy = {}, {}
    for method, parts in shown.items():
        targets, predicted = (np.concatenate([getattr(part, name) for part in parts]) for name in ("target", "predicted"))
        if parts[0].axes is not None:
            told = summarise_relevance(explained[method].maps, parts[0].axes, targets)["sentence"]
            sentences[method] = {
                str(label): words.removeprefix(f"{label}: ").replace(" %", "\u00a0%") for label, words in told.items()
            }
        if y is not None:
            accuracy[method] = float((predicted == y).mean())
    curves = {}
    for kind in ("insertion", "deletion"):
        found = {method: each.curves[kind] for method, each in explained.items() if kind in each.curves}
        if found:
            curves[kind] = {method: mean_curves(curve, groups) for method, curve in found.items()}
    if events is not None:
        names = ("label", "onset", "offset", "low", "high")
        events = [[tuple(getattr(event, name) for name in names) for event in events[clip]] for clip in clips]
    labels = None if y is None else y[clips]
    return Evidence(np.asarray(clips), labels, shown, curves, sentences, accuracy, events, dict(facts or {}))


def mean_curves(curve, groups=None):
    """Return the mean curves of a method, of all clips (None) and of each class, and the standard error of the former.

    Parameters
    ----------
    curve : PerturbationCurve
    groups : array-like of shape (n,) or None, default=None
        The recording of each clip: clips of one recording are not independent.

    Returns
    -------
    dict
        "fractions"; and by "probability" and, with true classes, "accuracy" a dict of "mean" by class and "error".
    """
    found = {"fractions": curve.fractions}
    for by in CURVES if curve.y is not None else CURVES[:1]:
        of_clips = curve.curves(by)
        of_classes = {str(label): values.to_numpy() for label, values in curve.per_class(by).items()}
        found[by] = {"mean": {None: of_clips.mean(axis=0), **of_classes}, "error": standard_error(of_clips, groups)}
    return found


def join_curves(parts):
    """Return the curve of the clips of several curves of one kind, one after the other."""
    first = parts[0]

    def joined(name):
        return None if getattr(first, name) is None else np.concatenate([getattr(part, name) for part in parts])

    of_clips = {name: joined(name) for name in ("probability", "predictions", "target", "y")}
    return PerturbationCurve(first.kind, first.fractions, **of_clips)
