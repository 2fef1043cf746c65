"""Trained networks and real audio, on which the package is held against its oracles."""

import copy
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pytest
import torch
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline

from skxai.datasets import EventTruth, load_esc50, make_audio_events
from skxai.engine import minmax
from skxai.features import MFCC, AudioLoader, MelSpectrogram, ResizeFeatures, event_truth
from skxai.models import AcoumonClassifier, ResNetClassifier

ESC10_CLASSES = ["baby_cry", "chainsaw", "person_sneeze", "sea_waves"]
TRAINED_ON = 7  # clips of each class
RATE = 16000


@dataclass(repr=False)
class Subject:
    """A trained classifier, and clips that it was not trained on."""

    trained: FrozenEstimator
    X: np.ndarray
    y: np.ndarray
    X_train: np.ndarray
    y_train: np.ndarray
    truth: EventTruth | None  # of X
    layers: dict  # "relu": its feature maps are not negative; "few channels": for what runs the network once a channel
    stages: list = ()  # layers with weights, each with the normalisation after it, from the top down
    known: dict = field(default_factory=dict)  # what the oracles found already

    @cached_property
    def network(self):
        """The network in float64."""
        return copy.deepcopy(self.trained.estimator.module_).double().eval().requires_grad_(False)

    @cached_property
    def nearby(self):
        """Two networks next to it, in float32: what hangs on rounding is another with them.

        Weights and features are moved by about as much as float32 rounds them, and by as much to the opposite side.
        """
        return [moved(self.network, by, self.X).float() for by in (2e-7, -2e-7)]


def moved(network, by, X):
    generator = torch.Generator().manual_seed(0)
    network = copy.deepcopy(network)
    for weights in network.parameters():
        weights.mul_(1 + by * torch.randn(weights.shape, generator=generator, dtype=torch.float64))
    noise = by * np.abs(X).max() * torch.randn(X.shape[1:], generator=generator, dtype=torch.float64)
    network.register_forward_pre_hook(lambda module, inputs: (inputs[0] + noise.to(inputs[0].dtype),))
    return network


def subject(classifier, X, y, truth=None, **structure):
    """Train on the first clips of each class, and keep the others."""
    train, rest = [], []
    for label in np.unique(y):
        clips = np.flatnonzero(y == label)
        train += clips[:TRAINED_ON].tolist()
        rest += clips[TRAINED_ON:].tolist()
    classifier.fit(X[train], y[train])
    assert (classifier.predict(X[train]) == y[train]).mean() > 0.8, "the network has learned nothing."
    return Subject(FrozenEstimator(classifier), X[rest], y[rest], X[train], y[train], truth and truth[rest], **structure)


@pytest.fixture(scope="session")
def recordings(esc10):
    """Return 4 s of real clips of four classes, and their labels."""
    clips = load_esc50(esc10, esc10=True, folds=[1])
    chosen = np.concatenate([np.flatnonzero(clips.target == label)[: TRAINED_ON + 1] for label in ESC10_CLASSES])
    return AudioLoader(RATE, duration=4.0).fit_transform(clips.data[chosen]), clips.target[chosen]


@pytest.fixture(scope="session")
def scenes():
    """Return made scenes of four classes, for wherever there is no real audio."""
    return make_audio_events(4 * (TRAINED_ON + 1), sample_rate=RATE, n_events=2, random_state=0)


def on_mel_spectrograms(X, y, truth):
    return subject(
        AcoumonClassifier(lr=3e-4, max_epochs=8, batch_size=8, device="cpu", random_state=0),
        X,
        y,
        truth,
        layers={"relu": "features.14", "few channels": "features.4"},
        stages=[
            ["classifier.5"],
            ["classifier.3"],
            ["classifier.1"],
            ["features.12", "features.13"],
            ["features.8", "features.9"],
            ["features.4", "features.5"],
            ["features.0", "features.1"],
        ],
    )


def mel():
    # In decibels, whose floor is not 0: a product in the place of masking shows.
    return make_pipeline(MelSpectrogram(RATE, n_mels=64), ResizeFeatures((32, 32)))


@pytest.fixture(scope="session")
def esc10_mel(recordings):
    waveforms, y = recordings
    X = mel().fit_transform(waveforms)
    # Nobody knows the sources of a recording. An oracle takes any masks: here one class has what is loud, the next the rest.
    loud = minmax(torch.from_numpy(X)).numpy()
    masks = np.zeros((len(X), len(ESC10_CLASSES), *X.shape[1:]))
    own = np.array([ESC10_CLASSES.index(label) for label in y])
    masks[np.arange(len(X)), own], masks[np.arange(len(X)), (own + 1) % len(ESC10_CLASSES)] = loud, 1 - loud
    return on_mel_spectrograms(X, y, EventTruth(ESC10_CLASSES, masks))


@pytest.fixture(scope="session")
def scenes_mel(scenes):
    extraction = mel()
    X = extraction.fit_transform(scenes.data)
    found = on_mel_spectrograms(X, scenes.target, event_truth(extraction, scenes.events, background=scenes.background))
    found.X[-1, ..., -6:] = found.X[-1].min()  # a scene that ends in digital silence
    return found


@pytest.fixture(scope="session")
def esc10_mfcc(recordings):
    waveforms, y = (values[: 2 * (TRAINED_ON + 1)] for values in recordings)  # two classes: it is slow
    X = make_pipeline(MFCC(RATE, n_mfcc=13, n_fft=1024), ResizeFeatures((13, 20))).fit_transform(waveforms)
    classifier = ResNetClassifier(lr=3e-4, max_epochs=5, batch_size=7, device="cpu", random_state=0)
    return subject(classifier, X, y, layers={"relu": "layer1"})
