"""One run of a study: load its clips, train its classifiers, explain the test clips, collect what came of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline, make_pipeline
from tqdm.auto import tqdm

from ..comparison import Comparison, MethodResult, compare_results, explain_and_score
from ..comparison.evidence import gather_evidence
from ..comparison.examples import choose_examples, explain_examples
from ..datasets import EventTruth
from ..engine import shared_passes
from ..explainers import Explainer
from ..features import FeatureAxes, feature_axes
from ..metrics import available_scorers, get_scorer, get_scorer_names
from .clips import Clips, load_clips, split_clips
from .study import Study, make_explainers
from .truth import OF_TWO_SOUNDS, Mixtures, find_event_truth, mix_test_clips

CHUNK = 256  # clips whose waveforms are in memory at a time
N_EXAMPLES = 24  # clips that the page shows


@dataclass(frozen=True)
class StudyData:
    """The clips of a study, split and as features."""

    X_train: np.ndarray  # features of the training clips
    y_train: np.ndarray
    X_held_out: np.ndarray  # features of all test clips
    y_held_out: np.ndarray
    chosen: np.ndarray  # (n,), which of the test clips are explained
    clips: Clips  # these clips
    X: np.ndarray  # (n, 1, f, t), their features
    extraction: Pipeline  # fitted, from the clips to their features
    truth: EventTruth | None  # where their events sound in their features, if that is known
    mixtures: Mixtures | None  # each of them, mixed with one of another class


@dataclass(frozen=True)
class StudyResult:
    """Everything that a study gave: the comparison and what the figures are drawn from.

    Attributes
    ----------
    study : Study
    clips : Clips
        The test clips that were explained.
    features : ndarray of shape (n, 1, f, t)
        Their features.
    axes : FeatureAxes or None
        Hertz (or cepstra) and seconds of the features.
    extraction, classifiers
        The fitted feature pipeline, and the fitted classifiers by name.
    accuracy : dict from str to float
        Of each classifier, on all test clips.
    confusion : dict from str to (ndarray, ndarray)
        True and predicted labels of all test clips, by classifier.
    explainers, results
        The fitted explainers, and what each gave, by the name of their row.
    comparison : Comparison
        One row a method.
    """

    study: Study
    clips: Clips
    features: np.ndarray
    axes: FeatureAxes | None
    extraction: Pipeline
    classifiers: dict[str, Any]
    accuracy: dict[str, float]
    confusion: dict[str, tuple[np.ndarray, np.ndarray]]
    explainers: dict[str, Explainer]
    results: dict[str, MethodResult]
    comparison: Comparison

    def classifier_of(self, method: str) -> str:
        """Return the name of the classifier behind a row."""
        return next(name for name in self.classifiers if method == name or name == "" or method.startswith(f"{name} "))


def run_study(
    study: Study,
    *,
    data: str | PathLike | None = None,
    labels: str | PathLike | None = None,
    n_scenes: int = 600,
    on_error: str = "raise",
    seed: int = 0,
    n_jobs: int | None = None,
    examples: int = N_EXAMPLES,
    progress: bool = False,
    say: Callable[[str], Any] = print,
) -> StudyResult:
    """Train the study's classifiers, explain the test clips and score the explanations.

    Parameters
    ----------
    study : Study
        See ``get_study`` and ``Study.configured``.
    data, labels, n_scenes, on_error, n_jobs
        Which clips, see ``load_clips``.
    seed : int, default=0
        Of everything random.
    examples : int, default=24
        How many clips the page will show, with their sounds; 0 makes none.
    progress : bool, default=False
        Whether to show progress bars.
    say : callable, default=print
        Takes a line about each step.

    Returns
    -------
    StudyResult
    """
    for name in study.scoring or ():
        get_scorer(name)  # an unknown name is an error before the work, not after it
    make_explainers(study.explainers, None, seed)
    say(f"Making {n_scenes} scenes." if data is None else f"Reading {data}.")
    clips = load_clips(
        data,
        slice_duration=study.slice_duration,
        labels=labels,
        n_scenes=n_scenes,
        scenes_sample_rate=study.scenes_sample_rate,
        on_error=on_error,
        n_jobs=n_jobs,
        seed=seed,
    )
    loaded = extract_features(study, clips, seed, progress, say)
    scoring = choose_scoring(study, loaded, say)
    classifiers, predicted = train_classifiers(study, loaded, say)
    shown = choose_examples(examples, len(loaded.X), loaded.clips.y, next(iter(predicted.values()))[loaded.chosen])
    explainers, results = explain_clips(study, loaded, classifiers, scoring, shown, seed, progress, say)
    clips = loaded.clips
    evidence = gather_evidence(results, shown, clips.y, groups=clips.groups, events=clips.events)
    of_clips: dict[str, Any] = {"clips": clips.names, "groups": clips.groups, "random_state": seed}
    comparison = compare_results(results, explainers, evidence=evidence, **of_clips)
    accuracy = {name: float((guessed == loaded.y_held_out).mean()) for name, guessed in predicted.items()}
    confusion = {name: (loaded.y_held_out, guessed) for name, guessed in predicted.items()}
    features = loaded.X, feature_axes(loaded.extraction), loaded.extraction
    return StudyResult(study, clips, *features, classifiers, accuracy, confusion, explainers, results, comparison)


def extract_features(study: Study, clips: Clips, seed: int, progress: bool, say: Callable[[str], Any]) -> StudyData:
    """Split clips, fit the feature pipeline on those to train on, and find out where the classes sound in the others."""
    for note in clips.notes:
        say(note)
    train, held_out, chosen = split_clips(clips, study.n_test, equal_parts=study.equal_parts, seed=seed)
    n_classes = len(np.unique(clips.y))
    say(f"{len(clips.y)} clips of {n_classes} classes: {len(train)} to train on, {len(held_out)} to test on.")
    extraction, X_train = _fit_extraction(study.extraction(clips), clips.X[train], progress)
    X_held_out = _transform_in_chunks(extraction, clips.X[held_out], progress)
    say(f"Features of shape {X_train.shape[1:]}.")
    test, of_test = clips.take(chosen), np.searchsorted(held_out, chosen)
    wants_truth = any(get_scorer(name).metric.requires_truth for name in study.scoring or get_scorer_names())
    truth, mixtures = find_event_truth(test, extraction), mix_test_clips(test, extraction, seed) if wants_truth else None
    for_classifiers = X_train, clips.y[train], X_held_out, clips.y[held_out]
    return StudyData(*for_classifiers, of_test, test, X_held_out[of_test], extraction, truth, mixtures)


def choose_scoring(study: Study, data: StudyData, say: Callable[[str], Any]) -> tuple[list[str], list[str]]:
    """Return the scorers to compute on the clips, and those on their mixtures, because too little is known of the clips."""
    on_clips = set(available_scorers(data.clips.y, data.truth)) - {OF_TWO_SOUNDS}
    on_mixtures = set() if data.mixtures is None else set(available_scorers(data.clips.y, data.mixtures.truth)) - on_clips
    for name in study.scoring or ():
        if name not in on_clips | on_mixtures:
            raise ValueError(
                f"scorer {name!r} of the study {study.name!r} must know where the classes sound in the features: it needs "
                "clips of two classes, and features that are no cepstra."
            )
    wanted = study.scoring or get_scorer_names()
    of_mixtures = [name for name in wanted if name in on_mixtures]
    if of_mixtures:
        say(f"Each clip is mixed with one of another class, where it is known what sounds where: {', '.join(of_mixtures)}.")
    return [name for name in wanted if name in on_clips], of_mixtures


def train_classifiers(study: Study, data: StudyData, say: Callable[[str], Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Train the classifiers of a study; return them, and the labels that they predict for all test clips, by name."""
    predicted = {}
    for name, classifier in study.classifiers.items():
        start = time.perf_counter()
        predicted[name] = classifier.fit(data.X_train, data.y_train).predict(data.X_held_out)
        accuracy, n_classes = (predicted[name] == data.y_held_out).mean(), len(classifier.classes_)
        say(
            f"{name or type(classifier).__name__}: trained for {classifier.max_epochs} epochs in "
            f"{time.perf_counter() - start:.0f} s; accuracy on the test clips {accuracy:.1%} (chance {1 / n_classes:.1%})."
        )
    return dict(study.classifiers), predicted


def explain_clips(
    study: Study,
    data: StudyData,
    classifiers: dict[str, Any],
    scoring: tuple[list[str], list[str]],
    examples: np.ndarray,
    seed: int,
    progress: bool,
    say: Callable[[str], Any],
) -> tuple[dict[str, Explainer], dict[str, MethodResult]]:
    """Explain the test clips by each method of each classifier, and score the maps; return methods and results by row."""
    explainers, results = {}, {}
    for classifier_name, classifier in classifiers.items():
        methods = make_explainers(study.explainers, FrozenEstimator(classifier), seed)
        title = classifier_name or type(classifier).__name__
        with shared_passes():
            for name, explainer in tqdm(methods.items(), desc=f"{title}: explaining", unit="method", disable=not progress):
                # One explainer over several classifiers is told apart by the classifier.
                row = name if not classifier_name else classifier_name if len(methods) == 1 else f"{classifier_name} {name}"
                explainers[row] = explainer.fit(data.X_train)
                start = time.perf_counter()
                results[row] = _explain_by(explainer, study, data, scoring, examples)
                say(f"{row}: {len(data.X)} clips explained and scored in {time.perf_counter() - start:.0f} s.")
    return explainers, results


def _explain_by(
    explainer: Explainer, study: Study, data: StudyData, scoring: tuple[list[str], list[str]], examples: np.ndarray
) -> MethodResult:
    params = {"curves": "curves" in study.figures, "truth": data.truth, **study.metric_params}
    result = explain_and_score(explainer, data.X, data.clips.y, scoring=scoring[0], **params)
    scores = result.scores
    if data.mixtures is not None and scoring[1]:
        scores = scores | data.mixtures.scores(explainer, scoring[1])
    explained = explain_examples(explainer, data.X, result.maps, examples, extraction=data.extraction, X=data.clips.X)
    names = [get_scorer(name).metric.__name__ for name in study.scoring or get_scorer_names()]
    in_order = {name: scores[name] for name in names if name in scores}
    return replace(result, scores=in_order, examples=() if explained is None else (explained,))


def _fit_extraction(pipeline: Pipeline, X: np.ndarray, progress: bool) -> tuple[Pipeline, np.ndarray]:
    """Fit a feature pipeline on a training set whose waveforms need not fit into memory, and return its features."""
    scaler = pipeline[-1]
    stateless = pipeline[:-1].fit(X[:CHUNK])  # learns shapes only
    scaled = scaler.fit_transform(_transform_in_chunks(stateless, X, progress))
    return make_pipeline(*(step for _, step in stateless.steps), scaler), scaled


def _transform_in_chunks(pipeline: Pipeline, X: np.ndarray, progress: bool) -> np.ndarray:
    chunks = [X[start : start + CHUNK] for start in range(0, len(X), CHUNK)]
    bar = tqdm(chunks, desc="features", unit="batch", disable=not progress or len(chunks) == 1)
    return np.concatenate([pipeline.transform(chunk) for chunk in bar])
