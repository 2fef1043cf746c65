"""Metrics that know the truth are their formulas, checked against the formulas written naively, and their limits."""

import itertools

import numpy as np
import pytest
import sklearn
from scipy.stats import spearmanr
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from torch import nn

from skxai.datasets import EventTruth
from skxai.explainers import EnergyMap, SmoothGrad, VanillaSaliency
from skxai.features import FeatureScaler
from skxai.metrics import (
    available_scorers,
    class_discriminativity,
    evaluate,
    explanation_scorer,
    get_scorer,
    get_scorer_names,
    max_iou,
    pointing_game,
    relevance_mass_accuracy,
    relevance_rank_accuracy,
    visual_coherence,
)
from skxai.models import PretrainedClassifier

N, P = 8, 30
SHAPE = (1, 5, 6)
LOCALISATION = [relevance_mass_accuracy, relevance_rank_accuracy, pointing_game, max_iou, visual_coherence]


@pytest.fixture
def maps():
    return np.random.default_rng(0).normal(size=(N, P)).astype(np.float32)


@pytest.fixture
def masks():
    return np.random.default_rng(1).random((N, P)) < 0.3


class TestFormulas:
    def test_mass_is_the_share_inside(self, maps, masks):
        expected = [np.abs(a[m]).sum() / np.abs(a).sum() for a, m in zip(maps, masks)]
        np.testing.assert_allclose(relevance_mass_accuracy(None, None, maps, truth=masks), expected, rtol=1e-6)

    def test_mass_weighs_cells_by_a_ratio_mask(self, maps):
        ratio = np.random.default_rng(2).random((N, P)).astype(np.float32)
        expected = [(np.abs(a) * m).sum() / np.abs(a).sum() for a, m in zip(maps, ratio)]
        np.testing.assert_allclose(relevance_mass_accuracy(None, None, maps, truth=ratio), expected, rtol=1e-6)
        np.testing.assert_allclose(
            relevance_mass_accuracy(None, None, np.ones_like(maps), truth=ratio), ratio.mean(axis=1), rtol=1e-6
        )

    def test_rank_counts_the_first_k(self, maps, masks):
        expected = [m[np.argsort(-np.abs(a))[: m.sum()]].mean() for a, m in zip(maps, masks)]
        np.testing.assert_allclose(relevance_rank_accuracy(None, None, maps, truth=masks), expected)

    def test_rank_of_ties_is_the_mean_over_their_orders(self):
        a, m = np.array([3.0, 1.0, 1.0, 1.0, 0.0]), np.array([0, 1, 0, 1, 1])
        orders = [[0, *middle, 4] for middle in itertools.permutations([1, 2, 3])]
        expected = np.mean([m[order[:3]].mean() for order in orders])
        assert relevance_rank_accuracy(None, None, a[None], truth=m[None])[0] == pytest.approx(expected)

    def test_point_is_the_greatest_cell_and_its_place_among_ties_does_not_count(self, maps, masks):
        expected = [m[np.abs(a).argmax()] for a, m in zip(maps, masks)]
        np.testing.assert_array_equal(pointing_game(None, None, maps, truth=masks), expected)
        tied = np.array([[5.0, 1.0, -5.0, 5.0, 5.0]])
        for order in (slice(None), slice(None, None, -1)):
            assert pointing_game(None, None, tied[:, order], truth=np.array([[1, 1, 0, 0, 0]])[:, order])[0] == 0.25

    @pytest.mark.parametrize("levels", [1000, 3])
    def test_max_iou_is_the_greatest_over_all_thresholds(self, maps, masks, levels):
        maps = np.round(maps * levels)  # few levels have ties
        expected = [
            max((m & (np.abs(a) >= t)).sum() / (m | (np.abs(a) >= t)).sum() for t in np.abs(a)) for a, m in zip(maps, masks)
        ]
        np.testing.assert_allclose(max_iou(None, None, maps, truth=masks), expected)

    @pytest.mark.parametrize("metric", [relevance_rank_accuracy, pointing_game, max_iou])
    def test_of_a_ratio_mask_the_cells_of_half_and_more_count(self, metric, maps):
        ratio = np.random.default_rng(2).integers(0, 5, (N, P)) / 4
        np.testing.assert_array_equal(metric(None, None, maps, truth=ratio), metric(None, None, maps, truth=ratio >= 0.5))
        np.testing.assert_array_equal(metric(None, None, maps, truth=np.ones((N, P))), 1)
        assert np.isnan(metric(None, None, maps, truth=np.full((N, P), 0.4))).all()

    def test_coherence_is_the_rank_correlation_with_the_energy(self, maps, masks):
        X = np.random.default_rng(3).normal(size=(N, P)).astype(np.float32)
        expected = [spearmanr(np.abs(a), m * (x - x.min())).statistic for a, m, x in zip(maps, masks, X)]
        np.testing.assert_allclose(visual_coherence(None, X, maps, truth=masks), expected, rtol=1e-6)

    def test_coherence_takes_the_energy_where_it_is_known(self, fitted, X, truth):
        energy = np.random.default_rng(4).random(truth.masks.shape)
        known = EventTruth(truth.classes, truth.masks, energy)
        maps = fitted.transform(X)
        expected = [spearmanr(np.abs(a).ravel(), e.ravel()).statistic for a, e in zip(maps, known.energy_of(fitted.predict(X)))]
        np.testing.assert_allclose(visual_coherence(fitted, X, maps, truth=known), expected, rtol=1e-5)

    def test_the_mask_itself_is_the_best_map_and_its_opposite_the_worst(self, masks):
        assert masks.any(axis=1).all()
        best = dict.fromkeys((relevance_mass_accuracy, relevance_rank_accuracy, pointing_game, max_iou), 1.0)
        for metric, value in best.items():
            np.testing.assert_allclose(metric(None, None, masks * 2.5, truth=masks), value)
        for metric in (relevance_mass_accuracy, relevance_rank_accuracy, pointing_game):
            np.testing.assert_allclose(metric(None, None, ~masks * 2.5, truth=masks), 0)
        np.testing.assert_allclose(max_iou(None, None, ~masks * 2.5, truth=masks), masks.mean(axis=1))


@pytest.fixture
def X():
    return np.random.default_rng(0).random((12, *SHAPE), dtype=np.float32)


@pytest.fixture
def y():
    return np.resize(["a", "b", "c"], 12)


@pytest.fixture
def truth():
    masks = np.random.default_rng(1).random((12, 3, *SHAPE)) < 0.3
    return EventTruth(["a", "b", "c"], masks)


def classifier():
    return PretrainedClassifier(nn.Sequential(nn.Flatten(), nn.Linear(P, 9), nn.Tanh(), nn.Linear(9, 3)), ["a", "b", "c"])


@pytest.fixture
def fitted(X):
    return VanillaSaliency(classifier()).fit(X)


@pytest.mark.parametrize("metric", LOCALISATION, ids=lambda metric: metric.__name__)
class TestExplainedClass:
    def test_is_the_predicted_one_by_default(self, metric, fitted, X, truth):
        maps = fitted.transform(X)
        expected = metric(None, X, maps, truth=truth.of(fitted.predict(X)))
        np.testing.assert_array_equal(metric(fitted, X, maps, truth=truth), expected)

    def test_is_the_target_of_the_metric_or_the_explainer(self, metric, fitted, X, y, truth):
        maps = fitted.explain(X, y)
        np.testing.assert_array_equal(metric(fitted, X, maps, truth=truth, target=y), metric(None, X, maps, truth=truth.of(y)))
        of_b = VanillaSaliency(fitted.estimator, target="b").fit(X)
        maps = of_b.transform(X)
        expected = metric(None, X, maps, truth=truth.masks[:, 1])
        np.testing.assert_array_equal(metric(of_b, X, maps, truth=truth), expected)

    def test_is_undefined_where_it_does_not_sound(self, metric, fitted, X, truth):
        predicted = fitted.predict(X)
        silent = EventTruth(truth.classes, np.where((truth.classes == predicted[3])[:, None, None, None], 0, truth.masks))
        values = metric(fitted, X, fitted.transform(X), truth=silent)
        np.testing.assert_array_equal(np.isnan(values), predicted == predicted[3])

    def test_of_a_class_that_the_truth_does_not_have_is_undefined(self, metric, fitted, X, truth):
        values = metric(fitted, X, fitted.explain(X, "c"), truth=EventTruth(["a", "b"], truth.masks[:, :2]), target="c")
        assert np.isnan(values).all()

    def test_masks_without_the_axis_of_the_channel_will_do(self, metric, fitted, X, truth):
        maps, mask = fitted.transform(X), truth.masks[:, 0]
        np.testing.assert_array_equal(metric(None, X, maps, truth=mask[:, 0]), metric(None, X, maps, truth=mask))

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda mask: mask[:5], r"truth.*\(12, 1, 5, 6\).*\(5, 1, 5, 6\)"),
            (lambda mask: mask * 2, r"truth must be in \[0, 1\].*2"),
            (lambda mask: np.where(mask, np.nan, 0), "truth contains NaN"),
        ],
    )
    def test_bad_masks_are_named(self, metric, change, message, fitted, X, truth):
        with pytest.raises(ValueError, match=message):
            metric(None, X, fitted.transform(X), truth=change(truth.masks[:, 0]))


class Chosen(VanillaSaliency):
    """Explains each class by a map that is known."""

    maps = None

    def _explain(self, network, x, target):
        return x.new_tensor(self.maps)[target].expand(x.shape).clone()

    _finds_target = False


class TestDiscriminativity:
    MASKS = np.zeros((3, *SHAPE), dtype=np.float32)
    MASKS[0, :, :2], MASKS[1, :, 2:4], MASKS[2, :, 4:] = 1, 1, 1

    @pytest.fixture
    def chosen(self, X, monkeypatch):
        def make(*rows):
            monkeypatch.setattr(Chosen, "maps", self.MASKS[list(rows)])
            return Chosen(classifier()).fit(X)

        return make

    def measured(self, explainer, X, masks, target="a"):
        truth = EventTruth(["a", "b", "c"], np.tile(masks, (len(X), 1, 1, 1, 1)))
        return class_discriminativity(explainer, X, explainer.explain(X, target), truth=truth, target=target)

    @pytest.mark.parametrize(
        ("rows", "expected"),
        [
            ((0, 1, 2), 1),  # each class on its own source
            ((1, 0, 2), -1),  # exchanged
            ((0, 0, 0), 0),  # always the same
            ((0, 2, 2), 0.5),  # the other class beside both sources
            ((2, 2, 2), 0),
        ],
    )
    def test_of_two_classes(self, chosen, X, rows, expected):
        masks = self.MASKS * np.array([1, 1, 0], dtype=np.float32).reshape(3, 1, 1, 1)
        np.testing.assert_allclose(self.measured(chosen(*rows), X, masks), expected)

    def test_of_more_classes_is_the_mean_over_pairs(self, chosen, X):
        np.testing.assert_allclose(self.measured(chosen(0, 1, 0), X, self.MASKS), np.mean([1, 0]))

    def test_of_a_map_that_does_not_know_classes_is_zero(self, X):
        floor = EnergyMap(classifier()).fit(X)
        np.testing.assert_allclose(self.measured(floor, X, self.MASKS), 0, atol=1e-12)

    def test_needs_two_classes_in_the_clip(self, chosen, X):
        alone = self.MASKS * np.array([1, 0, 0], dtype=np.float32).reshape(3, 1, 1, 1)
        assert np.isnan(self.measured(chosen(0, 1, 2), X, alone)).all()
        assert np.isnan(self.measured(chosen(0, 1, 2), X, alone, target="b")).all()
        with pytest.raises(TypeError, match=r"truth must be an EventTruth.*ndarray"):
            class_discriminativity(chosen(0, 1, 2), X, X, truth=X)


class TestScoring:
    def test_scorers_are_offered_where_their_needs_are_met(self, X, y, truth):
        of_classes = {"class_discriminativity"}
        of_places = {"relevance_mass_accuracy", "relevance_rank_accuracy", "pointing_game", "max_iou", "visual_coherence"}
        of_labels = {"insertion_accuracy_auc", "neg_deletion_accuracy_auc"}
        assert available_scorers(y, truth) == get_scorer_names()
        assert set(available_scorers(y)) == set(get_scorer_names()) - of_classes - of_places
        assert set(available_scorers(truth=truth)) == set(get_scorer_names()) - of_labels
        assert set(available_scorers(truth=truth.masks[:, 0])) == set(get_scorer_names()) - of_labels - of_classes

    def test_evaluate_gives_the_truth_to_those_that_need_it(self, fitted, X, truth):
        values = evaluate(fitted, X, scoring=["relevance_mass_accuracy", "insertion_auc"], truth=truth)
        np.testing.assert_array_equal(
            values["relevance_mass_accuracy"], relevance_mass_accuracy(fitted, X, fitted.transform(X), truth=truth)
        )
        without = evaluate(fitted, X, scoring=["insertion_auc"])
        np.testing.assert_array_equal(values["insertion_auc"], without["insertion_auc"])
        assert set(evaluate(fitted, X, truth=truth)) - set(evaluate(fitted, X)) == {
            "relevance_mass_accuracy", "relevance_rank_accuracy", "pointing_game", "max_iou", "visual_coherence",
            "class_discriminativity"
        }  # fmt: skip

    def test_truth_follows_the_folds(self, X, y, truth):
        cv = KFold(3)
        pipe = make_pipeline(FeatureScaler(), SmoothGrad(classifier(), n_samples=2, random_state=0))
        scorer = get_scorer("relevance_mass_accuracy")
        expected = [scorer(pipe.fit(X[train]), X[test], truth=truth[test]) for train, test in cv.split(X)]
        with sklearn.config_context(enable_metadata_routing=True):
            found = cross_val_score(pipe, X, y, scoring=scorer, cv=cv, params={"truth": truth})
            np.testing.assert_allclose(found, expected, rtol=1e-5)
            many = explanation_scorer("relevance_mass_accuracy", "insertion_auc")
            search = GridSearchCV(pipe, {"smoothgrad__n_samples": [2]}, scoring=many, refit="relevance_mass_accuracy", cv=cv)
            assert search.fit(X, y, truth=truth).best_score_ == pytest.approx(np.mean(expected), rel=1e-5)

    def test_truth_of_all_clips_is_refused_for_a_fold(self, X, y, truth):
        scorer = get_scorer("relevance_mass_accuracy", truth=truth)
        with pytest.raises(ValueError, match=r"truth must be of the 4 clips of X; got that of 12.*routing"):
            cross_val_score(SmoothGrad(classifier()), X, y, scoring=scorer, cv=3, error_score="raise")

    def test_no_warning_tells_of_clips_without_the_event(self, fitted, X, truth):
        silent = EventTruth(truth.classes, np.where(np.arange(12).reshape(-1, 1, 1, 1, 1) < 4, 0, truth.masks))
        values = relevance_mass_accuracy(fitted, X, fitted.transform(X), truth=silent)
        assert get_scorer("relevance_mass_accuracy")(fitted, X, truth=silent) == pytest.approx(values[4:].mean())
