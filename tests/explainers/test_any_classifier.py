"""Methods that ask for probabilities only explain any classifier, and are compared over it."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC
from skorch import NeuralNetClassifier
from torch import nn

from skxai.comparison import compare_explainers
from skxai.explainers import RISE, EdgeMap, EnergyMap, Occlusion, RandomMap, VanillaSaliency
from skxai.features import FeatureScaler
from skxai.metrics import available_scorers, evaluate, get_scorer
from skxai.models import AcoumonClassifier, PretrainedClassifier
from skxai.testing.discovery import all_explainers

CHANGE_THE_MODULE = {"neg_model_parameter_randomisation", "input_invariance"}


@pytest.fixture
def cepstra():
    """Features ``(60, 1, 13, 8)``; the class is told by the mean of the fifth cepstrum."""
    X = np.random.default_rng(0).random((60, 1, 13, 8), dtype=np.float32)
    return X, np.where(X[:, 0, 4].mean(axis=1) > 0.5, "wheeze", "cough")


def means(X):
    return X.mean(axis=(1, 3))


def forest():
    return make_pipeline(FunctionTransformer(means), RandomForestClassifier(20, random_state=0))


def test_methods_that_need_no_module_are_these():
    assert {name for name, make in all_explainers() if not make.requires_module} == {
        "EdgeMap", "EnergyMap", "Occlusion", "RISE", "RandomMap",
    }  # fmt: skip


def test_forest_on_means_of_cepstra_is_explained_on_the_cepstra(cepstra):
    X, y = cepstra
    explainer = Occlusion(forest(), window=(1, 1.0)).fit(X, y)
    maps = explainer.explain(X, "wheeze")
    assert maps[y == "wheeze"].mean(axis=(0, 1, 3)).argmax() == 4
    np.testing.assert_array_equal(explainer.predict(X), forest().fit(X, y).predict(X))
    assert explainer.classes_.tolist() == ["cough", "wheeze"]


@pytest.mark.parametrize("cv", [None, 2])
def test_methods_over_a_forest_are_compared_by_all_metrics_that_change_no_module(cepstra, cv):
    X, y = cepstra
    methods = {
        "Occlusion": Occlusion(forest(), window=(1, 1.0)),
        "RISE": RISE(forest(), n_masks=50, random_state=0),
        "RandomMap": RandomMap(forest(), random_state=0),
        "EnergyMap": EnergyMap(forest()),
        "EdgeMap": EdgeMap(forest()),
    }
    if cv is None:
        methods = {name: explainer.fit(X, y) for name, explainer in methods.items()}
    table = compare_explainers(methods, X, y, cv=cv, step=0.25, n_draws=2).table
    expected = set(available_scorers(y)) - CHANGE_THE_MODULE
    assert set(table.columns) == {get_scorer(name).metric.__name__ for name in expected} | {"ms_per_map"}
    assert table.insertion_auc["Occlusion"] > table.insertion_auc["RandomMap"] > table.deletion_auc["Occlusion"]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_metrics_that_change_the_module_are_refused_by_name_or_left_out(cepstra):
    X, y = cepstra
    explainer = RandomMap(forest(), random_state=0).fit(X, y)
    for name in CHANGE_THE_MODULE:
        metric = get_scorer(name).metric
        with pytest.raises(TypeError, match=f"torch module for {metric.__name__}.*got RandomMap of Pipeline"):
            metric(explainer, X, explainer.transform(X))
    assert set(evaluate(explainer, X, y, step=0.25, n_draws=2)) == {
        get_scorer(name).metric.__name__ for name in set(available_scorers(y)) - CHANGE_THE_MODULE
    }


@pytest.mark.parametrize(
    ("explainer", "has_module"),
    [(Occlusion(RandomForestClassifier()), False), (Occlusion(FrozenEstimator(LogisticRegression())), False),
     (Occlusion(AcoumonClassifier()), True), (RandomMap(FrozenEstimator(AcoumonClassifier())), True),
     (EnergyMap(NeuralNetClassifier(nn.Linear)), True), (Occlusion(PretrainedClassifier(nn.Linear(3, 2))), True),
     (Occlusion(make_pipeline(StandardScaler(), AcoumonClassifier())), False), (VanillaSaliency(AcoumonClassifier()), True),
     (make_pipeline(FeatureScaler(), Occlusion(RandomForestClassifier())), False),
     (GridSearchCV(Occlusion(RandomForestClassifier()), {"window": [1]}), False),
     (GridSearchCV(make_pipeline(FeatureScaler(), RISE(AcoumonClassifier())), {}), True)],
)  # fmt: skip
def test_available_scorers_know_before_fit_what_holds_a_module(explainer, has_module):
    available = set(available_scorers(explainers=[VanillaSaliency(AcoumonClassifier()), explainer]))
    assert available & CHANGE_THE_MODULE == (CHANGE_THE_MODULE if has_module else set())


def test_window_is_searched_over_a_forest_that_is_trained_once_a_fold(cepstra, tmp_path, monkeypatch):
    X, y = cepstra
    trained, fit = [], RandomForestClassifier.fit
    monkeypatch.setattr(RandomForestClassifier, "fit", lambda self, *data: trained.append(1) or fit(self, *data))
    explainer = Occlusion(RandomForestClassifier(5, random_state=0), memory=str(tmp_path))
    search = GridSearchCV(explainer, {"window": [1, 2, 0.5]}, cv=3, refit=False).fit(means(X), y)
    assert len(trained) == 3
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_classifier_without_probabilities_is_refused(cepstra):
    X, y = cepstra
    with pytest.raises(ValueError, match=r"'estimator' parameter of RISE must be .*predict_proba.*LinearSVC"):
        RISE(LinearSVC()).fit(means(X), y)


def test_unknown_target_and_missing_labels_are_refused(cepstra):
    X, y = cepstra
    with pytest.raises(ValueError, match=r"target='siren' is not a class of the classifier; they are .*cough"):
        Occlusion(forest(), target="siren").fit(X, y)
    with pytest.raises((ValueError, TypeError), match="y"):
        Occlusion(RandomForestClassifier(2)).fit(means(X))
