"""A comparison that has everything which a page shows."""

import numpy as np
import pytest
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from torch import nn

from skxai.comparison import compare_explainers
from skxai.datasets import make_audio_events
from skxai.explainers import GradCAM, RandomMap, VanillaSaliency
from skxai.features import FeatureScaler, MelSpectrogram, ResizeFeatures
from skxai.models import TorchClassifier

RATE = 8000
HOSTILE = "<script>alert(1)</script>"


class Net(nn.Sequential):
    def __init__(self, n_classes):
        super().__init__(
            nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(64, n_classes)
        )


def pipelines(*, trained, X, y):
    """Return three methods over one classifier, each with the whole way from the waveform."""
    steps = [MelSpectrogram(RATE, n_fft=256, n_mels=16), ResizeFeatures((16, 16)), FeatureScaler("minmax")]
    network = TorchClassifier(Net, lr=0.02, max_epochs=8, random_state=0)
    if trained:
        features = make_pipeline(*steps).fit_transform(X)
        network = FrozenEstimator(network.fit(features, y))
    noise = RandomMap(network, random_state=0)
    methods = {"saliency": VanillaSaliency(network), "Grad-CAM": GradCAM(network), "noise": noise}
    methods = {name: make_pipeline(*steps, explainer) for name, explainer in methods.items()}
    return {name: method.fit(X, y) for name, method in methods.items()} if trained else methods


@pytest.fixture(scope="session")
def sounds():
    """Waveforms and labels, one of which is no friend of HTML."""
    scenes = make_audio_events(18, classes=["alarm", "cough"], sample_rate=RATE, duration=0.5, random_state=0)
    return scenes.data, np.where(scenes.target == "cough", HOSTILE, scenes.target)


@pytest.fixture(scope="session")
def compared(sounds):
    """Two methods and random maps, on 18 clips of which 8 are examples."""
    X, y = sounds
    scoring = ["insertion_auc", "neg_deletion_auc", "insertion_accuracy_auc", "neg_mean_top_weights"]
    methods = pipelines(trained=True, X=X, y=y)
    return compare_explainers(methods, X, y, scoring=scoring, examples=8, step=0.1, random_state=3)
