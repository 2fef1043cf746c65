"""Cepstral relevance is carried back to mel bands by the transform that made the cepstra."""

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline

from skxai.features import MFCC, FeatureScaler, FixedFrames, MelSpectrogram, ResizeFeatures, feature_axes
from skxai.inspection import relevance_of_bands, relevance_profile
from skxai.utils.torchaudio import torchaudio

RATE, N_MFCC, N_MELS = 8000, 13, 40
SOUND = np.random.default_rng(0).standard_normal((3, RATE)).astype(np.float32)
SETTINGS = dict(n_fft=512, hop_length=256, n_mels=N_MELS, f_min=50, f_max=3500, top_db=None)


@pytest.fixture(scope="module")
def mfcc():
    return MFCC(RATE, n_mfcc=N_MFCC, **SETTINGS).fit(SOUND)


def cosines():
    return torchaudio.functional.create_dct(N_MFCC, N_MELS, norm="ortho").T.double()  # (n_mfcc, n_mels)


def test_gradients_are_those_of_the_mel_bands(mfcc):
    mel = MelSpectrogram(RATE, **SETTINGS).fit(SOUND)
    bands = torch.from_numpy(mel.transform(SOUND)).double().requires_grad_()
    cepstra = cosines() @ bands
    cepstra.retain_grad()
    torch.tanh(cepstra / 50).prod(dim=2).sum().backward()
    maps, axes = relevance_of_bands(cepstra.grad.numpy() * 1e6, mfcc)
    np.testing.assert_allclose(maps, bands.grad.numpy() * 1e6, rtol=1e-4, atol=1e-6 * np.abs(maps).max())
    np.testing.assert_allclose(axes.frequencies, mel.frequencies_)
    np.testing.assert_array_equal(axes.times, mel.times_)
    assert relevance_profile(maps, axes).per_frequency.shape == (3, N_MELS)


def test_maps_may_come_without_the_axis_of_channels(mfcc):
    X = mfcc.transform(SOUND)
    gradients = np.random.default_rng(1).standard_normal(X.shape)
    for maps, given in ((gradients, None), (gradients * X, X)):
        expected, expected_axes = relevance_of_bands(maps, mfcc, X=given)
        found, axes = relevance_of_bands(maps[:, 0], mfcc, X=None if given is None else given[:, 0])
        np.testing.assert_array_equal(found, expected[:, 0])
        np.testing.assert_array_equal(axes.frequencies, expected_axes.frequencies)


@pytest.mark.parametrize("baseline", [0.0, "floor"])
def test_contributions_add_up_and_are_distance_times_gradient(baseline, mfcc):
    X = mfcc.transform(SOUND)
    if baseline == "floor":
        baseline = X.min(axis=(1, 2, 3), keepdims=True) - 1
    gradients = np.random.default_rng(1).standard_normal(X.shape)
    contributions = (X - baseline) * gradients
    maps, _ = relevance_of_bands(contributions, mfcc, X=X, baseline=baseline)
    np.testing.assert_allclose(maps.sum(axis=2), contributions.sum(axis=2), rtol=1e-3, atol=1e-3)
    D = cosines().numpy()
    np.testing.assert_allclose(maps, (D.T @ (X - baseline)) * (D.T @ gradients), rtol=1e-3, atol=1e-3)


def test_scaling_the_cepstra_leaves_contributions_alone(mfcc):
    scaled = make_pipeline(MFCC(RATE, n_mfcc=N_MFCC, **SETTINGS), FixedFrames(20), FeatureScaler("standard")).fit(SOUND)
    scaler = scaled[-1]
    X, Z = mfcc.transform(SOUND)[..., :20], scaled.transform(SOUND)
    contributions = X * np.random.default_rng(1).standard_normal(X.shape)
    plain, _ = relevance_of_bands(contributions, make_pipeline(*scaled[:-1]), X=X)
    silent = -scaler.offset_ / scaler.scale_  # 0, as scaled
    after, axes = relevance_of_bands(contributions, scaled, X=Z, baseline=silent)
    np.testing.assert_allclose(after, plain, rtol=1e-2, atol=1e-3 * np.abs(plain).max())
    assert len(axes.times) == 20


def test_of_magnitudes_and_mixed_rows_it_is_refused(mfcc):
    maps = np.random.default_rng(0).random((3, 1, *feature_axes(mfcc).shape))
    with pytest.raises(ValueError, match="maps of relevance_of_bands must be signed"):
        relevance_of_bands(maps, mfcc)
    with pytest.raises(ValueError, match="contributions, 0 where X is the baseline"):
        relevance_of_bands(maps - 0.5, mfcc, X=np.zeros_like(maps))
    with pytest.raises(ValueError, match="maps of relevance_of_bands must have the shape"):
        relevance_of_bands(maps[..., 1:], mfcc)
    resized = make_pipeline(MFCC(RATE, n_mfcc=N_MFCC, **SETTINGS), ResizeFeatures((32, 32))).fit(SOUND)
    with pytest.raises(ValueError, match="rows are the coefficients of an MFCC, not resized; got rows of cepstral index"):
        relevance_of_bands(np.ones((3, 1, 32, 32)), resized)
    mel = MelSpectrogram(RATE, **SETTINGS).fit(SOUND)
    with pytest.raises(ValueError, match=r"rows are the coefficients of an MFCC, not resized; got rows of frequency \(hz\)"):
        relevance_of_bands(mel.transform(SOUND), mel)
    assert not relevance_of_bands(np.zeros_like(maps), mfcc)[0].any()


def test_squared_weights_could_not_tell_a_band_from_its_mirror_image():
    squared = cosines().numpy() ** 2
    np.testing.assert_allclose(squared, squared[:, ::-1], atol=1e-6)
