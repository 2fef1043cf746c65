"""SaliencyDisplay: what lies where, in seconds and hertz."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skxai.datasets import AudioEvent, make_audio_events
from skxai.display import SaliencyDisplay
from skxai.display.relevance import relative_relevance
from skxai.explainers import VanillaSaliency
from skxai.features import MFCC, FeatureAxes, FeatureScaler, MelSpectrogram, ResizeFeatures, Spectrogram, feature_axes
from skxai.models import AcoumonClassifier

RATE = 16000
RNG = np.random.default_rng(0)
MAPS = RNG.random((3, 1, 6, 5))
TONE = AudioEvent("tone", onset=0.25, offset=0.75, low=500.0, high=2000.0, waveform=np.zeros(RATE))


def tone(frequency):
    return np.cos(2 * np.pi * frequency * np.arange(RATE) / RATE)[np.newaxis]


FRONTS = {
    "mel": [MelSpectrogram(RATE, n_mels=64)],
    "resized mel": [MelSpectrogram(RATE, n_mels=64), ResizeFeatures((32, 32))],
    "enlarged mel": [MelSpectrogram(RATE, n_mels=32), ResizeFeatures((80, 80))],
    "narrow mel": [MelSpectrogram(RATE, n_fft=2048, n_mels=24, f_min=100, f_max=1600)],
    "spectrogram": [Spectrogram(RATE)],
}


def features_of(steps, waveform):
    pipe = make_pipeline(*steps).fit(waveform)
    return pipe.transform(waveform), feature_axes(pipe)


class TestAxes:
    @pytest.mark.parametrize("steps", FRONTS.values(), ids=FRONTS)
    def test_a_tone_lies_at_the_tick_with_its_frequency(self, steps):
        _, axes = features_of(steps, tone(1000))
        ax = SaliencyDisplay.from_maps(np.ones((1, *axes.shape)), np.ones((1, *axes.shape)), axes=axes).ax_
        ticks = {float(label.get_text()): place for label, place in zip(ax.get_yticklabels(), ax.get_yticks())}
        assert len(ticks) >= 3
        for frequency, place in ticks.items():
            if frequency > 0:
                features, _ = features_of(steps, tone(frequency))
                loudest = features[0, 0].mean(axis=1).argmax()
                assert abs(loudest - place) <= 1, f"{frequency} Hz"

    @pytest.mark.parametrize("steps", FRONTS.values(), ids=FRONTS)
    def test_ticks_do_not_touch(self, steps):
        _, axes = features_of(steps, tone(1000))
        ax = SaliencyDisplay.from_maps(np.ones((1, *axes.shape)), np.ones((1, *axes.shape)), axes=axes).ax_
        assert np.diff(ax.get_yticks()).min() >= 0.09 * axes.shape[0]

    @pytest.mark.parametrize("name", ["mel", "resized mel", "enlarged mel"])
    def test_picture_spans_the_seconds_of_the_axes(self, name):
        features, axes = features_of(FRONTS[name], tone(1000))
        ax = SaliencyDisplay.from_maps(features, features, axes=axes).ax_
        left, right = ax.get_xlim()
        for image in ax.images:
            assert tuple(image.get_extent()) == (left, right, -0.5, axes.shape[0] - 0.5)
        assert right - left == pytest.approx(axes.frame_step * axes.shape[1])
        middle = axes.shape[1] // 2
        assert left + axes.frame_step * (middle + 0.5) == pytest.approx(axes.times[middle])
        assert ax.get_xlabel() == "Time (s)"

    def test_cepstra_are_counted(self):
        features, axes = features_of([MFCC(RATE)], tone(1000))
        ax = SaliencyDisplay.from_maps(features, features, axes=axes).ax_
        assert ax.get_ylabel() == "Cepstral index"
        assert [float(label.get_text()) for label in ax.get_yticklabels()] == list(ax.get_yticks())

    def test_resized_cepstra_keep_their_indices(self):
        features, axes = features_of([MFCC(RATE), ResizeFeatures((26, 20))], tone(1000))
        ax = SaliencyDisplay.from_maps(features, features, axes=axes).ax_
        for label, place in zip(ax.get_yticklabels(), ax.get_yticks()):
            assert 2 * float(label.get_text()) + 0.5 == pytest.approx(place, abs=0.5)

    def test_without_axes_rows_and_columns_are_counted(self):
        ax = SaliencyDisplay.from_maps(MAPS[:1], MAPS[:1]).ax_
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("Time frame", "Feature row")
        assert tuple(ax.images[0].get_extent()) == (-0.5, 4.5, -0.5, 5.5)


class TestOverlay:
    def test_pictures_are_the_features_and_the_relevance(self):
        features = RNG.random((1, 6, 5))
        grey, overlay = SaliencyDisplay.from_maps(MAPS[:1, 0], features).ax_.images
        np.testing.assert_array_equal(grey.get_array(), features[0])
        np.testing.assert_allclose(overlay.get_array(), relative_relevance(MAPS[:1])[0, 0])

    def test_opacity_follows_relevance(self):
        overlay = SaliencyDisplay.from_maps(MAPS[:1], MAPS[:1]).ax_.images[1]
        opacity = overlay.to_rgba(np.linspace(0, 1, 50))[:, 3]
        assert opacity[0] == 0
        assert (np.diff(opacity) > 0).all()

    def test_relevance_is_scaled_within_each_clip(self):
        scaled = relative_relevance(MAPS * [[[[1]]], [[[7]]], [[[0]]]] + 3)
        np.testing.assert_array_equal(scaled.min(axis=(1, 2, 3)), 0)
        np.testing.assert_allclose(scaled.max(axis=(1, 2, 3)), [1, 1, 0])

    def test_signs_are_kept(self):
        maps = MAPS[:1] - 0.5
        scaled = relative_relevance(maps)
        np.testing.assert_array_equal(np.sign(scaled), np.sign(maps))
        assert np.abs(scaled).max() == 1
        overlay = SaliencyDisplay.from_maps(maps, maps).ax_.images[1]
        against, neutral, favour = overlay.to_rgba([-1.0, 0.0, 1.0])
        assert against[2] > against[0]
        assert favour[0] > favour[2]
        assert neutral[3] == pytest.approx(0, abs=0.01)

    def test_a_constant_map_says_so(self):
        ax = SaliencyDisplay.from_maps(np.ones((1, 6, 5)), MAPS[:1, 0]).ax_
        assert "constant map" in [text.get_text() for text in ax.texts]

    def test_colour_bars_are_named(self):
        figure = SaliencyDisplay.from_maps(MAPS, MAPS).figure_
        assert {"Relative relevance", "Feature value"} <= {ax.get_ylabel() for ax in figure.axes}
        assert len(SaliencyDisplay.from_maps(MAPS, MAPS, colorbar=False).figure_.axes) == len(MAPS)


class TestPanels:
    def test_one_panel_a_clip(self):
        display = SaliencyDisplay.from_maps(MAPS, MAPS, titles=["a", "b", "c"])
        assert [ax.get_title() for ax in display.ax_] == ["a", "b", "c"]

    def test_one_clip_has_its_plain_spectrogram_and_a_panel_a_method(self):
        display = SaliencyDisplay.from_maps({"first": MAPS[:1], "second": MAPS[1:2]}, MAPS[:1], titles=["cough"])
        assert [ax.get_title() for ax in display.ax_] == ["cough", "first", "second"]
        assert [len(ax.images) for ax in display.ax_] == [1, 2, 2]

    def test_clips_by_methods(self):
        display = SaliencyDisplay.from_maps({"first": MAPS, "second": MAPS}, MAPS, titles=list("abc"))
        grid = display.ax_.reshape(3, 3)
        assert [[ax.get_title() for ax in row] for row in grid] == [["", "first", "second"], [""] * 3, [""] * 3]
        assert [[text.get_text() for text in row[0].texts] for row in grid] == [["a"], ["b"], ["c"]]
        np.testing.assert_array_equal(grid[2, 0].images[0].get_array(), MAPS[2, 0])

    def test_several_panels_take_as_many_axes(self):
        figure, axes = plt.subplots(1, 3)
        assert SaliencyDisplay.from_maps(MAPS, MAPS, ax=axes).figure_ is figure
        with pytest.raises(ValueError, match=r"ax of SaliencyDisplay must be an array of 3 Axes.*; got 1"):
            SaliencyDisplay.from_maps(MAPS, MAPS, ax=axes[0])

    def test_flat_features_are_a_line_on_a_strip(self):
        features = MAPS.reshape(3, -1)[:1]
        ax = SaliencyDisplay.from_maps(features**2, features).ax_
        np.testing.assert_array_equal(ax.lines[0].get_ydata(), features[0])
        np.testing.assert_allclose(ax.lines[0].get_xdata(), np.arange(30))
        assert ax.images[0].get_array().shape == (1, 30)


class TestSignals:
    """Waveforms: long rows of samples over time."""

    AXES = FeatureAxes.of_waveforms(RATE, RATE)

    def test_long_signals_are_an_envelope_over_seconds(self):
        waveform = RNG.normal(size=(1, RATE))
        ax = SaliencyDisplay.from_maps(np.abs(waveform), waveform, axes=self.AXES).ax_
        assert (ax.get_xlabel(), ax.get_ylabel()) == ("Time (s)", "Amplitude")
        assert ax.get_xlim() == pytest.approx((-0.5 / RATE, 1 - 0.5 / RATE))
        (outline,) = ax.collections[0].get_paths()
        assert len(outline.vertices) < 6000
        assert outline.vertices[:, 1].min() == pytest.approx(waveform.min())
        assert outline.vertices[:, 1].max() == pytest.approx(waveform.max())
        (strip,) = ax.images
        assert strip.get_extent()[3] < waveform.min()  # the strip lies under the waveform

    @pytest.mark.parametrize("sign", [1, -1])
    def test_relevance_is_seen_where_it_lies(self, sign):
        maps = np.zeros((1, RATE))
        maps[0, 4000:4100] = sign
        (strip,) = SaliencyDisplay.from_maps(maps, RNG.normal(size=(1, RATE)), axes=self.AXES).ax_.images
        relevance = strip.get_array()[0]
        (seen,) = np.nonzero(relevance > 0.5) if sign > 0 else np.nonzero(relevance < -0.5)
        left, right = (np.array([seen[0], seen[-1] + 1]) / len(relevance)).round(2)
        assert (left, right) == (0.25, pytest.approx(0.26, abs=0.01))

    def test_channel_of_a_signal_is_no_row(self):
        waveform = RNG.normal(size=(2, 1, RATE))
        display = SaliencyDisplay.from_maps(waveform**2, waveform, axes=self.AXES)
        assert [len(ax.collections) for ax in display.ax_] == [1, 1]

    def test_methods_are_strips_under_one_waveform(self):
        waveforms = RNG.normal(size=(2, RATE))
        maps = {"first": waveforms**2, "second": np.ones_like(waveforms)}
        display = SaliencyDisplay.from_maps(maps, waveforms, axes=self.AXES, titles=["a", "b"], events=[[TONE], [TONE]])
        grid = display.ax_.reshape(3, 2)
        assert [ax.get_title() for ax in grid[0]] == ["a", "b"]
        assert [ax.get_ylabel() for ax in grid[1:, 0]] == ["first", "second"]
        assert [[len(ax.images) for ax in row] for row in grid] == [[0, 0], [1, 1], [1, 1]]
        assert {text.get_text() for text in grid[2, 1].texts} == {"constant map"}
        for ax in grid.flat:
            (box,) = ax.patches
            assert (box.get_x(), box.get_width()) == (0.25, 0.5)
        assert {ax.get_xlim() for ax in grid.flat} == {grid[0, 0].get_xlim()}

    @pytest.mark.parametrize(("suffix", "most"), [("svg", 200_000), ("pdf", 50_000)])
    def test_file_of_minutes_of_samples_is_small(self, suffix, most):
        waveform = np.sin(np.arange(220_500) ** 1.2)[np.newaxis]
        axes = FeatureAxes.of_waveforms(220_500, 44100)
        file = io.BytesIO()
        SaliencyDisplay.from_maps(waveform**2, waveform, axes=axes).figure_.savefig(file, format=suffix)
        assert len(file.getvalue()) < most


class TestEvents:
    def test_boxes_lie_at_their_seconds_and_hertz(self):
        features, axes = features_of(FRONTS["mel"], tone(1000))
        ax = SaliencyDisplay.from_maps(features, features, axes=axes, events=[[TONE]]).ax_
        (box,) = ax.patches
        places = dict(zip((label.get_text() for label in ax.get_yticklabels()), ax.get_yticks()))
        assert (box.get_x(), box.get_width()) == (0.25, 0.5)
        assert box.get_y() == pytest.approx(places["500"])
        assert box.get_y() + box.get_height() == pytest.approx(places["2000"])
        assert [text.get_text() for text in ax.texts if text.get_text()] == ["tone"]

    def test_only_what_is_on_the_axes_is_drawn(self):
        features, axes = features_of(FRONTS["narrow mel"], tone(1000))
        events = [
            AudioEvent("above", 0.2, 0.4, 2000.0, 3000.0, TONE.waveform),
            AudioEvent("later", 2.0, 3.0, 200.0, 300.0, TONE.waveform),
            AudioEvent("half", 0.5, 2.0, 500.0, 3000.0, TONE.waveform),
        ]
        ax = SaliencyDisplay.from_maps(features, features, axes=axes, events=[events]).ax_
        (box,) = ax.patches
        assert box.get_x() + box.get_width() == pytest.approx(ax.get_xlim()[1])
        assert box.get_y() + box.get_height() == pytest.approx(23.5)

    def test_on_cepstra_they_span_all_rows(self):
        features, axes = features_of([MFCC(RATE)], tone(1000))
        (box,) = SaliencyDisplay.from_maps(features, features, axes=axes, events=[[TONE]]).ax_.patches
        assert (box.get_y(), box.get_height()) == (-0.5, 13)


@pytest.fixture(scope="module")
def fitted():
    scenes = make_audio_events(8, random_state=0)
    front = make_pipeline(MelSpectrogram(RATE, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("minmax"))
    features = front.fit_transform(scenes.data)
    network = FrozenEstimator(AcoumonClassifier(max_epochs=1, random_state=0).fit(features, scenes.target))
    explainer = VanillaSaliency(network).fit(features, scenes.target)
    return make_pipeline(*[step for _, step in front.steps], explainer), scenes, features


class TestFromEstimator:
    def test_shows_the_maps_of_the_chosen_clips(self, fitted):
        pipe, scenes, features = fitted
        display = SaliencyDisplay.from_estimator(pipe, scenes.data, scenes.target, clips=[5, 2], events=scenes.events)
        np.testing.assert_allclose(display.maps, pipe[-1].transform(features[[5, 2]]), rtol=1e-4, atol=1e-7)
        assert [len(ax.patches) for ax in display.ax_] == [1, 1]
        predicted = pipe.predict(scenes.data[[5, 2]])
        for ax, true, label in zip(display.ax_, scenes.target[[5, 2]], predicted):
            assert ax.get_title() == f"true: {true}, predicted: {label}"
            assert ax.get_ylabel() in ("Frequency (Hz)", "")

    def test_target_is_explained_and_told(self, fitted):
        pipe, scenes, features = fitted
        display = SaliencyDisplay.from_estimator(pipe, scenes.data, clips=3, target="voice")
        np.testing.assert_allclose(display.maps, pipe[-1].explain(features[[3]], "voice"), rtol=1e-4, atol=1e-7)
        assert display.ax_.get_title().endswith("explained: voice")

    def test_an_explainer_alone_has_no_axes(self, fitted):
        pipe, _, features = fitted
        assert SaliencyDisplay.from_estimator(pipe[-1], features[:1]).ax_.get_xlabel() == "Time frame"

    def test_bad_choices_are_refused(self, fitted):
        pipe, scenes, _ = fitted
        with pytest.raises(ValueError, match=r"clips of SaliencyDisplay must be indices of the 8 clips of X; got 8\."):
            SaliencyDisplay.from_estimator(pipe, scenes.data, clips=8)
        with pytest.raises(ValueError, match=r"y of SaliencyDisplay must be one for each of 8 clips; got 2\."):
            SaliencyDisplay.from_estimator(pipe, scenes.data, scenes.target[:2])
        with pytest.raises(TypeError, match=r"estimator must be an explainer.*got LogisticRegression"):
            SaliencyDisplay.from_estimator(LogisticRegression(), scenes.data)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"features": np.ones((3, 2, 6, 5))}, r"features .* must have the shape .*; got shape \(3, 2, 6, 5\)"),
        ({"features": np.ones(5)}, r"features .* must have the shape .*; got shape \(5,\)"),
        ({"maps": MAPS[:2]}, r"maps of SaliencyDisplay must have the shape of features, \(3, 1, 6, 5\); got shape \(2,"),
        ({"maps": {"cam": MAPS[:, 0]}}, r"maps\['cam'\] of SaliencyDisplay must have .*; got shape \(3, 6, 5\)"),
        ({"maps": {}}, "maps of SaliencyDisplay must hold at least one method; got an empty dict"),
        ({"maps": MAPS * np.nan}, "maps of SaliencyDisplay must be finite; got NaN"),
        ({"titles": ["a"]}, "titles of SaliencyDisplay must be one for each of 3 clips; got 1"),
        ({"events": [[TONE]] * 3}, "events of SaliencyDisplay need axes in seconds; got axes=None"),
        ({"axes": "wrong"}, r"axes of SaliencyDisplay must have the features' rows and columns, \(6, 5\); got \(64,"),
        ({"n_columns": 0}, "n_columns of SaliencyDisplay must be an integer of at least 1 or None; got 0"),
    ],
)
def test_what_does_not_fit_is_refused(changed, message):
    if "axes" in changed:
        changed = {"axes": features_of(FRONTS["mel"], tone(1000))[1]}
    with pytest.raises(ValueError, match=message):
        SaliencyDisplay.from_maps(**{"maps": MAPS, "features": MAPS} | changed)
