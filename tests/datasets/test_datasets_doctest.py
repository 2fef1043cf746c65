"""The examples in the docstrings do what they say."""

import doctest
import sys

import pytest

from skxai import datasets

MODULES = sorted({getattr(datasets, name).__module__ for name in datasets.__all__})


@pytest.mark.parametrize("module", MODULES)
def test_examples(module):
    result = doctest.testmod(sys.modules[module])
    assert result.attempted > 0
    assert result.failed == 0
