"""What is known of where the classes sound: in scenes, whose events are known, and in mixtures of two clips."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.pipeline import Pipeline

from ..datasets import EventTruth, mix_clips
from ..explainers import Explainer
from ..features import event_truth, feature_axes
from ..metrics import evaluate
from .clips import Clips

OF_TWO_SOUNDS = "class_discriminativity"  # asks whether a method tells apart two sounds that are there at once


def find_event_truth(clips: Clips, extraction: Pipeline) -> EventTruth | None:
    """Return where the events of scenes sound in their features, as a fitted pipeline makes them.

    None where the events are not known, or the rows of the features are cepstra.
    """
    if clips.events is None or _is_cepstral(extraction):
        return None
    events = np.array([np.sum([event.waveform for event in of_clip], axis=0) for of_clip in clips.events])
    return event_truth(extraction, clips.events, background=clips.X - events)


def _is_cepstral(extraction: Pipeline) -> bool:
    axes = feature_axes(extraction)
    return axes is not None and axes.kind == "cepstrum"


@dataclass(frozen=True)
class Mixtures:
    """Clips, each mixed at equal power with one of another class."""

    features: np.ndarray  # (m, 1, f, t), of the mixtures
    labels: np.ndarray  # (m,), the class of the explained clip
    truth: EventTruth  # which part of the features comes from which of the two
    clips: np.ndarray  # (m,), the index of the explained clip; clips of silence are in no mixture
    n_clips: int  # how many were explained

    def scores(self, explainer: Explainer, scoring: Sequence[str]) -> dict[str, np.ndarray]:
        """Return the values ``(n_clips,)`` of an explainer by metric, as ``evaluate``; NaN for clips that are in no mixture."""
        maps = explainer.explain(self.features, self.labels)
        found = evaluate(explainer, self.features, None, scoring, maps=maps, truth=self.truth, target=self.labels)
        scores = {name: np.full(self.n_clips, np.nan) for name in found}
        for name, values in found.items():
            scores[name][self.clips] = values
        return scores


def mix_test_clips(clips: Clips, extraction: Pipeline, seed: int) -> Mixtures | None:
    """Mix each clip, a waveform or what ``extraction`` loads first, with one of another class; the seed chooses the partners.

    None where the rows of the features are cepstra, or only one class is audible.
    """
    if _is_cepstral(extraction):
        return None
    waveforms, rate, steps = clips.X, clips.sample_rate, extraction
    if rate is None:
        waveforms, rate, steps = extraction[0].transform(clips.X), extraction[0].sample_rate, extraction[1:]
    audible = np.flatnonzero(waveforms.any(axis=1))
    if len(np.unique(clips.y[audible])) < 2:
        return None
    mixtures = mix_clips(waveforms[audible], clips.y[audible], sample_rate=rate, random_state=seed)
    truth = event_truth(steps, mixtures.events)
    return Mixtures(steps.transform(mixtures.data), mixtures.target, truth, audible, len(clips.y))
