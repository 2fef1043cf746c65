"""The curves of a page, as numbers that its script draws."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


def curves_context(curves: Mapping[str, Mapping[str, dict]]) -> dict[str, Any]:
    """Return mean curves, by kind and method as of ``mean_curves``, as lists that JSON can hold.

    By kind: "fractions"; and by "probability" and "accuracy", for each method "mean" of each class ("" is all clips) and the
    standard "error" of the mean of all.
    """
    found: dict[str, Any] = {}
    for kind, of_methods in curves.items():
        first = next(iter(of_methods.values()))
        found[kind] = {"fractions": _rounded(first["fractions"])}
        for by in ("probability", "accuracy"):
            if all(by in curve for curve in of_methods.values()):
                found[kind][by] = {method: _method_context(curve[by]) for method, curve in of_methods.items()}
    return found


def _method_context(curve: Mapping[str, Any]) -> dict[str, Any]:
    mean = {label or "": _rounded(values) for label, values in curve["mean"].items()}
    return {"mean": mean, "error": None if np.isnan(curve["error"]).any() else _rounded(curve["error"])}


def _rounded(values: Iterable[float]) -> list[float]:
    return [round(float(value), 4) for value in values]
