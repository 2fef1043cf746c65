"""What holds for all displays: matplotlib comes only with drawing, nothing global changes."""

import io
import subprocess
import sys

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from skxai import display
from skxai.display import (
    PerturbationCurveDisplay,
    RandomisationDisplay,
    RankingDisplay,
    SaliencyDisplay,
    ScoreDistributionDisplay,
)
from skxai.metrics import PerturbationCurve, RandomisationCurve

CURVE = PerturbationCurve("deletion", np.array([0.0, 0.5, 1.0]), np.array([[1.0, 0.4, 0.0]]), np.zeros((1, 3)), np.zeros(1))
RANDOMISED = RandomisationCurve("cascading", ("dense", "conv"), np.array([[0.4, 0.1]]), np.zeros(1))
MAPS = np.random.default_rng(0).random((1, 1, 6, 5))
DRAW = {
    "SaliencyDisplay": lambda ax=None: SaliencyDisplay.from_maps(MAPS, MAPS, ax=ax),
    "PerturbationCurveDisplay": lambda ax=None: PerturbationCurveDisplay.from_curve(CURVE, ax=ax),
    "RandomisationDisplay": lambda ax=None: RandomisationDisplay.from_curve(RANDOMISED, ax=ax),
    "RankingDisplay": lambda ax=None: RankingDisplay.from_ranks({"a": 1.2, "b": 1.8}, 0.5, ax=ax),
    "ScoreDistributionDisplay": lambda ax=None: ScoreDistributionDisplay.from_scores([0.1, 0.2, 0.5], ax=ax),
}


def test_every_display_is_tested():
    assert sorted(DRAW) == sorted(display.__all__)


def test_import_leaves_matplotlib_out():
    code = "import sys, skxai.display; sys.exit(any(name.startswith('matplotlib') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("draw", DRAW.values(), ids=DRAW)
class TestEveryDisplay:
    def test_given_axes_are_used(self, draw):
        figure, ax = plt.subplots()
        shown = draw(ax=ax)
        assert shown.ax_ is ax
        assert shown.figure_ is figure
        assert plt.get_fignums() == [figure.number]

    def test_several_axes_for_one_panel_are_refused(self, draw):
        with pytest.raises(ValueError, match=r"ax of \w+Display must be one Axes.*; got 2\."):
            draw(ax=plt.subplots(1, 2)[1])

    def test_plot_draws_anew_and_returns_the_display(self, draw):
        shown = draw()
        first = shown.figure_
        assert shown.plot() is shown
        assert shown.figure_ is not first
        assert shown.figure_.get_constrained_layout()

    def test_nothing_is_shown_or_set(self, draw, monkeypatch):
        monkeypatch.setattr(plt, "show", lambda *args, **kwargs: pytest.fail("plt.show was called"))
        before = dict(matplotlib.rcParams)
        draw()
        assert dict(matplotlib.rcParams) == before

    @pytest.mark.parametrize("suffix", ["svg", "pdf"])
    def test_saves_as_vectors(self, draw, suffix):
        file = io.BytesIO()
        draw().figure_.savefig(file, format=suffix)
        assert len(file.getvalue()) > 1000
