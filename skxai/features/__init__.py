"""From audio files to features: transformers for the first steps of a pipeline. One import below registers one of them."""

from inspect import isclass

from ._audio_loader import AudioLoader
from ._axes import FeatureAxes
from ._bandpass import BandpassFilter
from ._fixed_frames import FixedFrames
from ._fixed_length import FixedLength
from ._mfcc import MFCC
from ._resize import ResizeFeatures
from ._scaler import FeatureScaler
from ._spectrogram import Spectrogram
from .base import FeatureTransformer
from .mel import MelSpectrogram
from .steps import feature_axes
from .truth import event_truth

__all__ = sorted(
    {"FeatureAxes", "event_truth", "feature_axes"}
    | {name for name, value in globals().items() if isclass(value) and issubclass(value, FeatureTransformer)}
)
