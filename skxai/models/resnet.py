"""Residual networks of 18 to 152 layers (He et al. 2016), with a stem for spectrograms."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..utils.validation import Options
from .base import NetworkClassifier
from .shapes import as_image


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions and a shortcut (ResNet-18 and -34)."""

    expansion = 1

    def __init__(self, channels_in: int, channels: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.downsample = _shortcut(channels_in, channels, stride)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the block's output."""
        outputs = self.relu(self.bn1(self.conv1(inputs)))
        outputs = self.bn2(self.conv2(outputs))
        return self.relu(outputs + (inputs if self.downsample is None else self.downsample(inputs)))


class Bottleneck(nn.Module):
    """1 × 1, 3 × 3 and 1 × 1 convolutions and a shortcut (ResNet-50 and deeper)."""

    expansion = 4

    def __init__(self, channels_in: int, channels: int, stride: int):
        super().__init__()
        channels_out = channels * self.expansion
        self.conv1 = nn.Conv2d(channels_in, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, channels_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(channels_out)
        self.relu = nn.ReLU()
        self.downsample = _shortcut(channels_in, channels_out, stride)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the block's output."""
        outputs = self.relu(self.bn1(self.conv1(inputs)))
        outputs = self.relu(self.bn2(self.conv2(outputs)))
        outputs = self.bn3(self.conv3(outputs))
        return self.relu(outputs + (inputs if self.downsample is None else self.downsample(inputs)))


ARCHITECTURES: dict[int, tuple[Any, tuple[int, ...]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
    152: (Bottleneck, (3, 8, 36, 3)),
}


class ResNet(nn.Module):
    """The network of ``ResNetClassifier``, with torchvision's parameter names, so that its state dicts load.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one clip: ``(c, f, t)``, ``(f, t)`` or ``(p,)``, the latter two as images of one channel. With three channels
        the stem is torchvision's.
    n_classes : int
        How many scores it returns.
    depth : {18, 34, 50, 101, 152}, default=18
        How many layers have weights.
    """

    def __init__(self, input_shape: tuple[int, ...], n_classes: int, depth: int = 18):
        super().__init__()
        block, repeats = ARCHITECTURES[depth]
        self.image, channels = as_image(input_shape)
        self.conv1 = nn.Conv2d(channels, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        widths = (64, 128, 256, 512)
        ends = (64, *(width * block.expansion for width in widths))
        stages = []
        for number, (width, (channels_in, channels_out), repeat) in enumerate(zip(widths, pairwise(ends), repeats), start=1):
            first = block(channels_in, width, 1 if number == 1 else 2)
            rest = [block(channels_out, width, 1) for _ in range(repeat - 1)]
            stages.append(nn.Sequential(first, *rest))
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(ends[-1], n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits ``(n, n_classes)`` of clips ``(n, *input_shape)``."""
        outputs = self.maxpool(self.relu(self.bn1(self.conv1(self.image(inputs)))))
        outputs = self.layer4(self.layer3(self.layer2(self.layer1(outputs))))
        return self.fc(self.avgpool(outputs).flatten(1))


def _shortcut(channels_in, channels_out, stride):
    if stride == 1 and channels_in == channels_out:
        return None
    return nn.Sequential(nn.Conv2d(channels_in, channels_out, 1, stride, bias=False), nn.BatchNorm2d(channels_out))


class ResNetClassifier(NetworkClassifier):
    """A residual network on spectrograms or cepstra, trained from scratch.

    Parameters
    ----------
    depth : {18, 34, 50, 101, 152}, default=18
        How many layers have weights. It can be searched like any hyperparameter.
    lr : float, default=1e-3
        Learning rate.
    max_epochs : int, default=30
        Passes over the training set.
    batch_size : int, default=16
        Clips in a training step.
    optimizer : type, default=torch.optim.AdamW
        A torch optimizer.
    criterion : type, default=torch.nn.CrossEntropyLoss
        The loss, on logits.
    device : str, default="auto"
        "auto" is CUDA where there is one.
    validation_fraction : float or None, default=None
        Share of the training set, in equal parts per class, on which ``history_`` follows the loss.
    n_threads : int or None, default=None
        Threads that a CPU trains with, None for torch's number; 1 is slower, but faster where processes compete. Another
        number changes the last bits, which training enlarges to 1e-3 of a probability and more.
    random_state : int, RandomState instance or None, default=None
        Seed of initial weights, batches and validation split. On a CPU the same seed and ``n_threads`` give the same weights,
        to the bit, in all workers of joblib too.
    callbacks : list or None, default=None
        Further skorch callbacks.
    verbose : int, default=0
        Above 0 shows a progress bar.

    Attributes
    ----------
    classes_, history_, net_ : ndarray of shape (k,), skorch.history.History, skorch.NeuralNetClassifier
        The labels; the losses of each epoch; the fitted skorch net.
    module_ : ResNet
        The trained network, with torchvision's parameter names.
    feature_range_ : FeatureRange
        Lowest and highest feature value seen in ``fit``, and silence, the "floor" of masking.

    References
    ----------
    .. [1] He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016, table 1.
    .. [2] Ansari, University of Groningen, 2024: ResNet-18 and ResNet-101 on MFCCs of UrbanSound8K.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.models import ResNetClassifier
    >>> X = np.random.default_rng(0).random((16, 1, 13, 40), dtype=np.float32)
    >>> ResNetClassifier(depth=18, max_epochs=1, random_state=0).fit(X, np.repeat(["siren", "drill"], 8)).predict(X).shape
    (16,)
    """

    _parameter_constraints = NetworkClassifier._parameter_constraints | {"depth": [Options(Integral, set(ARCHITECTURES))]}

    def __init__(
        self,
        depth: int = 18,
        *,
        lr: float = 1e-3,
        max_epochs: int = 30,
        batch_size: int = 16,
        optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.AdamW,
        criterion: Callable[..., nn.Module] = nn.CrossEntropyLoss,
        device: str = "auto",
        validation_fraction: float | None = None,
        n_threads: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        callbacks: Sequence | None = None,
        verbose: int = 0,
    ):
        self.depth = depth
        self.lr = lr
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.criterion = criterion
        self.device = device
        self.validation_fraction = validation_fraction
        self.n_threads = n_threads
        self.random_state = random_state
        self.callbacks = callbacks
        self.verbose = verbose

    def _module(self, input_shape: tuple[int, ...], n_classes: int) -> tuple[type[nn.Module], dict[str, Any]]:
        return ResNet, {"input_shape": input_shape, "n_classes": n_classes, "depth": self.depth}
