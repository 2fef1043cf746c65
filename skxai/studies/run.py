"""One run of a study: load, train, explain, score."""

import time
from dataclasses import dataclass, replace

import numpy as np
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline, make_pipeline
from tqdm.auto import tqdm

from ..comparison import Comparison, Explained, explain_and_score, table_of
from ..comparison.evidence import choose_examples, evidence_of, show
from ..engine import shared_passes
from ..features import FeatureAxes, feature_axes
from ..metrics import available_scorers, get_scorer, get_scorer_names
from .clips import Clips, load_clips, split_clips
from .mixtures import OF_TWO_SOUNDS, mix_explained, truth_of
from .study import Study, make_explainers

CHUNK = 256  # clips whose waveforms are in memory at a time
N_EXAMPLES = 24  # clips that the page shows


@dataclass(frozen=True)
class StudyResult:
    """Everything that a study gave: the table and what the figures are drawn from.

    Attributes
    ----------
    study : Study
    clips : Clips
        The test clips that were explained.
    features : ndarray of shape (n, 1, f, t)
        Their features.
    axes : FeatureAxes
        Hertz (or cepstra) and seconds of the features.
    extraction : Pipeline
        The fitted feature pipeline.
    classifiers : dict from str to classifier
        Fitted.
    accuracy : dict from str to float
        Of each classifier, on all test clips.
    confusion : dict from str to (ndarray, ndarray)
        True and predicted labels of all test clips, by classifier.
    explainers : dict from str to Explainer
        Fitted, by the name of their row.
    explained : dict from str to Explained
        By the name of their row.
    table : Comparison
        One row a method.
    """

    study: Study
    clips: Clips
    features: np.ndarray
    axes: FeatureAxes
    extraction: Pipeline
    classifiers: dict
    accuracy: dict
    confusion: dict
    explainers: dict
    explained: dict[str, Explained]
    table: Comparison

    def classifier_of(self, method):
        """Return the name of the classifier behind a row."""
        return next(name for name in self.classifiers if method == name or name == "" or method.startswith(f"{name} "))


def run_study(
    study,
    *,
    data=None,
    labels=None,
    n_scenes=600,
    on_error="raise",
    seed=0,
    n_jobs=None,
    examples=N_EXAMPLES,
    progress=False,
    say=print,
):
    """Train the study's classifiers, explain the test clips and score the explanations.

    Parameters
    ----------
    study : Study
        See ``get_study`` and ``Study.configured``.
    data : path or None, default=None
        A folder of audio; None makes scenes.
    labels : path or None, default=None
        A CSV with the columns file and label.
    n_scenes : int, default=600
        How many scenes to make.
    on_error : {"raise", "skip"}, default="raise"
        What to do with an unreadable file.
    seed : int, default=0
        Of everything random.
    n_jobs : int or None, default=None
        Files read at a time.
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
    for note in clips.notes:
        say(note)
    train, held_out, chosen = split_clips(clips, study.n_test, equal_parts=study.equal_parts, seed=seed)
    classes = np.unique(clips.y)
    say(f"{len(clips.y)} clips of {len(classes)} classes: {len(train)} to train on, {len(held_out)} to test on.")
    extraction, X_train = _fit_extraction(study.extraction(clips), clips.X[train], progress)
    X_held_out = _extract(extraction, clips.X[held_out], progress)
    axes = feature_axes(extraction)
    say(f"Features of shape {X_train.shape[1:]}.")
    X_test, test = X_held_out[np.searchsorted(held_out, chosen)], clips.take(chosen)
    truth = truth_of(test, extraction)
    wants_truth = any(get_scorer(name).metric.requires_truth for name in study.scoring or get_scorer_names())
    mixtures = mix_explained(test, extraction, seed) if wants_truth else None
    of_clips, of_mixtures = _scoring(study, test.y, truth, mixtures)
    if of_mixtures:
        say(f"Each clip is mixed with one of another class, where it is known what sounds where: {', '.join(of_mixtures)}.")

    classifiers, accuracy, confusion, explainers, explained, shown_clips = {}, {}, {}, {}, {}, None
    for classifier_name, classifier in study.classifiers.items():
        title = classifier_name or type(classifier).__name__
        start = time.perf_counter()
        fitted = classifier.fit(X_train, clips.y[train])
        predicted = fitted.predict(X_held_out)
        classifiers[classifier_name] = fitted
        accuracy[classifier_name] = float((predicted == clips.y[held_out]).mean())
        confusion[classifier_name] = (clips.y[held_out], predicted)
        say(
            f"{title}: trained for {classifier.max_epochs} epochs in {time.perf_counter() - start:.0f} s; accuracy on the "
            f"test clips {accuracy[classifier_name]:.1%} (chance {1 / len(classes):.1%})."
        )
        if shown_clips is None:
            shown_clips = choose_examples(examples, len(chosen), test.y, predicted[np.searchsorted(held_out, chosen)])
        methods = make_explainers(study.explainers, FrozenEstimator(fitted), seed)
        with shared_passes():
            for name, explainer in tqdm(methods.items(), desc=f"{title}: explaining", unit="method", disable=not progress):
                # One explainer over several classifiers is told apart by the classifier.
                row = name if not classifier_name else classifier_name if len(methods) == 1 else f"{classifier_name} {name}"
                explainers[row] = explainer.fit(X_train)
                start = time.perf_counter()
                found = explain_and_score(
                    explainer,
                    X_test,
                    test.y,
                    scoring=of_clips,
                    curves="curves" in study.figures,
                    truth=truth,
                    **study.metric_params,
                )
                if of_mixtures:
                    found.scores.update(mixtures.scores(explainer, of_mixtures))
                shown = show(explainer, X_test, found.maps, shown_clips, extraction=extraction, X=test.X)
                scores = _in_order(found.scores, study.scoring)
                explained[row] = replace(found, scores=scores, shown=() if shown is None else (shown,))
                say(f"{row}: {len(X_test)} clips explained and scored in {time.perf_counter() - start:.0f} s.")
    evidence = evidence_of(explained, shown_clips, test.y, groups=test.groups, events=test.events)
    table = table_of(explained, explainers, clips=test.names, groups=test.groups, random_state=seed, evidence=evidence)
    return StudyResult(study, test, X_test, axes, extraction, classifiers, accuracy, confusion, explainers, explained, table)


def _scoring(study, y, truth, mixtures):
    """Return the scorers to compute on the clips, and those on their mixtures, because nothing is known of the clips.

    Raise, before a network is trained, if one needs a truth that is known of neither.
    """
    on_clips = set(available_scorers(y, truth)) - {OF_TWO_SOUNDS}
    known = on_clips if mixtures is None else on_clips | set(available_scorers(y, mixtures.truth))
    for name in study.scoring or ():
        if name not in known:
            raise ValueError(
                f"scorer {name!r} of the study {study.name!r} must know where the classes sound in the features: it needs "
                "clips of two classes, and features that are no cepstra."
            )
    wanted = study.scoring or get_scorer_names()
    return [name for name in wanted if name in on_clips], [name for name in wanted if name in known - on_clips]


def _in_order(scores, scoring):
    names = [get_scorer(name).metric.__name__ for name in scoring or get_scorer_names()]
    return {name: scores[name] for name in names if name in scores}


def _fit_extraction(pipeline, X, progress):
    """Fit a feature pipeline on a training set whose waveforms need not fit into memory, and return its features."""
    scaler = pipeline[-1]
    stateless = pipeline[:-1].fit(X[:CHUNK])  # learns shapes only
    features = _extract(stateless, X, progress)
    scaled = scaler.fit_transform(features)
    return make_pipeline(*(step for _, step in stateless.steps), scaler), scaled


def _extract(pipeline, X, progress):
    chunks = [X[start : start + CHUNK] for start in range(0, len(X), CHUNK)]
    bar = tqdm(chunks, desc="features", unit="batch", disable=not progress or len(chunks) == 1)
    return np.concatenate([pipeline.transform(chunk) for chunk in bar])
