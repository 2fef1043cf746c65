"""Sounds with their labels: scenes whose truth is known, corpora and folders on disk, and slices of long recordings."""

from ._corpora import load_esc50, load_urbansound8k
from ._events import AudioEvent, event_masks
from ._folder import load_audio_folder
from ._mixtures import mix_clips
from ._scenes import make_audio_events
from ._slices import slice_events
from .truth import EventTruth

__all__ = [
    "AudioEvent",
    "EventTruth",
    "event_masks",
    "load_audio_folder",
    "load_esc50",
    "load_urbansound8k",
    "make_audio_events",
    "mix_clips",
    "slice_events",
]
