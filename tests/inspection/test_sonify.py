"""What one hears of a map: the clip comes back through a map of ones, and a part of it where the map says so."""

import numpy as np
import pytest
import sklearn
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skxai.features import (
    MFCC,
    AudioLoader,
    BandpassFilter,
    FeatureScaler,
    FixedFrames,
    FixedLength,
    MelSpectrogram,
    ResizeFeatures,
    Spectrogram,
    feature_axes,
)
from skxai.inspection import sonify
from skxai.inspection._gains import AudibleSteps

RATE = 8000
TIME = np.arange(RATE) / RATE
LOW, HIGH = (np.sin(2 * np.pi * frequency * TIME).astype(np.float32) for frequency in (500, 2500))


def noise(n_clips, n_samples, seed=0):
    return np.random.default_rng(seed).normal(0.1, 1, (n_clips, n_samples)).astype(np.float32)


def decibels(sound, reference):
    return 10 * np.log10(np.mean(np.square(sound, dtype=np.float64)) / np.mean(np.square(reference, dtype=np.float64)) + 1e-30)


def maps_for(features, waveforms, seed=0):
    return np.random.default_rng(seed).random(features.transform(waveforms).shape, dtype=np.float32)


@pytest.fixture(scope="module")
def clips():
    return noise(3, RATE)


@pytest.fixture(scope="module")
def pipeline(clips):
    return make_pipeline(MelSpectrogram(RATE, n_fft=512, n_mels=32), ResizeFeatures((16, 20)), FeatureScaler()).fit(clips)


class TestIdentities:
    @pytest.mark.parametrize("make", [Spectrogram, MelSpectrogram])
    @pytest.mark.parametrize(
        ("rate", "n_samples", "n_fft", "hop"),
        [
            (8000, 8000, 512, None),
            (44100, 30001, 2048, 512),
            (22050, 22050, 1024, 512),  # half a window
            (22050, 9999, 1024, 1024),  # more than half of it
            (16000, 9000, 1024, 3000),  # and more than all
            (16000, 4001, 1023, 511),
            (16000, 500, 1024, None),  # shorter than a window
            (16000, 1, 1024, 256),
            (16000, 100, 2, None),
        ],
    )
    def test_map_of_ones_gives_the_clip(self, make, rate, n_samples, n_fft, hop):
        clips = noise(2, n_samples)
        bands = {"n_mels": min(32, n_fft // 2)} if make is MelSpectrogram else {}
        features = make_pipeline(make(rate, n_fft=n_fft, hop_length=hop, **bands), ResizeFeatures((8, 8))).fit(clips)
        kept = sonify(clips, np.ones((2, 1, 8, 8)), features)
        assert kept.shape == clips.shape
        assert kept.dtype == np.float32
        assert decibels(kept - clips, clips) < -100

    def test_map_of_zeros_gives_silence(self, clips, pipeline):
        assert not sonify(clips, np.zeros((3, 1, 16, 20)), pipeline).any()

    def test_kept_and_removed_sound_add_up_to_the_clip(self, clips, pipeline):
        maps = maps_for(pipeline, clips)
        kept, removed = (sonify(clips, maps, pipeline, mode=mode) for mode in ("keep", "remove"))
        np.testing.assert_allclose(kept + removed, clips, atol=1e-6)
        assert min(decibels(kept, clips), decibels(removed, clips)) > -20  # neither is all of it

    def test_to_remove_is_to_keep_the_rest(self, clips, pipeline):
        masks = maps_for(pipeline, clips)
        removed = sonify(clips, masks, pipeline, mode="remove", scaling=None)
        np.testing.assert_allclose(removed, sonify(clips, 1 - masks, pipeline, scaling=None), atol=1e-5)

    def test_gain_of_a_constant_mask_is_its_value(self, clips, pipeline):
        kept = sonify(clips, np.full((3, 1, 16, 20), 0.25), pipeline, scaling=None)
        np.testing.assert_allclose(kept, clips / 4, atol=1e-5)

    def test_scale_sign_and_offset_of_a_map_do_not_count(self, clips, pipeline):
        maps = maps_for(pipeline, clips)
        maps[:, 0, 0, 0], maps[:, 0, 0, 1] = 0, 1
        expected = sonify(clips, maps, pipeline, scaling=None)
        np.testing.assert_allclose(sonify(clips, -3 * maps - 2, pipeline), expected, atol=1e-5)

    def test_top_lets_that_share_of_cells_through(self, clips, pipeline):
        maps = maps_for(pipeline, clips)
        greatest = maps > np.quantile(maps, 0.75, axis=(1, 2, 3), keepdims=True)
        np.testing.assert_array_equal(sonify(clips, maps, pipeline, top=0.25), sonify(clips, greatest, pipeline))

    def test_top_adds_nothing_that_is_irrelevant(self, clips, pipeline):
        maps = np.zeros((3, 1, 16, 20))
        maps[:, :, 3:5, 4:9] = 0.5
        np.testing.assert_array_equal(sonify(clips, maps, pipeline, top=0.5), sonify(clips, maps > 0, pipeline))

    @pytest.mark.parametrize("kind", [np.ndarray, list])
    def test_one_clip_is_one_of_many(self, kind, clips, pipeline):
        maps = maps_for(pipeline, clips)
        of_many = sonify(clips, maps, pipeline)
        clip = clips[1].tolist() if kind is list else clips[1]
        for one_map in (maps[1], maps[1, 0]):
            np.testing.assert_allclose(sonify(clip, one_map, pipeline), of_many[1], atol=1e-6)
        np.testing.assert_array_equal(sonify(clips, maps[:, 0], pipeline), of_many)

    def test_batches_do_not_matter_and_arguments_are_left_alone(self, clips, pipeline):
        maps = maps_for(pipeline, clips)
        before = clips.copy(), maps.copy()
        at_once = sonify(clips, maps, pipeline)
        with sklearn.config_context(working_memory=1e-3):
            np.testing.assert_allclose(sonify(clips, maps, pipeline), at_once, atol=1e-6)
        np.testing.assert_array_equal(clips, before[0])
        np.testing.assert_array_equal(maps, before[1])


class TestGeometry:
    """A map over the features is carried back to hertz and seconds of the sound."""

    @pytest.mark.parametrize("hop", [None, 500])
    @pytest.mark.parametrize("make", [Spectrogram, MelSpectrogram])
    def test_one_of_two_tones(self, make, hop):
        clip = LOW + HIGH
        features = make_pipeline(make(RATE, n_fft=512, hop_length=hop), ResizeFeatures((40, 32)), FeatureScaler()).fit([clip])
        is_low = np.broadcast_to((feature_axes(features).frequencies < 1300)[:, None], (40, 32))
        kept, removed = (sonify(clip, is_low, features, mode=mode) for mode in ("keep", "remove"))
        assert max(decibels(kept - LOW, LOW), decibels(removed - HIGH, HIGH)) < -40

    @pytest.mark.parametrize("hop", [None, 400, 1000])
    def test_one_of_two_times(self, hop):
        features = make_pipeline(MelSpectrogram(RATE, n_fft=512, hop_length=hop), ResizeFeatures((32, 40))).fit([LOW])
        early = np.broadcast_to(feature_axes(features).times < 0.5, (32, 40))
        kept = sonify(LOW, early, features)
        np.testing.assert_allclose(kept[TIME < 0.35], LOW[TIME < 0.35], atol=1e-4)
        assert decibels(kept[TIME > 0.65], LOW) < -60

    def test_energy_outside_of_the_kept_region_falls(self):
        clip = noise(1, RATE)
        features = make_pipeline(MelSpectrogram(RATE, n_fft=512, n_mels=40), ResizeFeatures((32, 32))).fit(clip)
        axes = feature_axes(features)
        inside = np.outer((axes.frequencies > 800) & (axes.frequencies < 2000), (axes.times > 0.3) & (axes.times < 0.7))
        spectrogram = Spectrogram(RATE, n_fft=512, to_db=False).fit(clip)
        before, after = (spectrogram.transform(sound)[0, 0] for sound in (clip, sonify(clip, inside[None], features)))
        frequencies, times = spectrogram.frequencies_, spectrogram.times_
        kept = np.outer((frequencies > 900) & (frequencies < 1800), (times > 0.35) & (times < 0.65))
        far = ~np.outer((frequencies > 600) & (frequencies < 2300), (times > 0.2) & (times < 0.8))
        assert after[kept].sum() > 0.8 * before[kept].sum()
        assert after[far].sum() < 1e-3 * before[far].sum()

    @pytest.mark.parametrize("n_frames", [20, 90], ids=["cut", "padded"])
    def test_fixed_frames(self, n_frames):
        features = make_pipeline(MelSpectrogram(RATE, n_fft=512, hop_length=128), FixedFrames(n_frames)).fit([LOW])
        maps = np.ones((64, n_frames))
        kept, heard = sonify(LOW, maps, features), n_frames * 128 / RATE > TIME
        np.testing.assert_allclose(kept[heard & (TIME < 0.28)], LOW[heard & (TIME < 0.28)], atol=1e-5)
        if n_frames == 20:
            assert not kept[TIME > 0.36].any()
        np.testing.assert_allclose(sonify(LOW, maps, features, unheard=1.0), LOW, atol=1e-5)

    def test_cut_clip_is_not_heard_to_its_end(self):
        features = make_pipeline(FixedLength(0.5, RATE), MelSpectrogram(RATE, n_fft=512)).fit(LOW[None])
        kept = sonify(LOW, np.ones((64, 32)), features)
        np.testing.assert_allclose(kept[TIME < 0.45], LOW[TIME < 0.45], atol=1e-5)
        assert not kept[TIME > 0.55].any()

    def test_frequencies_that_no_band_hears_are_no_part_of_what_is_kept(self):
        clip = LOW + HIGH
        features = MelSpectrogram(RATE, n_fft=512, n_mels=20, f_min=100, f_max=1500).fit([clip])
        kept, removed = (sonify(clip, np.ones((20, 63)), features, mode=mode) for mode in ("keep", "remove"))
        assert max(decibels(kept - LOW, LOW), decibels(removed - HIGH, HIGH)) < -40
        assert decibels(sonify(clip, np.ones((20, 63)), features, unheard=1.0) - clip, clip) < -100

    def test_gain_of_a_bin_lies_between_those_of_its_bands(self):
        """Triangles over their neighbours' centres add up to 1: the weighted mean is linear interpolation in hertz."""
        mel = MelSpectrogram(RATE, n_fft=2048, n_mels=24, f_min=200, f_max=3500).fit(np.zeros((1, RATE)))
        masks = np.random.default_rng(0).random((1, 1, 24, 16))
        gains = AudibleSteps.of(mel).gains(masks, unheard=0.3)[0]
        bins = np.fft.rfftfreq(2048, 1 / RATE)
        expected = np.array([np.interp(bins, mel.frequencies_, column) for column in masks[0, 0].T]).T
        expected[(bins < 200) | (bins > 3500)] = 0.3
        np.testing.assert_allclose(gains, expected, atol=1e-4)

    def test_bands_of_cepstra_sound_as_those_of_a_mel_spectrogram(self, clips):
        settings = {"n_fft": 512, "n_mels": 24}
        cepstra = make_pipeline(MFCC(RATE, **settings), FixedFrames(40), FeatureScaler()).fit(clips)
        bands = make_pipeline(MelSpectrogram(RATE, **settings), FixedFrames(40)).fit(clips)
        maps = maps_for(bands, clips)
        np.testing.assert_array_equal(sonify(clips, maps, cepstra), sonify(clips, maps, bands))

    def test_steps_before_the_spectrogram_leave_the_clip_as_it_is(self, clips):
        loader = AudioLoader(RATE, offset=0.5).fit(np.zeros((1, RATE + RATE // 2)))
        features = make_pipeline(BandpassFilter(100, 2000, RATE), MelSpectrogram(RATE, n_fft=512)).fit(clips)
        features.steps.insert(0, ("loader", loader))
        maps = np.ones((3, 1, 64, 63))
        assert decibels(sonify(clips, maps, features) - clips, clips) < -100

    def test_classifier_at_the_end_and_frozen_features(self, clips, pipeline):
        maps = maps_for(pipeline, clips)
        y = ["a", "b", "a"]
        whole = make_pipeline(FrozenEstimator(pipeline), DummyClassifier()).fit(clips, y)
        np.testing.assert_array_equal(sonify(clips, maps, whole), sonify(clips, maps, pipeline))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"features": MFCC(RATE, n_fft=512, n_mels=32)}, ValueError, r"\(3, 1, 32, 63\).*a row for each mel band"),
        (
            {"features": make_pipeline(MFCC(RATE, n_fft=512, n_mels=32), ResizeFeatures((16, 20)))},
            ValueError,
            r"cepstra that are mixed.*\['MFCC', 'ResizeFeatures'\]",
        ),
        ({"features": FeatureScaler()}, ValueError, r"one MelSpectrogram, Spectrogram or MFCC.*got \['FeatureScaler'\]"),
        ({"maps": np.ones((3, 1, 16, 19))}, ValueError, r"maps must have the shape.*\(3, 1, 16, 20\).*got \(3, 1, 16, 19\)"),
        ({"maps": np.full((3, 1, 16, 20), np.nan)}, ValueError, "maps contains NaN"),
        ({"maps": np.full((3, 1, 16, 20), 1.5), "scaling": None}, ValueError, r"masks in \[0, 1\].*1.5"),
        ({"waveforms": noise(3, RATE - 1)}, ValueError, "expecting 8000"),
        ({"waveforms": np.full((3, RATE), np.inf)}, ValueError, "waveforms contains inf"),
        ({"mode": "solo"}, ValueError, "'mode' parameter of sonify"),
        ({"maps": np.full((3, 1, 16, 20), -0.5), "scaling": None}, ValueError, r"masks in \[0, 1\].*-0.5"),
        *(({"top": top}, ValueError, r"'top' parameter of sonify .* \(0.0, 1.0\]") for top in (0.0, -0.25, 1.01)),
        *(({"unheard": gain}, ValueError, r"'unheard' parameter of sonify .* \[0.0, 1.0\]") for gain in (-0.1, 1.1)),
    ],
)
def test_error(change, error, message, clips, pipeline):
    arguments = {"waveforms": clips, "maps": np.ones((3, 1, 16, 20)), "features": pipeline} | change
    if "features" in change:
        arguments["features"] = change["features"].fit(clips)
    with pytest.raises(error, match=message):
        sonify(**arguments)


def test_unknown_step_is_an_error(clips):
    features = make_pipeline(MelSpectrogram(RATE, n_fft=512), FunctionTransformer(np.flip)).fit(clips)
    with pytest.raises(TypeError, match=r"sonify .* FunctionTransformer does not tell. Write its method carry_back"):
        sonify(clips, np.ones((3, 1, 64, 63)), features)
