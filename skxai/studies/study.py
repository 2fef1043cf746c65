"""What a study is: which clips, features, classifiers, explainers and metrics."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

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
    explainers, scoring : tuple of str
        Their names; without scorers all are taken that can be computed.
    metric_params : dict
        Parameters for the metrics.
    slice_duration, scenes_sample_rate
        See ``load_clips``.
    n_test, equal_parts
        How many test clips are explained, see ``split_clips``.
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
        settings = {"random_state": seed, "verbose": verbose, **({} if epochs is None else {"max_epochs": epochs})}
        classifiers = {name: classifier.set_params(**settings) for name, classifier in self.classifiers.items()}
        return replace(self, classifiers=classifiers, **{name: value for name, value in changes.items() if value is not None})


def make_explainers(names: tuple[str, ...], classifier: Any, seed: int) -> dict[str, Explainer]:
    """Return explainers over a fitted classifier, by name."""
    known = dict(all_explainers())
    explainers = {}
    for name in names:
        if name not in known:
            raise ValueError(f"explainer {name!r} is unknown; there are {', '.join(known)}.")
        explainers[name] = known[name](classifier)
        if "random_state" in explainers[name].get_params(deep=False):
            explainers[name].set_params(random_state=int(seed))
    return explainers
