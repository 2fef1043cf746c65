"""The lowest versions that setup.py allows, as constraints for pip: ``make test-lowest`` installs them.

They are read from setup.py each time, so that the two cannot differ. What setup.py does not name has the version of
constraints.txt, and so have the packages whose names are given: ``python -m tools.bounds torch torchaudio``.
"""

import re
import runpy
import sys
import types
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).parents[1]
LEFT_OPEN = {"sympy"}  # each torch asks for a version of its own


def declared(path=ROOT / "setup.py"):
    """Return the arguments that setup.py calls setuptools with, which need not be installed."""
    found = {}
    setuptools = types.ModuleType("setuptools")
    setuptools.setup = lambda **arguments: found.update(arguments)
    setuptools.find_packages = lambda **arguments: []
    with mock.patch.dict(sys.modules, setuptools=setuptools):
        runpy.run_path(str(path))
    return found


def lowest():
    """Return the lowest version of each package that setup.py names, in its extras too."""
    arguments = declared()
    requirements = [*arguments["install_requires"], *(each for extra in arguments["extras_require"].values() for each in extra)]
    found = {}
    for requirement in requirements:
        bound = re.fullmatch(r"([\w.-]+)>=([\d.]+)", requirement)
        if bound is None:
            raise ValueError(f"setup.py: {requirement!r} should be written as 'name>=version'.")
        name, version = bound.groups()
        if found.setdefault(normalised(name), version) != version:
            raise ValueError(f"setup.py: {name} has two lowest versions, {found[normalised(name)]} and {version}.")
    return found


def pinned():
    """Return the version of each package in constraints.txt."""
    lines = [line.split("#")[0].strip() for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()]
    return {normalised(name): version for name, version in (line.split("==") for line in lines if line)}


def normalised(name):
    """Return the name of a package as the index spells it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def constraints(at_pinned=()):
    """Return the lines of the constraints: the lowest versions, those of ``at_pinned`` and of all others as pinned."""
    exact = pinned()
    versions = {name: version for name, version in exact.items() if name not in LEFT_OPEN}
    versions |= lowest() | {normalised(name): exact[normalised(name)] for name in at_pinned}
    return [f"{name}=={version}" for name, version in sorted(versions.items())]


if __name__ == "__main__":
    print("\n".join(constraints(sys.argv[1:])))
