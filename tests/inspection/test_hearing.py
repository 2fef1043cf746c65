"""The classifier hears the class in the kept sound of the true event, and misses it in the removed one."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skxai.datasets import make_audio_events
from skxai.explainers import RandomMap
from skxai.features import MFCC, FeatureScaler, MelSpectrogram, ResizeFeatures, event_truth
from skxai.inspection import heard_probability, sonify
from skxai.models import AcoumonClassifier

RATE = 8000


@pytest.fixture(scope="module")
def clips():
    return np.random.default_rng(0).normal(0.1, 1, (3, RATE)).astype(np.float32)


@pytest.fixture(scope="module")
def scenes():
    """Return a classifier trained on events and on none, and mixtures of two events with what is true of them."""
    kind = {"classes": ["alarm", "cough", "wheeze"], "snr_db": 20, "reverberation": 0.1, "sample_rate": RATE, "duration": 0.5}
    training = make_audio_events(240, random_state=0, **kind)
    mixtures = make_audio_events(40, n_events=2, random_state=1, **kind)
    features = make_pipeline(MelSpectrogram(RATE, n_fft=512, n_mels=32), ResizeFeatures((16, 16)), FeatureScaler("minmax"))
    # Without a class for it, a classifier would have to call a room without the event some event.
    X = features.fit_transform(np.concatenate([training.data, training.background[:40]]))
    y = np.concatenate([training.target, np.full(40, "nothing")])
    classifier = AcoumonClassifier(lr=1e-3, max_epochs=15, random_state=0).fit(X, y)
    truth = event_truth(features, mixtures.events, background=mixtures.background, classes=classifier.classes_)
    predicted = classifier.predict(features.transform(mixtures.data))
    true = truth.sounding[np.arange(40), np.searchsorted(classifier.classes_, predicted)]
    assert true.mean() > 0.8, "an untrained classifier hears nothing that maps could show"
    return classifier, features, mixtures.data[true], truth.of(predicted)[true]


def shares(table):
    """Return in which share of clips the kept sound has the class, and the removed one has not."""
    return (table.predicted_kept == table.predicted).mean(), (table.predicted_removed != table.predicted).mean()


def test_the_true_event_keeps_the_class_and_without_it_the_class_is_lost(scenes):
    classifier, features, mixtures, truth = scenes
    heard = heard_probability(classifier, mixtures, truth, features, scaling=None)
    kept, lost = shares(heard)
    assert kept > 0.7
    assert lost > 0.75
    assert heard.kept.mean() - heard.removed.mean() > 0.5


def test_noise_does_not(scenes):
    classifier, features, mixtures, _ = scenes
    X = features.transform(mixtures)
    relevance = RandomMap(FrozenEstimator(classifier), random_state=0).fit(X).transform(X)
    heard = heard_probability(classifier, mixtures, relevance, features, top=0.25)
    assert shares(heard)[1] < 0.4
    assert heard.kept.mean() - heard.removed.mean() < 0


def test_columns(scenes):
    classifier, features, mixtures, truth = scenes
    target = classifier.classes_[0]
    heard = heard_probability(classifier, mixtures, truth, features, scaling=None, target=target, baseline=0.0)
    X = features.transform(mixtures)
    kept, removed = (sonify(mixtures, truth, features, mode=mode, scaling=None) for mode in ("keep", "remove"))
    inputs = {
        "original": X,
        "kept": features.transform(kept),
        "removed": features.transform(removed),
        "kept_masked": truth * X,
        "removed_masked": (1 - truth) * X,
    }
    for column, inputs_of in inputs.items():
        expected = classifier.predict_proba(inputs_of)[:, 0]
        np.testing.assert_allclose(heard[column], expected, atol=1e-3, err_msg=column)
    for column in ("original", "kept", "removed"):
        of_label = "predicted" if column == "original" else f"predicted_{column}"
        assert (heard[of_label] == classifier.predict(inputs[column])).mean() > 0.97
    assert (heard.target == target).all()
    assert (heard_probability(classifier, mixtures, truth, features).target == heard.predicted).all()


def test_what_tells_nothing_apart_is_undefined(scenes):
    classifier, features, mixtures, truth = scenes
    maps = truth[:3].copy()
    maps[1] = 2
    heard = heard_probability(classifier, mixtures[:3], maps, features)
    assert heard.original.notna().all()
    for column in ("kept", "removed", "kept_masked", "removed_masked", "predicted_kept", "predicted_removed"):
        assert heard[column].isna().tolist() == [False, True, False]
    everything = heard_probability(classifier, mixtures[:3], np.ones(maps.shape, dtype=bool), features)
    np.testing.assert_allclose(everything.kept, everything.original, atol=1e-4)


def test_masked_cepstra_are_undefined(clips):
    cepstra = MFCC(RATE, n_fft=512, n_mels=24).fit(clips)
    classifier = DummyClassifier().fit(cepstra.transform(clips), ["a", "b", "a"])
    heard = heard_probability(classifier, clips, np.random.default_rng(0).random((3, 24, 63)), cepstra)
    assert heard[["kept", "removed"]].to_numpy() == pytest.approx(np.full((3, 2), 2 / 3))
    assert heard[["kept_masked", "removed_masked"]].isna().all(axis=None)


def test_one_clip_is_an_error(scenes):
    classifier, features, mixtures, truth = scenes
    with pytest.raises(ValueError, match=r"waveforms of heard_probability must have the shape \(n, samples\)"):
        heard_probability(classifier, mixtures[0], truth[0], features)


@pytest.mark.parametrize("top", [0.0, -0.25, 1.01])
def test_share_of_no_cells_or_more_than_all_is_an_error(top, clips):
    with pytest.raises(ValueError, match=r"'top' parameter of heard_probability .* \(0.0, 1.0\]"):
        heard_probability(DummyClassifier(), clips, clips, MFCC(RATE), top=top)
