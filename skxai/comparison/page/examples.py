"""The examples of a page: the pictures, the regions and the sounds of some clips by all methods."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...inspection import common_gain, relevance_regions, sonify
from ...inspection.class_summary import format_hertz
from ..evidence import Evidence
from ..examples import AUDIBLE_SHARE, ExplainedExamples
from .images import draw_features, draw_maps, make_frame, place_event

MOST_REGIONS = 3


def examples_context(evidence: Evidence, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the examples in the order of ``evidence.clips``, without sounds; ``names`` are those of all clips."""
    # Where all methods are controls, there is nothing to show.
    examples = [_example(evidence, i, names) for i in range(len(evidence.clips) if evidence.examples else 0)]
    drawn: dict[int, list[str]] = {}  # methods share features
    for method, parts in evidence.examples.items():
        for part_number, part in enumerate(parts):
            if not len(part.clips):
                continue
            if id(part.features) not in drawn:
                drawn[id(part.features)] = draw_features(part.features)
            pictures, (uris, signed) = drawn[id(part.features)], draw_maps(part.maps)
            frame = make_frame(part.axes, part.features.shape[1:])
            regions, start = _regions(part), sum(len(fold.predicted) for fold in parts[:part_number])  # clips of earlier folds
            for i, clip in enumerate(part.clips):
                example = examples[int(np.flatnonzero(evidence.clips == clip)[0])]
                panel = {
                    "method": method,
                    "target": str(part.target[clip - start]),
                    "predicted": str(part.predicted[clip - start]),
                    "original": float(part.probability[i]),
                    "kept": _number(part.kept, i),
                    "removed": _number(part.removed, i),
                    "picture": pictures[i],
                    "overlay": uris[i],
                    "signed": signed,
                    "constant": bool(np.ptp(part.maps[i]) == 0),
                    "regions": regions[i],
                    "frame": frame,
                    "boxes": _boxes(example, part, frame),
                    "silent_because": part.silent_because,
                }
                example["panels"].append(panel)
    for example in examples:
        example |= _common_facts(example)
    return examples


def _example(evidence: Evidence, i: int, names: Sequence[str]) -> dict[str, Any]:
    label = None if evidence.labels is None else str(evidence.labels[i])
    events = [] if evidence.events is None else evidence.events[i]
    return {"id": i, "name": str(names[evidence.clips[i]]), "label": label, "events": events, "panels": []}


def _common_facts(example: dict[str, Any]) -> dict[str, Any]:
    """Return what all panels of an example have in common."""
    label, panels = example["label"], example["panels"]
    predicted = list(dict.fromkeys(panel["predicted"] for panel in panels))
    return {
        "predicted": predicted,
        "label_or_predicted": predicted[0] if label is None else label,
        "right": [] if label is None else [guess == label for guess in predicted],
        "sure": panels[0]["original"],
        "silent_because": panels[0]["silent_because"] if all(panel["silent_because"] for panel in panels) else None,
    }


def _boxes(example: dict[str, Any], part: ExplainedExamples, frame: dict[str, Any]) -> list[dict[str, Any]]:
    if part.axes is None or not frame["seconds"]:
        return []
    boxes = [place_event(event, part.axes, frame, part.features.shape[-2]) for event in example["events"]]
    return [box for box in boxes if box]


def _number(values: np.ndarray | None, i: int) -> float | None:
    return None if values is None or np.isnan(values[i]) else float(values[i])


def _regions(part: ExplainedExamples) -> list[list[str]]:
    """Return for each clip of a part its most relevant regions in words."""
    if part.axes is None:
        return [[] for _ in part.clips]
    table = relevance_regions(part.maps, part.axes)
    return [[region_in_words(region) for region in table[table["clip"] == i].head(MOST_REGIONS).itertuples()]
            for i in range(len(part.clips))]  # fmt: skip


def region_in_words(region: Any) -> str:
    """Return a row of ``relevance_regions`` as "1.2–1.45 s, 2–3.1 kHz, 31 %"."""
    words = [f"{round(region.start, 2):g}–{round(region.stop, 2):g} s"]
    if not np.isnan(region.low):
        words.append(f"{format_hertz(region.low, region.high, unit=False)}–{format_hertz(region.high)}")
    return ", ".join([*words, f"{100 * region.share:.0f} %"])


def sound_ids(example: dict[str, Any]) -> list[str]:
    """Return the ids of all sounds that ``sounds_of`` may give of an example of ``examples_context``."""
    heard = [number for number, panel in enumerate(example["panels"]) if panel["kept"] is not None]
    return [f"{example['id']}", *(f"{example['id']}-{number}-{part}" for number in heard for part in ("kept", "removed"))]


def sounds_of(evidence: Evidence, i: int) -> tuple[dict[str, np.ndarray], int | None]:
    """Return the i-th example's sounds ``(samples,)`` by id, levelled by one gain, and their rate; nothing without waveforms.

    They are the clip, and what each method keeps and removes.
    """
    clip, rate = evidence.clips[i], None
    sounds: dict[str, np.ndarray] = {}
    for number, parts in enumerate(evidence.examples.values()):
        for part in parts:
            if part.waveforms is None or clip not in part.clips:
                continue
            row = int(np.flatnonzero(part.clips == clip)[0])
            if not sounds:
                rate = part.sample_rate
                sounds[f"{i}"] = part.waveforms[row]
            if part.kept is not None and not np.isnan(part.kept[row]) and part.sample_rate == rate:
                kept = sonify(part.waveforms[row], part.maps[row], part.extraction, mode="keep", top=AUDIBLE_SHARE)
                sounds[f"{i}-{number}-kept"] = kept
                sounds[f"{i}-{number}-removed"] = part.waveforms[row] - kept
    if not sounds:
        return {}, None
    gain = np.float32(common_gain(*sounds.values()))
    return {name: gain * sound for name, sound in sounds.items()}, rate
