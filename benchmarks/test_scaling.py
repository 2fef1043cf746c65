"""The cost of a clip stays the same from 200 to 6,400 clips."""

from functools import partial
from statistics import median

import pytest

from skxai.explainers import GradCAM
from skxai.metrics import deletion_auc

from .quick import few
from .race import OURS, Contender, race, ratio
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
    beside_most = [ratio(times, n, NUMBERS[-1])[0] for n in NUMBERS]
    fastest = [min(times[n]) for n in NUMBERS]
    record(
        benchmark,
        SCALING,
        {
            "work": work,
            "network": TITLES["acoumon"],
            "device": device,
            **{f"{n:,} clips, ms a clip": 1e3 * median(times[n]) for n in NUMBERS},
            "dearest / cheapest": max(beside_most) / min(beside_most),
            "by the fastest": max(fastest) / min(fastest),
            "rounds": len(times[NUMBERS[-1]]),
        },
        goals={"dearest / cheapest": ("≤", 1.15)},
    )
