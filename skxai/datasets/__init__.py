"""Sounds with their labels: scenes whose truth is known, corpora and folders on disk, and slices of long recordings.

A corpus that is imported below is recognised by its layout, by `load_clips` and by ``skxai compare --data``.
"""

from ._corpora import load_esc50, load_urbansound8k
from ._events import AudioEvent, event_masks
from ._folder import load_audio_folder
from ._mixtures import mix_clips
from ._scenes import make_audio_events
from ._slices import slice_events
from .layouts import known_loaders
from .truth import EventTruth

__all__ = sorted(
    {"AudioEvent", "EventTruth", "event_masks", "load_audio_folder", "make_audio_events", "mix_clips", "slice_events"}
    | {loader.__name__ for loader in known_loaders().values()}
)
