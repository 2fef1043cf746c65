"""What a study is: which clips, features, classifiers, explainers and metrics."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from ..explainers import Explainer
from ..metrics import get_scorer
from ..testing.discovery import all_explainers
from .clips import Clips


@dataclass(frozen=True)
class Study:
    """A study: which clips, features, classifiers, explainers and metrics.

    Attributes
    ----------
    name, summary : str
        What it is called, and what it does in a line.
    extraction : callable
        ``extraction(clips)`` → Pipeline from waveforms or paths to features.
    classifiers : dict from str to classifier
        By their name in the rows of the table; one classifier needs none.
    explainers : tuple of str
        Names of explainers.
    scoring : tuple of str or None
        Scorer names; None is all that can be computed.
    metric_params : dict
        Parameters for the metrics.
    slice_duration : float or None
        Seconds of the slices that recordings are cut into.
    scenes_sample_rate : int
        Of the scenes that stand in where there are no recordings, in hertz.
    n_test : int
        How many test clips are explained.
    equal_parts : bool
        Whether they are the same number of each class.
    figures : tuple of str
        Which figures are drawn.
    """

    name: str
    summary: str
    extraction: Callable[[Clips], Pipeline]
    classifiers: dict[str, Any]
    explainers: tuple[str, ...]
    scoring: tuple[str, ...] | None = None
    metric_params: dict[str, Any] = field(default_factory=dict)
    slice_duration: float | None = None
    scenes_sample_rate: int = 16000
    n_test: int = 200
    equal_parts: bool = True
    figures: tuple[str, ...] = ()

    def configured(
        self,
        *,
        explainers: tuple[str, ...] | None = None,
        scoring: tuple[str, ...] | None = None,
        epochs: int | None = None,
        n_test: int | None = None,
        seed: int = 0,
        verbose: int = 0,
    ) -> "Study":
        """Return the study with the settings that the user chose; None leaves a setting as it is."""
        changes: dict[str, Any] = {"explainers": explainers, "scoring": scoring, "n_test": n_test}
        if scoring is not None:
            known = {name for scorer in scoring for name in inspect.signature(get_scorer(scorer).metric).parameters}
            changes["metric_params"] = {name: value for name, value in self.metric_params.items() if name in known}
        settings = {"max_epochs": epochs, "random_state": seed, "verbose": verbose}
        settings = {name: value for name, value in settings.items() if value is not None}
        classifiers = {name: classifier.set_params(**settings) for name, classifier in self.classifiers.items()}
        return replace(self, classifiers=classifiers, **{name: value for name, value in changes.items() if value is not None})


def make_explainers(names: tuple[str, ...], classifier: Any, seed: int) -> dict[str, Explainer]:
    """Return explainers over a fitted classifier, by name.

    Raises
    ------
    ValueError
        For an unknown name; it lists the known ones.
    """
    known = dict(all_explainers())
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"explainer {unknown[0]!r} is unknown; there are {', '.join(known)}.")
    explainers = {name: known[name](classifier) for name in names}
    for explainer in explainers.values():
        if "random_state" in explainer.get_params(deep=False):
            explainer.set_params(random_state=np.int64(seed).item())
    return explainers
