"""Shared fixtures: real audio where it is at hand."""

from pathlib import Path

import pytest
import torch

ESC10 = Path(__file__).parents[2] / "shared" / "data" / "esc10"


@pytest.fixture(scope="session")
def esc10():
    """The folder of ESC-10, real audio in ESC-50's layout."""
    if not ESC10.is_dir():
        pytest.skip(f"needs real audio in {ESC10}")
    return ESC10


@pytest.fixture(autouse=True)
def same_torch_state():
    """Networks that a test makes without a seed have the same weights, whichever tests ran before."""
    torch.manual_seed(0)
