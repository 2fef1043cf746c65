"""PerturbationCurveDisplay and ScoreDistributionDisplay: the numbers behind lines and legends."""

import re

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from sklearn.frozen import FrozenEstimator

from skxai.display import PerturbationCurveDisplay, ScoreDistributionDisplay
from skxai.display.style import PALETTE, REFERENCE
from skxai.explainers import VanillaSaliency
from skxai.metrics import PerturbationCurve, deletion_curve, insertion_auc, insertion_curve
from skxai.models import AcoumonClassifier
from skxai.utils.statistics import bootstrap_interval

RNG = np.random.default_rng(0)


def curve(kind="deletion", y=True, classes=("cough", "wheeze"), n=12, steps=21):
    labels = np.resize(classes, n)
    return PerturbationCurve(
        kind, np.linspace(0, 1, steps), RNG.random((n, steps)), RNG.choice(classes, (n, steps)), labels, labels if y else None
    )


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def areas_of(ax):
    """Return the areas in a legend by the name of the line."""
    return {
        name.strip(): float(area) for name, area in (re.match(r"(.*?)(\d\.\d{3})", text).groups() for text in legend_texts(ax))
    }


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
        areas = areas_of(display.ax_)
        for line, (name, each) in zip(display.lines_, curves.items()):
            np.testing.assert_allclose(line.get_xdata(), each.fractions)
            np.testing.assert_allclose(line.get_ydata(), each.mean(by))
            assert areas[name] == pytest.approx(each.auc(by).mean(), abs=6e-4)
        assert list(areas.values()) == sorted(areas.values(), reverse=True)

    def test_labels_tell_what_is_drawn(self):
        display = PerturbationCurveDisplay.from_curve(curve("insertion"), by="accuracy")
        assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("Fraction of pixels inserted", "Accuracy")

    def test_lines_differ_without_colour(self):
        lines = PerturbationCurveDisplay.from_curve({str(i): curve() for i in range(12)}).lines_
        assert len({(str(line._dash_pattern), line.get_marker()) for line in lines}) == 12

    def test_bands_are_the_intervals_over_recordings(self):
        each, groups = curve(n=12), np.repeat(np.arange(6), 2)
        display = PerturbationCurveDisplay.from_curve(each, groups=groups, confidence=0.9)
        band = display.ax_.collections[0].get_paths()[0].vertices
        heights = band[np.isclose(band[:, 0], 0.5), 1]
        expected = bootstrap_interval(each.probability[:, 10], groups, confidence=0.9)
        np.testing.assert_allclose([heights.min(), heights.max()], expected)
        low, high = bootstrap_interval(each.auc(), groups, confidence=0.9)
        assert legend_texts(display.ax_) == [f"{each.auc().mean():.3f} [{low:.2f}, {high:.2f}]"]
        assert "90%" in display.ax_.get_legend().get_title().get_text()
        assert not PerturbationCurveDisplay.from_curve(each, band=False).ax_.collections

    def test_whiskers_of_many_lines_stand_at_their_marks(self):
        curves = {str(i): curve(n=5) for i in range(7)}
        display = PerturbationCurveDisplay.from_curve(curves, controls=["6"])
        assert len(display.ax_.collections) == 6  # none of the floor
        for line, whiskers, each in zip(display.lines_, display.ax_.collections, curves.values()):
            start, every = line.get_markevery()
            low, high = bootstrap_interval(each.probability[:, start::every])
            ends = [[[x, a], [x, b]] for x, a, b in zip(each.fractions[start::every], low, high)]
            np.testing.assert_allclose(whiskers.get_segments(), ends)

    def test_one_clip_has_no_interval(self):
        display = PerturbationCurveDisplay.from_curve(curve(n=1))
        assert "[" not in legend_texts(display.ax_)[0] + display.ax_.get_legend().get_title().get_text()

    def test_controls_are_black_and_leave_the_colours_to_the_methods(self):
        curves = {name: curve() for name in ("control", "a", "b")}
        lines = PerturbationCurveDisplay.from_curve(curves, controls=["control"]).lines_
        assert [line.get_color() for line in lines] == [REFERENCE, *PALETTE[:2]]

    @pytest.mark.parametrize("n_methods", [1, 4, 12])
    def test_legend_hides_no_curve(self, n_methods):
        curves = {f"A method of some length {i}": curve() for i in range(n_methods)}
        figure = PerturbationCurveDisplay.from_curve(curves).figure_
        figure.draw_without_rendering()
        (ax,) = figure.axes
        legend, whole = ax.get_legend().get_window_extent(), figure.bbox
        assert legend.x0 >= ax.get_window_extent().x1
        assert legend.x1 <= whole.x1
        assert legend.y0 >= whole.y0

    def test_legends_of_classes_hide_no_panel(self):
        curves = {f"method {i}": curve(classes=tuple("abcde"), n=20) for i in range(12)}
        figure = PerturbationCurveDisplay.from_curve(curves, per_class=True).figure_
        figure.draw_without_rendering()
        legends = [*figure.legends, *(ax.get_legend() for ax in figure.axes)]
        assert len(legends) == 6
        boxes = [ax.get_window_extent() for ax in figure.axes] + [legend.get_window_extent() for legend in legends]
        for i, box in enumerate(boxes):
            assert figure.bbox.y0 - 1 <= box.y0
            assert not any(box.overlaps(other) for other in boxes[:i])

    def test_legends_can_be_left_out(self):
        figure = PerturbationCurveDisplay.from_curve({"a": curve(), "b": curve()}, per_class=True, legend=False).figure_
        assert not figure.legends
        assert all(ax.get_legend() is None for ax in figure.axes)

    def test_one_method_has_a_line_a_class(self):
        each = curve()
        display = PerturbationCurveDisplay.from_curve(each, per_class=True)
        table = each.per_class()
        areas = areas_of(display.ax_)
        for line, label in zip(display.lines_, table):
            np.testing.assert_allclose(line.get_ydata(), table[label])
            assert areas[label] == pytest.approx(each.auc()[each.y == label].mean(), abs=6e-4)

    def test_several_methods_have_a_panel_a_class(self):
        curves = {"a": curve(y=False), "b": curve(y=False), "c": curve(y=False)}
        display = PerturbationCurveDisplay.from_curve(curves, per_class=True)
        assert [ax.get_title() for ax in display.ax_] == ["cough", "wheeze"]
        for ax, label in zip(display.ax_, ["cough", "wheeze"]):
            expected = [each.auc()[each.target == label].mean() for each in curves.values()]
            np.testing.assert_allclose(list(map(float, legend_texts(ax))), sorted(expected, reverse=True), atol=6e-4)
        assert [text.get_text() for text in display.figure_.legends[0].get_texts()] == list(curves)
        np.testing.assert_allclose(display.lines_[4].get_ydata(), curves["b"].per_class()["wheeze"])

    @pytest.mark.parametrize(("kind", "function"), [("deletion", deletion_curve), ("insertion", insertion_curve)])
    def test_from_estimator_is_the_metrics_curve(self, explained, kind, function):
        explainer, X, y = explained
        display = PerturbationCurveDisplay.from_estimator(explainer, X, y, kind=kind, target="cough", step=0.1)
        expected = function(explainer, X, explainer.explain(X, "cough"), y, target="cough", step=0.1)
        np.testing.assert_allclose(display.lines_[0].get_ydata(), expected.mean())
        assert areas_of(display.ax_) == {"VanillaSaliency": pytest.approx(expected.auc().mean(), abs=6e-4)}

    @pytest.mark.parametrize(
        ("curves", "keywords", "error", "message"),
        [
            (curve(), {"by": "loss"}, ValueError, "by of .* must be one of probability, accuracy; got 'loss'"),
            (curve(y=False), {"by": "accuracy"}, ValueError, "y must be given"),
            ({"a": curve(), "b": curve("insertion")}, {}, ValueError, "of one kind; got deletion and insertion"),
            ({}, {}, ValueError, "at least one method; got an empty dict"),
            ([0.5], {}, TypeError, "must be a PerturbationCurve or a dict from names to such; got list"),
            (curve(), {"groups": [0, 1]}, ValueError, r"groups of .* must be one for each of 12 clips; got shape \(2,\)"),
            ({"a": curve()}, {"controls": ["b"]}, ValueError, "controls of .* must be methods of curves, a; got 'b'"),
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

    def test_many_methods_have_a_row_each(self):
        scores = {f"method {i}": RNG.random(30) for i in range(9)} | {"control": RNG.random(30)}
        scores["method 3"][:4] = np.nan
        groups = np.repeat(np.arange(10), 3)
        ax = ScoreDistributionDisplay.from_scores(scores, bounds=(0, 1), groups=groups, controls=["control"]).ax_
        assert [label.get_text() for label in ax.get_yticklabels()] == list(scores)
        assert [text.get_text() for text in ax.texts] == ["n = 26"]
        medians = [line for line in ax.lines if line.get_label() == "median"]
        points = [line for line in ax.lines if line.get_markersize() == 2.2]
        for row, (values, median, dots, bar) in enumerate(zip(scores.values(), medians, points, ax.containers)):
            defined = values[~np.isnan(values)]
            assert list(median.get_xdata()) == 2 * [np.median(defined)]
            np.testing.assert_array_equal(dots.get_xdata(), defined)
            assert np.abs(dots.get_ydata() - row).max() < 0.5  # no point strays into another row
            mean, _, (whiskers,) = bar
            assert mean.get_xydata().tolist() == [[pytest.approx(defined.mean()), row]]
            low, high = bootstrap_interval(values, groups)
            np.testing.assert_allclose(whiskers.get_segments()[0][:, 0], [low, high])
        assert points[-1].get_color() == REFERENCE
        assert len({dots.get_color() for dots in points}) == 10

    def test_scores_of_few_values_have_points_but_no_density(self):
        scores = {name: RNG.integers(0, 2, 30).astype(float) for name in "abcde"} | {"all": np.ones(5), "none": [np.nan] * 5}
        ax = ScoreDistributionDisplay.from_scores(scores).ax_
        assert not any(isinstance(each, PolyCollection) for each in ax.collections)
        assert [len(line.get_xdata()) for line in ax.lines if line.get_markersize() == 2.2] == [30] * 5 + [5]
        assert [text.get_text() for text in ax.texts] == ["n = 0"]

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
            ({}, {}, "at least one method; got an empty dict"),
            ([np.inf], {}, "finite or NaN; got an infinite score"),
            ([0.5, 2], {"bounds": (0, 1)}, r"within bounds=\(0, 1\); got 0.5 to 2"),
            ([0.5, 0.6], {"groups": [0]}, r"groups of .* must be one for each of 2 clips; got shape \(1,\)"),
            ([0.5], {"bounds": (1, 0)}, r"bounds of .* must be \(lowest, highest\); got \(1, 0\)"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, scores, keywords, message):
        with pytest.raises(ValueError, match=message):
            ScoreDistributionDisplay.from_scores(scores, **keywords)

    def test_several_scorers_are_refused(self, explained):
        with pytest.raises(ValueError, match=r"scoring of .* must be the name of one scorer; got None"):
            ScoreDistributionDisplay.from_estimator(*explained, scoring=None)
