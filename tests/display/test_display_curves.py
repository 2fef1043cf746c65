"""PerturbationCurveDisplay and ScoreDistributionDisplay: the numbers behind lines and legends."""

import re

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator

from skxai.display import PerturbationCurveDisplay, ScoreDistributionDisplay
from skxai.explainers import VanillaSaliency
from skxai.metrics import PerturbationCurve, deletion_curve, insertion_auc, insertion_curve
from skxai.models import AcoumonClassifier

RNG = np.random.default_rng(0)


def curve(kind="deletion", y=True, classes=("cough", "wheeze"), n=12, steps=21):
    labels = np.resize(classes, n)
    return PerturbationCurve(
        kind, np.linspace(0, 1, steps), RNG.random((n, steps)), RNG.choice(classes, (n, steps)), labels, labels if y else None
    )


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def auc_of(text):
    return float(re.search(r"AUC (\d\.\d+)", text)[1])


@pytest.fixture(scope="module")
def explained():
    X = RNG.random((12, 1, 16, 16)).astype(np.float32)
    y = np.resize(["cough", "wheeze"], 12)
    X[y == "cough", :, :8] += 1
    explainer = VanillaSaliency(FrozenEstimator(AcoumonClassifier(max_epochs=2, random_state=0).fit(X, y))).fit(X, y)
    return explainer, X, y


class TestPerturbationCurveDisplay:
    @pytest.mark.parametrize("by", ["probability", "accuracy"])
    def test_lines_and_legend_are_the_curves_and_their_areas(self, by):
        curves = {"a": curve(), "b": curve()}
        display = PerturbationCurveDisplay.from_curve(curves, by=by)
        for line, text, (name, each) in zip(display.lines_, legend_texts(display.ax_), curves.items()):
            np.testing.assert_allclose(line.get_xdata(), each.fractions)
            np.testing.assert_allclose(line.get_ydata(), each.mean(by))
            assert text.startswith(name)
            assert auc_of(text) == pytest.approx(each.auc(by).mean(), abs=5e-4)

    def test_labels_tell_what_is_drawn(self):
        display = PerturbationCurveDisplay.from_curve(curve("insertion"), by="accuracy")
        assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("Fraction of pixels inserted", "Accuracy")

    def test_lines_differ_without_colour(self):
        lines = PerturbationCurveDisplay.from_curve({str(i): curve() for i in range(12)}).lines_
        assert len({(str(line._dash_pattern), line.get_marker()) for line in lines}) == 12

    def test_band_is_the_standard_error(self):
        each = curve(n=5)
        band = PerturbationCurveDisplay.from_curve(each).ax_.collections[0].get_paths()[0].vertices
        error = each.probability[:, 10].std(ddof=1) / np.sqrt(5)
        heights = band[np.isclose(band[:, 0], 0.5), 1]
        np.testing.assert_allclose([heights.min(), heights.max()], each.mean()[10] + [-error, error])
        assert not PerturbationCurveDisplay.from_curve(each, band=False).ax_.collections

    def test_one_method_has_a_line_a_class(self):
        each = curve()
        display = PerturbationCurveDisplay.from_curve(each, per_class=True)
        table = each.per_class()
        for line, text, label in zip(display.lines_, legend_texts(display.ax_), table):
            np.testing.assert_allclose(line.get_ydata(), table[label])
            assert auc_of(text) == pytest.approx(each.auc()[each.y == label].mean(), abs=5e-4)

    def test_several_methods_have_a_panel_a_class(self):
        curves = {"a": curve(y=False), "b": curve(y=False), "c": curve(y=False)}
        display = PerturbationCurveDisplay.from_curve(curves, per_class=True)
        assert [ax.get_title() for ax in display.ax_] == ["cough", "wheeze"]
        assert [len(legend_texts(ax)) for ax in display.ax_] == [3, 3]
        np.testing.assert_allclose(display.lines_[4].get_ydata(), curves["b"].per_class()["wheeze"])

    @pytest.mark.parametrize(("kind", "function"), [("deletion", deletion_curve), ("insertion", insertion_curve)])
    def test_from_estimator_is_the_metrics_curve(self, explained, kind, function):
        explainer, X, y = explained
        display = PerturbationCurveDisplay.from_estimator(explainer, X, y, kind=kind, target="cough", step=0.1)
        expected = function(explainer, X, explainer.explain(X, "cough"), y, target="cough", step=0.1)
        np.testing.assert_allclose(display.lines_[0].get_ydata(), expected.mean())
        assert legend_texts(display.ax_)[0].startswith("VanillaSaliency (AUC")

    @pytest.mark.parametrize(
        ("curves", "keywords", "error", "message"),
        [
            (curve(), {"by": "loss"}, ValueError, "by of .* must be one of probability, accuracy; got 'loss'"),
            (curve(y=False), {"by": "accuracy"}, ValueError, "y must be given"),
            ({"a": curve(), "b": curve("insertion")}, {}, ValueError, "of one kind; got deletion and insertion"),
            ({}, {}, ValueError, "at least one curve; got an empty dict"),
            ([0.5], {}, TypeError, "must be a PerturbationCurve or a dict from names to such; got list"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, curves, keywords, error, message):
        with pytest.raises(error, match=message):
            PerturbationCurveDisplay.from_curve(curves, **keywords)

    def test_unknown_kind_is_refused(self, explained):
        with pytest.raises(ValueError, match=r"kind of .*Display must be one of deletion, insertion; got 'addition'"):
            PerturbationCurveDisplay.from_estimator(*explained, kind="addition")


class TestScoreDistributionDisplay:
    @pytest.mark.parametrize("bounds", [None, (-1, 1), (0, 1), (-np.inf, 1), (0, np.inf)])
    def test_density_integrates_to_one(self, bounds):
        scores = np.array([0.0, 0.1, 0.8, 0.95, 1.0, np.nan])
        x, density = ScoreDistributionDisplay(scores, bounds=bounds).density()
        assert np.trapezoid(density, x) == pytest.approx(1, abs=0.01)
        low, high = bounds or (-np.inf, np.inf)
        assert low <= x.min()
        assert x.max() <= high

    def test_line_is_the_density_and_median_and_mean_are_marked(self):
        scores = RNG.normal(0.2, 0.1, 50)
        display = ScoreDistributionDisplay.from_scores({"a": scores})
        density, rug, mean = display.ax_.lines[:3]
        np.testing.assert_allclose(density.get_data(), display.density("a"))
        np.testing.assert_array_equal(rug.get_xdata(), scores)
        assert mean.get_xdata()[0] == pytest.approx(scores.mean())
        medians = [lines for lines in display.ax_.collections if hasattr(lines, "get_segments")]
        assert medians[0].get_segments()[0][0, 0] == pytest.approx(np.median(scores))

    def test_undefined_scores_are_left_out_and_counted(self):
        scores = np.array([0.1, np.nan, 0.3, np.nan, 0.8])
        display = ScoreDistributionDisplay.from_scores({"a": scores})
        assert legend_texts(display.ax_) == ["a: median 0.300, mean 0.400, n = 3 (2 undefined)"]
        np.testing.assert_array_equal(display.density("a"), ScoreDistributionDisplay(scores[~np.isnan(scores)]).density())

    @pytest.mark.parametrize(
        ("scores", "legend"),
        [
            ([0.4], "median 0.400, mean 0.400, n = 1"),
            ([0.4, 0.4, np.nan], "median 0.400, mean 0.400, n = 2 (1 undefined)"),
            ([np.nan, np.nan], "no defined score (2 undefined)"),
            ([0.0, 0.0], "median 0.000, mean 0.000, n = 2"),
        ],
    )
    def test_scores_without_spread_have_no_density(self, scores, legend):
        display = ScoreDistributionDisplay.from_scores(scores)
        assert legend_texts(display.ax_) == [legend]
        with pytest.raises(ValueError, match="at least two different values"):
            display.density()

    @pytest.mark.parametrize(("bounds", "has_zero"), [((-1, 1), True), ((0, 1), False), (None, False)])
    def test_zero_is_drawn_where_the_bounds_span_it(self, bounds, has_zero):
        ax = ScoreDistributionDisplay.from_scores([0.2, 0.3, 0.5], bounds=bounds).ax_
        assert any(list(line.get_xdata()) == [0, 0] for line in ax.lines) == has_zero

    def test_from_estimator_shows_the_metrics_own_values(self, explained):
        explainer, X, y = explained
        display = ScoreDistributionDisplay.from_estimator(explainer, X, y, scoring="insertion_auc", step=0.1)
        expected = insertion_auc(explainer, X, explainer.transform(X), y, step=0.1)
        np.testing.assert_allclose(display.scores["VanillaSaliency"], expected)
        assert (display.bounds, display.ax_.get_xlabel()) == ((0, 1), "Insertion AUC")

    def test_a_dict_of_estimators_has_a_group_each_and_losses_keep_their_sign(self, explained):
        explainer, X, y = explained
        groups = {"a": explainer, "b": explainer}
        display = ScoreDistributionDisplay.from_estimator(groups, X, y, scoring="neg_deletion_auc", step=0.1)
        assert list(display.scores) == ["a", "b"]
        assert (display.scores["a"] >= 0).all()

    @pytest.mark.parametrize(
        ("scores", "keywords", "message"),
        [
            (np.ones((2, 2)), {}, r"scores of .* must hold one score a clip, \(n,\); got shape \(2, 2\)"),
            ({"a": []}, {}, r"scores\['a'\] of .*; got shape \(0,\)"),
            ({}, {}, "at least one group; got an empty dict"),
            ([np.inf], {}, "finite or NaN; got an infinite score"),
            ([0.5, 2], {"bounds": (0, 1)}, r"within bounds=\(0, 1\); got 0.5 to 2"),
            ([0.5], {"bounds": (1, 0)}, r"bounds of .* must be \(lowest, highest\); got \(1, 0\)"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, scores, keywords, message):
        with pytest.raises(ValueError, match=message):
            ScoreDistributionDisplay.from_scores(scores, **keywords)

    def test_several_scorers_are_refused(self, explained):
        with pytest.raises(ValueError, match=r"scoring of .* must be the name of one scorer; got None"):
            ScoreDistributionDisplay.from_estimator(*explained, scoring=None)
