"""The networks and clips on which the contracts are checked."""

import numpy as np
import torch
from sklearn.base import BaseEstimator, clone
from torch import nn

from ...models import PretrainedClassifier
from ...models.shapes import as_image
from ...utils.random import torch_seed

CLASSES = ["alarm", "cough", "wheeze"]
SHAPE = (1, 10, 12)
SHAPES = [(24,), (10, 12), SHAPE]


class UnfoldedNorm(nn.BatchNorm2d):
    """A batch norm of a type that the engine does not know, and so leaves where it is."""


class SmallNet(nn.Module):
    """Two convolutions with batch norm and what engines trip over: in-place operations, a view, a residual sum."""

    def __init__(self, input_shape=SHAPE, n_classes=3, norm=nn.BatchNorm2d):
        super().__init__()
        self.image, channels = as_image(input_shape)
        self.conv1 = nn.Conv2d(channels, 6, 3, padding=1, bias=False)
        self.norm1 = norm(6)
        self.pool = nn.MaxPool2d(2, ceil_mode=True)
        self.body = nn.Sequential(nn.Conv2d(6, 6, 3, padding=1), norm(6), nn.ReLU(inplace=True))
        self.dropout = nn.Dropout(0.5)
        self.mean = nn.AdaptiveAvgPool2d((2, 3))
        self.dense = nn.Linear(36, n_classes)

    def forward(self, x):
        """Return logits ``(n, n_classes)``."""
        x = self.pool(self.norm1(self.conv1(self.image(x))).relu_())
        x = self.mean(self.dropout(x + self.body(x)))
        return self.dense(x.reshape(x.shape[0], -1))


class UnfoldedWaveformNorm(nn.BatchNorm1d):
    """A batch norm over time of a type that the engine does not know, and so leaves where it is."""


class SmallWaveformNet(nn.Module):
    """Two convolutions over time, with batch norm and pooling, on waveforms ``(n, samples)``."""

    def __init__(self, n_classes=3, norm=nn.BatchNorm1d):
        super().__init__()
        self.conv1 = nn.Conv1d(1, 6, 8, stride=2, padding=4, bias=False)
        self.body = nn.Sequential(norm(6), nn.ReLU(), nn.MaxPool1d(2))
        self.conv2 = nn.Conv1d(6, 8, 3, padding=1)
        self.norm2 = norm(8)
        self.head = nn.Sequential(nn.ReLU(inplace=True), nn.AdaptiveAvgPool1d(2), nn.Flatten(), nn.Linear(16, n_classes))

    def forward(self, x):
        """Return logits ``(n, n_classes)``."""
        return self.head(self.norm2(self.conv2(self.body(self.conv1(x.unsqueeze(1))))))


def small_net(shape=SHAPE, norm=nn.BatchNorm2d, seed=2):
    """Return a ``SmallNet`` with random weights and random statistics, as if it were trained.

    With the default seed no feature map of a bare convolution sums to nearly 0, where ``XGradCAM`` has a pole and the last
    digit of a float32 counts a hundredfold.
    """
    with torch_seed(seed):
        return _as_trained(SmallNet(shape, norm=norm))


def small_waveform_net(norm=nn.BatchNorm1d, seed=0):
    """Return a ``SmallWaveformNet`` with random weights and random statistics, as if it were trained."""
    with torch_seed(seed):
        return _as_trained(SmallWaveformNet(norm=norm))


def _as_trained(net):
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(layer.running_mean, std=0.3)
            nn.init.uniform_(layer.running_var, 0.3, 2)
            nn.init.normal_(layer.weight, 1, 0.3)
            nn.init.normal_(layer.bias, std=0.3)
    return net


class FragileNet(SmallNet):
    """A ``SmallNet`` that fails on a loud clip."""

    def forward(self, x):
        """Return logits, or raise."""
        if x.max() > 100:
            raise RuntimeError("too loud for FragileNet")
        return super().forward(x)


class Detector(nn.Module):
    """Hears a tone, which is a row, and a click, which is a column, and nothing else: it is known what it goes by."""

    def __init__(self):
        super().__init__()
        self.conv, self.evidence = nn.Conv2d(1, 2, 7, padding=3), nn.Conv2d(2, 2, 1, bias=False)
        with torch.no_grad():
            self.conv.weight.zero_()
            self.conv.weight[0, 0, 3, :] = 1 / 7
            self.conv.weight[1, 0, :, 3] = 1 / 7
            self.conv.bias.fill_(-0.6)
            # The last convolution gives the evidence itself, which is not negative: Grad-CAM++ is derived for such maps.
            self.evidence.weight.copy_(torch.eye(2).view(2, 2, 1, 1))

    def forward(self, x):
        """Return logits ``(n, 2)`` of clips ``(n, 1, f, t)``."""
        return 60 * self.evidence(self.conv(x).relu()).mean((2, 3))


def clips(shape=SHAPE, n=9, seed=0):
    return np.random.default_rng(seed).random((n, *shape), dtype=np.float32)


def tones_and_clicks(n=5, seed=0):
    """Return clips ``(n, 1, 20, 24)`` with a tone and a click each, and the masks of both."""
    generator = np.random.default_rng(seed)
    tones, clicks = np.zeros((2, n, 1, 20, 24), dtype=bool)
    for tone, click in zip(tones, clicks):
        tone[:, generator.integers(2, 18)] = True
        click[:, :, generator.integers(2, 22)] = True
    return (tones | clicks).astype(np.float32), tones, clicks


def fit_on(explainer, module, X, **params):
    """Return a clone of the explainer, fitted on the module as a classifier that is trained already."""
    estimator = module if isinstance(module, BaseEstimator) else PretrainedClassifier(module, CLASSES)
    explainer = clone(explainer).set_params(estimator=estimator, **params)
    if "random_state" in explainer.get_params(deep=False):
        explainer.set_params(random_state=0)
    if "scoring" in explainer.get_params(deep=False):  # a search: it must choose the same, whatever it is fitted on
        explainer.set_params(scoring=_indifferent)
    return explainer.fit(X)


def _indifferent(explainer, X, y=None):
    return 0.0


def module_in_use(module):
    """Return the module as in the middle of somebody's training: training mode, gradients, a hook, a frozen layer."""
    module.train()
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    module.conv1.weight.requires_grad_(False)
    module.dense.register_forward_hook(_no_change)
    return module


def _no_change(module, inputs, output):
    return None
