"""The small CNN of acoustic monitoring (Wang 2022)."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .base import NetworkClassifier
from .shapes import as_image


class AcoumonNet(nn.Module):
    """Four convolution blocks and three dense layers, the network of ``AcoumonClassifier``.

    Parameters
    ----------
    input_shape : tuple of int
        Shape of one clip: ``(c, f, t)``, ``(f, t)`` or ``(p,)``, the latter two as images of one channel.
    n_classes : int
        How many scores it returns.
    """

    def __init__(self, input_shape: tuple[int, ...], n_classes: int):
        super().__init__()
        self.image, channels = as_image(input_shape)
        blocks = []
        for filters in (16, 32, 64, 128):
            blocks += [
                # Half the kernel on both sides: "same" padding of an even kernel copies its input and shifts the map to
                # one side. The output is one longer than the input, so that a side of 1 outlives the pooling.
                nn.Conv2d(channels, filters, (8, 4), padding=(4, 2)),
                nn.BatchNorm2d(filters),
                nn.ReLU(),
                nn.MaxPool2d(2),
            ]
            channels = filters
        self.features = nn.Sequential(*blocks)
        with torch.no_grad():
            n_features = self.features.eval()(self.image(torch.zeros(1, *input_shape))).numel()
        self.features.train()
        dense = [nn.Linear(n_features, 200), nn.ReLU(), nn.Linear(200, 100), nn.ReLU(), nn.Linear(100, n_classes)]
        self.classifier = nn.Sequential(nn.Flatten(), *dense)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits ``(n, n_classes)`` of clips ``(n, *input_shape)``."""
        return self.classifier(self.features(self.image(inputs)))


class AcoumonClassifier(NetworkClassifier):
    """The small CNN of acoustic monitoring, trained as Wang did.

    Blocks of 16, 32, 64 and 128 filters of 8 × 4 with batch norm, ReLU and 2 × 2 max pooling; dense layers of 200, 100 and
    k units; no dropout.

    Parameters
    ----------
    lr : float, default=3e-5
        Learning rate.
    max_epochs : int, default=12
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
    module_ : AcoumonNet
        The trained network.
    feature_range_ : FeatureRange
        Lowest and highest feature value seen in ``fit``, and silence, the "floor" of masking.

    References
    ----------
    .. [1] Wang, thesis on the acoustic monitoring of ventilated patients, TU Berlin, 2022.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.models import AcoumonClassifier
    >>> X = np.random.default_rng(0).random((20, 1, 32, 32), dtype=np.float32)
    >>> y = np.repeat(["cough", "wheeze"], 10)
    >>> X[:10, :, :16] += 1
    >>> AcoumonClassifier(lr=1e-3, random_state=0).fit(X, y).score(X, y)
    1.0
    """

    def __init__(
        self,
        *,
        lr: float = 3e-5,
        max_epochs: int = 12,
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
        return AcoumonNet, {"input_shape": input_shape, "n_classes": n_classes}
