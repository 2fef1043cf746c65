"""Where results come from: what they were made with."""

import platform
from importlib.metadata import version

PACKAGES = ("skxai", "torch", "torchaudio", "scikit-learn", "skorch", "numpy", "scipy")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on, by name."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


def machine() -> str:
    """Return the operating system and the processor."""
    return f"{platform.system()} {platform.machine()}"
