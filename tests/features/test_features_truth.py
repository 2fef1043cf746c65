"""The truth in features follows from the components of the clips: which cell is whose."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from torch import nn

from skxai.datasets import AudioEvent, make_audio_events, mix_clips
from skxai.explainers import VanillaSaliency
from skxai.features import (
    MFCC,
    AudioLoader,
    BandpassFilter,
    FeatureScaler,
    FixedFrames,
    MelSpectrogram,
    ResizeFeatures,
    Spectrogram,
    event_truth,
    feature_axes,
)
from skxai.models import PretrainedClassifier

RATE = 8000
TIME = np.arange(RATE) / RATE


def tone(label, frequency, start, stop, level=1.0):
    waveform = level * np.sin(2 * np.pi * frequency * TIME)
    waveform[: round(start * RATE)] = waveform[round(stop * RATE) :] = 0
    return AudioEvent(label, start, stop, frequency, frequency, waveform.astype(np.float32))


@pytest.fixture
def events():
    return [[tone("low", 500, 0, 0.5), tone("high", 2000, 0.25, 1)], [tone("low", 500, 0.1, 0.9)]]


def mixed(events):
    return np.array([np.sum([event.waveform for event in clip], axis=0) for clip in events])


def fitted(events, *steps):
    return make_pipeline(*steps).fit(mixed(events))


@pytest.mark.parametrize("make", [Spectrogram, MelSpectrogram])
def test_cell_belongs_to_what_sounds_there(make, events):
    extraction = fitted(events, make(RATE, n_fft=512))
    truth, axes = event_truth(extraction, events), feature_axes(extraction)
    assert truth.classes.tolist() == ["high", "low"]
    assert truth.masks.shape == truth.energy.shape == (2, 2, *extraction.transform(mixed(events)).shape[1:])

    def at(frequency, time):
        row, column = np.abs(axes.frequencies - frequency).argmin(), np.abs(axes.times - time).argmin()
        return truth.masks[:, :, 0, row, column]

    np.testing.assert_allclose(at(500, 0.4), [[0, 1], [0, 1]], atol=0.01)  # high, low of either clip
    np.testing.assert_allclose(at(2000, 0.4), [[1, 0], [0, 0]], atol=0.01)
    np.testing.assert_allclose(at(500, 0.7)[1], [0, 1], atol=0.01)
    assert at(4000, 0.95).max() < 0.5 + 1e-6
    np.testing.assert_array_equal(truth.sounding, [[True, True], [False, True]])


@pytest.mark.parametrize("from_axes", [False, True])
def test_truth_of_waveforms_is_in_time(events, from_axes):
    steps = make_pipeline(AudioLoader(RATE)).fit(mixed(events))
    truth = event_truth(feature_axes(steps) if from_axes else steps, events)
    assert truth.masks.shape == truth.energy.shape == (2, 2, RATE)

    def at(time):
        return truth.masks[:, :, round(time * RATE)]

    np.testing.assert_allclose(at(0.1)[0], [0, 1], atol=1e-3)  # high, low
    np.testing.assert_allclose(at(0.4), [[0.5, 0.5], [0, 1]], atol=0.01)
    np.testing.assert_allclose(at(0.8), [[1, 0], [0, 1]], atol=1e-3)
    assert not at(0.95)[1].any()
    np.testing.assert_array_equal(truth.sounding, [[True, True], [False, True]])
    np.testing.assert_allclose(truth.energy[1, 1, RATE // 2], 0.5, rtol=0.01)  # the power of a sine


def test_masks_are_the_shares_of_the_power(events):
    background = 0.05 * np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32)
    extraction = fitted(events, MelSpectrogram(RATE, n_fft=512, top_db=None), ResizeFeatures((16, 16)), FeatureScaler())
    truth = event_truth(extraction, events, background=background)
    linear = make_pipeline(MelSpectrogram(RATE, n_fft=512, to_db=False), ResizeFeatures((16, 16))).fit(background)
    high, low, rest = (
        linear.transform(waveforms)
        for waveforms in (
            np.stack([events[0][1].waveform, np.zeros(RATE)]),
            np.stack([clip[0].waveform for clip in events]),
            background,
        )
    )
    np.testing.assert_allclose(truth.masks[:, 0], high / (high + low + rest + 1e-10), atol=1e-6)
    np.testing.assert_allclose(truth.masks[:, 1], low / (high + low + rest + 1e-10), atol=1e-6)
    np.testing.assert_allclose(truth.energy[:, 1], low, rtol=1e-5, atol=1.1e-10)
    # The parts' power is that of the clip, but for how they interfere.
    assert (truth.masks.sum(axis=1) + rest / (high + low + rest + 1e-10)).max() <= 1 + 1e-5


def test_equally_loud_sounds_share_their_cells():
    events = [[tone("a", 1000, 0, 1), tone("b", 1000, 0, 1)]]
    truth = event_truth(fitted(events, Spectrogram(RATE, n_fft=512)), events)
    row = 64  # 1000 Hz
    np.testing.assert_allclose(truth.masks[0, :, 0, row], 0.5, rtol=1e-5)


def test_what_the_features_do_not_show_is_nobodys():
    faint = [[tone("low", 500, 0, 1), tone("faint", 3500, 0, 1, level=1e-3)]]  # 60 dB below
    masks = [
        event_truth(fitted(faint, Spectrogram(RATE, n_fft=512, top_db=top_db)), faint).of(["faint"])[0, 0, 224, 10:50]
        for top_db in (40, 80)
    ]
    assert masks[0].max() < 0.05
    assert masks[1].min() > 0.95


def test_steps_for_waveforms_and_frames_are_followed(events):
    extraction = fitted(events, BandpassFilter(1000, 3000, RATE), MelSpectrogram(RATE, n_fft=512), FixedFrames(80))
    truth = event_truth(extraction, events)
    assert truth.masks.shape[-1] == 80
    assert not truth.energy[..., 63:].any()  # padding is silent
    low, high = (truth.energy[0, column].max() for column in (1, 0))
    assert low < 1e-3 * high  # 500 Hz do not pass


def test_classes_may_be_given_and_sounds_of_a_class_add_up(events):
    twice = [[*clip, tone("low", 500, 0.8, 1)] for clip in events]
    extraction = fitted(events, MelSpectrogram(RATE, n_fft=512))
    once, more = (event_truth(extraction, sounds, classes=["alarm", "low"]) for sounds in (events, twice))
    assert once.classes.tolist() == ["alarm", "low"]
    assert not once.sounding[:, 0].any()
    assert more.energy[0, 1, ..., -5:].max() > 1e3 * max(once.energy[0, 1, ..., -5:].max(), 1e-6)


def test_masks_lie_in_the_boxes_of_scenes():
    scenes = make_audio_events(6, n_events=2, snr_db=20, random_state=0)
    extraction = make_pipeline(MelSpectrogram(16000, n_mels=32), ResizeFeatures((32, 32))).fit(scenes.data)
    truth, axes = event_truth(extraction, scenes.events, background=scenes.background), feature_axes(extraction)
    for clip, events in enumerate(scenes.events):
        for event in events:
            mask = truth[[clip]].of([event.label])[0, 0]
            inside = (axes.times > event.onset - 0.05) & (axes.times < event.offset + 0.05)
            assert mask[:, inside].sum() > 0.9 * mask.sum()


def test_mixture_sounds_as_the_part_that_the_mask_gives_a_cell_to(esc10):
    clips = pd.read_csv(esc10 / "meta" / "clips.csv").groupby("category").first().loc[["rooster", "rain", "person_sneeze"]]
    waveforms = AudioLoader(22050, duration=2.0).fit_transform([esc10 / "audio" / file for file in clips.file])
    mixtures = mix_clips(waveforms, clips.index.to_numpy(dtype=str), sample_rate=22050, random_state=0)
    mel = MelSpectrogram(22050, n_mels=32).fit(waveforms)
    truth = event_truth(mel, mixtures.events)
    heard = mel.transform(mixtures.data)
    for column in (0, 1):
        labels = [clip[column].label for clip in mixtures.events]
        alone = truth.of(labels) > 0.99
        assert (alone.sum(axis=(1, 2, 3)) > 50).all()
        difference = heard[alone] - 10 * np.log10(truth.energy_of(labels)[alone])
        assert np.abs(difference).max() < 1  # dB: another wave of a hundredth of the power makes it 0.83 louder or 0.92 fainter


def test_a_whole_pipeline_may_be_given(events):
    steps = MelSpectrogram(RATE, n_fft=512), FeatureScaler()
    features = make_pipeline(*steps).fit_transform(mixed(events))
    network = nn.Sequential(nn.Flatten(), nn.Linear(features[0].size, 2))
    pipe = make_pipeline(*steps, VanillaSaliency(FrozenEstimator(PretrainedClassifier(network).fit(features))))
    pipe.fit(mixed(events))
    np.testing.assert_array_equal(event_truth(pipe, events).masks, event_truth(pipe[:-1], events).masks)
    assert pipe[0].to_db


class Doubled(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self

    def transform(self, X):
        return 2 * X


@pytest.mark.parametrize(
    ("steps", "kind", "message"),
    [
        ([MFCC(RATE, n_fft=512, n_mels=40)], ValueError, "MFCC.*cepstral"),
        ([BandpassFilter(100, 300, RATE), Doubled()], ValueError, r"one MelSpectrogram or Spectrogram.*BandpassFilter"),
        ([Spectrogram(RATE), Doubled()], TypeError, "event_truth .* Doubled does not tell. Write its method linear_power"),
    ],
)
def test_bad_extraction_is_named(steps, kind, message, events):
    with pytest.raises(kind, match=message):
        event_truth(fitted(events, *steps), events)


def test_clips_without_sounds_are_refused(events):
    extraction = fitted(events, Spectrogram(RATE))
    with pytest.raises(ValueError, match=r"events.*got none"):
        event_truth(extraction, [[], []])
    with pytest.raises(ValueError, match=r"classes.*\['high', 'low'\].*\['siren'\]"):
        event_truth(extraction, events, classes=["siren"])
