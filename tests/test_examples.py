"""The examples: each is one short idea, says which, and runs; here on less data and with smaller networks."""

import ast
import re
import runpy
import sys
from collections import OrderedDict
from copy import copy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from torch import nn

from skxai import datasets, studies
from skxai.explainers import SmoothGrad
from skxai.models import acoumon, base, resnet
from skxai.studies import clips

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("plot_*.py"))
ON_ANY_CLIPS = [path for path in EXAMPLES if "load_clips" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_is_short_and_says_its_idea(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 70
    title, underline, empty, idea = ast.get_docstring(ast.parse(text)).split("\n", 3)
    assert (underline, empty) == ("=" * len(title), "")
    assert idea.strip(), "the idea is missing."


class Tiny(nn.Sequential):
    """In the place of all networks: one convolution, and the names of a ResNet's stages."""

    def __init__(self, input_shape, n_classes, depth=None):
        stages = {
            "layer1": nn.Conv2d(1, 4, 3, 2, 1),
            "layer2": nn.ELU(),
            "layer3": nn.AvgPool2d(2),
            "layer4": nn.ELU(),
        }
        head = nn.Linear(4, n_classes)
        nn.init.orthogonal_(head.weight, gain=10)  # barely trained, it should still be sure: methods differ then
        super().__init__(OrderedDict(**stages, pool=nn.AdaptiveAvgPool2d(1), flat=nn.Flatten(), head=head))


@pytest.fixture
def small(monkeypatch):
    """Make all that examples load and train small: few and short scenes, a tiny network, few epochs."""
    make, load, train = datasets.make_audio_events, studies.load_clips, base.NetworkClassifier._train
    settings = {"max_epochs": 4, "lr": 0.01}
    for module in (datasets, clips):
        monkeypatch.setattr(module, "make_audio_events", lambda *given, **named: make(*given, **named | {"duration": 0.2}))
    monkeypatch.setattr(studies, "load_clips", lambda data, **named: load(data, **named | {"n_scenes": 56}))
    monkeypatch.setattr(base.NetworkClassifier, "_train", lambda self, *data: train(copy(self).set_params(**settings), *data))
    monkeypatch.setitem(SmoothGrad.__init__.__kwdefaults__, "n_samples", 2)
    monkeypatch.setattr(acoumon, "AcoumonNet", Tiny)
    monkeypatch.setattr(resnet, "ResNet", Tiny)
    monkeypatch.setattr(plt, "show", lambda: None)
    plt.switch_backend("Agg")
    with plt.rc_context():
        yield
    plt.close("all")


@pytest.mark.parametrize("path", ON_ANY_CLIPS, ids=lambda path: path.stem)
def test_example_on_any_clips_says_in_one_sentence_what_came_out(path, small, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path)])
    runpy.run_path(str(path))
    said = capsys.readouterr().out.strip()
    assert re.fullmatch(r"(On|Over) \d+ clips\b.*\.", said)
    assert not re.search(r"\bnan\b", said), said
    assert plt.gcf().axes
    assert not list(tmp_path.iterdir()), "an example leaves files behind."
