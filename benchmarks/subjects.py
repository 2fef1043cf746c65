"""The networks that are explained, and clips for them."""

import functools
import warnings
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.pipeline import make_pipeline
from torch import nn

from skxai.datasets import make_audio_events
from skxai.features import MFCC, FeatureScaler, FixedFrames, MelSpectrogram, ResizeFeatures
from skxai.models import AcoumonClassifier, PretrainedClassifier, ResNetClassifier
from skxai.models.acoumon import AcoumonNet
from skxai.models.resnet import ResNet

N_CLASSES = 10
SHAPES = {"acoumon": (1, 32, 32), "resnet18": (1, 13, 400), "resnet101": (1, 13, 400)}
TITLES = {"acoumon": "Acoumon 32×32", "resnet18": "ResNet-18 13×400", "resnet101": "ResNet-101 13×400"}


@dataclass(frozen=True)
class Subject:
    """A network on a device: as a module for the peers, as a classifier for skxai."""

    name: str
    module: nn.Module
    classifier: PretrainedClassifier
    device: str

    @property
    def shape(self):
        return SHAPES[self.name]

    @property
    def last_convolution(self):
        return [layer for layer in self.module.modules() if isinstance(layer, nn.Conv2d)][-1]

    @property
    def last_convolution_name(self):
        return [name for name, layer in self.module.named_modules() if isinstance(layer, nn.Conv2d)][-1]

    def clips(self, n):
        return random_clips(self.shape, n)

    def tensor(self, X):
        return torch.from_numpy(X).to(self.device)

    def predicted(self, X):
        """Return the predicted column of each clip as a tensor: peers ask for it where skxai finds it by itself."""
        with torch.inference_mode():
            columns = torch.cat([self.module(batch).argmax(1) for batch in self.tensor(X).split(64)])
        return columns.clone()

    def gradients(self, X):
        """Return saliency maps by torch alone: no map is constant, on which Quantus stops."""
        x = self.tensor(X).requires_grad_()
        (gradients,) = torch.autograd.grad(self.module(x).amax(1).sum(), x)
        return gradients.abs().cpu().numpy()

    def fitted(self, explainer_class, **params):
        """Return an explainer of the network, fitted on a few clips."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a ResNet's last convolution has one row: the maps' meaning is no matter here
            return explainer_class(self.classifier, **params).fit(self.clips(8))


def random_clips(shape, n, seed=0):
    return np.random.default_rng(seed).random((n, *shape), dtype=np.float32)


@functools.cache
def subject(name, device="cpu"):
    """Return a network of initial weights whose batch norms have seen the clips."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        depth = {"resnet18": 18, "resnet101": 101}.get(name)
        module = AcoumonNet(SHAPES[name], N_CLASSES) if depth is None else ResNet(SHAPES[name], N_CLASSES, depth)
    norms = [layer for layer in module.modules() if isinstance(layer, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        module.train()(torch.from_numpy(random_clips(SHAPES[name], 32, seed=1)))
    for norm in norms:
        norm.momentum = 0.1
    return _subject(name, module, device)


@functools.cache
def trained(name, device="cpu"):
    """Return a network that was trained on built-in scenes, and 64 of their features that it did not see."""
    scenes = make_audio_events(264, sample_rate=16000, random_state=0)
    if name == "acoumon":
        features = make_pipeline(MelSpectrogram(16000, n_mels=32), ResizeFeatures((32, 32)), FeatureScaler("minmax"))
        classifier = AcoumonClassifier(lr=1e-3, max_epochs=6, random_state=0)
    else:
        hop = scenes.data.shape[1] // 400
        features = make_pipeline(
            MFCC(16000, n_mfcc=13, n_fft=1024, hop_length=hop), FixedFrames(400), FeatureScaler("standard")
        )
        classifier = ResNetClassifier(18, max_epochs=3, random_state=0)
    X = features.fit_transform(scenes.data)
    classifier.fit(X[64:], scenes.target[64:])
    return _subject(name, classifier.module_, device, classes=classifier.classes_), X[:64]


def _subject(name, module, device, classes=range(N_CLASSES)):
    module = module.eval().to(device)
    return Subject(name, module, PretrainedClassifier(module, classes=list(classes)), device)
