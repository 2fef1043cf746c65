"""The files of a run: the tables, the maps and where they come from; all of them or none."""

import json
import shutil
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..comparison.provenance import machine, versions
from .run import StudyResult


def describe_run(result: StudyResult, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return where the results come from, in the words that JSON has: the command with its settings, and what ran."""
    accuracy = {name or type(result.classifiers[name]).__name__: value for name, value in result.accuracy.items()}
    return {**provenance, "accuracy": accuracy, "versions": versions(), "machine": machine()}


def write_tables(result: StudyResult, folder: str | PathLike, facts: Mapping[str, Any]) -> None:
    """Write the table and what is sure about it, the scores of each clip, the maps and the facts of ``describe_run``."""
    folder, comparison = Path(folder), result.comparison
    comparison.table.to_csv(folder / "table.csv")
    for name in ("intervals", "tests", "ranks", "agreement"):
        getattr(comparison, name)().to_csv(folder / f"{name}.csv")
    frames = []
    for method, of_method in result.results.items():
        predicted = result.classifiers[result.classifier_of(method)].predict(result.features)
        frame = pd.DataFrame({"method": method, "clip": result.clips.names, "label": result.clips.y, "predicted": predicted})
        frames.append(frame.assign(**of_method.scores))
    scores = pd.concat(frames)
    scores.to_csv(folder / "scores.csv", index=False)
    names = [*of_method.scores]
    scores.groupby("method", sort=False)[names].describe().stack(0, future_stack=True).to_csv(folder / "summary.csv")
    np.savez_compressed(
        folder / "maps.npz",
        maps=np.stack([of_method.maps for of_method in result.results.values()]),
        methods=np.array(list(result.results)),
        features=result.features,
        labels=result.clips.y,
        clips=result.clips.names,
    )
    (folder / "run.json").write_text(json.dumps(facts, indent=2) + "\n")


def claim_folder(out: str | PathLike, *, overwrite: bool = False) -> Path:
    """Return the folder to write into until all is there, so that nothing half-written stands where results should."""
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise FileExistsError(f"out must be a folder; {str(out)!r} is a file.")
    holds_files = out.is_dir() and any(out.iterdir())
    if holds_files and not overwrite:
        raise FileExistsError(f"out must be a new or empty folder; {str(out)!r} holds files. Use --overwrite to replace them.")
    if holds_files and not (out / "run.json").is_file():
        raise FileExistsError(f"out must be a folder of earlier results to be replaced; {str(out)!r} holds no run.json.")
    partial = out.with_name(out.name + ".partial")
    try:
        partial.mkdir(parents=True)
    except FileExistsError:
        raise FileExistsError(
            f"out is in use: another run writes to {str(partial)!r}, or one was killed there; remove that folder if so."
        ) from None
    return partial


def publish_folder(partial: Path, out: str | PathLike) -> None:
    """Move what was written to where it should stand, in the place of earlier results."""
    out = Path(out)
    if out.exists():
        shutil.rmtree(out)
    partial.rename(out)
