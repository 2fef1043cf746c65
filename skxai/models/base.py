"""What all classifiers share: prediction through the engine, training through skorch."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from skorch.dataset import Dataset
from skorch.helper import predefined_split
from torch import nn
from tqdm.auto import tqdm

from ..engine import FeatureRange, predictor
from ..utils.random import seed_from, torch_seed
from ..utils.validation import Interval, check_features


class NetworkPredictions(ClassifierMixin, BaseEstimator):
    """Predictions of a classifier with a torch module, made by the engine; see ``skxai.engine.FittedNetworkClassifier``."""

    silence_: Any = None
    cam_layer_: str | int | None = None

    def predict_proba(self, X: ArrayLike) -> np.ndarray:
        """Return the class probabilities ``(n, k)``, float32, of ``X (n, ...)``, clips of the shape seen in ``fit``."""
        check_is_fitted(self)
        X = check_features(self, X)
        return predictor(self, X).predict_proba(X)

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the most probable label ``(n,)`` of each of ``X (n, ...)``, clips of the shape seen in ``fit``."""
        probabilities = self.predict_proba(X)  # first: it says so where the classifier is not fitted
        return self.classes_[probabilities.argmax(axis=1)]


class NetworkClassifier(NetworkPredictions, ABC):
    """A classifier whose network skorch trains. Subclasses say which network, in ``_module``."""

    _parameter_constraints: dict[str, Any] = {
        "lr": [Interval(Real, 0, None, closed="neither")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "optimizer": [callable],
        "criterion": [callable],
        "device": [str],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither"), None],
        "n_threads": [Interval(Integral, 1, None, closed="left"), None],
        "random_state": ["random_state"],
        "callbacks": [list, tuple, None],
        "verbose": ["verbose"],
    }

    @abstractmethod
    def _module(self, input_shape: tuple[int, ...], n_classes: int) -> tuple[type[nn.Module], dict[str, Any]]:
        """Return the module's class and the arguments that build it for clips of ``input_shape``."""

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """Train the network from scratch on features ``X (n, ...)`` of 2 to 4 dimensions and labels ``y (n,)`` of any type."""
        self._validate_params()
        X, y = check_features(self, X, y, reset=True)
        check_classification_targets(y)
        self.classes_, indices = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y must hold at least 2 classes for {type(self).__name__}; got 1 class, {self.classes_[0]!r}.")
        self.feature_range_ = FeatureRange.of(X, self)
        with torch_seed(seed_from(self.random_state)), torch_threads(self.n_threads):
            self.net_ = self._train(X, indices.astype(np.int64))
        self.module_, self.history_, self.output_ = self.net_.module_, self.net_.history, "logits"
        return self

    def _train(self, X, y):
        module, arguments = self._module(X.shape[1:], len(self.classes_))
        X_train, y_train, validation = self._validation_split(X, y)
        net = NeuralNetClassifier(
            module,
            **{f"module__{name}": value for name, value in arguments.items()},
            criterion=self.criterion,
            optimizer=self.optimizer,
            lr=self.lr,
            max_epochs=self.max_epochs,
            batch_size=self.batch_size,
            iterator_train__shuffle=True,
            # Batch norm cannot be trained on a last batch of one clip; shuffling drops another one in each epoch.
            iterator_train__drop_last=len(X_train) % self.batch_size == 1,
            train_split=validation,
            classes=np.arange(len(self.classes_)),
            callbacks=self._callbacks(),
            callbacks__print_log=None,
            device="cuda" if self.device == "auto" and torch.cuda.is_available() else self.device.replace("auto", "cpu"),
            verbose=0,
        )
        net.fit(X_train, y_train)
        if not all(torch.isfinite(value).all() for value in net.module_.state_dict().values()):
            raise ValueError(
                f"The training of {type(self).__name__} diverged: its weights are not finite. Lower lr, now {self.lr!r}, or "
                "scale X."
            )
        return net

    def _callbacks(self) -> list:
        """Return the skorch callbacks of the training."""
        return [*(self.callbacks or ()), *([EpochBar(type(self).__name__)] if self.verbose else ())]

    def _validation_split(self, X, y):
        if self.validation_fraction is None:
            return X, y, None
        classes, counts = np.unique(y, return_counts=True)
        if counts.min() < 2:
            raise ValueError(
                f"y must hold at least 2 clips of each class for validation_fraction={self.validation_fraction!r} of "
                f"{type(self).__name__}; class {self.classes_[classes[counts.argmin()]]!r} has 1."
            )
        held_out = max(round(self.validation_fraction * len(y)), len(classes))
        X_train, X_valid, y_train, y_valid = train_test_split(
            X, y, test_size=held_out, stratify=y, random_state=seed_from(self.random_state) % 2**32
        )
        return X_train, y_train, predefined_split(Dataset(X_valid, y_valid))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # an audio CNN is not judged on 300 points in the plane
        tags.non_deterministic = False
        return tags


@contextlib.contextmanager
def torch_threads(number: int | None) -> Iterator[None]:
    """Let torch compute with so many threads in this block only; None leaves their number as it is."""
    if number is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class EpochBar(Callback):
    """A progress bar over the epochs, with the training loss."""

    def __init__(self, title: str):
        self.title = title

    def on_train_begin(self, net: NeuralNetClassifier, **kwargs: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(total=net.max_epochs, desc=f"{self.title}: training", unit="epoch")

    def on_epoch_end(self, net: NeuralNetClassifier, **kwargs: Any) -> None:
        """Advance the bar."""
        self.bar_.set_postfix(loss=f"{net.history[-1, 'train_loss']:.3f}")
        self.bar_.update()

    def on_train_end(self, net: NeuralNetClassifier, **kwargs: Any) -> None:
        """Close the bar."""
        self.bar_.close()
        del self.bar_  # an open bar cannot be pickled with the net
