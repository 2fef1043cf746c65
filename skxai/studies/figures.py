"""The figures of a study, drawn with the package's displays; times in seconds, rows in hertz or cepstral index."""

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations, product
from os import PathLike
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay

from ..comparison.overview import ARROWS, greater_is_better, ranks_methods
from ..display import PerturbationCurveDisplay, RankingDisplay, SaliencyDisplay, ScoreDistributionDisplay
from ..display.legends import draw_marks
from ..display.style import line_style, readable_name, vector_text
from ..metrics import PerturbationCurve, find_metric
from .run import StudyResult

CLIPS_PER_CLASS = 3
MOST_MISCLASSIFIED = 6
SUREST_PER_CLASS = 2

Figures = Iterator[tuple[str, Any]]  # names and figures


def draw_figures(result: StudyResult, folder: str | PathLike, file_format: str = "png", *, seed: int = 0) -> list[Path]:
    """Draw the figures that the study asks for into a new folder; the seed chooses the examples."""
    folder = Path(folder)
    folder.mkdir(parents=True)
    paths: list[Path] = []
    for kind in result.study.figures:
        for name, figure in FIGURES[kind](result, np.random.default_rng(seed)):
            path = folder / f"{name}.{file_format}"
            while path in paths:  # two labels that differ only in what a file name cannot hold
                path = path.with_stem(f"{path.stem}_")
            paths.append(path)
            with vector_text():
                figure.savefig(paths[-1], dpi=150)
            plt.close(figure)
    return paths


def _loss(result: StudyResult, rng: np.random.Generator) -> Figures:
    """Loss of the training and validation clips over the epochs."""
    n = len(result.classifiers)
    figure, panels = plt.subplots(1, n, figsize=(5.5 * n, 3.8), squeeze=False, layout="constrained")
    for ax, (name, classifier) in zip(panels[0], result.classifiers.items()):
        history = classifier.history_
        epochs = np.arange(1, len(history) + 1)
        ax.plot(epochs, history[:, "train_loss"], label="training", **line_style(0, len(epochs)))
        if "valid_loss" in history[-1]:
            ax.plot(epochs, history[:, "valid_loss"], label="validation", **line_style(1, len(epochs)))
        ax.set(xlabel="Epoch", ylabel="Cross-entropy", title=name or type(classifier).__name__)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_ylim(bottom=0)
        ax.legend()
    yield "loss", figure


def _confusion(result: StudyResult, rng: np.random.Generator) -> Figures:
    """Confusion matrix on all test clips."""
    n, k = len(result.classifiers), len(np.unique(result.clips.y))
    side = 2.5 + 0.45 * k
    figure, panels = plt.subplots(1, n, figsize=(side * n, side), squeeze=False, layout="constrained")
    for ax, (name, (true, predicted)) in zip(panels[0], result.confusion.items()):
        look: dict[str, Any] = {"cmap": "Blues", "colorbar": False, "xticks_rotation": "vertical"}
        ConfusionMatrixDisplay.from_predictions(true, predicted, ax=ax, **look)
        ax.set(title=f"{name or 'Test clips'}: accuracy {result.accuracy[name]:.1%}", xlabel="Predicted", ylabel="True")
    yield "confusion_matrix", figure


def _curves(result: StudyResult, rng: np.random.Generator) -> Figures:
    """Insertion and deletion curves of all methods, by accuracy and by probability."""
    for kind in ("insertion", "deletion"):
        for by in ("accuracy", "probability"):
            display = PerturbationCurveDisplay.from_curve(_curves_of(result, kind), by=by, **_interval_params(result))
            display.ax_.set_title(f"{kind.capitalize()} by {by}")
            yield f"{kind}_by_{by}", display.figure_


def _curves_per_class(result: StudyResult, rng: np.random.Generator) -> Figures:
    """Insertion and deletion curves of all methods, a panel for each class."""
    for kind in ("insertion", "deletion"):
        display = PerturbationCurveDisplay.from_curve(_curves_of(result, kind), per_class=True, **_interval_params(result))
        yield f"{kind}_per_class", display.figure_


def _examples(result: StudyResult, rng: np.random.Generator) -> Figures:
    """Clips of each class that are classified rightly, by all methods."""
    for label in np.unique(result.clips.y):
        chosen = _draw_clips((result.clips.y == label) & _is_right(result), CLIPS_PER_CLASS, rng)
        if len(chosen):
            in_file_name = "".join(character if character.isalnum() else "_" for character in str(label)) or "class"
            yield f"examples_{in_file_name}", _draw_maps(result, chosen)


def _misclassified(result: StudyResult, rng: np.random.Generator) -> Figures:
    """Clips that are classified wrongly, by all methods: the maps explain the wrong class."""
    chosen = _draw_clips(~_is_right(result), MOST_MISCLASSIFIED, rng)
    if len(chosen):
        yield "misclassified", _draw_maps(result, chosen)


def _draw_clips(are_candidates: np.ndarray, n_most: int, rng: np.random.Generator) -> np.ndarray:
    """Return the indices of all candidates, or of so many that are drawn."""
    indices = np.flatnonzero(are_candidates)
    return indices if len(indices) <= n_most else np.sort(rng.choice(indices, n_most, replace=False))


def _mixture(result: StudyResult, rng: np.random.Generator) -> Figures:
    """Two clips of different classes, and their sum explained for either class, by all methods."""
    if result.clips.X.dtype.kind != "f":
        return  # paths: there are no waveforms to add
    classifier = result.classifiers[""]
    chosen = _choose_mixture(result, classifier)
    if chosen is None:
        return
    parts, features, sure = chosen
    labels = result.clips.y[parts]
    maps = {name: result.explainers[name].explain(features, np.tile(labels, 2)) for name in _methods_shown(result)}
    titles = [f"{label} alone\np = {p:.2f}" for label, p in zip(labels, sure)]
    titles += [f"both, explained\nas {label}\np = {p:.2f}" for label, p in zip(labels, sure[2:])]
    # In the mixture too the box is that of the class explained: there the relevance belongs.
    yield "mixture", _draw_saliency(result, maps, features, [*parts, *parts], titles)


def _choose_mixture(result: StudyResult, classifier: Any) -> tuple[list[int], np.ndarray, np.ndarray] | None:
    """Choose two clips of which the classifier is sure, and in whose mixture it recognises both best.

    Return their indices, the features ``(4, 1, f, t)`` of each alone and, twice, of both, and the probabilities ``(4,)`` of the
    first and the second class, alone and in the mixture.
    """
    probability = classifier.predict_proba(result.features).max(axis=1)
    right = np.flatnonzero(_is_right(result))
    surest = right[np.argsort(-probability[right], kind="stable")]
    of_class = [surest[result.clips.y[surest] == label][:SUREST_PER_CLASS] for label in classifier.classes_]
    best, chosen = -1.0, None
    for first, second in combinations(of_class, 2):
        for parts in product(first.tolist(), second.tolist()):
            waveforms = result.clips.X[list(parts)].astype(np.float64)
            # Equally loud, so that neither part hides the other, and never clipped.
            waveforms = waveforms / np.sqrt((waveforms**2).mean(axis=1, keepdims=True))
            stacked = np.concatenate([waveforms, *2 * [waveforms.sum(axis=0, keepdims=True)]])
            features = result.extraction.transform((stacked / np.abs(stacked).max()).astype(np.float32))
            columns = np.searchsorted(classifier.classes_, np.tile(result.clips.y[list(parts)], 2))
            sure = classifier.predict_proba(features)[np.arange(4), columns]
            if sure[2:].min() > best:
                best, chosen = sure[2:].min(), (list(parts), features, sure)
    return chosen


def _density(result: StudyResult, rng: np.random.Generator) -> Figures:
    """Density of each metric's values over the test clips, of all methods."""
    for metric, scores, bounds in _scores_of(result):
        params: dict[str, Any] = {"score_name": readable_name(metric), "bounds": bounds, "controls": result.comparison.controls}
        display = ScoreDistributionDisplay.from_scores(scores, groups=result.clips.groups, **params)
        yield f"{metric}_density", display.figure_


def _scores(result: StudyResult, rng: np.random.Generator) -> Figures:
    """All metrics at a glance: the scores of the clips with their means and intervals, a row a method."""
    found = [each for each in _scores_of(result) if not all(np.isnan(values).all() for values in each[1].values())]
    if not found:
        return
    n_columns = min(4, len(found))
    n_rows = -(-len(found) // n_columns)
    size = (1.6 + 2.5 * n_columns, 0.4 + n_rows * (0.55 + 0.2 * len(result.results)))
    figure, panels = plt.subplots(n_rows, n_columns, figsize=size, sharey=True, squeeze=False, layout="constrained")
    for ax, (metric, scores, bounds) in zip(panels.flat, found):
        params: dict[str, Any] = {"bounds": bounds, "controls": result.comparison.controls, "groups": result.clips.groups}
        ScoreDistributionDisplay.from_scores(scores, ax=ax, rows=True, legend=False, **params)
        ax.set_title(f"{readable_name(metric)} {ARROWS[greater_is_better(metric)]}".rstrip(), fontsize="medium")
        ax.set_xlabel("")
        ax.tick_params(axis="x", labelsize="small")
    for ax in panels.flat[len(found) :]:
        ax.remove()
    draw_marks(figure, panels.flat[: len(found)], loc="outside lower right")
    yield "scores", figure


def _ranking(result: StudyResult, rng: np.random.Generator) -> Figures:
    """Mean ranks of the methods by each faithfulness and ground-truth metric, and which of them cannot be told apart."""
    ranks = result.comparison.ranks()[[*result.results]]
    metrics = ["mean", *(metric for metric in ranks.index.drop("mean") if ranks_methods(metric))]
    metrics = [metric for metric in metrics if ranks.loc[metric].notna().any()]
    if len(result.results) < 2 or not metrics:
        return
    n_columns = min(3, len(metrics))
    n_rows = -(-len(metrics) // n_columns)
    size = (5.2 * n_columns, n_rows * (1.1 + 0.13 * len(result.results)))
    figure, panels = plt.subplots(n_rows, n_columns, figsize=size, squeeze=False, layout="constrained")
    for ax, metric in zip(panels.flat, metrics):
        RankingDisplay.from_comparison(result.comparison, metric, ax=ax)
    for ax in panels.flat[len(metrics) :]:
        ax.remove()
    yield "ranking", figure


FIGURES: dict[str, Callable[[StudyResult, np.random.Generator], Figures]] = {
    "loss": _loss,
    "confusion": _confusion,
    "curves": _curves,
    "curves_per_class": _curves_per_class,
    "examples": _examples,
    "misclassified": _misclassified,
    "mixture": _mixture,
    "density": _density,
    "scores": _scores,
    "ranking": _ranking,
}


def _curves_of(result: StudyResult, kind: str) -> dict[str, PerturbationCurve]:
    # Random maps stand beside the methods: a curve like theirs explains nothing.
    shown = dict.fromkeys([*_methods_shown(result), *result.comparison.chance.values()])
    return {method: result.results[method].curves[kind] for method in shown}


def _scores_of(result: StudyResult) -> Iterator[tuple[str, dict[str, np.ndarray], tuple[float, float]]]:
    """Yield each metric with its values by method and its bounds."""
    for metric in next(iter(result.results.values())).scores:
        bounds = getattr(find_metric(metric), "bounds", (-np.inf, np.inf))
        yield metric, {method: found.scores[metric] for method, found in result.results.items()}, bounds


def _interval_params(result: StudyResult) -> dict[str, Any]:
    """Return the recordings behind the clips, and which of the drawn curves others must beat."""
    return {"groups": result.clips.groups, "controls": [*dict.fromkeys(result.comparison.chance.values())]}


def _predicted(result: StudyResult) -> np.ndarray:
    """Return the labels that the first classifier predicts for the explained clips."""
    return next(iter(result.classifiers.values())).predict(result.features)


def _is_right(result: StudyResult) -> np.ndarray:
    return _predicted(result) == result.clips.y


def _methods_shown(result: StudyResult) -> list[str]:
    """Return the methods whose maps are shown: those that look at the model, if any do."""
    methods = [name for name, explainer in result.explainers.items() if explainer.explains_model]
    return methods or list(result.explainers)


def _draw_maps(result: StudyResult, chosen: np.ndarray) -> Any:
    predicted, true = _predicted(result)[chosen], result.clips.y[chosen]
    titles = [f"{label}" if guess == label else f"{label}\ntaken for {guess}" for label, guess in zip(true, predicted)]
    maps = {method: result.results[method].maps[chosen] for method in _methods_shown(result)}
    return _draw_saliency(result, maps, result.features[chosen], chosen, titles)


def _draw_saliency(
    result: StudyResult, maps: dict[str, np.ndarray], features: np.ndarray, clips: Iterable[int], titles: list[str]
) -> Any:
    """Draw maps on features, with the events of the clips that these indices tell."""
    events = None if result.clips.events is None else [result.clips.events[index] for index in clips]
    return SaliencyDisplay.from_maps(maps, features, axes=result.axes, titles=titles, events=events).figure_
