"""Each metric is its formula, checked against the formula written naively."""

import warnings

import numpy as np
import pytest
import torch
from scipy.stats import pearsonr, spearmanr
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from torch import nn

from skxai.explainers import GradCAM, SmoothGrad, VanillaSaliency
from skxai.metrics import (
    average_drop,
    average_increase,
    deletion_accuracy_auc,
    deletion_auc,
    deletion_curve,
    faithfulness_estimate,
    insertion_accuracy_auc,
    insertion_auc,
    insertion_curve,
    label_flip_rate,
    mean_top_weights,
    model_parameter_randomisation,
    monotonicity_correlation,
    prediction_change,
)
from skxai.metrics.masked_prediction import top_half
from skxai.metrics.model_parameter_randomisation import randomised_modules
from skxai.metrics.perturbation import ranks
from skxai.models import PretrainedClassifier
from skxai.utils.statistics import pearson, spearman

N, P = 6, 20


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(N, P)).astype(np.float32)


@pytest.fixture
def maps():
    return np.random.default_rng(1).normal(size=(N, P)).astype(np.float32)


@pytest.fixture
def model(X):
    return LogisticRegression().fit(X, np.where(X[:, 0] + X[:, 1] > 0, "on", "off"))


class Counts(ClassifierMixin, BaseEstimator):
    """The probability of "heard" is 1 while at least ``least`` pixels are above the floor 0, and ``p`` otherwise."""

    classes_ = np.array(["heard", "not"])

    def __init__(self, least=5, p=0.0):
        self.least, self.p = least, p

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y=None):
        return self

    def predict_proba(self, X):
        heard = np.where((X > 0.5).sum(axis=1) >= self.least, 1.0, self.p)
        return np.column_stack([heard, 1 - heard])


def probability_of_predicted(model, X, inputs):
    """Return p_c ``(n, ...)`` of inputs ``(n, ..., P)``, with c the class that is predicted for X."""
    c = model.predict_proba(X).argmax(axis=1)
    p = model.predict_proba(inputs.reshape(-1, P)).reshape(*inputs.shape[:-1], -1)
    return np.stack([clip[..., column] for clip, column in zip(p, c)])


class TestCurves:
    def test_end_points_are_the_clip_and_the_baseline(self, model, X, maps):
        p, floor = (probability_of_predicted(model, X, inputs) for inputs in (X, np.full_like(X, X.min())))
        deletion, insertion = deletion_curve(model, X, maps).probability, insertion_curve(model, X, maps).probability
        for first, last in ((deletion[:, 0], deletion[:, -1]), (insertion[:, -1], insertion[:, 0])):
            np.testing.assert_allclose(first, p, rtol=1e-5)
            np.testing.assert_allclose(last, floor, rtol=1e-4)

    @pytest.mark.parametrize("baseline", ["mean", -3.0])
    def test_is_the_naive_loop(self, model, X, maps, baseline):
        curves = {kind: curve(model, X, maps, baseline=baseline, step=0.1)
                  for kind, curve in (("deletion", deletion_curve), ("insertion", insertion_curve))}  # fmt: skip
        for clip in range(N):
            b = X[clip].mean() if baseline == "mean" else baseline
            order = np.argsort(-maps[clip])
            for step in range(11):
                first = np.isin(np.arange(P), order[: 2 * step])
                for kind, inputs in (("deletion", np.where(first, b, X[clip])), ("insertion", np.where(first, X[clip], b))):
                    expected = probability_of_predicted(model, X, np.repeat(inputs[None], N, 0))[clip]
                    assert curves[kind].probability[clip, step] == pytest.approx(expected, rel=1e-4)
        np.testing.assert_allclose(curves["deletion"].fractions, np.linspace(0, 1, 11))

    def test_insertion_is_deletion_of_the_opposite_map_backwards(self, model, X, maps):
        deletion = deletion_curve(model, X, -maps, step=0.05)
        insertion = insertion_curve(model, X, maps, step=0.05)
        np.testing.assert_allclose(insertion.probability, deletion.probability[:, ::-1], rtol=1e-5)
        np.testing.assert_allclose(insertion.auc(), deletion.auc(), rtol=1e-5)

    def test_area_of_a_known_step(self):
        X, maps = np.ones((1, 20)), np.arange(20.0)[None]
        X[0, 0] = 0  # the floor
        # 19 pixels sound, "heard" needs 5: deletion holds 14 steps of 20, and loses the 15th
        curve = deletion_curve(Counts(least=5), X, maps, np.array(["heard"]), step=0.05)
        np.testing.assert_array_equal(curve.probability[0], [1] * 15 + [0] * 6)
        assert curve.auc()[0] == pytest.approx(14.5 / 20)
        assert curve.auc(by="accuracy")[0] == pytest.approx(14.5 / 20)
        assert deletion_auc(Counts(least=5), X, maps, step=0.05)[0] == pytest.approx(14.5 / 20)
        assert insertion_auc(Counts(least=5), X, maps, step=0.05)[0] == pytest.approx(15.5 / 20)
        wrong = np.array(["not"])
        assert deletion_accuracy_auc(Counts(least=5), X, maps, wrong, step=0.05)[0] == pytest.approx(5.5 / 20)
        assert insertion_accuracy_auc(Counts(least=5), X, maps, wrong, step=0.05)[0] == pytest.approx(4.5 / 20)

    def test_step_is_never_less_than_a_pixel(self, model, X, maps):
        assert len(deletion_curve(model, X, maps, step=0.001).fractions) == P + 1
        assert deletion_curve(model, X, maps, step=1).fractions.tolist() == [0, 1]

    def test_per_class_is_the_mean_of_its_clips(self, model, X, maps):
        y = np.array(["a", "b", "b", "a", "c", "b"])
        curve = insertion_curve(model, X, maps, y)
        table = curve.per_class()
        assert table.columns.tolist() == ["a", "b", "c"]
        np.testing.assert_allclose(table["b"], curve.probability[y == "b"].mean(axis=0))
        np.testing.assert_allclose(curve.mean(), curve.probability.mean(axis=0))
        assert set(insertion_curve(model, X, maps).per_class().columns) == set(model.predict(X))

    def test_target_is_a_label_or_one_for_each_clip(self, model, X, maps):
        labels = np.array(["on", "off"] * 3)
        mixed = deletion_curve(model, X, maps, target=labels)
        for label in ("on", "off"):
            alone = deletion_curve(model, X, maps, target=label)
            np.testing.assert_array_equal(alone.probability[labels == label], mixed.probability[labels == label])
        with pytest.raises(ValueError, match="target='loud' is not a class"):
            deletion_curve(model, X, maps, target="loud")

    def test_explainers_target_is_the_default(self):
        net = nn.Sequential(nn.Linear(P, 2))
        X = np.random.default_rng(0).random((N, P), dtype=np.float32)
        explainer = VanillaSaliency(PretrainedClassifier(net, ["a", "b"]), target="b").fit(X)
        assert (deletion_curve(explainer, X, explainer.transform(X)).target == "b").all()

    @pytest.mark.parametrize("step", [0, -0.1, 1.5])
    def test_step_out_of_range_is_refused(self, model, X, maps, step):
        with pytest.raises(ValueError, match="step must be a share of the pixels"):
            deletion_curve(model, X, maps, step=step)

    def test_accuracy_needs_labels(self, model, X, maps):
        with pytest.raises(ValueError, match="y must be given for the insertion curve by accuracy"):
            insertion_accuracy_auc(model, X, maps)
        with pytest.raises(ValueError, match="y must hold one label for each of the 6 clips"):
            insertion_accuracy_auc(model, X, maps, ["on"])
        with pytest.raises(ValueError, match="by must be one of probability, accuracy; got 'loss'"):
            insertion_curve(model, X, maps).auc(by="loss")


class TestTies:
    def test_are_broken_by_the_seed_and_not_by_position(self):
        tied = torch.zeros(2, 1, 10, 10)
        places = ranks(tied, random_state=0)
        assert sorted(places[0].flatten().tolist()) == list(range(100))
        assert torch.equal(places[0], places[1])
        assert abs(np.corrcoef(places[0].flatten(), np.arange(100))[0, 1]) < 0.3
        assert not torch.equal(places, ranks(tied, random_state=1))

    def test_relevance_goes_before_chance(self):
        maps = torch.tensor([[0.0, 2.0, 0.0, 1.0]])
        for seed in range(5):
            assert ranks(maps, seed)[0, [1, 3]].tolist() == [0, 1]
            assert ranks(maps, seed, descending=False)[0, [1, 3]].tolist() == [3, 2]


class TestExplainedInput:
    def naive(self, model, X, maps, top):
        """Return p_c before and after, and the predicted columns before and after."""
        b, inputs = X.min(), X.astype(float).copy()
        for clip in range(N):
            m = (maps[clip] - maps[clip].min()) / np.ptp(maps[clip])
            m[np.argsort(-maps[clip])[int(np.ceil(top * P)) :]] = 0
            inputs[clip] = b + m * (X[clip] - b)
        labels = [model.predict_proba(given).argmax(axis=1) for given in (X, inputs)]
        return *(probability_of_predicted(model, X, given) for given in (X, inputs)), *labels

    @pytest.mark.parametrize("top", [0.2, 0.5, 1])
    def test_drop_increase_and_change_are_the_formulas(self, model, X, maps, top):
        p, explained, before, after = self.naive(model, X, maps, top)
        np.testing.assert_allclose(
            average_drop(model, X, maps, top=top), np.maximum(0, p - explained) / p, rtol=1e-4, atol=1e-6
        )
        np.testing.assert_array_equal(average_increase(model, X, maps, top=top), explained > p)
        np.testing.assert_array_equal(prediction_change(model, X, maps, top=top), before != after)

    def test_floor_of_decibels_is_not_the_product(self):
        # 0 dB is the loudest: the product would turn what it hides to full level
        X = np.full((1, 20), -60.0)
        X[0, :10], X[0, 0] = -10, -80
        maps = np.r_[np.ones(10), np.zeros(10)][None]
        loud = LogisticRegression().fit([[-80.0] * 20, [0.0] * 20], ["quiet", "loud"])
        kept = {b: average_increase(loud, X, maps, target="loud", baseline=b)[0] for b in ("floor", 0.0)}
        assert kept == {"floor": 0, 0.0: 1}

    def test_top_half_keeps_the_most_relevant_half(self):
        kept = top_half(torch.tensor([[4.0, 0.0, 3.0, 1.0]]))
        assert kept.tolist() == [[1.0, 0.0, 0.75, 0.0]]

    def test_mean_top_weights_is_the_mean_of_the_scaled_top_half(self, maps):
        scaled = (maps - maps.min(axis=1, keepdims=True)) / np.ptp(maps, axis=1)[:, None]
        np.testing.assert_allclose(
            mean_top_weights(None, None, maps), np.sort(scaled, axis=1)[:, P // 2 :].mean(axis=1), rtol=1e-6
        )

    def test_constant_map_is_undefined(self, model, X, maps):
        maps[2] = 0.3
        for metric in (average_drop, average_increase, prediction_change, mean_top_weights, label_flip_rate):
            np.testing.assert_array_equal(np.isnan(metric(model, X, maps)), np.arange(N) == 2)

    def test_impossible_class_has_no_drop(self):
        X = np.ones((2, 20))
        X[1, 3:] = 0
        drop = average_drop(Counts(least=5), X, np.tile(np.arange(20.0), (2, 1)), target="heard")
        np.testing.assert_array_equal(np.isnan(drop), [False, True])


def test_label_flips_without_its_evidence():
    X = np.zeros((1, 20))
    X[0, :6] = 1
    truth, opposite = X, -X
    assert label_flip_rate(Counts(least=5), X, truth, top=0.1).tolist() == [1]
    assert label_flip_rate(Counts(least=5), X, truth, top=0.05).tolist() == [0]
    assert label_flip_rate(Counts(least=5), X, truth, top=0.06).tolist() == [1]  # 1.2 pixels are 2
    assert label_flip_rate(Counts(least=5), X, opposite, top=0.7).tolist() == [0]


@pytest.mark.parametrize("descending", [True, False])
def test_ranks_are_by_value_and_inside_ties_by_one_shuffle(descending):
    tiny, huge = np.finfo(np.float32).smallest_subnormal, np.finfo(np.float32).max
    generator = np.random.default_rng(0)
    odd = generator.choice([0.0, -0.0, 1, -1, tiny, -tiny, huge, -huge, 1 + 1e-7], (2, 40))
    maps = np.concatenate([generator.normal(size=(2, 40)), generator.integers(-2, 3, (2, 40)), odd]).astype(np.float32)
    place = np.argsort(np.random.default_rng(7).permutation(40))
    expected = np.empty(maps.shape)
    for of_clip, values in zip(expected, maps):
        of_clip[np.lexsort((place, -values if descending else values))] = np.arange(40)
    np.testing.assert_array_equal(ranks(torch.from_numpy(maps), 7, descending=descending), expected)


class TestCorrelations:
    def test_are_scipys_also_with_ties(self):
        generator = np.random.default_rng(0)
        a, b = generator.integers(0, 5, (8, 30)), generator.normal(size=(8, 30))
        np.testing.assert_allclose(spearman(a, b), [spearmanr(x, y).statistic for x, y in zip(a, b)])
        np.testing.assert_allclose(pearson(a, b), [pearsonr(x, y).statistic for x, y in zip(a, b)])

    def test_constant_row_is_undefined_and_says_nothing(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert np.isnan(spearman([[1, 1, 1], [1, 2, 3]], [[1, 2, 3], [0.1, 0.1, 0.1]])).all()

    @pytest.mark.parametrize("size", [1, 3, 20])
    def test_monotonicity_is_the_naive_loop_with_the_same_draws(self, model, X, maps, size):
        n_draws = 4
        draws = np.random.default_rng(5).uniform(X.min(), X.max(), (n_draws, P)).astype(np.float32)
        got = monotonicity_correlation(model, X, maps, features_in_step=size, n_draws=n_draws, random_state=5)
        c = model.predict_proba(X).argmax(axis=1)
        for clip in range(N):
            order, p = np.argsort(np.abs(maps[clip])), model.predict_proba(X[clip][None])[0, c[clip]]
            relevance, effect = [], []
            for start in range(0, P, size):
                group = order[start : start + size]
                inputs = np.repeat(X[clip][None], n_draws, 0)
                inputs[:, group] = draws[:, group]
                relevance.append(np.abs(maps[clip][group]).sum())
                effect.append(((model.predict_proba(inputs)[:, c[clip]] - p) ** 2 / p**2).mean())
            if len(effect) == 1:
                assert np.isnan(got[clip])
            else:
                assert got[clip] == pytest.approx(spearmanr(relevance, effect).statistic, abs=1e-6)

    def test_monotonicity_of_constant_maps_effects_and_impossible_classes_is_undefined(self, model, X, maps):
        assert np.isnan(monotonicity_correlation(model, X, np.ones_like(maps))).all()
        assert np.isnan(monotonicity_correlation(Counts(least=0), X, maps)).all()
        assert np.isnan(monotonicity_correlation(Counts(least=100), X, maps, target="heard")).all()

    def test_monotonicity_refuses_impossible_groups(self, model, X, maps):
        for size in (0, P + 1):
            with pytest.raises(ValueError, match=r"features_in_step must be in \[1, 20\]"):
                monotonicity_correlation(model, X, maps, features_in_step=size)
        with pytest.raises(ValueError, match="n_draws must be at least 1"):
            monotonicity_correlation(model, X, maps, n_draws=0)

    def test_faithfulness_estimate_is_the_naive_loop(self, model):
        X, maps = np.random.default_rng(0).normal(size=(2, 3, 1, 4, 5)).astype(np.float32)
        flat = Flat(model)
        got = faithfulness_estimate(flat, X, maps, segments=(2, 5))
        p = flat.predict_proba(X).max(axis=1)
        for clip in range(3):
            relevance, drop = [], []
            for rows in (slice(0, 2), slice(2, 4)):
                for column in range(5):
                    without = X[clip].copy()
                    without[:, rows, column] = X.min()
                    c = flat.predict_proba(X)[clip].argmax()
                    relevance.append(maps[clip, :, rows, column].sum())
                    drop.append(p[clip] - flat.predict_proba(without[None])[0, c])
            assert got[clip] == pytest.approx(pearsonr(relevance, drop).statistic, abs=1e-5)

    @pytest.mark.parametrize("segments", [(4,), (0, 8), (1, 2, 3)])
    def test_faithfulness_estimate_refuses_impossible_grids(self, model, X, maps, segments):
        with pytest.raises(ValueError, match="segments must be two positive integers"):
            faithfulness_estimate(model, X, maps, segments=segments)


class Flat(ClassifierMixin, BaseEstimator):
    """A classifier of flat clips for clips of any shape."""

    def __init__(self, model):
        self.model = model
        self.classes_ = model.classes_

    def fit(self, X, y=None):
        return self

    def predict_proba(self, X):
        return self.model.predict_proba(np.reshape(X, (len(X), -1)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.norm = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.conv2, self.dense = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4 * 6 * 7, 3)

    def forward(self, x):
        return self.dense(self.conv2(self.norm(self.conv1(x)).relu()).relu().flatten(1))


class TestParameterRandomisation:
    @pytest.fixture
    def images(self):
        return np.random.default_rng(0).random((4, 1, 6, 7), dtype=np.float32)

    @pytest.mark.parametrize("explainer", [VanillaSaliency, GradCAM])
    def test_reaches_the_explainer(self, images, explainer):
        fitted = explainer(PretrainedClassifier(Net())).fit(images)
        values = model_parameter_randomisation(fitted, images, fitted.transform(images))
        assert np.nanmax(values) < 0.99

    def test_is_the_mean_over_the_stages_without_the_map_itself(self, images):
        net = Net()
        fitted = VanillaSaliency(PretrainedClassifier(net)).fit(images)
        maps, target = fitted.transform(images), fitted.predict(images)
        expected = []
        for module in randomised_modules(net, seed=3):
            other = VanillaSaliency(PretrainedClassifier(module)).fit(images).explain(images, target)
            expected.append([spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(maps, other)])
        assert len(expected) == 3
        np.testing.assert_allclose(
            model_parameter_randomisation(fitted, images, maps, random_state=3), np.mean(expected, axis=0), atol=1e-3
        )

    def test_cascade_goes_from_the_top_down_and_layers_have_seeds_of_their_own(self):
        net = nn.Sequential(nn.Linear(5, 5), nn.BatchNorm1d(5), nn.Linear(5, 5), nn.Linear(5, 5))
        with torch.no_grad():
            net[1].weight.fill_(7)
        stages = list(randomised_modules(net))
        changed = [[not torch.equal(net[i].weight, stage[i].weight) for i in range(4)] for stage in stages]
        assert changed == [[False, False, False, True], [False, False, True, True], [True, True, True, True]]
        last = stages[-1]
        assert not torch.equal(last[2].weight, last[3].weight)
        assert not torch.equal(last[0].weight, last[2].weight)
        assert torch.equal(stages[0][3].weight, last[3].weight)

    def test_independent_changes_one_layer_at_a_time(self):
        net = nn.Sequential(nn.Linear(5, 5), nn.Linear(5, 5))
        stages = list(randomised_modules(net, "independent"))
        changed = [[not torch.equal(net[i].weight, stage[i].weight) for i in range(2)] for stage in stages]
        assert changed == [[False, True], [True, False]]

    def test_stages_can_be_thinned_out_evenly(self, images):
        net = nn.Sequential(*[nn.Linear(3, 3) for _ in range(9)])
        everything, thinned = list(randomised_modules(net)), list(randomised_modules(net, n_stages=3))
        assert len(everything) == 9
        for index, stage in zip((0, 4, 8), thinned):
            assert all(torch.equal(a, b) for a, b in zip(stage.parameters(), everything[index].parameters()))
        fitted = VanillaSaliency(PretrainedClassifier(Net())).fit(images)
        with pytest.raises(ValueError, match="n_stages must be at least 1"):
            model_parameter_randomisation(fitted, images, images, n_stages=0)
        with pytest.raises(ValueError, match="order must be one of cascading, independent; got 'bottom_up'"):
            model_parameter_randomisation(fitted, images, images, order="bottom_up")

    def test_neither_module_nor_torchs_random_state_changes(self, images):
        net = Net()
        before, state = {name: value.clone() for name, value in net.state_dict().items()}, torch.get_rng_state()
        fitted = SmoothGrad(PretrainedClassifier(net), n_samples=2, random_state=0).fit(images)
        model_parameter_randomisation(fitted, images, fitted.transform(images))
        assert torch.equal(torch.get_rng_state(), state)
        assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
