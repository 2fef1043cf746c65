"""The cost of a clip stays the same from 200 to 6,400 clips."""

from functools import partial

import pytest

from skxai.explainers import GradCAM
from skxai.metrics import deletion_auc

from .quick import few
from .race import OURS, Contender, race
from .subjects import TITLES, subject
from .tables import SCALING, record

NUMBERS = [200, 800, 3200, 6400]


@pytest.mark.parametrize("work", ["Grad-CAM", "deletion AUC, 5 steps"])
def test_scaling(benchmark, device, work):
    network = subject("acoumon", device)
    X = network.clips(NUMBERS[-1])
    explainer = network.fitted(GradCAM)
    maps = explainer.transform(X)
    calls = {
        "Grad-CAM": explainer.transform,
        "deletion AUC, 5 steps": lambda clips: deletion_auc(explainer, clips, maps[: len(clips)], step=0.2),
    }
    benchmark.group = f"scaling of {work}, {device}"
    contenders = {n: Contender(partial(calls[work], X[: few(n)]), few(n)) for n in NUMBERS}
    most = contenders.pop(NUMBERS[-1])
    times = race(benchmark, most, contenders, device=device, seconds=25, min_rounds=4)
    times[NUMBERS[-1]] = times.pop(OURS)
    costs = {n: 1e3 * times[n]["median"] for n in NUMBERS}
    record(
        benchmark,
        SCALING,
        {
            "work": work,
            "network": TITLES["acoumon"],
            "device": device,
            **{f"{n:,} clips, ms a clip": costs[n] for n in NUMBERS},
            "dearest / cheapest": max(costs.values()) / min(costs.values()),
            "by the fastest": max(t["minimum"] for t in times.values()) / min(t["minimum"] for t in times.values()),
            "rounds": times[NUMBERS[-1]]["rounds"],
        },
        goals={"dearest / cheapest": ("≤", 1.15)},
    )
