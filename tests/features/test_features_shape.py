"""FixedFrames, ResizeFeatures and FeatureScaler: shapes, and that the axes follow the picture."""

import numpy as np
import pytest
import torch
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import VarianceThreshold
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skxai.features import (
    MFCC,
    AudioLoader,
    BandpassFilter,
    FeatureAxes,
    FeatureScaler,
    FixedFrames,
    FixedLength,
    MelSpectrogram,
    ResizeFeatures,
    Spectrogram,
    feature_axes,
)

RATE = 16000


@pytest.fixture
def features():
    return np.random.default_rng(0).standard_normal((3, 1, 6, 10)).astype(np.float32)


def scene():
    """Return one clip: a click at 0.52 s and, from there on, a tone of 2500 Hz."""
    time = np.arange(RATE) / RATE
    return np.where(time >= 0.52, np.sin(2 * np.pi * 2500 * time), 0).astype(np.float32)[None]


class TestFixedFrames:
    @pytest.mark.parametrize("shape", [(3, 60), (3, 6, 10), (3, 1, 6, 10)])
    def test_pads_with_the_lowest_value_of_the_clip_or_cuts(self, features, shape):
        X = features.reshape(shape)
        padded = FixedFrames(70).fit_transform(X)
        assert padded.shape == (*shape[:-1], 70)
        np.testing.assert_array_equal(padded[..., : shape[-1]], X)
        for clip, original in zip(padded, X):
            assert (clip[..., shape[-1] :] == original.min()).all()
        np.testing.assert_array_equal(FixedFrames(4).fit_transform(X), X[..., :4])


class TestResizeFeatures:
    def test_is_torchs_bilinear_interpolation(self, features):
        for antialias in (False, True):
            expected = torch.nn.functional.interpolate(
                torch.from_numpy(features), (4, 25), mode="bilinear", align_corners=False, antialias=antialias
            )
            resized = ResizeFeatures((4, 25), antialias=antialias).fit_transform(features)
            np.testing.assert_allclose(resized, expected.numpy(), rtol=1e-6, atol=1e-6)

    def test_rank_of_the_features_stays(self, features):
        four = ResizeFeatures((4, 5)).fit_transform(features)
        three = ResizeFeatures((4, 5)).fit_transform(features[:, 0])
        rows = ResizeFeatures((4, 5)).fit_transform(features[:, 0, 0])
        assert (four.shape, three.shape, rows.shape) == ((3, 1, 4, 5), (3, 4, 5), (3, 5))
        np.testing.assert_array_equal(three, four[:, 0])

    def test_same_size_changes_nothing(self, features):
        np.testing.assert_array_equal(ResizeFeatures((6, 10)).fit_transform(features), features)

    def test_every_column_counts_when_the_picture_shrinks(self):
        events = np.eye(400, dtype=np.float32)[:, None, None, :]
        resized = ResizeFeatures((1, 32)).fit_transform(events)
        assert (resized.max(axis=3) > 0.03).all()
        assert (ResizeFeatures((1, 32), antialias=False).fit_transform(events).max(axis=3) == 0).any()

    @pytest.mark.parametrize("size", [(32,), (0, 32), (32.0, 32), (1, 2, 3)])
    def test_size_must_be_two_positive_integers(self, features, size):
        with pytest.raises(ValueError, match="'size' parameter of ResizeFeatures must be two positive integers"):
            ResizeFeatures(size).fit(features)


class TestFeatureScaler:
    @pytest.mark.parametrize("method", ["minmax", "standard"])
    def test_inverse_undoes_it(self, features, method):
        scaler = FeatureScaler(method).fit(10 * features - 50)
        np.testing.assert_allclose(
            scaler.inverse_transform(scaler.transform(10 * features - 50)), 10 * features - 50, rtol=1e-5
        )

    def test_training_clips_fill_the_range_and_others_may_leave_it(self, features):
        scaler = FeatureScaler().fit(features)
        scaled = scaler.transform(features)
        assert (scaled.min(), scaled.max()) == (0, 1)
        assert scaler.transform(3 * features).max() > 1

    def test_standard_gives_mean_0_and_deviation_1(self, features):
        scaled = FeatureScaler("standard").fit_transform(7 * features + 1e3)
        assert scaled.mean() == pytest.approx(0, abs=1e-3)
        assert scaled.std() == pytest.approx(1, rel=1e-4)

    def test_order_of_values_stays(self, features):
        scaled = FeatureScaler("standard").fit_transform(features)
        np.testing.assert_array_equal(np.argsort(scaled, axis=None), np.argsort(features, axis=None))

    @pytest.mark.parametrize("method", ["minmax", "standard"])
    def test_constant_training_clips_become_0_and_come_back(self, method):
        constant = np.full((3, 1, 6, 10), -0.1, dtype=np.float32)
        scaler = FeatureScaler(method).fit(constant)
        scaled = scaler.transform(constant)
        assert (scaled == 0).all()
        np.testing.assert_array_equal(scaler.inverse_transform(scaled), constant)


@pytest.mark.parametrize("transformer", [FixedFrames(8), ResizeFeatures((3, 3)), FeatureScaler()])
class TestAnotherShapeThanInFit:
    def test_is_refused_even_with_the_same_first_number(self, transformer, features):
        fitted = transformer.fit(features)
        owner = type(transformer).__name__
        with pytest.raises(ValueError, match=rf"clips of shape \(1, 6, 9\), but {owner} is expecting .* \(1, 6, 10\)"):
            fitted.transform(features[..., :9])
        with pytest.raises(ValueError, match=f"2 to 4 dimensions.*{owner}"):
            fitted.transform(features[None])


class TestFeatureAxes:
    @pytest.mark.parametrize("first", [Spectrogram(RATE), MelSpectrogram(RATE, n_mels=80)])
    def test_event_stays_at_its_frequency_and_time(self, first):
        pipe = make_pipeline(first, FixedFrames(100), ResizeFeatures((40, 50)), FeatureScaler())
        picture = pipe.fit_transform(scene())[0, 0]
        axes = feature_axes(pipe)
        assert picture.shape == axes.shape
        row, column = picture.mean(axis=1).argmax(), np.diff(picture.mean(axis=0)).argmax() + 1
        assert abs(axes.frequencies[row] - 2500) < np.diff(axes.frequencies)[row - 1 : row + 1].max()
        assert abs(axes.times[column] - 0.52) <= axes.frame_step
        assert axes.kind == "frequency"
        assert axes.sample_rate == RATE

    def test_a_picture_of_the_axis_resizes_as_the_axis_does(self):
        pipe = make_pipeline(MelSpectrogram(RATE, n_mels=64), ResizeFeatures((24, 90), antialias=False)).fit(scene())
        mel, resize = pipe[0], pipe[1]
        rows = np.broadcast_to(mel.frequencies_[:, None], (64, 63))[None, None]
        columns = np.broadcast_to(mel.times_, (64, 63))[None, None]
        axes = feature_axes(pipe)
        np.testing.assert_allclose(axes.frequencies, resize.transform(rows)[0, 0, :, 0], rtol=1e-5)
        np.testing.assert_allclose(axes.times, resize.transform(columns)[0, 0, 0], rtol=1e-5, atol=1e-6)

    def test_times_go_on_at_the_same_step_and_are_cut(self):
        first = MelSpectrogram(RATE)
        for n_frames in (5, 63, 400):
            axes = feature_axes(make_pipeline(first, FixedFrames(n_frames)).fit(scene()))
            np.testing.assert_allclose(axes.times, np.arange(n_frames) * 256 / RATE)
        one_column = make_pipeline(first, FixedFrames(4)).fit(scene()[:, :100])
        np.testing.assert_allclose(feature_axes(one_column).times, np.arange(4) * 256 / RATE)

    def test_cepstra_have_indices_and_no_frequencies(self):
        axes = feature_axes(make_pipeline(MFCC(RATE), FixedFrames(), ResizeFeatures((26, 100))).fit(scene()))
        assert axes.frequencies is None
        assert (axes.kind, axes.row_label) == ("cepstrum", "Cepstral index")
        assert (axes.rows[0], axes.rows[-1]) == (0, 12)
        assert axes.shape == (26, 100)

    @pytest.mark.parametrize(
        ("steps", "n_samples"),
        [
            ([AudioLoader(RATE)], RATE),
            ([AudioLoader(RATE, duration=0.5), BandpassFilter(100, 1000, RATE)], RATE // 2),
            ([FixedLength(1.5, RATE), FeatureScaler()], 3 * RATE // 2),
        ],
    )
    def test_waveforms_have_a_time_for_each_sample_and_no_rows(self, steps, n_samples):
        axes = feature_axes(make_pipeline(*steps).fit(scene()))
        assert (axes.frequencies, axes.rows, axes.kind) == (None, None, "waveform")
        assert axes.shape == (None, n_samples)
        np.testing.assert_allclose(axes.times, np.arange(n_samples) / RATE)
        assert (axes.frame_step, axes.sample_rate) == (1 / RATE, RATE)

    def test_steps_that_make_no_features_are_skipped(self):
        X, y = np.random.default_rng(0).standard_normal((6, RATE)), [0, 0, 0, 1, 1, 1]
        flatten = FunctionTransformer(lambda X: X.reshape(len(X), -1))
        pipe = make_pipeline(
            FixedLength(0.5, RATE), "passthrough", make_pipeline(MelSpectrogram(RATE), None), flatten,
            KNeighborsClassifier(1),
        )  # fmt: skip
        search = GridSearchCV(pipe, {"pipeline__melspectrogram__n_mels": [16, 32]}, cv=3).fit(X, y)
        n_mels = search.best_params_["pipeline__melspectrogram__n_mels"]
        assert feature_axes(search).shape == feature_axes(search.best_estimator_).shape == (n_mels, 32)

    def test_single_transformer_is_enough(self):
        mel = MelSpectrogram(RATE).fit(scene())
        np.testing.assert_array_equal(feature_axes(mel).frequencies, mel.frequencies_)

    def test_nothing_found_gives_none(self):
        pipe = make_pipeline(FixedLength(0.5, RATE), VarianceThreshold()).fit(np.eye(3, RATE))
        assert feature_axes(pipe) is None
        assert feature_axes(make_pipeline(ResizeFeatures((2, 2))).fit(np.eye(3))) is None

    def test_pipeline_that_is_not_fitted_is_refused(self):
        with pytest.raises(NotFittedError, match="MelSpectrogram"):
            feature_axes(make_pipeline(MelSpectrogram(RATE)))

    def test_axes_are_frozen(self):
        axes = FeatureAxes(None, np.arange(3.0), RATE, "cepstrum")
        assert axes.shape == (None, 3)
        with pytest.raises(AttributeError):
            axes.kind = "frequency"
