"""RandomisationDisplay: lines, bands and names are those of the curves."""

import warnings

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skxai.display import RandomisationDisplay
from skxai.explainers import GradCAM, VanillaSaliency
from skxai.features import FeatureScaler
from skxai.metrics import RandomisationCurve, model_parameter_randomisation_curve
from skxai.models import AcoumonClassifier

STAGES = ("dense", "features.4", "features.0")


def curve(n=9, stages=STAGES, order="cascading", seed=0):
    correlations = np.random.default_rng(seed).uniform(-0.2, 1, (n, len(stages)))
    return RandomisationCurve(order, tuple(stages), correlations, np.resize(["cough", "wheeze"], n))


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def labels_of(ax):
    return [label.get_text() for label in ax.get_xticklabels()]


class TestRandomisationDisplay:
    def test_lines_are_the_means_of_the_layers_from_the_top_down(self):
        curves = {"saliency": curve(seed=1), "Grad-CAM": curve(seed=2)}
        display = RandomisationDisplay.from_curve(curves)
        assert labels_of(display.ax_) == list(STAGES)
        for line, text, (name, each) in zip(display.lines_, legend_texts(display.ax_), curves.items()):
            np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2])
            np.testing.assert_allclose(line.get_ydata(), each.correlations.mean(axis=0))
            assert text == f"{name} (mean {each.correlations.mean():.3f})"

    def test_band_is_the_middle_half_of_the_clips(self):
        each = curve()
        low, high = np.quantile(each.correlations, [0.25, 0.75], axis=0)
        (band,) = RandomisationDisplay.from_curve(each).ax_.collections
        outline = band.get_paths()[0].vertices
        for place in range(3):
            heights = outline[outline[:, 0] == place, 1]
            assert (heights.min(), heights.max()) == pytest.approx((low[place], high[place]))
        assert not RandomisationDisplay.from_curve(each, band=False).ax_.collections

    def test_everything_drawn_is_within_the_axes(self):
        each = RandomisationCurve("cascading", STAGES, np.array([[1.0, -1.0, 0.2], [1.0, -0.8, 0.4]]), np.zeros(2))
        low, high = RandomisationDisplay.from_curve(each).ax_.get_ylim()
        assert low < -1 < 1 < high

    def test_undefined_correlations_leave_a_gap_and_are_told(self):
        some, none = curve(), curve()
        some.correlations[:, 1] = np.nan
        some.correlations[3, 0] = np.nan
        none.correlations[:] = np.nan
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            display = RandomisationDisplay.from_curve({"some": some, "none": none})
            display.figure_.canvas.draw()
        np.testing.assert_array_equal(np.isnan(display.lines_[0].get_ydata()), [False, True, False])
        assert legend_texts(display.ax_)[1] == "none (undefined)"

    def test_labels_tell_the_order(self):
        labels = {order: RandomisationDisplay.from_curve(curve(order=order)).ax_.get_xlabel()
                  for order in ("cascading", "independent")}  # fmt: skip
        assert "down to" in labels["cascading"]
        assert "alone" in labels["independent"]

    def test_names_of_many_layers_are_thinned_out(self):
        stages = [f"layer{i}" for i in range(105)]
        shown = labels_of(RandomisationDisplay.from_curve(curve(stages=stages)).ax_)
        assert 10 < len(shown) <= 24
        assert shown[:2] == ["layer0", "layer5"]

    def test_lines_differ_without_colour(self):
        lines = RandomisationDisplay.from_curve({str(i): curve() for i in range(12)}).lines_
        assert len({(str(line._dash_pattern), line.get_marker()) for line in lines}) == 12

    def test_from_estimator_measures_each_explainer_and_pipeline(self):
        X = np.random.default_rng(0).random((6, 1, 16, 16)).astype(np.float32)
        y = np.resize(["cough", "wheeze"], 6)
        scaled = FeatureScaler().fit_transform(X)
        trained = FrozenEstimator(AcoumonClassifier(max_epochs=1, random_state=0).fit(scaled, y))
        saliency = VanillaSaliency(trained).fit(scaled)
        pipeline = make_pipeline(FeatureScaler(), GradCAM(trained, layer=0)).fit(X, y)
        named = RandomisationDisplay.from_estimator({"plain": saliency, "scaled": pipeline}, X, n_stages=3, target="cough")
        assert list(named.curves) == ["plain", "scaled"]
        assert (named.curves["scaled"].target == "cough").all()
        expected = model_parameter_randomisation_curve(saliency, X, saliency.explain(X, "cough"), n_stages=3, target="cough")
        np.testing.assert_allclose(named.curves["plain"].correlations, expected.correlations)
        single = RandomisationDisplay.from_estimator(saliency, X, n_stages=2)
        assert list(single.curves) == ["VanillaSaliency"]
        assert len(single.curves["VanillaSaliency"].stages) == 2

    @pytest.mark.parametrize(
        ("curves", "kind", "message"),
        [
            ({}, ValueError, "at least one method; got an empty dict"),
            ({"a": [0.5, 0.1]}, TypeError, "must be a RandomisationCurve or a dict from names to such; got list"),
            ({"a": curve(), "b": curve(order="independent")}, ValueError, "of one order; got cascading and independent"),
            ({"a": curve(), "b": curve(stages=("fc", "conv1"))}, ValueError, r"the same stages.*; got dense, .* and fc, conv1"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, curves, kind, message):
        with pytest.raises(kind, match=message):
            RandomisationDisplay.from_curve(curves)
