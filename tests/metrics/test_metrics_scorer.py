"""Metrics as scorers: names, direction, parameters, what is computed once, and what a scorer takes."""

import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from torch import nn

from skxai.datasets import EventTruth
from skxai.engine import FrozenNetwork
from skxai.explainers import SmoothGrad, VanillaSaliency
from skxai.features import FeatureScaler, FixedFrames
from skxai.metrics import evaluate, explanation_scorer, get_scorer, get_scorer_names, insertion_auc
from skxai.models import PretrainedClassifier
from skxai.testing.discovery import all_metrics

SHAPE = (1, 6, 8)


@pytest.fixture
def X():
    X = np.random.default_rng(0).random((12, *SHAPE), dtype=np.float32)
    X[:6, ..., -2:] = 0  # the end of some clips is silent
    return X


@pytest.fixture
def truth():
    return EventTruth(["a", "b"], np.random.default_rng(1).random((12, 2, *SHAPE)))


@pytest.fixture
def y():
    return np.resize(["a", "b"], 12)


def classifier(n_pixels=48):
    return PretrainedClassifier(nn.Sequential(nn.Flatten(), nn.Linear(n_pixels, 9), nn.Tanh(), nn.Linear(9, 2)), ["a", "b"])


@pytest.fixture
def explainer(X):
    return VanillaSaliency(classifier()).fit(X)


class TestNames:
    def test_there_is_one_scorer_a_metric_and_losses_have_a_prefix(self):
        names = get_scorer_names()
        assert names == sorted(metric.scorer_name for _, metric in all_metrics())
        assert {"neg_average_drop", "average_increase", "neg_prediction_change", "neg_deletion_auc", "insertion_auc",
                "neg_deletion_accuracy_auc", "insertion_accuracy_auc", "monotonicity_correlation", "label_flip_rate",
                "neg_mean_top_weights", "neg_model_parameter_randomisation", "faithfulness_estimate"} <= set(names)  # fmt: skip

    @pytest.mark.parametrize("name", get_scorer_names())
    def test_score_is_the_mean_with_the_sign_of_the_direction(self, name, explainer, X, y, truth):
        metric = dict(all_metrics())[name.removeprefix("neg_")]
        needs = {"truth": truth} if metric.requires_truth else {}
        mean = np.nanmean(metric(explainer, X, explainer.transform(X), y, **needs))
        assert get_scorer(name)(explainer, X, y, **needs) == pytest.approx(-mean if name.startswith("neg_") else mean)

    @pytest.mark.parametrize("make", [get_scorer, explanation_scorer])
    def test_unknown_name_is_refused_with_all_there_are(self, make):
        with pytest.raises(ValueError, match=r"scorer 'deletion' is unknown; .*insertion_auc.*neg_deletion_auc"):
            make("deletion")

    def test_parameters_reach_the_metric_and_unknown_ones_are_refused(self, explainer, X):
        maps = explainer.transform(X)
        expected = insertion_auc(explainer, X, maps, baseline="mean", step=0.2).mean()
        assert get_scorer("insertion_auc", baseline="mean", step=0.2)(explainer, X) == pytest.approx(expected)
        scores = explanation_scorer("insertion_auc", "neg_mean_top_weights", baseline="mean", step=0.2)(explainer, X)
        assert scores["insertion_auc"] == pytest.approx(expected)
        with pytest.raises(ValueError, match="'steps' is not a parameter of insertion_auc; they are target, baseline, step"):
            get_scorer("insertion_auc", steps=5)
        with pytest.raises(ValueError, match="'step' is not a parameter of any of average_drop, average_increase"):
            explanation_scorer("neg_average_drop", "average_increase", step=5)
        with pytest.raises(ValueError, match="'step' is not a parameter of any of average_drop"):
            evaluate(explainer, X, scoring=["neg_average_drop"], step=5)
        with pytest.raises(ValueError, match="names must be given one by one"):
            explanation_scorer()

    def test_labels_and_truth_are_asked_for_where_they_are_needed(self, explainer, X):
        with pytest.raises(ValueError, match=r"truth must be given for max_iou: .*; got None"):
            get_scorer("max_iou")(explainer, X)
        with pytest.raises(ValueError, match="y must be given for the scorer 'insertion_accuracy_auc'"):
            get_scorer("insertion_accuracy_auc")(explainer, X)


class TestWhatIsScored:
    def test_pipeline_is_taken_apart(self, X):
        pipe = make_pipeline(FixedFrames(5), FeatureScaler(), VanillaSaliency(classifier(30))).fit(X)
        scorer = get_scorer("insertion_auc")
        assert scorer(pipe, X) == pytest.approx(scorer(pipe[-1], pipe[:-1].transform(X)))

    def test_pipeline_of_one_step_has_nothing_before_it(self, explainer, X):
        scorer = get_scorer("insertion_auc")
        assert scorer(make_pipeline(explainer), X) == scorer(explainer, X)

    def test_search_is_scored_by_its_best(self, X, y):
        scorer = get_scorer("insertion_auc")
        pipe = make_pipeline(FeatureScaler(), SmoothGrad(classifier(), random_state=0))
        search = GridSearchCV(pipe, {"smoothgrad__n_samples": [1, 2]}, scoring=scorer, cv=2).fit(X, y)
        assert scorer(search, X) == scorer(search.best_estimator_, X) == search.score(X, y)

    def test_search_that_was_not_refitted_is_refused(self, X, y):
        search = GridSearchCV(SmoothGrad(classifier()), {"n_samples": [1]}, cv=2, refit=False).fit(X, y)
        with pytest.raises(TypeError, match=r"must be refitted.*GridSearchCV with refit=False"):
            get_scorer("insertion_auc")(search, X)

    def test_what_does_not_explain_is_refused(self, X, y):
        flat = X.reshape(12, -1)
        with pytest.raises(TypeError, match=r"must be an explainer.*got LogisticRegression"):
            get_scorer("insertion_auc")(LogisticRegression().fit(flat, y), flat)

    def test_cross_validation_takes_one_scorer_or_many(self, X, y):
        explainer = VanillaSaliency(classifier())
        one = cross_val_score(explainer, X, y, scoring=get_scorer("insertion_auc"), cv=3)
        many = cross_validate(explainer, X, y, scoring=explanation_scorer("insertion_auc", "neg_deletion_auc"), cv=3)
        np.testing.assert_array_equal(one, many["test_insertion_auc"])
        np.testing.assert_allclose(cross_val_score(explainer, X, y, cv=3), one + many["test_neg_deletion_auc"])


class Counting(VanillaSaliency):
    """Counts the clips that it explains."""

    clips = 0

    def _explain(self, network, x, target):
        type(self).clips += len(x)
        return super()._explain(network, x, target)


class TestSharing:
    @pytest.fixture
    def passes(self, monkeypatch):
        """Count the inputs that go through the network."""
        counted = []
        plain = FrozenNetwork.probabilities
        monkeypatch.setattr(
            FrozenNetwork, "probabilities", lambda self, inputs: (counted.append(len(inputs)), plain(self, inputs))[1]
        )
        return counted

    def test_maps_are_computed_once(self, X, monkeypatch):
        monkeypatch.setattr(Counting, "clips", 0)
        explainer = Counting(classifier()).fit(X)
        explanation_scorer("insertion_auc", "neg_deletion_auc", "neg_average_drop")(explainer, X)
        assert Counting.clips == len(X)

    def test_passes_are_run_once(self, explainer, X, y, passes):
        explanation_scorer("insertion_auc")(explainer, X, y)
        alone = sum(passes)
        passes.clear()
        explanation_scorer("insertion_auc", "insertion_accuracy_auc")(explainer, X, y)
        assert sum(passes) == alone == len(X) + len(X) * 48  # the clips, and 0 to 47 pixels of each; all 48 are the clip again
        passes.clear()
        explanation_scorer("neg_average_drop", "average_increase", "neg_prediction_change")(explainer, X)
        assert sum(passes) == len(X) + len(X)

    def test_evaluate_gives_each_clips_own_values(self, explainer, X, y, truth):
        values = evaluate(explainer, X, y, scoring=["insertion_auc", "neg_average_drop"], step=0.1)
        assert list(values) == ["insertion_auc", "average_drop"]
        assert values["insertion_auc"].mean() == pytest.approx(get_scorer("insertion_auc", step=0.1)(explainer, X))
        assert (values["average_drop"] >= 0).all()
        maps = explainer.transform(X)
        np.testing.assert_array_equal(
            evaluate(explainer, X, y, scoring=["insertion_auc"], maps=maps, step=0.1)["insertion_auc"], values["insertion_auc"]
        )
        assert len(evaluate(explainer, X, y, truth=truth)) == len(get_scorer_names())


class Silent(VanillaSaliency):
    """Says nothing of the first three clips."""

    def _maps(self, network, X, target=None):
        maps = super()._maps(network, X, target)
        maps[:3] = 0
        return maps


class TestUndefinedValues:
    def test_others_are_averaged_with_one_warning_that_counts(self, X):
        explainer = Silent(classifier()).fit(X)
        with pytest.warns(UndefinedMetricWarning, match="average_drop is undefined for 3 of 12 clips") as found:
            score = get_scorer("neg_average_drop")(explainer, X)
        assert len(found) == 1
        values = evaluate(explainer, X, scoring=["neg_average_drop"])["average_drop"]
        assert np.isnan(values[:3]).all()
        assert score == pytest.approx(-values[3:].mean())

    def test_nothing_defined_gives_nan(self, X):
        explainer = Silent(classifier()).fit(X)
        with pytest.warns(UndefinedMetricWarning, match="3 of 3"):
            assert np.isnan(get_scorer("neg_average_drop")(explainer, X[:3]))
