"""Maps of waveforms, a value a sample: where in time the relevance lies, and the clip with what they let through."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from torch import nn

from skxai.datasets import make_audio_events
from skxai.features import AudioLoader, BandpassFilter, FeatureAxes, FeatureScaler, FixedLength, ResizeFeatures, event_truth
from skxai.features.short_time import short_time_mean
from skxai.inspection import heard_probability, relevance_profile, relevance_regions, sonify, summarise_relevance
from skxai.metrics import relevance_mass_accuracy
from skxai.models import M5Classifier, PretrainedClassifier

RATE = 8000
AXES = FeatureAxes.of_waveforms(RATE, RATE)
seconds = AXES.times


@pytest.fixture(scope="module")
def clips():
    return np.random.default_rng(0).normal(0.1, 0.2, (3, RATE)).astype(np.float32)


def noise_between(start, stop, seed=0):
    """Return raw relevance as of a gradient: of both signs, large in one part of a clip, and 0 elsewhere."""
    noise = np.random.default_rng(seed).standard_normal((1, RATE)).astype(np.float32)
    return noise * ((seconds >= start) & (seconds < stop))


class TestShortTimeMean:
    def test_constant_stays_itself_to_the_bit(self):
        for value in np.random.default_rng(0).random(5, dtype=np.float32):
            assert (short_time_mean(np.full((2, 1000), value), RATE) == value).all()

    def test_reaches_half_the_duration_to_either_side_and_keeps_the_sum(self):
        impulse = np.zeros(RATE)
        impulse[4000] = 3
        mean = short_time_mean(impulse, RATE, 0.02)
        assert mean.sum() == pytest.approx(3)
        assert (np.flatnonzero(mean)[[0, -1]] == [3920, 4080]).all()
        np.testing.assert_array_equal(short_time_mean(impulse, RATE, 0), impulse)


class TestWhere:
    def test_profile_is_per_second_and_has_no_frequencies(self):
        profile = relevance_profile(noise_between(0.2, 0.5), AXES)
        assert profile.per_frequency is None
        assert profile.per_time.shape == (1, 50)
        inside = (profile.times > 0.2) & (profile.times < 0.5)
        np.testing.assert_allclose(np.diff(profile.time_edges), 0.02)
        assert (profile.per_time * np.diff(profile.time_edges)).sum() == pytest.approx(1)
        assert profile.per_time[0, inside].mean() == pytest.approx(1 / 0.3, rel=0.01)
        assert profile.per_time[0, ~inside].max() < 0.1

    def test_last_frame_ends_with_the_clip(self):
        profile = relevance_profile(np.ones((1, 1000)), FeatureAxes.of_waveforms(1000, RATE))
        np.testing.assert_allclose(profile.time_edges[[-2, -1]], (np.array([960, 1000]) - 0.5) / RATE)
        np.testing.assert_allclose(profile.per_time, RATE / 1000, rtol=1e-6)

    def test_regions_lie_in_time(self):
        maps = noise_between(0.2, 0.4) + 0.5 * noise_between(0.7, 0.8)
        table = relevance_regions(maps, AXES, top=0.95)
        assert table[["low", "high", "peak_frequency"]].isna().all(axis=None)
        first, second = table.iloc[0], table.iloc[1]
        assert (first["start"], first["stop"]) == (pytest.approx(0.2, abs=0.021), pytest.approx(0.4, abs=0.021))
        assert (second["start"], second["stop"]) == (pytest.approx(0.7, abs=0.021), pytest.approx(0.8, abs=0.021))
        assert first["share"] == pytest.approx(0.8, abs=0.05)

    def test_sentence_is_in_time(self):
        decaying = np.exp(-10 * seconds) * noise_between(0, 1)
        maps = np.concatenate([decaying, noise_between(0.5, 0.6), noise_between(0, 1)])
        sentences = summarise_relevance(maps, AXES, ["cough", "door", "rain"])["sentence"]
        assert sentences["cough"].startswith("cough: mostly in the first 0.0")
        assert sentences["cough"].endswith("% of the clip)")
        assert sentences["door"].startswith("door: mostly between 0.5")
        assert sentences["rain"] == "rain: no preferred time"


class TestSound:
    @pytest.mark.parametrize("make", [np.ones, lambda shape: np.full(shape, 0.3)], ids=["ones", "constant"])
    def test_constant_map_gives_the_clip_back(self, clips, make):
        np.testing.assert_array_equal(sonify(clips, make(clips.shape), AXES), clips)
        assert not sonify(clips, make(clips.shape), AXES, mode="remove").any()

    @pytest.mark.parametrize("params", [{}, {"top": 0.25}, {"smoothing": 0.1}, {"smoothing": 0.0}])
    def test_kept_and_removed_add_up_to_the_clip(self, clips, params):
        maps = np.random.default_rng(1).standard_normal(clips.shape)
        kept, removed = (sonify(clips, maps, AXES, mode=mode, **params) for mode in ("keep", "remove"))
        np.testing.assert_allclose(kept + removed, clips, atol=1e-7)
        gains = kept / clips
        assert -1e-6 < gains.min() < gains.max() < 1 + 1e-6

    def test_gain_of_raw_relevance_is_smooth_and_mutes_what_has_none(self, clips):
        maps = noise_between(0.2, 0.5)
        gain = sonify(np.ones((1, RATE)), maps, AXES)[0]
        raw = sonify(np.ones((1, RATE)), maps, AXES, smoothing=0.0)[0]
        assert not gain[(seconds < 0.18) | (seconds > 0.52)].any()
        assert gain[(seconds > 0.22) & (seconds < 0.48)].min() > 0.5
        assert gain.max() == 1
        assert np.abs(np.diff(gain)).max() < 0.03 < 0.3 < np.abs(np.diff(raw)).max()

    def test_tone_through_a_map_of_noise_stays_a_tone(self):
        tone = np.sin(2 * np.pi * 1000 * seconds)[None].astype(np.float32)
        maps = np.random.default_rng(0).standard_normal((1, RATE))

        def beside(sound):
            power = np.abs(np.fft.rfft(sound[0] * np.hanning(RATE))) ** 2
            return 10 * np.log10(power[np.abs(np.arange(len(power)) - 1000) > 150].sum() / power.sum())

        assert beside(sonify(tone, maps, AXES)) < -50
        assert beside(sonify(tone, maps, AXES, smoothing=0)) > -10

    def test_masks_fade_over_the_smoothing(self):
        inside = ((seconds >= 0.25) & (seconds < 0.75))[None]
        given = (inside, inside.astype(float), inside + 0.0)
        for mask, params in zip(given, ({}, {"scaling": None}, {"top": 0.5})):
            gain = sonify(np.ones((1, RATE)), mask, AXES, **params)[0]
            np.testing.assert_array_equal(gain[inside[0] & (np.abs(seconds - 0.5) < 0.23)], 1)
            assert not gain[np.abs(seconds - 0.5) > 0.27].any()
            assert np.abs(np.diff(gain)).max() < 0.02
        hard = sonify(np.ones((1, RATE)), inside, AXES, smoothing=0)
        np.testing.assert_array_equal(hard, inside)

    @pytest.mark.parametrize("duration", [0.5, 1.5])
    def test_what_fixed_length_cuts_is_unheard(self, clips, duration):
        features = make_pipeline(BandpassFilter(100, 3000, RATE), FixedLength(duration, RATE), FeatureScaler()).fit(clips)
        maps = np.ones((3, round(duration * RATE)))
        kept = sonify(clips, maps, features)
        np.testing.assert_array_equal(kept[:, seconds < duration], clips[:, seconds < duration])
        assert not kept[:, duration <= seconds].any()
        np.testing.assert_array_equal(sonify(clips, maps, features, unheard=1.0), clips)

    def test_mask_of_resized_waveforms_keeps_its_time(self, clips):
        features = make_pipeline(FixedLength(1.0, RATE), ResizeFeatures((1, 500))).fit(clips)
        kept = sonify(clips, np.repeat([[True] * 250 + [False] * 250], 3, axis=0), features, smoothing=0)
        np.testing.assert_array_equal(kept[:, seconds < 0.49], clips[:, seconds < 0.49])
        assert not kept[:, seconds > 0.51].any()

    def test_one_clip_and_a_loader(self, clips):
        maps = np.random.default_rng(1).random(clips.shape)
        loaded = sonify(clips, maps, AudioLoader(RATE).fit(clips))
        np.testing.assert_array_equal(loaded, sonify(clips, maps, AXES))
        np.testing.assert_array_equal(sonify(clips[1], maps[1], AXES), loaded[1])

    @pytest.mark.parametrize(
        ("change", "error", "message"),
        [
            ({"maps": np.ones((3, RATE - 1))}, ValueError, r"maps must have the shape .* \(3, 8000\).* got \(3, 7999\)"),
            ({"maps": np.ones((2, RATE))}, ValueError, "maps must be one for each of 3 waveforms; got 2"),
            ({"waveforms": np.ones((3, RATE + 1))}, ValueError, "waveforms must have the 8000 samples .* got 8001"),
            ({"smoothing": -1.0}, ValueError, "'smoothing' parameter of sonify"),
            (
                {"features": FunctionTransformer()},
                ValueError,
                r"one MelSpectrogram.*'FunctionTransformer'",
            ),
        ],
    )
    def test_error(self, clips, change, error, message):
        if "features" in change:
            change = {"features": make_pipeline(FixedLength(1.0, RATE), change["features"]).fit(clips)}
        with pytest.raises(error, match=message):
            sonify(**{"waveforms": clips, "maps": np.ones(clips.shape), "features": AXES} | change)


class TestHeard:
    def test_of_masks_of_all_and_of_nothing(self, clips):
        classifier = PretrainedClassifier(nn.Sequential(nn.Linear(RATE, 2)), silence=0.0).fit(clips)
        masks = np.stack([np.ones(RATE), np.zeros(RATE), np.ones(RATE)])
        table = heard_probability(classifier, clips, masks, AXES, scaling=None, target=0)
        silent = classifier.predict_proba(np.zeros((1, RATE)))[0, 0]
        np.testing.assert_allclose(table["kept"][[0, 2]], table["original"][[0, 2]], rtol=1e-5)
        np.testing.assert_allclose([table["kept"][1], table["removed"][0]], silent, rtol=1e-5)
        np.testing.assert_allclose(table["kept_masked"], table["kept"], rtol=1e-5)  # silence is 0

    def test_true_event_keeps_the_class_and_without_it_the_class_is_lost(self):
        kind = {"classes": ["alarm", "cough", "wheeze"], "snr_db": 20, "reverberation": 0.1, "sample_rate": RATE}
        scenes = make_audio_events(90, duration=0.5, random_state=0, **kind)
        X = np.concatenate([scenes.data, scenes.background[:30]])
        y = np.concatenate([scenes.target, np.full(30, "nothing")])
        classifier = M5Classifier(n_filters=16, max_epochs=8, random_state=0).fit(X, y)
        held_out = make_audio_events(30, duration=0.5, random_state=1, **kind)
        axes = FeatureAxes.of_waveforms(RATE // 2, RATE)
        truth = event_truth(axes, held_out.events, background=held_out.background)
        right = classifier.predict(held_out.data) == held_out.target
        assert right.mean() > 0.7, "an untrained classifier hears nothing that maps could show"
        masks, target = truth.of(held_out.target)[right], held_out.target[right]
        table = heard_probability(classifier, held_out.data[right], masks >= 0.5, axes, target=target)
        assert (table["predicted_kept"] == target).mean() > 0.8
        assert (table["predicted_removed"] == target).mean() < 0.4
        mass = relevance_mass_accuracy(classifier, held_out.data[right], masks, truth=truth[right], target=target)
        assert mass.mean() > 0.7


@pytest.mark.parametrize(("n_samples", "sample_rate"), [(0, RATE), (RATE, 0), (RATE, float("nan"))])
def test_axes_need_samples_and_a_rate(n_samples, sample_rate):
    with pytest.raises(ValueError, match="of_waveforms must be positive; got"):
        FeatureAxes.of_waveforms(n_samples, sample_rate)
