"""The axes of features: which frequency a row and which time a column stands for."""

from dataclasses import dataclass
from typing import Self

import numpy as np

_ROW_LABELS = {"frequency": "Frequency (Hz)", "cepstrum": "Cepstral index", "waveform": "Amplitude"}


@dataclass(frozen=True, eq=False)
class FeatureAxes:
    """What the rows and columns of features ``(n, 1, f, t)``, or the samples of waveforms ``(n, t)``, stand for.

    Parameters
    ----------
    frequencies : ndarray of shape (f,) or None
        Centre of each row in hertz; None where the rows are no frequencies.
    times : ndarray of shape (t,)
        Centre of each column in seconds from the start of the clip.
    sample_rate : int
        Of the waveforms, in hertz.
    kind : {"frequency", "cepstrum", "waveform"}, default="frequency"
        What the rows are; "waveform" where there are none, but samples.
    cepstra : ndarray of shape (f,) or None, default=None
        For ``kind="cepstrum"`` the cepstral index of each row, a fraction after resizing.
    frame_step : float or None, default=None
        Seconds from one column to the next; None takes it from ``times``, which needs two columns.

    Examples
    --------
    >>> import numpy as np
    >>> axes = FeatureAxes(np.array([0.0, 4000.0, 8000.0]), np.array([0.0, 0.1, 0.2]), sample_rate=16000)
    >>> axes.shape, axes.row_label
    ((3, 3), 'Frequency (Hz)')
    """

    frequencies: np.ndarray | None
    times: np.ndarray
    sample_rate: int
    kind: str = "frequency"
    cepstra: np.ndarray | None = None
    frame_step: float | None = None

    def __post_init__(self) -> None:
        if self.frame_step is None and len(self.times) > 1:
            object.__setattr__(self, "frame_step", float(self.times[1] - self.times[0]))

    @classmethod
    def of_waveforms(cls, n_samples: int, sample_rate: int) -> Self:
        """Return the axes of waveforms ``(n, n_samples)``: a time for each sample, and no rows.

        A ValueError for a number of samples, or a ``sample_rate`` in hertz, that is not positive.

        Examples
        --------
        >>> axes = FeatureAxes.of_waveforms(4, sample_rate=8)
        >>> axes.times.tolist(), axes.shape, axes.row_label
        ([0.0, 0.125, 0.25, 0.375], (None, 4), 'Amplitude')
        """
        for name, value in (("n_samples", n_samples), ("sample_rate", sample_rate)):
            if not value > 0:
                raise ValueError(f"{name} of FeatureAxes.of_waveforms must be positive; got {value!r}.")
        return cls(None, np.arange(n_samples) / sample_rate, sample_rate, "waveform", frame_step=1 / sample_rate)

    @property
    def rows(self) -> np.ndarray | None:
        """The value of each row: hertz or cepstral indices; None where neither is known."""
        return self.cepstra if self.frequencies is None else self.frequencies

    @property
    def row_label(self) -> str:
        """The label of a plot's vertical axis."""
        return _ROW_LABELS.get(self.kind, self.kind)

    @property
    def shape(self) -> tuple[int | None, int]:
        """``(f, t)``; f is None where the rows have no values."""
        return (None if self.rows is None else len(self.rows)), len(self.times)

    @property
    def time_edges(self) -> np.ndarray:
        """Where columns begin and end in seconds ``(t + 1,)``: half of ``frame_step``, which must be known, around centres.

        A first column that is centred at 0 s begins half a step before: it has the width of the others.
        """
        step = self.frame_step
        if step is None or not step > 0:
            raise ValueError(f"frame_step of the features' axes must be positive seconds, the width of a column; got {step}.")
        first = np.median(self.times - step * np.arange(len(self.times)))  # enlarged features repeat the outer times
        return first + step * (np.arange(len(self.times) + 1) - 0.5)
