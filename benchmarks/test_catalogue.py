"""Every explainer and every metric there is, on the small network."""

import numpy as np
import pytest

from skxai.datasets import EventTruth
from skxai.explainers import GradCAM
from skxai.utils.discovery import all_explainers, all_metrics

from .apart import FORWARD, forward
from .quick import few
from .race import OURS, Contender, race
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
            "ms a clip": 1e3 * times[OURS]["median"],
            "forwards": times[OURS]["median"] / times[FORWARD]["median"],
            "rounds": times[OURS]["rounds"],
        },
    )


@pytest.mark.parametrize(
    ("name", "explainer_class"), all_explainers(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_explainer(benchmark, device, name, explainer_class):
    network = subject("acoumon", device)
    X = network.clips(few(CLIPS))
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
