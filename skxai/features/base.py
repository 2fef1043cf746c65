"""What all feature transformers share: the verbs, the checks and the batching. A subclass brings its mathematics."""

from abc import ABC, abstractmethod

import numpy as np
import sklearn
import torch
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from skxai.features._axes import FeatureAxes
from skxai.utils.validation import check_features, check_waveforms

__all__ = ["FeatureTransformer", "WaveformTransformer", "fix_length", "memory_batches", "to_tensor"]


class FeatureTransformer(TransformerMixin, BaseEstimator, ABC):
    """Base of the transformers of features; a subclass writes ``_transform`` and, where it needs one, ``_fit``."""

    def fit(self, X, y=None):
        """Check the arguments and note the shape of the clips.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Clips.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        self._validate_params()
        self._fit(self._check(X, reset=True))
        return self

    def transform(self, X):
        """Transform clips, each by itself.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Clips of the shape seen in ``fit``.

        Returns
        -------
        ndarray of dtype float32, shape (n, ...)
            A new array; ``X`` is left as it is.
        """
        check_is_fitted(self)
        return self._transform(self._check(X, reset=False))

    def axes(self, axes):
        """Return the axes of the output, given those of the input; see `feature_axes`.

        Parameters
        ----------
        axes : FeatureAxes or None
            None where they are not known.

        Returns
        -------
        FeatureAxes or None
            The same axes, where a transformer does not change them.
        """
        check_is_fitted(self)
        return axes

    def _check(self, X, *, reset):
        return check_features(self, X, reset=reset)

    def _fit(self, X):
        """Check arguments against each other and against ``X``; learn, if there is something to learn."""

    @abstractmethod
    def _transform(self, X):
        """Return the features of checked input."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class WaveformTransformer(FeatureTransformer):
    """Base of the transformers whose input is waveforms ``(n, samples)``."""

    def _check(self, X, *, reset):
        return check_waveforms(self, X, reset=reset)

    def axes(self, axes):
        """Return the axes of the waveforms that come out; see `feature_axes`.

        Parameters
        ----------
        axes : FeatureAxes or None
            Ignored: those of what comes out follow from its length.

        Returns
        -------
        FeatureAxes
            Seconds for each sample, and no rows.
        """
        check_is_fitted(self)
        return FeatureAxes.of_waveforms(getattr(self, "n_samples_", None) or self.n_features_in_, self.sample_rate)


def fix_length(waveforms, n_samples):
    """Return a new array of the waveforms ``(n, any)``, cut or zero-padded at the end to ``(n, n_samples)``."""
    fixed = np.zeros((len(waveforms), n_samples), dtype=np.float32)
    for row, waveform in zip(fixed, waveforms):
        row[: len(waveform)] = waveform[:n_samples]
    return fixed


def memory_batches(n, bytes_per_clip, at_most=float("inf")):
    """Yield slices over ``n`` clips such that one batch is within scikit-learn's ``working_memory`` and ``at_most``."""
    budget = min(at_most, sklearn.get_config()["working_memory"] * 2**20)
    return gen_batches(n, max(1, int(budget // bytes_per_clip)))


def to_tensor(X):
    """Return a tensor with a copy of ``X``: torch can't share memory with read-only or reversed arrays."""
    return torch.from_numpy(np.array(X, dtype=np.float32, order="C"))
