"""Relevance of cepstra, carried back to the mel bands that they were made of."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import fft

from ..features import FeatureAxes
from ..features.steps import feature_steps
from ..metrics.base import check_maps
from ._cells import axes_of


def relevance_of_bands(
    maps: ArrayLike, features: Any, *, X: ArrayLike | None = None, baseline: ArrayLike = 0.0
) -> tuple[np.ndarray, FeatureAxes]:
    r"""Carry the relevance of mel-frequency cepstral coefficients back to mel bands, where that is defined.

    The coefficients are c = D m, with m the mel spectrum in decibels and D the orthonormal rows of the discrete cosine
    transform. Signed relevance can be carried back exactly:

    - gradients g = ∂S/∂c, by the chain rule (``X=None``):

      .. math:: \frac{\partial S}{\partial m} = D^\top g

    - contributions a = δ ⊙ g with δ = c − c' the distance from a baseline, which are gradient × input, integrated gradients and
      DeepLIFT (``X`` given):

      .. math:: r = (D^\top \delta) \odot D^\top (a / \delta), \qquad \sum_b r_b = \sum_k a_k

      the contributions of the bands of a spectrum as smooth as the coefficients that are kept leave it.

    For the magnitude alone, as of `VanillaSaliency` or Grad-CAM, it is not defined: what a coefficient stands for is spread
    over all bands, and only the signs tell for which of them the coefficients agree.

    Parameters
    ----------
    maps : array-like of shape (n, 1, q, t) or (n, q, t)
        Signed relevance of q coefficients.
    features : Pipeline or transformer
        The fitted feature pipeline, with an `MFCC`. Its rows must still be the coefficients: `ResizeFeatures` mixes them.
    X : array-like of the maps' shape or None, default=None
        The cepstra, as the classifier sees them, if the maps are contributions; None if they are gradients.
    baseline : float or array-like that broadcasts to X, default=0.0
        The baseline of the contributions, on the scale of X.

    Returns
    -------
    maps, axes : ndarray of shape (n, 1, n_mels, t) or (n, n_mels, t), float32, and FeatureAxes
        Signed relevance of the mel bands, and their axes, which the other functions here take for ``features``.

    Raises
    ------
    ValueError
        If the features are no cepstra, the maps have no negative value, or contributions are not 0 where X is the baseline.

    Examples
    --------
    >>> import numpy as np
    >>> from scipy.fft import dct
    >>> from skxai.features import MFCC
    >>> from skxai.inspection import relevance_of_bands
    >>> mfcc = MFCC(16000, n_mfcc=20, n_mels=32).fit(np.zeros((1, 16000)))
    >>> of_bands = np.zeros((1, 1, 32, 32))
    >>> of_bands[0, 0, 12] = 1  # the score grows with the level of one band
    >>> maps, axes = relevance_of_bands(dct(of_bands, norm="ortho", axis=2)[:, :, :20], mfcc)
    >>> int(axes.frequencies[maps[0, 0, :, 0].argmax()]), int(axes.frequencies[12])
    (1189, 1189)
    """
    axes = axes_of(features, "relevance_of_bands")
    of_bands = [step for step in feature_steps(features) if hasattr(step, "band_frequencies")]
    cepstra = axes.cepstra
    if cepstra is None or not of_bands or not np.array_equal(cepstra, np.arange(len(cepstra))):
        raise ValueError(
            "features of relevance_of_bands must be a fitted pipeline whose rows are the coefficients of an MFCC, not resized; "
            f"got rows of {axes.row_label.lower()}{'' if cepstra is None else f' {cepstra[:4]} …'}."
        )
    centres, relevance = of_bands[0].band_frequencies(), check_maps(maps, None)
    if relevance.ndim not in (3, 4) or relevance.shape[-2:] != axes.shape:
        shape = f"(clips, …, {', '.join(map(str, axes.shape))})"
        raise ValueError(f"maps of relevance_of_bands must have the shape {shape}; got {relevance.shape}.")
    if relevance.any() and not (relevance < 0).any():
        raise ValueError(
            "maps of relevance_of_bands must be signed, gradients or contributions: of magnitudes it is not defined in which "
            f"bands they lie; got values from {relevance.min():g} to {relevance.max():g}."
        )
    axes = replace(axes, frequencies=centres, cepstra=None, kind="frequency")
    relevance = relevance.astype(np.float64)
    if X is None:
        return _of_bands(relevance, len(centres)).astype(np.float32), axes
    distance = check_maps(X, relevance.shape).astype(np.float64) - np.asarray(baseline)
    if relevance[distance == 0].any():
        raise ValueError(
            "maps of relevance_of_bands must be contributions, 0 where X is the baseline; "
            f"got {relevance[distance == 0].max():g}. For gradients leave X out."
        )
    gradients = np.divide(relevance, distance, out=np.zeros_like(relevance), where=distance != 0)
    return (_of_bands(distance, len(centres)) * _of_bands(gradients, len(centres))).astype(np.float32), axes


def _of_bands(cepstra, n_mels):
    """Return Dᵀ · cepstra along the rows: the orthonormal cosine transform back, of coefficients that are 0 beyond q."""
    return fft.idct(cepstra, norm="ortho", axis=-2, n=n_mels)
