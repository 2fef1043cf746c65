"""What all feature transformers share: public methods, checks and batches. A subclass brings its mathematics."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
import sklearn
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import gen_batches
from sklearn.utils.validation import check_is_fitted

from ..utils.validation import check_features, check_waveforms
from ._axes import FeatureAxes
from .steps import missing_method


class FeatureTransformer(TransformerMixin, BaseEstimator, ABC):
    """Base of the transformers of features.

    A subclass writes ``_transform(X)`` and, where it needs one, ``_fit(X)``; ``X`` is checked. If it moves rows or columns it
    overrides ``axes``. To be followed by `event_truth` and by `skxai.inspection.sonify` it writes ``linear_power`` and
    ``carry_back``, which raise a TypeError here. So is a transformer that is no subclass, but has these three methods.

    A step that makes spectra of waveforms returns axes with rows whatever comes in, and has ``sample_rate``, ``n_fft`` and
    ``n_features_in_``, the samples of a waveform in ``fit``; its ``carry_back`` leads to the ``n_fft // 2 + 1`` bins of a
    Fourier transform with a Hann window.

    Attributes
    ----------
    reads_files : bool, default=False
        Of the class: whether the input may be paths of files, as that of `AudioLoader`.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.features import FeatureTransformer
    >>> class CubeRoot(FeatureTransformer):
    ...     def _transform(self, X):
    ...         return np.cbrt(X)
    >>> CubeRoot().fit_transform([[1.0, 8.0]])
    array([[1., 2.]], dtype=float32)
    """

    reads_files = False
    _parameter_constraints: ClassVar[dict] = {}

    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Check the arguments and note the shape of the clips; return the transformer.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Waveforms ``(n, samples)`` or features ``(n, 1, f, t)``, ``(n, f, t)`` or ``(n, p)``; for `AudioLoader` paths.
        y : None
            Parameter not used, present for API consistency.
        """
        self._validate_params()
        self._fit(self._check(X, reset=True))
        return self

    def transform(self, X: ArrayLike) -> np.ndarray:
        """Transform clips ``(n, ...)`` of the shape seen in ``fit``, each by itself, into a new array ``(n, ...)``, float32."""
        check_is_fitted(self)
        return self._transform(self._check(X, reset=False))

    def axes(self, axes: FeatureAxes | None) -> FeatureAxes | None:
        """Return the axes of the output, given those of the input; None is not known; see `feature_axes`."""
        check_is_fitted(self)
        return axes

    def linear_power(self, X: np.ndarray) -> np.ndarray:
        """Transform one sound alone as linear power, so that the power of a sum is the sum of the powers; see `event_truth`.

        Parameters
        ----------
        X : ndarray of shape (n, ...)
            Waveforms, or what the ``linear_power`` of the step before returned.

        Returns
        -------
        ndarray of dtype float32, shape (n, ...)
            Waveforms, or power in the cells of the output, without scales, decibels and offsets.
        """
        raise missing_method(self, "linear_power")

    def carry_back(self, masks: np.ndarray, *, unheard: float = 0.0) -> np.ndarray:
        """Return masks over the input, given masks over the output; see `skxai.inspection.sonify`.

        Parameters
        ----------
        masks : ndarray of shape (n, 1, f, t) or (n, samples)
            In [0, 1], over the output. Where rows are cepstra, over the bands that these are made of.
        unheard : float, default=0.0
            What the mask is where the input does not reach the output, as in columns that are cut.

        Returns
        -------
        ndarray of shape (n, 1, rows, columns) or (n, samples)
            Over the input; of a step that makes spectra over the bins of the Fourier transform, at its own columns.
        """
        raise missing_method(self, "carry_back")

    def _check(self, X: Any, *, reset: bool) -> Any:
        return check_features(self, X, reset=reset)

    def _fit(self, X: Any) -> None:
        """Check arguments against each other and against ``X``; learn, if there is something to learn."""

    @abstractmethod
    def _transform(self, X: Any) -> np.ndarray:
        """Return the features of checked input."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


class WaveformTransformer(FeatureTransformer):
    """Base of the transformers whose input is waveforms ``(n, samples)``; the output is waveforms, unless told otherwise."""

    sample_rate: int

    def _check(self, X: Any, *, reset: bool) -> Any:
        return check_waveforms(self, X, reset=reset)

    def axes(self, axes: FeatureAxes | None = None) -> FeatureAxes:
        """Return the axes of the waveforms that come out, which follow from their length: seconds, and no rows."""
        check_is_fitted(self)
        return FeatureAxes.of_waveforms(getattr(self, "n_samples_", None) or self.n_features_in_, self.sample_rate)

    def linear_power(self, X: np.ndarray) -> np.ndarray:
        """Return ``transform(X)``: what is linear makes of a part of a sum the sum's part."""
        return self.transform(X)

    def carry_back(self, masks: np.ndarray, *, unheard: float = 0.0) -> np.ndarray:
        """Return ``masks``: a sample keeps its place."""
        return masks


def cut_or_pad(X: np.ndarray, n: int, fill: float | np.ndarray = 0.0) -> np.ndarray:
    """Return a new array ``(..., n)``: the last axis of ``X`` is cut, or goes on with ``fill``, which broadcasts."""
    fixed = np.empty((*X.shape[:-1], n), dtype=np.float32)
    kept = min(X.shape[-1], n)
    fixed[..., :kept] = X[..., :kept]
    fixed[..., kept:] = fill
    return fixed


def memory_batches(n: int, bytes_per_clip: float, at_most: float = float("inf")) -> Iterator[slice]:
    """Yield slices over ``n`` clips such that one batch is within scikit-learn's ``working_memory`` and ``at_most``."""
    budget = min(at_most, sklearn.get_config()["working_memory"] * 2**20)
    return gen_batches(n, max(1, int(budget // bytes_per_clip)))


def to_tensor(X: ArrayLike) -> torch.Tensor:
    """Return a tensor with a copy of ``X``: torch can't share memory with read-only or reversed arrays."""
    return torch.from_numpy(np.array(X, dtype=np.float32, order="C"))
