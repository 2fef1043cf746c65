"""CONTRIBUTING.md keeps its word: a file and a line make an explainer, a metric, … known everywhere, with no other edit."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
KINDS = {"explainer": "explainers", "metric": "metrics", "feature": "features", "classifier": "models", "data set": "datasets",
         "study": "studies"}  # fmt: skip
PROBE = """
import sys, warnings
import skxai
assert skxai.__file__.startswith(sys.argv[1]), skxai.__file__
from sklearn.exceptions import SkipTestWarning
from sklearn.utils.estimator_checks import check_estimator
from skxai import cli, datasets, explainers, features, metrics, models
from skxai.studies import load_clips
from skxai.testing import checks, discovery
assert "InputXGradient" in dict(discovery.all_explainers()) and "InputXGradient" in explainers.__all__
assert "peak_share" in dict(discovery.all_metrics()) and "peak_share" in metrics.__all__
assert "ClipScaler" in dict(discovery.all_features()) and "ClipScaler" in features.__all__
assert "LogisticClassifier" in dict(discovery.all_classifiers()) and "LogisticClassifier" in models.__all__
assert "load_tau_scenes" in datasets.__all__
checks.check_explainer(explainers.InputXGradient(models.AcoumonClassifier()))
checks.check_metric(metrics.peak_share)
warnings.simplefilter("ignore", SkipTestWarning)
check_estimator(features.ClipScaler())
check_estimator(models.LogisticClassifier(max_epochs=1, batch_size=300, random_state=0))
assert set(load_clips(sys.argv[2]).groups) == {"lyon-1", "lyon-2", "lyon-3", "lyon-4"}
arguments = ["compare", "--preset", "gradients", "--data", sys.argv[2], "--epochs", "1", "--n-test", "4", "--out", sys.argv[3]]
sys.exit(cli.main([*arguments, "--explainers", "InputXGradient", "GradCAM", "--scoring", "peak_share", "insertion_auc"]))
"""


def section(kind):
    """The part of the guide that tells how to add one of a kind, its file with its code, and the line for the registry."""
    (text,) = re.findall(rf"^## Add an? {kind}\n(.*?)^## ", GUIDE, re.MULTILINE | re.DOTALL)
    (path,) = re.findall(r"`(skxai/\S+/(?!__init__)\w+\.py)`", text)
    assert f"`skxai/{KINDS[kind]}/__init__.py`" in text
    code, line = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    return path, code, line


@pytest.mark.parametrize("kind", KINDS)
def test_each_takes_a_short_file_and_one_line(kind):
    _, code, line = section(kind)
    assert line.count("\n") == 1
    assert sum(bool(each.strip()) for each in code.splitlines()) <= 15


@pytest.fixture
def package(tmp_path):
    """A copy of the package with the files and the lines of the guide, and no other edit."""
    copy = tmp_path / "site" / "skxai"
    shutil.copytree(ROOT / "skxai", copy, ignore=shutil.ignore_patterns("__pycache__"))
    for kind, room in KINDS.items():
        path, code, line = section(kind)
        file = tmp_path / "site" / path
        assert not file.exists()
        file.write_text(code)
        _insert_import(copy / room / "__init__.py", line)
    return copy


def _insert_import(file, line):
    """Put the line among the other imports."""
    text = file.read_text()
    last = [match.start() for match in re.finditer(r"^from (?:\.|skxai\.)\w", text, re.MULTILINE)][-1]
    file.write_text(text[:last] + line + text[last:])


@pytest.fixture
def recordings(tmp_path):
    """A folder in the layout of the guide's data set: four places, two scenes."""
    folder = tmp_path / "tau"
    (folder / "audio").mkdir(parents=True)
    rows = ["filename\tscene_label\tidentifier\tsource_label"]
    random = np.random.default_rng(0)
    for number in range(24):
        scene = ("park", "tram")[number % 2]
        waveform = random.standard_normal(22050) * 0.1 + (number % 2) * np.sin(np.arange(22050) / 5)
        soundfile.write(folder / "audio" / f"{number}.wav", waveform / 2, 22050)
        rows.append(f"audio/{number}.wav\t{scene}\tlyon-{number // 2 % 4 + 1}\ta")
    (folder / "meta.csv").write_text("\n".join(rows))
    return folder


def test_the_examples_of_the_guide_are_discovered_tested_and_offered(package, recordings, tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", PROBE, str(package), str(recordings), str(tmp_path / "out")],
        cwd=package.parent,
        env={**os.environ, "PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert all(name in result.stdout for name in ("peak_share", "InputXGradient", "GradCAM")), result.stdout
