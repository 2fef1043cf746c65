"""What ``convention`` promises, wherever it is a parameter."""

import inspect

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skxai.explainers import GradCAM
from skxai.metrics import (
    average_drop,
    average_increase,
    deletion_auc,
    deletion_curve,
    insertion_auc,
    insertion_curve,
    monotonicity_correlation,
)
from skxai.testing.checks._subjects import SHAPES, clips, fit_on, small_net
from skxai.testing.discovery import all_explainers, all_metrics

from .side_by_side import SHAPE, apart

EXPLAINERS = [explainer for _, explainer in all_explainers() if "convention" in explainer(None).get_params()]
METRICS = [metric for _, metric in all_metrics() if "convention" in inspect.signature(metric).parameters]
METRICS += [deletion_curve, insertion_curve]
PEERS = {"captum", "pytorch-grad-cam", "quantus", "tf-keras-vis", "torch-cam"}


def name_of(value):
    return value if isinstance(value, str) else value.__name__


def conventions(explainer):
    return [name for name in sorted(PEERS) if explainer._parameter_constraints["convention"][0].is_satisfied_by(name)]


NAMED = [(explainer, name) for explainer in EXPLAINERS for name in conventions(explainer)]
# captum's absolute gradient is the definition.
CHANGED = [(explainer, name) for explainer, name in NAMED if (explainer.__name__, name) != ("VanillaSaliency", "captum")]


@pytest.mark.parametrize(("explainer", "name"), NAMED, ids=name_of)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_maps_keep_the_shape_and_do_not_depend_on_the_clips_beside(explainer, name, shape):
    X = clips(shape)
    fitted = fit_on(explainer(None, convention=name), small_net(shape), X)
    maps = fitted.transform(X)
    assert maps.shape == X.shape
    assert np.isfinite(maps).all()
    np.testing.assert_allclose(fitted.transform(X[4:]), maps[4:], rtol=1e-3, atol=1e-3 * np.abs(maps).max())


@pytest.mark.parametrize(("explainer", "name"), CHANGED, ids=name_of)
def test_maps_are_others(subject, explainer, name):
    params = {"random_state": 0} if "random_state" in explainer(None).get_params() else {}
    assert apart(subject.maps(explainer, **params), subject.maps(explainer, convention=name, **params)) > 1e-3


@pytest.mark.parametrize(
    ("metric", "name"),
    [(average_drop, "pytorch-grad-cam"), (average_drop, "torch-cam"), (average_increase, "torch-cam"),
     (deletion_auc, "torch-cam"), (deletion_auc, "quantus"), (insertion_auc, "torch-cam"),
     (monotonicity_correlation, "quantus")],
    ids=name_of,
)  # fmt: skip
def test_values_do_not_depend_on_the_clips_beside_or_the_batch_size(subject, metric, name):
    maps = subject.maps(GradCAM, convention="torch-cam")
    values = metric(subject.classifier, subject.X, maps, convention=name)
    low, high = metric.bounds
    assert ((low <= values) & (values <= high)).all()
    np.testing.assert_allclose(
        metric(subject.classifier, subject.X[4:], maps[4:], convention=name, batch_size=5), values[4:], atol=1e-4
    )


@pytest.mark.parametrize("explainer", EXPLAINERS, ids=name_of)
def test_unknown_convention_of_an_explainer_is_refused_with_the_known(explainer):
    X = clips(SHAPES[-1])
    for known in conventions(explainer):
        with pytest.raises(ValueError, match=f"'convention' parameter of {explainer.__name__}.*'{known}'.*Got 'sonar'"):
            fit_on(explainer(None, convention="sonar"), small_net(SHAPES[-1]), X)


@pytest.mark.parametrize("metric", METRICS, ids=name_of)
def test_unknown_convention_of_a_metric_is_refused_with_the_known(subject, metric):
    explainer = GradCAM(subject.classifier).fit(subject.X)
    with pytest.raises(ValueError, match=r"convention .*must be None or .*(quantus|torch-cam).* got 'sonar'"):
        metric(explainer, subject.X, subject.X, convention="sonar")


def test_convention_can_be_searched(subject):
    search = GridSearchCV(GradCAM(subject.classifier), {"convention": [None, "captum"]}, cv=2).fit(subject.X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.transform(subject.X[:1]).shape == (1, *SHAPE)
