"""Package metadata and dependencies; tool settings are in pyproject.toml, exact versions in constraints.txt."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent
# Other packages that explain torch networks: the tests hold skxai against them, and `make bench` times it beside them.
PEERS = ["captum>=0.8", "grad-cam>=1.5.5", "quantus>=0.6", "torchcam>=0.5"]


def version():
    """Read the version from the package without importing it: its dependencies may not be installed yet."""
    for line in (HERE / "skxai" / "__init__.py").read_text().splitlines():
        if line.startswith("__version__"):
            return line.split('"')[1]
    raise RuntimeError("skxai/__init__.py holds no line '__version__ = \"…\"'")


setup(
    name="skxai",
    version=version(),
    description="Explain audio CNN classifiers the scikit-learn way, and measure whether the explanations are true",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="BSD-3-Clause",
    packages=find_packages(include=["skxai", "skxai.*"]),
    package_data={"skxai": ["py.typed"], "skxai.comparison.page": ["templates/*"]},
    python_requires=">=3.11",
    install_requires=[
        "scikit-learn>=1.6",
        "skorch>=1.1",
        "torch>=2.4",
        "torchaudio>=2.4",
        "numpy>=2.0",
        "scipy>=1.12",
        "joblib>=1.4",
        "soundfile>=0.12",
        "pandas>=2.2",
        "matplotlib>=3.8",
        "jinja2>=3.1",  # the page
        "markupsafe>=2.1",
        "tqdm>=4.66",  # progress bars on long work
        "filelock>=3.12",  # one training per fold, also when parallel workers ask for it at the same moment
    ],
    extras_require={
        "test": ["pytest>=8", "pytest-xdist>=3.6", "hypothesis>=6.100", "ruff>=0.6", "mypy>=1.13", "selenium>=4.20", *PEERS],
        "captum": [PEERS[0]],  # CaptumExplainer
        "bench": ["pytest-benchmark>=5"],
        # TensorFlow is heavy, and only for `make bench`. Whichever is missing is left out of its table, by name.
        "peers": [*PEERS, "tf-keras-vis>=0.8.7", "tensorflow>=2.16"],  # of tf-keras-vis, which does not ask for it
    },
    entry_points={"console_scripts": ["skxai = skxai.cli:main"]},
    classifiers=[
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Topic :: Multimedia :: Sound/Audio :: Analysis",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
)
