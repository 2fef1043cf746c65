"""The trained network, and what peers need to be imported."""

from pathlib import Path

import pytest

from .side_by_side import train

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def subject():
    return train()


@pytest.fixture(scope="session")
def torchvision():
    """pytorch-grad-cam can be imported, by the stand-in that the benchmarks have for torchvision."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        from benchmarks import torchvision_stand_in

        torchvision_stand_in.provide()
        yield
