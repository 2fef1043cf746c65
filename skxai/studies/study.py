"""What a study is: which clips, features, classifiers, explainers and metrics."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ..metrics import get_scorer
from ..testing.discovery import all_explainers


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
    extraction: Callable
    classifiers: dict
    explainers: tuple
    scoring: tuple | None = None
    metric_params: dict = field(default_factory=dict)
    slice_duration: float | None = None
    scenes_sample_rate: int = 16000
    n_test: int = 200
    equal_parts: bool = True
    figures: tuple = ()

    def configured(self, *, explainers=None, scoring=None, epochs=None, n_test=None, seed=0, verbose=0):
        """Return the study with what the user turned up or down; None leaves a setting as it is."""
        changes = {"explainers": explainers, "scoring": scoring, "n_test": n_test}
        if scoring is not None:
            taken = {name for scorer in scoring for name in inspect.signature(get_scorer(scorer).metric).parameters}
            changes["metric_params"] = {name: value for name, value in self.metric_params.items() if name in taken}
        settings = {"max_epochs": epochs, "random_state": seed, "verbose": verbose}
        settings = {name: value for name, value in settings.items() if value is not None}
        classifiers = {name: classifier.set_params(**settings) for name, classifier in self.classifiers.items()}
        return replace(self, classifiers=classifiers, **{name: value for name, value in changes.items() if value is not None})


def make_explainers(names, classifier, seed):
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
