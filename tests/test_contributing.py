"""CONTRIBUTING.md keeps its word: a file and a line make an explainer or a metric known everywhere."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROBE = """
import skxai, sys
assert skxai.__file__.startswith({package!r}), skxai.__file__
from skxai.testing import checks, discovery
from skxai.metrics import get_scorer_names
from skxai import cli, explainers, metrics
from skxai.models import AcoumonClassifier
assert "InputXGradient" in dict(discovery.all_explainers()) and "InputXGradient" in explainers.__all__
assert "sparseness" in dict(discovery.all_metrics()) and "sparseness" in metrics.__all__
assert "sparseness" in get_scorer_names()
checks.check_explainer(explainers.InputXGradient(AcoumonClassifier()))
checks.check_metric(metrics.sparseness)
arguments = ["compare", "--scenes", "24", "--epochs", "1", "--n-test", "4", "--out", sys.argv[1]]
sys.exit(cli.main([*arguments, "--explainers", "InputXGradient", "GradCAM", "--scoring", "sparseness", "insertion_auc"]))
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the package with the two files and the two lines of the guide, and no other edit."""
    copy = tmp_path / "site" / "skxai"
    shutil.copytree(ROOT / "skxai", copy, ignore=shutil.ignore_patterns("__pycache__"))
    guide = (ROOT / "CONTRIBUTING.md").read_text()
    blocks = re.findall(r"`(skxai/\S+\.py)`[^`]*?```python\n(.*?)```", guide, re.DOTALL)
    assert len(blocks) == 4
    for path, code in blocks:
        file = tmp_path / "site" / path
        assert file.exists() == (file.name == "__init__.py")
        with file.open("a") as stream:
            if file.name != "__init__.py":
                stream.write(code)
                continue
        _insert_import(file, code)
    return copy


def _insert_import(file, line):
    """Put the line among the other imports."""
    text = file.read_text()
    last = [match.start() for match in re.finditer(r"^from \.[a-z]", text, re.MULTILINE)][-1]
    file.write_text(text[:last] + line + text[last:])


def test_the_examples_of_the_guide_are_discovered_tested_and_offered(package, tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", PROBE.format(package=str(package)), str(tmp_path / "out")],
        cwd=package.parent,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stderr
    assert re.search(r"sparseness ↑ .*InputXGradient|InputXGradient.*GradCAM", result.stdout, re.DOTALL), result.stdout
