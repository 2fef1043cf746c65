"""Every explainer and every metric there is, on the small network."""

from statistics import median

import numpy as np
import pytest

from skxai.datasets import EventTruth
from skxai.explainers import GradCAM
from skxai.testing.discovery import all_explainers, all_metrics

from .apart import FORWARD, forward
from .quick import few
from .race import OURS, Contender, race, ratio
from .subjects import N_CLASSES, TITLES, subject
from .tables import CATALOGUE, record

CLIPS = 32


def _record(benchmark, kind, name, device, call, n_clips):
    benchmark.group = f"{kind} {name}, {device}"
    contenders = {FORWARD: forward("acoumon", device)}
    times = race(benchmark, Contender(call, n_clips), contenders, device=device, seconds=2, min_rounds=2, max_rounds=5)
    record(
        benchmark,
        CATALOGUE,
        {
            "kind": kind,
            "name": name,
            "network": TITLES["acoumon"],
            "device": device,
            "ms a clip": 1e3 * median(times[OURS]),
            "forwards": ratio(times, OURS, FORWARD)[0],
            "rounds": len(times[OURS]),
        },
    )


@pytest.mark.parametrize(
    ("name", "explainer_class"), all_explainers(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_explainer(benchmark, device, name, explainer_class):
    network = subject("acoumon", device)
    X = network.clips(few(CLIPS, least=16))  # one explainer has folds
    y = network.predicted(X).cpu().numpy()
    explainer = explainer_class(network.classifier).fit(X, y)
    _record(benchmark, "explainer", name, device, lambda: explainer.transform(X), len(X))


@pytest.mark.parametrize(("name", "metric"), all_metrics(), ids=lambda value: value if isinstance(value, str) else "")
def test_metric(benchmark, device, name, metric):
    network = subject("acoumon", device)
    X = network.clips(few(CLIPS))
    y = network.predicted(X).cpu().numpy()
    explainer = network.fitted(GradCAM)
    maps = explainer.transform(X)
    params = {"truth": _truth(X)} if metric.requires_truth else {}
    _record(benchmark, "metric", name, device, lambda: metric(explainer, X, maps, y, **params), len(X))


def _truth(X):
    """Return where the classes would sound: anywhere."""
    masks = np.random.default_rng(0).random((len(X), N_CLASSES, *X.shape[1:]), dtype=np.float32)
    return EventTruth(np.arange(N_CLASSES), masks, energy=masks)
