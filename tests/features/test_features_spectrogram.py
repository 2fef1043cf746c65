"""Short-time transforms: tones and clicks stand where the axes say, and the numbers are torchaudio's."""

import numpy as np
import pytest
import sklearn
import torch

from skxai.features import MFCC, MelSpectrogram, Spectrogram
from skxai.utils.torchaudio import torchaudio

RATE = 16000
EVERY = [Spectrogram(RATE), MelSpectrogram(RATE), MFCC(RATE)]


def tone(frequency, seconds=1.0, rate=RATE):
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate).astype(np.float32)


def click(second, seconds=1.0):
    waveform = np.zeros(round(seconds * RATE), dtype=np.float32)
    waveform[round(second * RATE)] = 1
    return waveform


@pytest.fixture
def noise():
    return np.random.default_rng(0).standard_normal((5, RATE)).astype(np.float32)


@pytest.mark.parametrize("frequency", [300, 1000, 2500, 6000])
@pytest.mark.parametrize("transformer", [Spectrogram(RATE), MelSpectrogram(RATE), MelSpectrogram(RATE, to_db=False)])
def test_tone_peaks_at_the_row_of_its_frequency(transformer, frequency):
    picture = transformer.fit_transform([tone(frequency)])[0, 0]
    row = picture.mean(axis=1).argmax()
    assert row == np.abs(transformer.frequencies_ - frequency).argmin()


@pytest.mark.parametrize("second", [0.0, 0.1, 0.52, 0.97])
@pytest.mark.parametrize("transformer", [Spectrogram(RATE), MelSpectrogram(RATE)])
def test_click_peaks_at_the_column_of_its_time(transformer, second):
    picture = transformer.fit_transform([click(second)])[0, 0]
    column = picture.mean(axis=0).argmax()
    assert abs(transformer.times_[column] - second) <= np.diff(transformer.times_)[0] / 2 + 1e-9


def test_loudness_of_a_tone_shows_in_the_first_cepstral_coefficient():
    coefficients = MFCC(RATE).fit_transform([tone(500), 0.1 * tone(500)])[:, 0, :, 20]
    # 20 dB less in each of the 128 bands, and the orthonormal cosine of index 0 is 1/sqrt(128)
    assert coefficients[0, 0] - coefficients[1, 0] == pytest.approx(20 * np.sqrt(128), rel=1e-3)
    np.testing.assert_allclose(coefficients[0, 1:], coefficients[1, 1:], atol=1e-2)


def test_spectrogram_is_that_of_torchaudio(noise):
    reference = torchaudio.transforms.Spectrogram(512, hop_length=128, power=2.0, pad_mode="constant")
    features = Spectrogram(RATE, n_fft=512, to_db=False).fit_transform(noise)
    np.testing.assert_allclose(features[:, 0], reference(torch.from_numpy(noise)).numpy(), rtol=1e-5, atol=1e-4)


def test_mel_spectrogram_is_that_of_torchaudio(noise):
    mel = torchaudio.transforms.MelSpectrogram(
        RATE, n_fft=512, hop_length=200, n_mels=40, f_min=50.0, f_max=7000.0, pad_mode="constant"
    )
    decibels = torchaudio.transforms.AmplitudeToDB("power", top_db=60.0)
    features = MelSpectrogram(RATE, n_fft=512, hop_length=200, n_mels=40, f_min=50, f_max=7000, top_db=60)
    reference = [decibels(mel(waveform)) for waveform in torch.from_numpy(noise)]
    np.testing.assert_allclose(features.fit_transform(noise)[:, 0], np.stack(reference), atol=1e-3)


def test_mfcc_is_that_of_torchaudio(noise):
    mel = {"n_fft": 1024, "hop_length": 256, "n_mels": 64, "pad_mode": "constant"}
    reference = torchaudio.transforms.MFCC(RATE, n_mfcc=13, melkwargs=mel)
    features = MFCC(RATE, n_fft=1024, n_mels=64).fit_transform(noise)
    np.testing.assert_allclose(features[:, 0], np.stack([reference(torch.from_numpy(x)) for x in noise]), atol=2e-3)


@pytest.mark.parametrize("transformer", EVERY)
def test_clip_shorter_than_a_frame_works(transformer):
    features = transformer.fit_transform(np.ones((2, 100)))
    assert features.shape[::3] == (2, 1)
    assert np.isfinite(features).all()


@pytest.mark.parametrize("n_fft", [255, 256])
@pytest.mark.parametrize("samples", [1, 63, 64, 65, 4000, 4032])
def test_there_is_a_time_for_every_column(n_fft, samples):
    transformer = Spectrogram(RATE, n_fft=n_fft, hop_length=32)
    assert transformer.fit_transform(np.zeros((1, samples))).shape[3] == len(transformer.times_)


@pytest.mark.parametrize("transformer", EVERY)
def test_silence_is_finite(transformer):
    assert np.isfinite(transformer.fit_transform(np.zeros((1, 4000)))).all()


@pytest.mark.parametrize("transformer", EVERY)
def test_quiet_clip_does_not_depend_on_a_loud_one_beside_it(transformer, noise):
    quiet, loud = 1e-4 * noise[:1], 1e3 * noise[1:2]
    alone = transformer.fit_transform(quiet)
    np.testing.assert_array_equal(transformer.fit_transform(np.concatenate([loud, quiet]))[1:], alone)


@pytest.mark.parametrize("transformer", EVERY)
def test_result_does_not_depend_on_working_memory(transformer, noise):
    expected = transformer.fit_transform(noise)
    with sklearn.config_context(working_memory=1):
        np.testing.assert_array_equal(transformer.fit_transform(noise), expected)


def test_top_db_is_the_range_of_each_clip(noise):
    clips = np.concatenate([click(0.5)[None], 100 * noise])
    features = Spectrogram(RATE, top_db=30).fit_transform(clips)
    np.testing.assert_allclose(np.ptp(features, axis=(1, 2, 3)), 30, atol=1e-4)


def test_decibels_of_magnitude_are_those_of_power(noise):
    noise[0] = 0  # at the floor too
    np.testing.assert_allclose(
        Spectrogram(RATE, power=1).fit_transform(noise), Spectrogram(RATE).fit_transform(noise), atol=1e-3
    )


def test_narrow_mel_bands_hear_the_tone_at_their_centre():
    mel = MelSpectrogram(44100, n_fft=1024, n_mels=128, to_db=False)
    mel.fit(np.zeros((1, 44100)))
    tones = np.stack([tone(frequency, rate=44100) for frequency in mel.frequencies_[:40]])
    loudness = mel.transform(tones).mean(axis=(1, 3))
    assert (loudness[np.arange(40), np.arange(40)] > 0.2 * loudness.max(axis=1)).all()


def test_axes_of_features(noise):
    mel, mfcc = MelSpectrogram(RATE).fit(noise), MFCC(RATE).fit(noise)
    assert mfcc.frequencies_ is None
    assert mel.transform(noise).shape == (5, 1, len(mel.frequencies_), len(mel.times_))
    assert mfcc.transform(noise).shape == (5, 1, 13, len(mfcc.times_))
    np.testing.assert_allclose(np.diff(mel.times_), 256 / RATE)


@pytest.mark.parametrize(
    ("transformer", "message"),
    [
        (
            MelSpectrogram(RATE, f_max=8001),
            "'f_max' parameter of MelSpectrogram must be at most half .* 8000 Hz. Got 8001",
        ),
        (
            MelSpectrogram(RATE, f_min=500, f_max=400),
            "'f_min' parameter of MelSpectrogram must be less .* 400 Hz. Got 500",
        ),
        (
            MelSpectrogram(RATE, n_fft=64),
            "'n_mels' parameter of MelSpectrogram must be at most .* 33 .* Got 64 .*'n_fft'",
        ),
        (MFCC(RATE, n_mfcc=129), "'n_mfcc' parameter of MFCC must be at most 'n_mels', 128. Got 129"),
        (Spectrogram(0), "'sample_rate' parameter of Spectrogram must be an int"),
    ],
)
def test_impossible_argument_is_refused(transformer, message, noise):
    with pytest.raises(ValueError, match=message):
        transformer.fit(noise)


@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("make", [Spectrogram, MelSpectrogram])
def test_silence_is_an_amplitude_of_a_hundred_thousandth(make, power):
    np.testing.assert_allclose(make(RATE, power=power).fit_transform(np.zeros((1, RATE))), -100, rtol=1e-6)


def test_default_hop_is_a_quarter_of_a_frame_and_at_least_a_sample(noise):
    assert len(Spectrogram(RATE, n_fft=400).fit(noise).times_) == 1 + RATE // 100
    assert len(Spectrogram(RATE, n_fft=2).fit(noise[:, :100]).times_) == 101


@pytest.mark.parametrize("transformer", EVERY)
def test_gains_of_bins_are_between_zero_and_one(transformer, noise):
    fitted = transformer.fit(noise)
    rows = 128 if isinstance(transformer, MFCC) else len(transformer.frequencies_)  # of cepstra, those of mel bands
    masks = np.random.default_rng(0).uniform(-1, 2, (1, 1, rows, len(transformer.times_))).astype(np.float32)
    gains = fitted.carry_back(masks)
    assert (gains.min(), gains.max()) == (0, 1)
