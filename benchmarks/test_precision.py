"""bfloat16 against float32, in turns: how much faster, and how far the maps and the areas under the curves move."""

from statistics import median

import numpy as np
import pytest
from scipy.stats import spearmanr

import skxai
from skxai.explainers import FasterScoreCAM, GradCAM, ScoreCAM
from skxai.metrics import deletion_auc, insertion_auc, monotonicity_correlation

from .machine import has_bfloat16
from .quick import few
from .race import OURS, Contender, race, ratio
from .subjects import TITLES, trained
from .tables import PRECISION, record

GOALS = {"times faster": ("≥", 1.4), "AUC moves by": ("≤", 0.01), "Spearman of maps": ("≥", 0.99)}
MAPS = {"Score-CAM": ScoreCAM, "Faster Score-CAM": FasterScoreCAM}


def aucs(explainer, X, maps):
    return np.stack([deletion_auc(explainer, X, maps), insertion_auc(explainer, X, maps)])


@pytest.mark.parametrize(
    ("work", "network", "clips"),
    [
        ("Score-CAM", "acoumon", 32),
        ("Score-CAM", "resnet18", 2),
        ("Faster Score-CAM", "acoumon", 64),
        ("deletion + insertion", "acoumon", 32),
        ("deletion + insertion", "resnet18", 8),
        ("monotonicity correlation", "acoumon", 16),
        ("monotonicity correlation", "resnet18", 4),
    ],
)
def test_bfloat16(benchmark, device, work, network, clips):
    if device == "cpu" and not has_bfloat16():
        pytest.skip("this processor has no instructions for bfloat16")
    subject, X = trained(network, device)
    X = X[: few(clips)]
    explainer = subject.fitted(MAPS.get(work, GradCAM))
    maps = explainer.transform(X)
    calls = {
        "deletion + insertion": lambda: aucs(explainer, X, maps),
        "monotonicity correlation": lambda: monotonicity_correlation(explainer, X, maps),
    }
    call = calls.get(work, lambda: explainer.transform(X))

    def in_bfloat16(function):
        with skxai.config_context(precision="bfloat16"):
            return function()

    benchmark.group = f"{work} in bfloat16, {TITLES[network]}, {device}"
    times = race(
        benchmark,
        Contender(lambda: in_bfloat16(call), len(X)),
        {"float32": Contender(call, len(X))},
        device=device,
        seconds=8,
    )
    rough = in_bfloat16(lambda: explainer.transform(X))
    moved = np.abs(in_bfloat16(lambda: aucs(explainer, X, rough)) - aucs(explainer, X, maps)).mean(axis=1).max()
    likeness = np.array([spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(maps, rough)])
    record(
        benchmark,
        PRECISION,
        {
            "work": work,
            "network": TITLES[network],
            "device": device,
            "float32, ms a clip": 1e3 * median(times["float32"]),
            "bfloat16, ms a clip": 1e3 * median(times[OURS]),
            "times faster": ratio(times, "float32", OURS)[0],
            "AUC moves by": float(moved),
            "Spearman of maps": float(np.nanmean(likeness)),
            "lowest": float(np.nanmin(likeness)),
            "rounds": len(times[OURS]),
        },
        goals=GOALS,
        note="AUC moves by: mean over the clips of its absolute change, maps and curves in bfloat16, the greater of both AUCs.",
    )
