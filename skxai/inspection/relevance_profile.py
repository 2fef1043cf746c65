"""Relevance by frequency and by time."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from ..utils.statistics import ratio_or_nan
from ._cells import cells_of


@dataclass(frozen=True, eq=False)
class RelevanceProfile:
    """How the relevance of clips is spread over hertz and over seconds; indexed by clips like an array.

    Parameters
    ----------
    per_frequency : ndarray of shape (n, f) or None
        Share of the clip's relevance per hertz; None where the rows of the features are no frequencies.
    per_time : ndarray of shape (n, t)
        Share of the clip's relevance per second.
    frequencies, times : ndarray of shape (f,) or None, ndarray of shape (t,)
        Centres of rows in hertz, and of columns in seconds.
    frequency_edges, time_edges : ndarray of shape (f + 1,) or None, ndarray of shape (t + 1,)
        Where rows begin and end in hertz, and columns in seconds.
    """

    per_frequency: np.ndarray | None
    per_time: np.ndarray
    frequencies: np.ndarray | None
    times: np.ndarray
    frequency_edges: np.ndarray | None
    time_edges: np.ndarray

    def __len__(self) -> int:
        return len(self.per_time)

    def __getitem__(self, clips: Any) -> Self:
        """Return the profile of the clips at these indices, or of a mask or slice of them."""
        per_frequency = None if self.per_frequency is None else self.per_frequency[clips]
        return replace(self, per_frequency=per_frequency, per_time=self.per_time[clips])


def relevance_profile(maps: ArrayLike, features: Any) -> RelevanceProfile:
    r"""Relevance per hertz and per second.

    Of a clip with relevance a over rows i and columns j, row i being Δf_i hertz high and column j Δt_j seconds wide:

    .. math:: p_i = \frac{\sum_j |a_{ij}|}{\Delta f_i \sum_{ij} |a_{ij}|}, \qquad
              q_j = \frac{\sum_i |a_{ij}|}{\Delta t_j \sum_{ij} |a_{ij}|}

    so that Σ p_i Δf_i = Σ q_j Δt_j = 1. A mel row is the higher, the higher its frequency: an even map over mel rows has less
    relevance per hertz at the top. Rows end half-way between their centres, on the mel scale where they are even on it; the
    outermost rows and columns reach as far outward as inward. Of waveforms columns are frames of 20 ms.

    Parameters
    ----------
    maps : array-like of shape (n, 1, f, t), (n, f, t), or (n, t) for axes without rows
        Maps of clips; their magnitude counts, channels are added.
    features : Pipeline, transformer, fitted search or FeatureAxes
        The fitted feature pipeline of the maps, which knows their axes (see `skxai.features.feature_axes`), or the axes.

    Returns
    -------
    RelevanceProfile
        A map of zeros has NaN. Of cepstra (`MFCC`, see ``relevance_of_bands``) and waveforms ``per_frequency`` is None.

    Raises
    ------
    ValueError
        If the features have no axes, or the maps are not finite or have another shape.

    Examples
    --------
    >>> import numpy as np
    >>> from skxai.features import MelSpectrogram
    >>> from skxai.inspection import relevance_profile
    >>> mel = MelSpectrogram(16000, n_mels=32).fit(np.zeros((1, 16000)))
    >>> maps = np.zeros((1, 1, 32, 63))
    >>> maps[0, 0, 12:16, :20] = 1
    >>> profile = relevance_profile(maps, mel)
    >>> profile.frequencies[profile.per_frequency[0] > 0].round().astype(int).tolist()
    [1189, 1339, 1501, 1675]
    """
    cells = cells_of(maps, features, "relevance_profile")
    per_time, per_frequency = _densities(cells, 1, cells.time_edges), None
    if cells.frequency_edges is not None:
        per_frequency = _densities(cells, 2, cells.frequency_edges)
    axes = cells.axes
    return RelevanceProfile(per_frequency, per_time, axes.frequencies, axes.times, cells.frequency_edges, cells.time_edges)


def _densities(cells, over, edges):
    """Return the share of each clip's relevance per unit of the axis that is not summed over."""
    return ratio_or_nan(cells.relevance.sum(axis=over, dtype=np.float64), cells.total[:, None]) / np.diff(edges)
