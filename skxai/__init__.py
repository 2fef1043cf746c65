"""skxai: explain audio CNN classifiers the scikit-learn way, and measure whether the explanations are faithful."""

import importlib

__version__ = "0.1.0"

__all__ = [
    "comparison",
    "config_context",
    "datasets",
    "display",
    "engine",
    "explainers",
    "features",
    "get_config",
    "inspection",
    "metrics",
    "models",
    "set_config",
    "studies",
    "testing",
    "utils",
]


def __getattr__(name):
    # Sub-packages are imported when they are first asked for: torch takes seconds.
    if name in ("config_context", "get_config", "set_config"):
        return getattr(importlib.import_module(".engine", __name__), name)
    if name in __all__:
        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return [*globals(), *__all__]
