"""Any torch module class as a scikit-learn classifier."""

import inspect
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import nn

from ..utils.validation import Interval
from .base import NetworkClassifier


class TorchClassifier(NetworkClassifier):
    """A torch module class, trained by skorch, as a scikit-learn classifier.

    Parameters
    ----------
    module : type
        A subclass of ``torch.nn.Module``, never an instance: an instance would carry trained weights through ``clone``.
        It returns logits ``(n, k)``. Where its constructor takes ``input_shape`` or ``n_classes`` they are given: the shape
        of one clip, and k.
    module_params : dict or None, default=None
        Further arguments of the constructor.
    lr : float, default=1e-3
        Learning rate.
    max_epochs : int, default=20
        Passes over the training set.
    batch_size : int, default=32
        Clips in a training step.
    optimizer : type, default=torch.optim.Adam
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
    silence : float or None, default=None
        The feature value where there is nothing to hear, the "floor" of masking. None is the lowest one seen in ``fit``, which
        is right for decibels and min–max scales; for a network on waveforms it is 0.
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
    module_ : torch.nn.Module
        The trained module.
    feature_range_ : FeatureRange
        Lowest and highest feature value seen in ``fit``, and silence, the "floor" of masking.

    Examples
    --------
    >>> import numpy as np
    >>> from torch import nn
    >>> from skxai.models import TorchClassifier
    >>> class Linear(nn.Sequential):
    ...     def __init__(self, input_shape, n_classes):
    ...         super().__init__(nn.Flatten(), nn.Linear(input_shape[0] * input_shape[1], n_classes))
    >>> X = np.random.default_rng(0).random((20, 4, 5), dtype=np.float32)
    >>> TorchClassifier(Linear, max_epochs=5).fit(X, X.mean(axis=(1, 2)) > 0.5).predict_proba(X).shape
    (20, 2)
    """

    _parameter_constraints = {
        **NetworkClassifier._parameter_constraints,
        "module": "no_validation",  # checked in _module, with a reason
        "module_params": [dict, None],
        "silence": [Interval(Real, None, None, closed="neither"), None],
    }

    def __init__(
        self,
        module: type[nn.Module],
        *,
        module_params: dict[str, Any] | None = None,
        lr: float = 1e-3,
        max_epochs: int = 20,
        batch_size: int = 32,
        optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam,
        criterion: Callable[..., nn.Module] = nn.CrossEntropyLoss,
        device: str = "auto",
        validation_fraction: float | None = None,
        n_threads: int | None = None,
        silence: float | None = None,
        random_state: int | np.random.RandomState | None = None,
        callbacks: Sequence | None = None,
        verbose: int = 0,
    ):
        self.module = module
        self.module_params = module_params
        self.lr = lr
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.criterion = criterion
        self.device = device
        self.validation_fraction = validation_fraction
        self.n_threads = n_threads
        self.silence = silence
        self.random_state = random_state
        self.callbacks = callbacks
        self.verbose = verbose

    @property
    def silence_(self) -> float | None:
        """``silence``, under the name that fitted classifiers have."""
        return self.silence

    def _module(self, input_shape: tuple[int, ...], n_classes: int) -> tuple[type[nn.Module], dict[str, Any]]:
        if not (inspect.isclass(self.module) and issubclass(self.module, nn.Module)):
            raise TypeError(
                "The 'module' parameter of TorchClassifier must be a subclass of torch.nn.Module, not an instance: clone "
                f"would carry an instance's trained weights along. Got {self.module!r} instead. For a trained module use "
                "PretrainedClassifier."
            )
        known = {"input_shape": input_shape, "n_classes": n_classes}
        accepted = inspect.signature(self.module.__init__).parameters
        arguments = {name: value for name, value in known.items() if name in accepted}
        return self.module, {**arguments, **(self.module_params or {})}
