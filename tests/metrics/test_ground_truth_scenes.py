"""On scenes whose truth is known: every method finds the event better than noise does, alone and in mixtures."""

import inspect

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skxai.datasets import make_audio_events
from skxai.explainers import CaptumExplainer, FasterScoreCAM, RandomMap
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures, event_truth
from skxai.metrics import class_discriminativity, relevance_mass_accuracy
from skxai.models import AcoumonClassifier
from skxai.testing.discovery import all_explainers

SETTINGS = {"classes": ["alarm", "cough", "wheeze"], "snr_db": 20, "reverberation": 0.1, "sample_rate": 8000}
# A search over the settings of a method is no method of its own, and captum's by default is IntegratedGradients.
METHODS = [make for _, make in all_explainers() if make not in (RandomMap, CaptumExplainer)]
METHODS = [make for make in METHODS if "cv" not in inspect.signature(make).parameters]


@pytest.fixture(scope="module")
def trained():
    """Return a well-trained classifier, its training clips, and by number of events test clips with their truth."""
    scenes = make_audio_events(240, random_state=0, **SETTINGS)
    extraction = make_pipeline(MelSpectrogram(8000, n_fft=512, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("minmax"))
    X = extraction.fit_transform(scenes.data)
    classifier = AcoumonClassifier(lr=5e-4, max_epochs=8, random_state=0).fit(X, scenes.target)
    tests = {}
    for n_events in (1, 2):
        scenes = make_audio_events(80, n_events=n_events, random_state=1, **SETTINGS)
        truth = event_truth(extraction, scenes.events, background=scenes.background)
        tests[n_events] = extraction.transform(scenes.data), truth
        if n_events == 1:
            accuracy = classifier.score(tests[1][0], scenes.target)
            assert accuracy > 0.9, "an untrained classifier finds nothing that maps could show"
    return FrozenEstimator(classifier), X, tests


def fitted(make, trained):
    explainer = make(trained[0])
    # As few passes as show the event, and feature maps behind the ReLU, which all of the CAMs are derived for: at the bare
    # convolution it is the network's luck, and so the processor's, on which its training rounds, how well they do.
    settings = {"random_state": 0, "n_masks": 200, "window": 0.25, "n_steps": 10, "layer": "features.14"}
    explainer.set_params(**{name: value for name, value in settings.items() if name in explainer.get_params(deep=False)})
    return explainer.fit(trained[1][:20])


def exceeds(values, least):
    """Whether the mean of the values that are defined, nearly all, is greater by three standard errors."""
    defined = values[~np.isnan(values)]
    assert len(defined) > 0.9 * len(values)
    return defined.mean() - least > 3 * defined.std(ddof=1) / np.sqrt(len(defined))


@pytest.mark.parametrize("n_events", [1, 2], ids=["one event", "mixture"])
@pytest.mark.parametrize("make", METHODS, ids=lambda make: make.__name__)
def test_relevance_mass_is_beyond_that_of_noise(make, n_events, trained):
    X, truth = trained[2][n_events]
    mass, of_noise = (
        relevance_mass_accuracy(explainer, X, explainer.transform(X), truth=truth)
        for explainer in (fitted(make, trained), fitted(RandomMap, trained))
    )
    assert exceeds(mass - of_noise, 0)


def test_noise_has_the_mass_of_the_mask(trained):
    X, truth = trained[2][1]
    explainer = fitted(RandomMap, trained)
    mass = relevance_mass_accuracy(explainer, X, explainer.transform(X), truth=truth)
    size = truth.of(explainer.predict(X)).mean(axis=(1, 2, 3))
    assert np.nanmax(np.abs(mass - size)) < 5 / np.sqrt(12 * 1024)  # five standard errors, for 1024 uniform draws


def test_maps_of_faster_score_cam_fall_on_their_own_sources(trained):
    X, truth = trained[2][2]
    explainer = fitted(FasterScoreCAM, trained)
    values = class_discriminativity(explainer, X, explainer.transform(X), truth=truth)
    assert exceeds(values, 0)
