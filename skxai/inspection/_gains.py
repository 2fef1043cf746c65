"""From maps over features to gains over the clip's short-time Fourier transform: the steps of the pipeline are undone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.utils.validation import check_array

from ..engine import minmax
from ..features import FeatureAxes
from ..features.steps import spectral_steps, step_method, steps_and_axes
from ..metrics.perturbation import ranks
from ._cells import axes_of


@dataclass(frozen=True)
class AudibleSteps:
    """The fitted steps from waveforms to features, and back from a mask over features to gains of what sounds."""

    steps: list  # from waveforms on, without what reads files
    axes: FeatureAxes  # of the features
    spectral: Any  # the step that makes spectra; None where the features are waveforms

    @classmethod
    def of(cls, features: Any) -> "AudibleSteps":
        """Return those of a fitted pipeline, transformer or search from waveforms to features; FeatureAxes have none."""
        steps, axes = steps_and_axes(features)
        steps = [step for step in steps if not getattr(step, "reads_files", False)]
        if axes is not None and axes.kind == "waveform":
            return cls(steps, axes, None)
        spectral = spectral_steps(steps)
        names = [type(step).__name__ for step in steps]
        if len(spectral) != 1:
            raise ValueError(
                "features of sonify must hold one MelSpectrogram, Spectrogram or MFCC, which makes a spectrum of the sound, or "
                f"end in waveforms; got {names}."
            )
        axes, own = axes_of(features, "sonify"), spectral[0].axes(None)
        if own.cepstra is not None and (axes.cepstra is None or not np.array_equal(axes.cepstra, own.cepstra)):
            raise ValueError(
                "features of sonify must have the rows of mel bands or cepstra: the relevance of cepstra that are mixed, as "
                f"ResizeFeatures does, can't be carried back to bands; got {names}."
            )
        return cls(steps, axes, spectral[0])

    @property
    def mask_shape(self) -> tuple:
        """Shape of a clip's mask: ``(1, f, t)`` of its features, of cepstra with mel bands as rows, or ``(samples,)``."""
        n_rows, n_columns = self.axes.shape
        if self.spectral is None:
            return (n_columns,)
        return 1, self.spectral.n_mels if self.axes.kind == "cepstrum" else n_rows, n_columns

    def gains(self, masks: np.ndarray, unheard: float) -> np.ndarray:
        """Carry masks over features ``(n, *mask_shape)`` back; ``unheard`` is the gain of what the features leave out.

        They become gains of the bins ``(n, n_fft // 2 + 1, columns)`` at the spectral step's columns, or of ``(n, samples)``.
        """
        first = 0 if self.spectral is None else self.steps.index(self.spectral)
        for step in reversed(self.steps[first:]):
            masks = step_method(step, "carry_back")(masks, unheard=unheard)
        return masks if self.spectral is None else masks[:, 0]


def as_mask(
    maps: np.ndarray,
    shape: tuple[int, ...],
    scaling: str | None = "minmax",
    top: float | None = None,
    smooth: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """Return maps of a shape ``(n, ...)`` as masks in [0, 1], float32; see `skxai.inspection.sonify`.

    ``smooth`` averages neighbours: of relevance before it is scaled, and of masks, whose edges it makes soft.
    """
    is_mask = scaling is None or maps.dtype == bool
    maps = check_array(maps, dtype=np.float32, allow_nd=True, input_name="maps")
    if maps.shape != shape:
        raise ValueError(
            f"maps must have the shape of the features of the waveforms, {shape}; of MFCC, that with a row for each mel band, "
            f"see relevance_of_bands; got {maps.shape}."
        )
    if is_mask and not (maps.min() >= 0 and maps.max() <= 1):
        raise ValueError(f"maps must be masks in [0, 1] for scaling=None; got values from {maps.min():g} to {maps.max():g}.")
    magnitude = np.abs(maps)
    if smooth is not None and not is_mask:
        magnitude = smooth(magnitude)
    relevance = torch.from_numpy(magnitude)
    scaled = minmax(relevance)
    constant = scaled.isnan()
    mask = relevance if is_mask else torch.where(constant, (relevance > 0).float(), scaled)
    if top is not None:
        greatest = (ranks(relevance) < np.ceil(top * relevance[0].numel())) & (scaled > 0)
        mask = torch.where(constant, mask, greatest.float())
    if smooth is not None and (is_mask or top is not None):
        return smooth(mask.numpy())
    return mask.numpy()
