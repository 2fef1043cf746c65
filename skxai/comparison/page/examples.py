"""The examples of a page: the pictures, the regions and the sounds of some clips by all methods."""

import numpy as np

from ...inspection import common_gain, relevance_regions, sonify
from ...inspection.class_summary import in_hertz
from ..evidence import AUDIBLE_SHARE
from .images import box_of, frame_of, overlays, spectrograms

MOST_REGIONS = 3


def examples_context(evidence, names):
    """Return the examples, without their sounds.

    Parameters
    ----------
    evidence : Evidence
    names : sequence of str
        What the clips of the table are called.

    Returns
    -------
    list of dict
        In the order of ``evidence.clips``.
    """
    # Where all methods are floors, nothing is shown.
    examples = [_example(evidence, i, names) for i in range(len(evidence.clips) if evidence.shown else 0)]
    drawn = {}  # methods share features
    for method, parts in evidence.shown.items():
        for part_number, part in enumerate(parts):
            if not len(part.clips):
                continue
            if id(part.features) not in drawn:
                drawn[id(part.features)] = spectrograms(part.features)
            pictures, (uris, signed) = drawn[id(part.features)], overlays(part.maps)
            frame = frame_of(part.axes, part.features.shape[1:])
            regions = _regions(part)
            for i, clip in enumerate(part.clips):
                example = examples[int(np.flatnonzero(evidence.clips == clip)[0])]
                panel = {
                    "method": method,
                    "part": part_number,
                    "row": i,
                    "target": str(part.target[clip - _start(parts, part_number)]),
                    "predicted": str(part.predicted[clip - _start(parts, part_number)]),
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
        _agree(example)
    return examples


def _example(evidence, i, names):
    label = None if evidence.labels is None else str(evidence.labels[i])
    events = [] if evidence.events is None else evidence.events[i]
    return {"id": i, "name": str(names[evidence.clips[i]]), "label": label, "events": events, "panels": []}


def _start(parts, number):
    """Return the index of the first clip of a fold."""
    return sum(len(part.predicted) for part in parts[:number])


def _agree(example):
    """Tell of an example what all its panels have in common."""
    predicted = list(dict.fromkeys(panel["predicted"] for panel in example["panels"]))
    example["predicted"] = predicted
    example["label_or_predicted"] = example["label"] if example["label"] is not None else predicted[0]
    example["right"] = [] if example["label"] is None else [guess == example["label"] for guess in predicted]
    first = example["panels"][0]
    example["sure"] = first["original"]
    example["silent_because"] = first["silent_because"] if all(panel["silent_because"] for panel in example["panels"]) else None


def _boxes(example, part, frame):
    if part.axes is None or not frame["seconds"]:
        return []
    boxes = [box_of(event, part.axes, frame, part.features.shape[-2]) for event in example["events"]]
    return [box for box in boxes if box]


def _number(values, i):
    return None if values is None or np.isnan(values[i]) else float(values[i])


def _regions(part):
    """Return for each clip of a part its most relevant regions in words."""
    if part.axes is None:
        return [[] for _ in part.clips]
    table = relevance_regions(part.maps, part.axes)
    return [[region_in_words(region) for region in table[table["clip"] == i].head(MOST_REGIONS).itertuples()]
            for i in range(len(part.clips))]  # fmt: skip


def region_in_words(region):
    """Return a row of ``relevance_regions`` as "1.2–1.45 s, 2–3.1 kHz, 31 %"."""
    words = [f"{round(region.start, 2):g}–{round(region.stop, 2):g} s"]
    if not np.isnan(region.low):
        words.append(f"{in_hertz(region.low, region.high, unit=False)}–{in_hertz(region.high)}")
    return ", ".join([*words, f"{100 * region.share:.0f} %"])


def sound_ids(example):
    """Return the ids of all sounds that ``sounds_of`` may give of an example of ``examples_context``."""
    heard = [number for number, panel in enumerate(example["panels"]) if panel["kept"] is not None]
    return [f"{example['id']}", *(f"{example['id']}-{number}-{part}" for number in heard for part in ("kept", "removed"))]


def sounds_of(evidence, i):
    """Return the sounds of an example by their id, levelled by one gain: the clip, and what each method keeps and removes.

    Parameters
    ----------
    evidence : Evidence
    i : int
        Which example.

    Returns
    -------
    sounds : dict from str to ndarray of shape (samples,)
        Empty where there are no waveforms.
    sample_rate : int or None
    """
    clip, sounds, rate = evidence.clips[i], {}, None
    for number, parts in enumerate(evidence.shown.values()):
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
