"""There is an oracle of everything, and it owes the package nothing."""

import ast
from pathlib import Path

import pytest

from skxai.testing.discovery import all_explainers, all_metrics

from .comparisons import EXPLAINERS, METRICS


def test_every_explainer_has_an_oracle():
    assert {name for name, _ in all_explainers()} == set(EXPLAINERS)


def test_every_metric_has_an_oracle():
    assert {name for name, _ in all_metrics()} == set(METRICS)


@pytest.mark.parametrize("name", ["explainers.py", "metrics.py"])
def test_oracles_import_nothing_of_the_package(name):
    tree = ast.parse((Path(__file__).parent / name).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not any(node.level for node in froms)  # a neighbour of these files may import skxai
    top = {module.split(".")[0] for module in imported | {node.module for node in froms}}
    assert top <= {"math", "numpy", "scipy", "torch"}


@pytest.mark.parametrize("difference", [2e-4, float("nan"), float("inf")])
def test_agreement_refuses_what_is_too_far_apart(difference, agreement):
    with pytest.raises(AssertionError, match="differs from oracle by"):
        agreement("GradCAM", "oracle", difference, 1e-4)
