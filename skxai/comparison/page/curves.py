"""The curves of a page, as numbers that its script draws."""

import numpy as np


def curves_context(curves):
    """Return mean curves as lists that JSON can hold.

    Parameters
    ----------
    curves : dict from str to dict from str to dict
        By kind and method, see ``skxai.comparison.evidence.mean_curves``.

    Returns
    -------
    dict
        By kind: "fractions"; and by "probability" and "accuracy", for each method "mean" of each class ("" is all clips) and
        the standard "error" of the mean of all.
    """
    found = {}
    for kind, of_methods in curves.items():
        first = next(iter(of_methods.values()))
        found[kind] = {"fractions": _rounded(first["fractions"])}
        for by in ("probability", "accuracy"):
            if all(by in curve for curve in of_methods.values()):
                found[kind][by] = {method: _of_method(curve[by]) for method, curve in of_methods.items()}
    return found


def _of_method(curve):
    mean = {label or "": _rounded(values) for label, values in curve["mean"].items()}
    return {"mean": mean, "error": None if np.isnan(curve["error"]).any() else _rounded(curve["error"])}


def _rounded(values):
    return [round(float(value), 4) for value in values]
