"""The network that all packages explain, the clips, and how far two arrays are apart."""

import copy
import importlib.metadata
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline
from torch import nn

from skxai.datasets import make_audio_events
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.models import PretrainedClassifier, TorchClassifier

RATE = 16000
SHAPE = (1, 32, 24)
LAYER = "features.4"  # the last convolution


class SmallNet(nn.Module):
    """Two blocks and two dense layers, few enough weights to be kept in a file."""

    def __init__(self, input_shape=SHAPE, n_classes=4):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(input_shape[0], 6, 5, padding=2), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 12, (5, 3), padding=(2, 1)), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2),
        )  # fmt: skip
        n_features = 12 * (input_shape[1] // 4) * (input_shape[2] // 4)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(n_features, 16), nn.ReLU(), nn.Linear(16, n_classes))

    def forward(self, x):
        return self.classifier(self.features(x))


@dataclass(frozen=True)
class Subject:
    """A trained network and clips that it did not see. Peers leave hooks and gradients: each gets a copy of its own."""

    trained: nn.Module
    X: np.ndarray

    def module(self):
        return copy.deepcopy(self.trained)

    @property
    def x(self):
        return torch.from_numpy(self.X.copy())

    @cached_property
    def columns(self):
        """The predicted column of each clip."""
        with torch.no_grad():
            return self.trained(self.x).argmax(1)

    @cached_property
    def mixed_columns(self):
        """The predicted column of every other clip, and of the others one that is not predicted."""
        return (self.columns + torch.arange(len(self.columns)) % 2) % self.trained.classifier[-1].out_features

    @property
    def classifier(self):
        return PretrainedClassifier(self.trained)

    def maps(self, explainer, **params):
        return explainer(self.classifier, **params).fit(self.X).transform(self.X)

    def with_gradients_times(self, factor):
        """Return the network with its scores, and so their gradients, times a number."""
        module = self.module()
        with torch.no_grad():
            module.classifier[-1].weight *= factor
        return Subject(module, self.X)


def train():
    """Return a Subject trained on made scenes. No feature is 0 by chance: the lowest of a clip, of all and 0 are different."""
    scenes = make_audio_events(102, sample_rate=RATE, random_state=0)
    features = make_pipeline(MelSpectrogram(RATE, n_mels=32), ResizeFeatures(SHAPE[1:]), FeatureScaler("standard"))
    X = features.fit_transform(scenes.data)
    classifier = TorchClassifier(SmallNet, lr=2e-3, max_epochs=8, batch_size=16, random_state=0).fit(X[6:], scenes.target[6:])
    assert classifier.score(X[6:], scenes.target[6:]) > 0.8, "the network has learned nothing."
    return Subject(classifier.module_.eval(), X[:6])


def peer(module, distribution, called=None):
    """Return a module of a peer and the peer's name with its version; skip, by name, where it cannot be imported."""
    reason = f"{distribution} cannot be imported: python -m pip install -c constraints.txt -e '.[test]'"
    imported = pytest.importorskip(module, reason=reason, exc_type=ImportError)
    return imported, f"{called or distribution} {importlib.metadata.version(distribution)}"


def apart(ours, theirs):
    """Return the largest difference, as a share of the largest value of theirs."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    assert ours.shape == theirs.shape, f"{ours.shape} beside {theirs.shape}"
    assert np.abs(theirs).max() > 0, "there is nothing to compare."
    return np.abs(ours - theirs).max() / np.abs(theirs).max()
