"""What a study knows of where the classes sound."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from torch import nn

from skxai.explainers import EnergyMap
from skxai.features import MFCC, MelSpectrogram, event_truth
from skxai.models import PretrainedClassifier
from skxai.studies import load_clips
from skxai.studies.truth import OF_TWO_SOUNDS, find_event_truth, mix_test_clips


@pytest.fixture(scope="module")
def scenes():
    return load_clips(n_scenes=12)


@pytest.fixture(scope="module")
def extraction(scenes):
    return make_pipeline(MelSpectrogram(16000, n_mels=16, hop_length=1000)).fit(scenes.X)


def test_the_background_of_scenes_is_what_their_events_leave(scenes, extraction):
    truth = find_event_truth(scenes, extraction)
    assert truth.sounding.sum(axis=1).tolist() == [1] * 12
    assert (truth.classes[truth.sounding.argmax(axis=1)] == scenes.y).all()
    without = event_truth(extraction, scenes.events)
    assert (truth.masks <= without.masks + 1e-6).all()
    assert truth.masks.sum() < 0.8 * without.masks.sum()


def test_no_truth_without_events_or_frequencies(scenes, extraction):
    cepstra = make_pipeline(MFCC(16000)).fit(scenes.X)
    assert find_event_truth(replace(scenes, events=None), extraction) is None
    assert find_event_truth(scenes, cepstra) is None
    assert mix_test_clips(scenes, cepstra, 0) is None
    assert mix_test_clips(scenes.take(np.flatnonzero(scenes.y == "cough")), extraction, 0) is None


def test_mixtures_tell_a_map_of_the_source_from_one_of_all_sound(scenes, extraction):
    waveforms = scenes.X.copy()
    waveforms[3] = 0
    mixtures = mix_test_clips(replace(scenes, X=waveforms), extraction, 0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(mixtures.features[0].size, 4))
    energy = EnergyMap(PretrainedClassifier(network, classes=np.unique(scenes.y))).fit(mixtures.features)

    class OfTheSource:
        """Shows for each class where it sounds."""

        def explain(self, X, target):
            indices = [np.flatnonzero((mixtures.features == x).all(axis=(1, 2, 3)))[0] for x in X]
            return mixtures.truth[indices].of(np.broadcast_to(target, len(X)))

        def __getattr__(self, name):
            return getattr(energy, name)

    silent = np.arange(12) == 3  # in no mixture
    np.testing.assert_allclose(mixtures.scores(energy, [OF_TWO_SOUNDS])[OF_TWO_SOUNDS], np.where(silent, np.nan, 0), atol=1e-6)
    of_the_source = mixtures.scores(OfTheSource(), [OF_TWO_SOUNDS])[OF_TWO_SOUNDS]
    assert np.isnan(of_the_source[3])
    assert of_the_source[~silent].min() > 0.1
    source, sound = (
        mixtures.scores(explainer, ["relevance_mass_accuracy"])["relevance_mass_accuracy"]
        for explainer in (OfTheSource(), energy)
    )
    assert np.isnan(source[3])
    assert (source > sound)[~silent].all()
