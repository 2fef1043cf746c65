"""The axes of features: which frequency a row and which time a column stands for, carried along a pipeline."""

from dataclasses import dataclass

import numpy as np

__all__ = ["FeatureAxes", "feature_axes"]


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

    def __post_init__(self):
        if self.frame_step is None and len(self.times) > 1:
            object.__setattr__(self, "frame_step", float(self.times[1] - self.times[0]))

    @classmethod
    def of_waveforms(cls, n_samples, sample_rate):
        """Return the axes of waveforms ``(n, n_samples)``: a time for each sample, and no rows.

        Parameters
        ----------
        n_samples : int
            Of each waveform.
        sample_rate : int
            In hertz.

        Returns
        -------
        FeatureAxes

        Raises
        ------
        ValueError
            For a number or a rate that is not positive.

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
    def rows(self):
        """The value of each row: hertz or cepstral indices; None where neither is known."""
        return self.cepstra if self.frequencies is None else self.frequencies

    @property
    def row_label(self):
        """The label of a plot's vertical axis."""
        labels = {"frequency": "Frequency (Hz)", "cepstrum": "Cepstral index", "waveform": "Amplitude"}
        return labels.get(self.kind, self.kind)

    @property
    def shape(self):
        """``(f, t)``; f is None where the rows have no values."""
        return (None if self.rows is None else len(self.rows)), len(self.times)


def feature_axes(estimator):
    """Return the axes of the features that reach the last step of a fitted pipeline.

    In a pipeline no step sees its predecessor, so each feature transformer has a method ``axes`` which turns the axes
    of what comes in into those of what goes out. This walks the steps and applies them one after the other. Steps
    without that method, such as an explainer or a classifier at the end, are skipped. Waveforms have the time of each sample
    and no rows; what a transformer without that method makes of them has no axes that are known.

    Parameters
    ----------
    estimator : Pipeline, transformer or fitted search
        Fitted; of a search its ``best_estimator_``; pipelines may be nested.

    Returns
    -------
    FeatureAxes or None
        None if no step takes waveforms, or it is not known what becomes of them.

    Raises
    ------
    NotFittedError
        If a feature transformer on the way is not fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from skxai.features import AudioLoader, MelSpectrogram, ResizeFeatures
    >>> pipe = make_pipeline(MelSpectrogram(16000), ResizeFeatures((32, 32))).fit(np.zeros((2, 16000)))
    >>> axes = feature_axes(pipe)
    >>> axes.frequencies.shape, axes.times.shape
    ((32,), (32,))
    >>> feature_axes(AudioLoader(8000).fit(np.zeros((2, 4000)))).shape
    (None, 4000)
    """
    return _walk(estimator, None)


def _walk(estimator, axes):
    estimator = getattr(estimator, "best_estimator_", estimator)
    if hasattr(estimator, "steps"):
        for _, step in estimator.steps:
            axes = _walk(step, axes)
    elif callable(getattr(estimator, "axes", None)):
        axes = estimator.axes(axes)
    elif axes is not None and axes.kind == "waveform" and _makes_features(estimator):
        return None
    return axes


def _makes_features(step):
    """Return whether a step is a transformer, and no explainer, whose maps have the axes of what comes in."""
    return hasattr(step, "transform") and not hasattr(step, "predict")
