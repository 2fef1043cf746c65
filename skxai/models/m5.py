"""A small CNN on raw waveforms (Dai et al. 2017)."""

from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import torch
from skorch.callbacks import LRScheduler
from torch import Tensor, nn

from ..utils.validation import Interval
from .base import NetworkClassifier


class M5Net(nn.Module):
    """Four convolution blocks over time, and one dense layer on their mean: the network of ``M5Classifier``.

    Parameters
    ----------
    input_shape : tuple of int
        ``(samples,)``.
    n_classes : int
        How many scores it returns.
    n_filters : int, default=32
        Filters of the first two blocks; the third has twice as many, the fourth four times.
    """

    def __init__(self, input_shape: tuple[int, ...], n_classes: int, n_filters: int = 32):
        super().__init__()
        blocks, channels = [], 1
        for filters, size, stride in ((n_filters, 80, 4), (n_filters, 3, 1), (2 * n_filters, 3, 1), (4 * n_filters, 3, 1)):
            blocks += [
                nn.Conv1d(channels, filters, size, stride, padding=size // 2),
                nn.BatchNorm1d(filters),
                nn.ReLU(),
                nn.MaxPool1d(4, ceil_mode=True),  # a clip that is shorter than the pools keeps one value
            ]
            channels = filters
        self.waveform = nn.Unflatten(1, (1, *input_shape))
        self.features = nn.Sequential(*blocks)
        self.mean = nn.AdaptiveAvgPool1d(1)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(channels, n_classes))

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits ``(n, n_classes)`` of waveforms ``(n, samples)``."""
        return self.classifier(self.mean(self.features(self.waveform(inputs))))


class M5Classifier(NetworkClassifier):
    """A small CNN that learns from the samples of waveforms, without a spectrogram.

    M5: a convolution 80 samples wide with a stride of 4, then three that are 3 wide, each with batch norm, ReLU and max pooling
    by 4; the mean over time; one dense layer. It was made for 8 kHz, where the first filters are 10 ms long: bring clips to
    that rate by ``AudioLoader(8000)``. Others work, and cost more.

    Explanations are maps of the waveform, ``(n, samples)``. Of the metrics, those that hide sample after sample remove the loud
    ones first if the map follows the loudness, and ``EnergyMap`` is hard to beat there; ``faithfulness_estimate`` with
    ``segments=(1, 25)`` silences one moment after the other.

    Parameters
    ----------
    n_filters : int, default=32
        Filters of the first two blocks; the third has twice as many, the fourth four times. The paper has 128, which takes
        ten times as long, for data sets of more than a few hundred clips.
    lr : float, default=3e-3
        Learning rate at the beginning; it falls to 0 over the epochs as half a cosine, without which the accuracy of a few
        hundred clips hangs on the epoch in which one stops.
    max_epochs : int, default=15
        Passes over the training set.
    batch_size : int, default=16
        Clips in a training step.
    optimizer : type, default=torch.optim.Adam
        A torch optimizer.
    criterion : type, default=torch.nn.CrossEntropyLoss
        The loss, on logits.
    device : str, default="auto"
        "auto" is CUDA where there is one.
    validation_fraction : float or None, default=None
        Share of the training set, in equal parts per class, on which ``history_`` follows the loss.
    n_threads : int or None, default=1
        Threads that a CPU trains with, None for torch's number; a network of this size gains nothing by many. Another number
        changes the last bits, which training enlarges to 1e-3 of a probability and more.
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
    module_ : M5Net
        The trained network.
    feature_range_ : FeatureRange
        Lowest and highest feature value seen in ``fit``, and silence, the "floor" of masking.
    silence_ : float
        0, the value of samples where there is nothing to hear, and not the lowest one.
    cam_layer_ : str
        The last ReLU, at which class activation maps look unless they are given a ``layer``: the outputs of the convolution
        below it may all be negative, and the map zero.

    References
    ----------
    .. [1] Dai, Dai, Qu, Li & Das, "Very deep convolutional neural networks for raw waveforms", ICASSP 2017 (arXiv:1610.00087),
       table 1: M5. Of padding the paper says nothing; here it is half the filter on both sides, for clips of any length.
    .. [2] Loshchilov & Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017, eq. 5, without restarts: the
       learning rate.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.models import M5Classifier
    >>> time = np.arange(2000) / 8000
    >>> y = np.repeat(["low", "high"], 10)
    >>> X = np.sin(2 * np.pi * np.where(y == "low", 300, 2000)[:, None] * (time + np.arange(20)[:, None]))
    >>> M5Classifier(n_filters=8, random_state=0).fit(X, y).score(X, y)
    1.0
    """

    _parameter_constraints = {
        **NetworkClassifier._parameter_constraints,
        "n_filters": [Interval(Integral, 1, None, closed="left")],
    }
    silence_ = 0.0
    cam_layer_ = "features.14"  # the last ReLU

    def __init__(
        self,
        *,
        n_filters: int = 32,
        lr: float = 3e-3,
        max_epochs: int = 15,
        batch_size: int = 16,
        optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
        criterion: Callable[..., nn.Module] = nn.CrossEntropyLoss,
        device: str = "auto",
        validation_fraction: float | None = None,
        n_threads: int | None = 1,
        random_state: int | np.random.RandomState | None = None,
        callbacks: Sequence | None = None,
        verbose: int = 0,
    ):
        self.n_filters = n_filters
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

    def _callbacks(self) -> list:
        return [LRScheduler("CosineAnnealingLR", T_max=self.max_epochs), *super()._callbacks()]

    def _module(self, input_shape: tuple[int, ...], n_classes: int) -> tuple[type[nn.Module], dict[str, Any]]:
        if len(input_shape) != 1:
            raise ValueError(f"X must be waveforms (n, samples) for M5Classifier; got clips of shape {input_shape}.")
        return M5Net, {"input_shape": input_shape, "n_classes": n_classes, "n_filters": self.n_filters}
