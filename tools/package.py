"""What was built, beside what it was built from: ``make package`` ends with it."""

import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
IN_SDIST = ["skxai", "tests", "tools", "benchmarks", "examples", "docs"]
FILES = ["CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in", "Makefile", "README.md", "SECURITY.md"]
FILES += ["constraints.txt", "pyproject.toml", "setup.py"]


def files_of(folder, root=ROOT):
    """Return the paths of a folder's files from the root on, without what Python has compiled."""
    paths = (path.relative_to(root) for path in (root / folder).rglob("*") if path.is_file())
    return {path.as_posix() for path in paths if "__pycache__" not in path.parts}


def missing_in_wheel(wheel, root=ROOT):
    """Return the files of the package that are not in the wheel: modules, templates, py.typed."""
    return sorted(files_of("skxai", root) - set(zipfile.ZipFile(wheel).namelist()))


def missing_in_sdist(sdist, root=ROOT):
    """Return the files that the suite needs and that are not in the sdist."""
    with tarfile.open(sdist) as archive:
        found = {name.split("/", 1)[-1] for name in archive.getnames()}
    return sorted(set(FILES).union(*(files_of(folder, root) for folder in IN_SDIST)) - found)


def main(folder):
    """Print what is built, or exit with what is missing in it."""
    (wheel,), (sdist,) = Path(folder).glob("*.whl"), Path(folder).glob("*.tar.gz")
    if missing := missing_in_wheel(wheel) + missing_in_sdist(sdist):
        sys.exit(f"These files are not in what was built: {', '.join(missing)}.")
    for path in (wheel, sdist):
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1])
