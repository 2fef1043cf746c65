"""Package metadata and dependencies; tool settings are in pyproject.toml, exact versions in constraints.txt."""

import re
from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
ADDRESS = "https://example.org/skxai"  # where the repository lives; to be set before the first upload, here and nowhere else
# Other packages that explain torch networks: the tests hold skxai against them, and `make bench` times it beside them.
PEERS = ["captum>=0.9", "grad-cam>=1.5.7", "quantus>=0.6", "torchcam>=0.5"]


def version():
    """Read the version from the package without importing it: its dependencies may not be installed yet."""
    for line in (HERE / "skxai" / "__init__.py").read_text().splitlines():
        if line.startswith("__version__"):
            return line.split('"')[1]
    raise RuntimeError("skxai/__init__.py holds no line '__version__ = \"…\"'")


def long_description():
    """Read README.md with its links to files made absolute: a package index shows it, and has none of the files."""
    prose_and_code = re.split(r"(^```.*?^```|`[^`\n]+`)", (HERE / "README.md").read_text(encoding="utf-8"), flags=re.M | re.S)
    prose_and_code[::2] = (re.sub(r"\]\((?![a-z]+:|#)([^)\s]+)\)", _absolute, prose) for prose in prose_and_code[::2])
    return "".join(prose_and_code)


def _absolute(link):
    path = link[1]
    return f"]({ADDRESS}/{'raw' if path.endswith(('.png', '.svg', '.gif', '.jpg')) else 'blob'}/main/{path})"


setup(
    name="skxai",
    version=version(),
    author="skxai developers",
    url=ADDRESS,
    project_urls={
        "Documentation": f"{ADDRESS}/blob/main/README.md",
        "Changelog": f"{ADDRESS}/blob/main/CHANGELOG.md",
        "Source": ADDRESS,
        "Issues": f"{ADDRESS}/issues",
    },
    keywords=["explainable AI", "audio", "saliency", "Grad-CAM", "faithfulness", "scikit-learn", "PyTorch"],
    description="Explain audio CNN classifiers the scikit-learn way, and measure whether the explanations are faithful",
    long_description=long_description(),
    long_description_content_type="text/markdown",
    license="BSD-3-Clause",
    packages=find_packages(include=["skxai", "skxai.*"]),
    package_data={"skxai": ["py.typed"], "skxai.comparison.page": ["templates/*"]},
    python_requires=">=3.11",
    # The lowest versions with which the suite passes, all at once: `make test-lowest`.
    install_requires=[
        "scikit-learn>=1.6",  # validate_data, tags, FrozenEstimator
        "skorch>=1.1",  # the first for scikit-learn 1.6
        "torch>=2.5",  # Module.set_submodule
        "torchaudio>=2.5",  # as torch
        "numpy>=2.0",
        "scipy>=1.13",  # the first for NumPy 2
        "joblib>=1.4",  # Parallel(return_as="generator")
        "soundfile>=0.12",
        "pandas>=2.2.2",  # the first for NumPy 2
        "matplotlib>=3.8.4",  # the first for NumPy 2
        "pillow>=10",  # the pictures of the page; matplotlib brings it
        "jinja2>=3.1",  # the page
        "markupsafe>=2.1",
        "tqdm>=4.66",  # progress bars on long work
        "filelock>=3.12",  # one training per fold, also when parallel workers ask for it at the same moment
    ],
    extras_require={
        # `make test` and `make check`. The linters, selenium and the peers: tried as in constraints.txt only.
        "test": [
            "pytest>=8.2",
            "pytest-xdist>=3.6",
            "hypothesis>=6.100",
            "ruff>=0.17",
            "mypy>=2.4",
            "selenium>=4.51",
            *PEERS,
        ],
        "captum": [PEERS[0]],  # CaptumExplainer; captum 0.8 wants NumPy 1
        "bench": ["pytest-benchmark>=5.3"],  # `make bench`
        # TensorFlow is heavy, and only for `make bench`. Whichever is missing is left out of its table, by name.
        "peers": [*PEERS, "tf-keras-vis>=0.8.7", "tensorflow>=2.21"],  # of tf-keras-vis, which does not ask for it
    },
    entry_points={"console_scripts": ["skxai = skxai.cli:main"]},
    classifiers=[  # of Python what was tried: CONTRIBUTING.md has the table
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3 :: Only",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Topic :: Multimedia :: Sound/Audio :: Analysis",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
