"""What is declared with ``@metric`` is found by its name, and what is not of skxai stays out of its lists."""

import inspect
import re

import numpy as np
import pytest
from torch import nn

import skxai.metrics.base as base
from skxai.explainers import VanillaSaliency
from skxai.metrics import all_metrics, available_scorers, evaluate, find_metric, get_scorer, get_scorer_names, metric
from skxai.models import PretrainedClassifier


@pytest.fixture(autouse=True)
def _table_stays(monkeypatch):
    monkeypatch.setattr(base, "_declared", dict(base._declared))


@pytest.fixture
def X():
    return np.random.default_rng(0).random((4, 6), dtype=np.float32)


@pytest.fixture
def explainer(X):
    return VanillaSaliency(PretrainedClassifier(nn.Linear(6, 2))).fit(X)


def declare(value=0.5, module="theirs", name="nearness", **declared):
    def function(estimator, X, maps, y=None):
        return np.full(len(maps), value)

    function.__name__, function.__module__ = name, module
    return metric(**{"greater_is_better": False, "bounds": (0, 1), "family": "complexity", **declared})(function)


def test_every_metric_is_found_by_its_name_with_what_was_declared():
    assert all(find_metric(name) is function and function.__name__ == name for name, function in all_metrics())
    assert find_metric("ms_per_map") is None
    deletion, sharpness = find_metric("deletion_auc"), find_metric("mean_top_weights")
    assert (deletion.greater_is_better, deletion.bounds, deletion.scorer_name) == (False, (0, 1), "neg_deletion_auc")
    assert (deletion.family, deletion.ranks_methods) == ("faithfulness", True)
    assert (sharpness.family, sharpness.ranks_methods) == ("complexity", False)


@pytest.mark.parametrize(("name", "function"), all_metrics())
def test_bounds_are_those_that_the_docstring_tells(name, function):
    told = inspect.getdoc(function).split("\nReturns\n-------\nndarray of shape (n,)\n")[1].lstrip()
    found = re.match(r"In \[(\S+), (\S+)\]", told.replace("−", "-")) or re.match("(0)(?: or|,) (1)", told)
    assert function.bounds == tuple(map(float, found.groups()))


def test_a_metric_has_the_needs_that_are_declared_and_no_other():
    needs = ("requires_y", "requires_explainer", "requires_module", "requires_truth", "partial")
    for need in needs:
        own = declare(**{need: True})
        assert [getattr(own, each) for each in needs] == [each == need for each in needs]


def test_families_rank_methods_where_truth_must_win():
    ranking = {function.family for _, function in all_metrics() if function.ranks_methods}
    others = {function.family for _, function in all_metrics() if not function.ranks_methods}
    assert (ranking, others) == ({"faithfulness", "ground truth"}, {"randomisation", "axiomatic", "complexity"})


def test_own_metric_is_a_scorer_by_its_name_and_no_entry_of_the_lists(explainer, X):
    declare()
    assert get_scorer("neg_nearness")(explainer, X) == -0.5
    assert list(evaluate(explainer, X, scoring=["neg_nearness"])) == ["nearness"]
    assert "nearness" not in dict(all_metrics())
    assert "neg_nearness" not in get_scorer_names() + available_scorers(y=[0], truth=[0])


def test_declared_again_it_takes_the_place_of_the_former(explainer, X):
    declare(0.5)
    declare(0.25, greater_is_better=True)
    assert get_scorer("nearness")(explainer, X) == 0.25
    with pytest.raises(ValueError, match="'neg_nearness' is unknown"):
        get_scorer("neg_nearness")


def test_name_of_another_metric_is_refused():
    for name in ("deletion_auc", "neg_deletion_auc"):
        with pytest.raises(ValueError, match=f"{name} of theirs must .*; deletion_auc of skxai.metrics.perturbation_auc"):
            declare(name=name, greater_is_better=True)
    assert find_metric("deletion_auc").__module__ == "skxai.metrics.perturbation_auc"
    with pytest.raises(ValueError, match=r"family of a metric must be one of faithfulness, .*; got 'sanity'"):
        declare(family="sanity")
