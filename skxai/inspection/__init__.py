"""Where and when the relevance lies, in hertz and seconds, and what it sounds like."""

from .class_summary import summarise_relevance
from .hearing import heard_probability
from .relevance_of_bands import relevance_of_bands
from .relevance_profile import RelevanceProfile, relevance_profile
from .relevance_regions import relevance_regions
from .sonify import sonify
from .wav import common_gain, save_sounds

__all__ = [
    "RelevanceProfile",
    "common_gain",
    "heard_probability",
    "relevance_of_bands",
    "relevance_profile",
    "relevance_regions",
    "save_sounds",
    "sonify",
    "summarise_relevance",
]
