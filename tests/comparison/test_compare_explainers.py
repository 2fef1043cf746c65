"""Explainers side by side."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, UndefinedMetricWarning
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline
from torch import nn

from skxai.comparison import compare_explainers, compare_results, explain_and_score
from skxai.datasets import EventTruth
from skxai.explainers import EnergyMap, GradCAM, RandomMap, SmoothGrad, VanillaSaliency
from skxai.features import FeatureScaler
from skxai.metrics import evaluate, get_scorer, relevance_mass_accuracy
from skxai.models import TorchClassifier

SCORING = ["insertion_auc", "neg_deletion_auc"]


class Net(nn.Sequential):
    trainings = 0

    def __init__(self, n_classes):
        super().__init__(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, n_classes)
        )
        type(self).trainings += 1


@pytest.fixture(scope="module")
def data():
    X = np.random.default_rng(0).random((24, 1, 8, 8), dtype=np.float32)
    y = np.tile(["cough", "wheeze"], 12)
    X[y == "cough", :, :4] += 1
    return X, y


@pytest.fixture(scope="module")
def fitted(data):
    trained = FrozenEstimator(TorchClassifier(Net, lr=0.01, random_state=0).fit(*data))
    return {
        "saliency": VanillaSaliency(trained).fit(*data),
        "smooth": SmoothGrad(trained, n_samples=3, random_state=0).fit(*data),
    }


def test_a_row_holds_the_means_of_the_method_s_own_values(fitted, data):
    table = compare_explainers(fitted, *data, scoring=SCORING).table
    assert table.index.tolist() == ["saliency", "smooth"]
    values = evaluate(fitted["smooth"], *data, SCORING)
    assert table.loc["smooth", "insertion_auc"] == pytest.approx(values["insertion_auc"].mean())
    assert table.loc["smooth", "deletion_auc"] == pytest.approx(-get_scorer("neg_deletion_auc")(fitted["smooth"], *data))


def test_metrics_by_accuracy_are_left_out_without_labels(fitted, data):
    with_labels = compare_explainers({"saliency": fitted["saliency"]}, *data).table.columns
    without = compare_explainers({"saliency": fitted["saliency"]}, data[0]).table.columns
    assert set(with_labels) - set(without) == {"deletion_accuracy_auc", "insertion_accuracy_auc"}


def test_a_comparison_knows_the_scores_of_each_clip(fitted, data):
    groups = np.repeat(np.arange(12), 2)
    comparison = compare_explainers(fitted, *data, scoring=SCORING, groups=groups)
    table = comparison.table
    values = evaluate(fitted["smooth"], *data, SCORING)
    np.testing.assert_allclose(comparison.scores["insertion_auc", "smooth"], values["insertion_auc"], rtol=1e-5)
    assert (comparison.intervals().n == 12).all()
    assert comparison.intervals().loc[("insertion_auc", "smooth"), "mean"] == pytest.approx(
        table.loc["smooth", "insertion_auc"]
    )
    results = {name: explain_and_score(explainer, *data, scoring=SCORING) for name, explainer in fitted.items()}
    again = compare_results(results).table
    np.testing.assert_allclose(again[["insertion_auc", "deletion_auc"]], table[["insertion_auc", "deletion_auc"]], rtol=1e-5)
    with pytest.raises(ValueError, match="groups must hold one for each of 24 clips; got 12"):
        compare_explainers(fitted, *data, scoring=SCORING, groups=groups[:12])


def test_the_seed_is_that_of_the_metrics_and_of_the_bootstrap(fitted, data):
    one = {"saliency": fitted["saliency"]}
    comparisons = [
        compare_explainers(one, *data, scoring=["label_flip_rate", "insertion_auc"], baseline="uniform", random_state=seed)
        for seed in (0, 0, 1)
    ]
    lows = [comparison.intervals().low for comparison in comparisons]
    tables = [comparison.table for comparison in comparisons]
    assert lows[0].equals(lows[1])
    assert not lows[0].equals(lows[2])
    assert tables[0].insertion_auc.equals(tables[1].insertion_auc)
    assert not tables[0].insertion_auc.equals(tables[2].insertion_auc)
    # a metric that draws nothing: the seed is that of the bootstrap alone
    first, second = (compare_explainers(one, *data, scoring=["neg_mean_top_weights"], random_state=seed) for seed in (0, 1))
    assert first.table.mean_top_weights.equals(second.table.mean_top_weights)
    assert not first.intervals().low.equals(second.intervals().low)


def test_the_controls_and_whose_chance_is_whose(fitted, data):
    first, second = (FrozenEstimator(fitted["saliency"].estimator.estimator) for _ in range(2))
    methods = {
        "saliency": VanillaSaliency(first),
        "energy": EnergyMap(second),
        "noise": RandomMap(first, random_state=0),
        "other noise": make_pipeline(FeatureScaler(), RandomMap(second, random_state=0)),
    }
    methods = {name: method.fit(*data) for name, method in methods.items()}
    comparison = compare_explainers(methods, *data, scoring=SCORING)
    assert comparison.controls == ("energy", "noise", "other noise")
    assert comparison.chance == {"saliency": "noise", "energy": "other noise"}
    comparison = compare_explainers({**fitted, "noise": methods["noise"]}, *data, scoring=SCORING)
    assert comparison.chance == {"saliency": "noise", "smooth": "noise"}
    assert compare_explainers(fitted, *data, scoring=SCORING).chance == {}


def test_the_truth_follows_the_folds(data):
    X, y = data
    masks = np.zeros((len(X), 2, *X.shape[1:]))
    masks[y == "cough", 0, :, :4] = 1
    masks[y == "wheeze", 1] = np.random.default_rng(0).random(X.shape)[y == "wheeze"] > 0.5  # another for each clip
    truth = EventTruth(["cough", "wheeze"], masks)
    methods = {"noise": RandomMap(TorchClassifier(Net, max_epochs=1, random_state=0), random_state=0, target="wheeze")}
    comparison = compare_explainers(methods, X, y, scoring=["relevance_mass_accuracy"], cv=3, truth=truth)
    # The noise of a clip depends on nothing but the clip and the seed: the folds leave it as it is.
    noise = methods["noise"].fit(X, y)
    expected = relevance_mass_accuracy(noise, X, noise.transform(X), truth=truth)
    np.testing.assert_allclose(
        comparison.scores["relevance_mass_accuracy", "noise"], expected[comparison.scores.index], rtol=1e-5
    )
    assert "relevance_mass_accuracy" not in compare_explainers({"noise": noise}, X, y).table


def test_a_clip_that_is_tested_twice_is_still_one_clip(data):
    methods = {"noise": RandomMap(TorchClassifier(Net, max_epochs=1, random_state=0), random_state=0)}
    twice = RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)
    comparison = compare_explainers(methods, *data, scoring=["neg_mean_top_weights"], cv=twice)
    assert len(comparison.scores) == 48
    assert comparison.intervals().n.tolist() == [24]


def test_parallel_jobs_give_the_same_table(fitted, data):
    alone, parallel = (compare_explainers(fitted, *data, scoring=SCORING, n_jobs=n_jobs).table for n_jobs in (None, 2))
    np.testing.assert_allclose(alone[["insertion_auc", "deletion_auc"]], parallel[["insertion_auc", "deletion_auc"]], rtol=1e-5)


def test_cross_validation_trains_one_network_a_fold(data):
    network = TorchClassifier(Net, max_epochs=2, random_state=0)
    methods = {"saliency": VanillaSaliency(network), "CAM": make_pipeline(FeatureScaler(), GradCAM(network))}
    Net.trainings = 0
    table = compare_explainers(
        {"saliency": methods["saliency"], "again": clone(methods["saliency"])}, *data, scoring=SCORING, cv=3
    ).table
    assert Net.trainings == 3
    np.testing.assert_array_equal(table.loc["saliency", "insertion_auc"], table.loc["again", "insertion_auc"])
    assert methods["saliency"].memory is None  # the user's estimators are not touched
    assert not hasattr(methods["saliency"], "estimator_")


def test_undefined_values_are_left_out_and_counted(data):
    X, y = data
    flat = X.copy()
    flat[0] = 0

    class ZeroForSilence(VanillaSaliency):
        def _explain(self, network, x, target):
            return super()._explain(network, x, target) * (x.flatten(1).amax(1) > 0).view(-1, 1, 1, 1)

    explainer = ZeroForSilence(FrozenEstimator(TorchClassifier(Net, max_epochs=1, random_state=0).fit(X, y))).fit(X, y)
    with pytest.warns(UndefinedMetricWarning, match=r"average_drop of zero is undefined for 1 of 24 clips"):
        comparison = compare_explainers({"zero": explainer}, flat, y, scoring=["neg_average_drop"])
    assert np.isfinite(comparison.table.loc["zero", "average_drop"])


def test_errors_name_the_rule(fitted, data):
    with pytest.raises(TypeError, match="explainers must be a dict"):
        compare_explainers(list(fitted.values()), *data)
    with pytest.raises(ValueError, match="scorer 'accuracy' is unknown; get_scorer_names"):
        compare_explainers(fitted, *data, scoring=["accuracy"])
    with pytest.raises(NotFittedError):
        compare_explainers({"raw": clone(fitted["saliency"])}, *data)
    with pytest.raises(ValueError, match="y must be given with cv"):
        compare_explainers(fitted, data[0], cv=3)


def test_a_method_that_works_in_place_does_not_change_those_beside_it(fitted, data):
    class InPlaceCAM(GradCAM):
        def _weights(self, activations, gradients):
            activations.sub_(1)
            return gradients.mul_(-1).mean(2)

    trained = fitted["saliency"].estimator
    methods = {"in place": InPlaceCAM(trained), "Grad-CAM": GradCAM(trained), "in place again": InPlaceCAM(trained)}
    methods = {name: method.fit(*data) for name, method in methods.items()}
    together = compare_explainers(methods, *data, scoring=SCORING).table
    for name, method in methods.items():
        apart = compare_explainers({name: method}, *data, scoring=SCORING).table
        np.testing.assert_array_equal(together.loc[[name], apart.columns[:2]], apart.iloc[:, :2])
    assert (together.iloc[0, :2] != together.iloc[1, :2]).any()
