"""The figures of a study, drawn with the package's displays; times in seconds, rows in hertz or cepstral index."""

from pathlib import Path

import numpy as np
from sklearn.metrics import ConfusionMatrixDisplay

from ..display import PerturbationCurveDisplay, SaliencyDisplay, ScoreDistributionDisplay
from ..utils.discovery import all_metrics

CLIPS_PER_CLASS = 3
MOST_MISCLASSIFIED = 6


def draw_figures(result, folder, file_format="png", *, seed=0):
    """Draw the figures that the study asks for.

    Parameters
    ----------
    result : StudyResult
    folder : path
        It is made.
    file_format : {"png", "svg", "pdf"}, default="png"
    seed : int, default=0
        Of the choice of examples.

    Returns
    -------
    list of Path
    """
    import matplotlib.pyplot as plt

    folder = Path(folder)
    folder.mkdir(parents=True)
    paths = []
    for kind in result.study.figures:
        for name, figure in FIGURES[kind](result, np.random.default_rng(seed)):
            path = folder / f"{name}.{file_format}"
            while path in paths:  # two labels that differ only in what a file name cannot hold
                path = path.with_stem(f"{path.stem}_")
            paths.append(path)
            figure.savefig(paths[-1], dpi=150)
            plt.close(figure)
    return paths


def _loss(result, rng):
    """Loss of the training and validation clips over the epochs."""
    import matplotlib.pyplot as plt

    n = len(result.classifiers)
    figure, panels = plt.subplots(1, n, figsize=(5.5 * n, 3.8), squeeze=False, layout="constrained")
    for ax, (name, classifier) in zip(panels[0], result.classifiers.items()):
        history = classifier.history_
        epochs = np.arange(1, len(history) + 1)
        ax.plot(epochs, history[:, "train_loss"], "o-", markersize=4, label="training")
        if "valid_loss" in history[-1]:
            ax.plot(epochs, history[:, "valid_loss"], "s--", markersize=4, label="validation")
        ax.set(xlabel="Epoch", ylabel="Cross-entropy", title=name or type(classifier).__name__)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_ylim(bottom=0)
        ax.legend()
    yield "loss", figure


def _confusion(result, rng):
    """Confusion matrix on all test clips."""
    import matplotlib.pyplot as plt

    n, k = len(result.classifiers), len(np.unique(result.clips.y))
    side = 2.5 + 0.45 * k
    figure, panels = plt.subplots(1, n, figsize=(side * n, side), squeeze=False, layout="constrained")
    for ax, (name, (true, predicted)) in zip(panels[0], result.confusion.items()):
        ConfusionMatrixDisplay.from_predictions(
            true, predicted, ax=ax, cmap="Blues", colorbar=False, xticks_rotation="vertical"
        )
        ax.set(title=f"{name or 'Test clips'}: accuracy {result.accuracy[name]:.1%}", xlabel="Predicted", ylabel="True")
    yield "confusion_matrix", figure


def _curves(result, rng):
    """Insertion and deletion curves of all methods, by accuracy and by probability."""
    for kind in ("insertion", "deletion"):
        for by in ("accuracy", "probability"):
            display = PerturbationCurveDisplay.from_curve(_curves_of(result, kind), by=by)
            display.ax_.set_title(f"{kind.capitalize()} by {by}")
            yield f"{kind}_by_{by}", display.figure_


def _curves_per_class(result, rng):
    """Insertion and deletion curves of all methods, a panel for each class."""
    for kind in ("insertion", "deletion"):
        display = PerturbationCurveDisplay.from_curve(_curves_of(result, kind), per_class=True)
        yield f"{kind}_per_class", display.figure_


def _examples(result, rng):
    """Clips of each class that are classified rightly, by all methods."""
    for label in np.unique(result.clips.y):
        right = np.flatnonzero((result.clips.y == label) & _is_right(result))
        chosen = right if len(right) <= CLIPS_PER_CLASS else np.sort(rng.choice(right, CLIPS_PER_CLASS, replace=False))
        if len(chosen):
            yield f"examples_{_file_name(label)}", _grid(result, chosen)


def _misclassified(result, rng):
    """Clips that are classified wrongly, by all methods: the maps explain the wrong class."""
    wrong = np.flatnonzero(~_is_right(result))
    chosen = wrong if len(wrong) <= MOST_MISCLASSIFIED else np.sort(rng.choice(wrong, MOST_MISCLASSIFIED, replace=False))
    if len(chosen):
        yield "misclassified", _grid(result, chosen)


def _mixture(result, rng):
    """Two clips of different classes, and their sum explained for either class, by all methods."""
    if result.clips.X.dtype.kind != "f":
        return  # paths: there are no waveforms to add
    probability = result.classifiers[""].predict_proba(result.features).max(axis=1)
    surest = [index for index in np.argsort(-probability) if _is_right(result)[index]]
    if not surest:
        return
    first = surest[0]
    others = [index for index in surest if result.clips.y[index] != result.clips.y[first]]
    if not others:
        return
    parts = np.array([first, others[0]])
    waveforms = result.clips.X[parts]
    # Equally loud, so that neither part hides the other, and never clipped.
    waveforms = waveforms / np.sqrt((waveforms.astype(np.float64) ** 2).mean(axis=1, keepdims=True))
    mixture = waveforms.sum(axis=0)
    stacked = np.concatenate([waveforms, mixture[None], mixture[None]])
    stacked = (stacked / np.abs(stacked).max()).astype(np.float32)
    features = result.extraction.transform(stacked)
    labels = result.clips.y[parts]
    target = np.concatenate([labels, labels])
    maps = {name: result.explainers[name].explain(features, target) for name in _pictured(result)}
    titles = [*(f"{label} alone" for label in labels), *(f"both, explained\nas {label}" for label in labels)]
    display = SaliencyDisplay.from_maps(maps, features, axes=result.axes, titles=titles)
    yield "mixture", display.figure_


def _density(result, rng):
    """Density of each metric's values over the test clips, a row of the table each."""
    directions = dict(all_metrics())
    for metric in next(iter(result.explained.values())).scores:
        scores = {method: explained.scores[metric] for method, explained in result.explained.items()}
        name = metric.replace("_", " ")
        display = ScoreDistributionDisplay.from_scores(scores, score_name=name, bounds=directions[metric].bounds)
        yield f"{metric}_density", display.figure_


FIGURES = {
    "loss": _loss,
    "confusion": _confusion,
    "curves": _curves,
    "curves_per_class": _curves_per_class,
    "examples": _examples,
    "misclassified": _misclassified,
    "mixture": _mixture,
    "density": _density,
}


def _curves_of(result, kind):
    # Random maps stand beside the methods: a curve like theirs explains nothing.
    shown = dict.fromkeys([*_pictured(result), *result.table.chance.values()])
    return {method: result.explained[method].curves[kind] for method in shown}


def _predicted(result):
    """Return the labels that the first classifier predicts for the explained clips."""
    return next(iter(result.classifiers.values())).predict(result.features)


def _is_right(result):
    return _predicted(result) == result.clips.y


def _pictured(result):
    """Return the methods whose maps are shown: those that look at the model, if any do."""
    methods = [name for name, explainer in result.explainers.items() if explainer.explains_model]
    return methods or list(result.explainers)


def _grid(result, chosen):
    predicted, true = _predicted(result)[chosen], result.clips.y[chosen]
    titles = [f"{label}" if guess == label else f"{label}\ntaken for {guess}" for label, guess in zip(true, predicted)]
    events = None if result.clips.events is None else [result.clips.events[index] for index in chosen]
    maps = {method: result.explained[method].maps[chosen] for method in _pictured(result)}
    display = SaliencyDisplay.from_maps(maps, result.features[chosen], axes=result.axes, titles=titles, events=events)
    return display.figure_


def _file_name(label):
    """Return a label as part of a file name."""
    return "".join(character if character.isalnum() else "_" for character in str(label)) or "class"
