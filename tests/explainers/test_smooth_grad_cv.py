"""SmoothGradCV is a grid search over SmoothGrad, to the bit, at the cost of the largest number of samples."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV, ShuffleSplit, StratifiedKFold
from torch import nn

from skxai.engine import FrozenNetwork
from skxai.explainers import SmoothGrad, SmoothGradCV
from skxai.metrics import explanation_scorer, get_scorer
from skxai.models import PretrainedClassifier, TorchClassifier
from skxai.studies import all_studies

SHAPE = (1, 9, 12)
TWO = explanation_scorer("insertion_auc", "neg_deletion_auc", step=0.1)
DROP = get_scorer("neg_average_drop")


class Net(nn.Sequential):
    """A small network that notes each training."""

    trained = 0

    def __init__(self, n_classes=2):
        type(self).trained += 1
        super().__init__(nn.Conv2d(1, 4, 3), nn.Tanh(), nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(36, n_classes))


@pytest.fixture
def X():
    return np.random.default_rng(0).random((14, *SHAPE), dtype=np.float32)


@pytest.fixture
def y():
    return np.resize(["cough", "wheeze", "wheeze"], 14)


@pytest.fixture
def classifier():
    return TorchClassifier(Net, max_epochs=1, random_state=0)


@pytest.fixture
def frozen(classifier, X, y):
    return FrozenEstimator(classifier.fit(X, y))


@pytest.fixture
def passes(monkeypatch):
    """Note how many gradients are computed."""
    counted, compute = [], FrozenNetwork.input_gradient

    def counting(network, inputs, *args):
        counted.append(len(inputs))
        return compute(network, inputs, *args)

    monkeypatch.setattr(FrozenNetwork, "input_gradient", counting)
    return counted


def both(estimator, X, y, *, noise_levels=(0.1, 0.3), n_samples=(5, 10), cv=3, scoring=DROP, refit=True, **params):
    """Return the grid search over SmoothGrad and SmoothGradCV, fitted."""
    params = {"random_state": 0, **params}
    grid = {"noise_level": noise_levels, "n_samples": n_samples}
    search = GridSearchCV(SmoothGrad(estimator, **params), grid, cv=cv, scoring=scoring, refit=refit)
    tuned = SmoothGradCV(
        estimator, noise_levels=noise_levels, n_samples=n_samples, cv=cv, scoring=scoring, refit=refit, **params
    )
    return search.fit(X, y), tuned.fit(X, y)


def assert_equal(tuned, search, X):
    assert list(tuned.cv_results_) == list(search.cv_results_)
    for name, values in search.cv_results_.items():
        if not name.endswith("_time"):
            np.testing.assert_array_equal(tuned.cv_results_[name], values, err_msg=name)
    for name in ("best_params_", "best_index_", "best_score_", "n_splits_"):
        assert getattr(tuned, name, None) == getattr(search, name, None)
    assert {**tuned.best_estimator_.get_params(), "estimator": 0}.keys() == search.best_estimator_.get_params().keys()
    np.testing.assert_array_equal(tuned.best_estimator_.transform(X), search.best_estimator_.transform(X))
    np.testing.assert_array_equal(tuned.transform(X), search.transform(X))


class TestEqualsGridSearch:
    @pytest.mark.parametrize(
        "params",
        [
            {"scoring": None},
            {"scoring": TWO, "refit": "neg_deletion_auc"},
            {"scoring": {"drop": DROP, "accuracy": "accuracy"}, "refit": "drop"},
            {"scoring": ["accuracy", "balanced_accuracy"], "refit": lambda results: 2},
            {"n_samples": (7, 3), "noise_levels": [0.2, 0, 0.2]},
            {"n_samples": np.array([23, 20, 4, 10])},
            {"batch_size": 4, "n_samples": (4, 12)},
            {"target": "wheeze", "cv": ShuffleSplit(2, random_state=1)},
            {"cv": StratifiedKFold(2)},
            {"cv": None},
        ],
        ids=lambda params: "-".join(params),
    )
    def test_over_a_trained_classifier(self, frozen, X, y, params):
        search, tuned = both(frozen, X, y, **params)
        assert_equal(tuned, search, X)

    def test_over_a_classifier_that_is_trained_in_each_fold(self, classifier, X, y):
        search, tuned = both(classifier, X, y)
        assert_equal(tuned, search, X)
        np.testing.assert_array_equal(tuned.predict_proba(X), search.predict_proba(X))

    def test_with_memory(self, classifier, X, y, tmp_path):
        search, tuned = both(classifier, X, y, memory=str(tmp_path))
        assert_equal(tuned, search, X)

    def test_without_labels(self, X):
        search, tuned = both(PretrainedClassifier(Net(), [0, 1]), X, None)
        assert_equal(tuned, search, X)

    @pytest.mark.parametrize("n", [1, 3, 200])
    def test_with_few_and_many_clips(self, frozen, X, y, n):
        X, y = np.resize(X, (3 * n, *SHAPE)), np.resize(y, 3 * n)
        search, tuned = both(frozen, X, y, noise_levels=[0.1])
        assert_equal(tuned, search, X)

    def test_with_a_scorer_that_looks_elsewhere(self, frozen, X, y):
        def scorer(explainer, X, y):
            maps = explainer.transform(X)
            maps *= 0  # they are the scorer's own
            other = explainer.transform(X[::-1]) + explainer.explain(X, y) + explainer.transform(X)
            return float(other.mean()) + explainer.n_samples

        search, tuned = both(frozen, X, y, scoring=scorer)
        assert_equal(tuned, search, X)

    def test_in_parallel(self, frozen, X, y):
        one, two = (
            SmoothGradCV(frozen, noise_levels=[0.1], n_samples=[5, 6], cv=2, scoring=DROP, random_state=0, n_jobs=n_jobs)
            .fit(X, y)
            .cv_results_["mean_test_score"]
            for n_jobs in (1, 2)
        )
        np.testing.assert_allclose(two, one, rtol=1e-4)  # workers have fewer threads: rounding


class TestCost:
    def test_a_grid_costs_its_largest_number_of_samples(self, frozen, X, y, passes):
        SmoothGradCV(frozen, noise_levels=[0.1, 0.2], n_samples=[20, 5, 10], cv=3, scoring=DROP).fit(X, y)
        assert sum(passes) == len(X) * 2 * 20
        passes.clear()
        GridSearchCV(SmoothGrad(frozen), {"noise_level": [0.1, 0.2], "n_samples": [20, 5, 10]}, cv=3, scoring=DROP).fit(X, y)
        assert sum(passes) == len(X) * 2 * 35

    def test_clips_as_they_are_are_predicted_once_in_each_fold(self, frozen, X, y, monkeypatch):
        predicted, predict = [], FrozenNetwork.predict_proba
        monkeypatch.setattr(FrozenNetwork, "predict_proba", lambda self, X: predicted.append(len(X)) or predict(self, X))
        SmoothGradCV(frozen, noise_levels=[0.1, 0.3], n_samples=[5, 20], cv=2, scoring=DROP).fit(X, y)
        assert predicted == [7, 7]

    def test_a_run_cut_short_costs_only_itself(self, frozen, X, y, passes):
        SmoothGradCV(frozen, noise_levels=[0.1], n_samples=[3, 7], cv=2, scoring=DROP).fit(X, y)
        assert sum(passes) == len(X) * (3 + 7)

    def test_one_training_a_fold_and_one_at_the_end(self, classifier, X, y):
        Net.trained = 0
        SmoothGradCV(classifier, n_samples=[5, 6], cv=3, scoring=DROP).fit(X, y)
        assert Net.trained == 4


class TestPrefix:
    @pytest.mark.parametrize("batch_size", [None, 3, 7])
    def test_a_sum_of_more_draws_begins_with_that_of_fewer(self, frozen, X, y, batch_size):
        explainer = SmoothGrad(frozen, random_state=0, batch_size=batch_size).fit(X, y)
        counts = [2, 5, 9, 10, 95, 106]  # runs are of 5 draws, and noise is made 100 draws at a time
        network = explainer._network(X)
        several = explainer._several_maps(lambda *batch: explainer._means(*batch, counts), len(counts), network, X)
        for count, maps in zip(counts, several):
            np.testing.assert_array_equal(maps, explainer.set_params(n_samples=count).transform(X), err_msg=f"{count}")

    def test_many_draws_are_one_stream(self, frozen, X, y):
        explainer = SmoothGrad(frozen, n_samples=130, random_state=4).fit(X[:1], y)
        net = frozen.estimator.module_
        x = torch.from_numpy(X[:1])
        noise = torch.from_numpy(np.random.default_rng(4).standard_normal((130, *SHAPE), dtype=np.float32))
        noisy = (x + 0.2 * (x.max() - x.min()) * noise).requires_grad_()
        net(noisy)[:, explainer.predict_proba(X[:1]).argmax()].sum().backward()
        np.testing.assert_allclose(explainer.transform(X[:1])[0], noisy.grad.abs().mean(0), rtol=1e-3)


class TestEstimator:
    def test_is_its_best_candidate(self, frozen, X, y):
        tuned = SmoothGradCV(frozen, noise_levels=[0.1, 0.4], n_samples=[5, 6], cv=2, scoring=DROP, random_state=3).fit(X, y)
        best = SmoothGrad(frozen, noise_level=tuned.noise_level_, n_samples=tuned.n_samples_, random_state=3).fit(X, y)
        assert tuned.best_params_ == {"noise_level": tuned.noise_level_, "n_samples": tuned.n_samples_}
        assert type(tuned.best_estimator_) is SmoothGrad
        np.testing.assert_array_equal(tuned.explain(X, "cough"), best.explain(X, "cough"))
        np.testing.assert_array_equal(tuned.predict(X), best.predict(X))
        assert tuned.score(X, y) == best.score(X, y)
        assert TWO(tuned, X, y) == TWO(best, X, y)

    def test_draws_without_a_seed_are_its_own_and_stay(self, frozen, X, y):
        tuned = SmoothGradCV(frozen, noise_levels=[0.1], n_samples=[5], cv=2, scoring=DROP).fit(X, y)
        np.testing.assert_array_equal(tuned.transform(X), tuned.best_estimator_.transform(X))
        assert (clone(tuned).fit(X, y).transform(X) != tuned.transform(X)).any()

    def test_pickles_and_clones(self, frozen, X, y):
        tuned = SmoothGradCV(frozen, noise_levels=[0.1], n_samples=[5, 6], cv=2, scoring=DROP, random_state=0).fit(X, y)
        again = pickle.loads(pickle.dumps(tuned))
        np.testing.assert_array_equal(again.transform(X), tuned.transform(X))
        np.testing.assert_array_equal(again.cv_results_["mean_test_score"], tuned.cv_results_["mean_test_score"])
        assert not hasattr(clone(tuned), "cv_results_")

    def test_times_are_those_that_were_taken(self, classifier, X, y):
        results = SmoothGradCV(classifier, noise_levels=[0.1], n_samples=[5, 6], cv=2, scoring=DROP).fit(X, y).cv_results_
        assert (results["mean_fit_time"] > 0).all()
        assert (results["mean_score_time"] > 0).all()
        assert results["mean_fit_time"].shape == results["std_score_time"].shape == (2,)

    def test_is_no_method_of_the_studies(self):
        assert all("SmoothGradCV" not in study.explainers for study in all_studies().values())


class TestErrors:
    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"noise_levels": []}, r"'noise_levels' parameter of SmoothGradCV must hold at least one value.*Got \[\]"),
            ({"noise_levels": [0.1, -1]}, r"'noise_levels' parameter.* in the range \[0.*Got \[0.1, -1\]"),
            ({"noise_levels": ["much"]}, "'noise_levels' parameter.*much"),
            ({"noise_levels": 0.1}, "'noise_levels' parameter of SmoothGradCV must be an array-like. Got 0.1"),
            ({"n_samples": (5, 0)}, r"'n_samples' parameter.*\[1.*Got \(5, 0\)"),
            ({"n_samples": [2.5]}, "'n_samples' parameter.*an int.*2.5"),
            ({"n_samples": 5}, "'n_samples' parameter of SmoothGradCV must be an array-like. Got 5"),
            ({"refit": False}, "'refit' parameter of SmoothGradCV.*Got False"),
            ({"scoring": TWO}, "'refit' parameter.*insertion_auc, neg_deletion_auc. Got True"),
            ({"scoring": TWO, "refit": "drop"}, "'refit' parameter.*insertion_auc, neg_deletion_auc. Got 'drop'"),
            ({"scoring": "insertion"}, "scoring of SmoothGradCV must be a scorer.*got 'insertion'"),
            ({"cv": 15}, "n_splits=15 greater than the number of samples"),
        ],
        ids=str,
    )
    def test_bad_parameter_is_named(self, frozen, X, y, params, message):
        with pytest.raises(ValueError, match=message):
            SmoothGradCV(frozen, **{"n_samples": [2], "noise_levels": [0.1], "cv": 2, **params}).fit(X, y)

    def test_error_of_a_scorer_comes_through(self, frozen, X, y):
        def broken(explainer, X, y):
            raise RuntimeError("no score today")

        with pytest.raises(RuntimeError, match="no score today"):
            SmoothGradCV(frozen, n_samples=[2], noise_levels=[0.1], cv=2, scoring=broken).fit(X, y)

    def test_labels_of_another_number_are_refused(self, frozen, X, y):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            SmoothGradCV(frozen, n_samples=[2], noise_levels=[0.1], cv=2).fit(X, y[:-1])
