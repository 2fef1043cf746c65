"""The fitted steps of a feature pipeline, and what is asked of each: its axes, and the methods of `FeatureTransformer`."""

from collections.abc import Callable, Iterator
from typing import Any

from ._axes import FeatureAxes

# What a step is asked for by other parts of the package, and what it has to answer.
_ASKED = {
    "linear_power": ("event_truth", "what the step makes of the linear power of one sound"),
    "carry_back": ("sonify", "the map over the step's input, given that over its output"),
}


def feature_axes(estimator: Any) -> FeatureAxes | None:
    """Return the axes of the features that reach the last step of a fitted pipeline.

    Each feature transformer turns the axes of its input into those of its output, see `FeatureTransformer.axes`. Steps without
    that method, such as a classifier at the end, are taken to change no axes; but what a transformer without it makes of
    waveforms has no known axes. A step that is not fitted is a NotFittedError.

    Parameters
    ----------
    estimator : Pipeline, transformer or fitted search
        Fitted; of a search its ``best_estimator_``; pipelines may be nested.

    Returns
    -------
    FeatureAxes or None
        None if no step takes waveforms, or it is not known what becomes of them.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skxai.features import MelSpectrogram, ResizeFeatures
    >>> pipe = make_pipeline(MelSpectrogram(16000), ResizeFeatures((32, 32))).fit(np.zeros((2, 16000)))
    >>> feature_axes(pipe).shape
    (32, 32)
    """
    axes = None
    for step in _steps(estimator):
        axes = _axes_after(step, axes)
    return axes


def feature_steps(estimator: Any) -> list:
    """Return the fitted feature steps of a pipeline or search, without a classifier or an explainer at the end."""
    return [step for step in _steps(estimator) if not hasattr(step, "predict_proba")]


def steps_and_axes(features: Any) -> tuple[list, FeatureAxes | None]:
    """Return the fitted feature steps, and the axes of what they make; of FeatureAxes no steps and those axes."""
    return ([], features) if isinstance(features, FeatureAxes) else (feature_steps(features), feature_axes(features))


def spectral_steps(steps: list) -> list:
    """Return those of the steps that make spectra: their output has rows, and their input has none."""
    axes: FeatureAxes | None = None
    had_rows, found = False, []
    for step in steps:
        axes = _axes_after(step, axes)
        has_rows = axes is not None and axes.kind != "waveform"
        if has_rows and not had_rows:
            found.append(step)
        had_rows = has_rows
    return found


def step_method(step: Any, name: str) -> Callable:
    """Return the method of a step, or raise a TypeError that names the step and the method that has to be written."""
    method = getattr(step, name, None)
    if not callable(method):
        raise missing_method(step, name)
    return method


def missing_method(step: Any, name: str) -> TypeError:
    """Return the error for a step that can't be asked for one of the methods of `FeatureTransformer`."""
    asker, answer = _ASKED[name]
    return TypeError(
        f"{asker} asks each feature step for {answer}; {type(step).__name__} does not tell. Write its method {name}, as "
        f"described in skxai.features.FeatureTransformer.{name}."
    )


def _axes_after(step: Any, axes: FeatureAxes | None) -> FeatureAxes | None:
    if callable(getattr(step, "axes", None)):
        return step.axes(axes)
    if axes is not None and axes.kind == "waveform" and hasattr(step, "transform") and not hasattr(step, "predict"):
        return None  # an explainer, which can predict, gives maps with the axes of its input
    return axes


def _steps(estimator: Any) -> Iterator:
    """Yield the innermost steps of nested pipelines and searches."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    if hasattr(estimator, "steps"):
        for _, step in estimator.steps:
            yield from _steps(step)
    else:
        yield estimator
