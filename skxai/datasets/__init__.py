"""Sounds with their labels: scenes whose truth is known, corpora and folders on disk, and slices of long recordings."""

from ._corpora import load_esc50, load_urbansound8k
from ._events import AudioEvent, event_masks
from ._folder import load_audio_folder
from ._scenes import make_audio_events
from ._slices import slice_events

__all__ = [
    "AudioEvent",
    "event_masks",
    "load_audio_folder",
    "load_esc50",
    "load_urbansound8k",
    "make_audio_events",
    "slice_events",
]
