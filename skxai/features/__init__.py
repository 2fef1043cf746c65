"""From audio files to features: transformers for the first steps of a pipeline."""

from skxai.features._audio_loader import AudioLoader
from skxai.features._axes import FeatureAxes, feature_axes
from skxai.features._bandpass import BandpassFilter
from skxai.features._fixed_frames import FixedFrames
from skxai.features._fixed_length import FixedLength
from skxai.features._mfcc import MFCC
from skxai.features._resize import ResizeFeatures
from skxai.features._scaler import FeatureScaler
from skxai.features._spectrogram import Spectrogram
from skxai.features.mel import MelSpectrogram
from skxai.features.truth import event_truth

__all__ = [
    "MFCC",
    "AudioLoader",
    "BandpassFilter",
    "FeatureAxes",
    "FeatureScaler",
    "FixedFrames",
    "FixedLength",
    "MelSpectrogram",
    "ResizeFeatures",
    "Spectrogram",
    "event_truth",
    "feature_axes",
]
