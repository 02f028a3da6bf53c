import doctest
import importlib

import pytest

MODULES = ["bench", "linearity", "machine", "operations", "peak", "table", "works"]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name: str) -> None:
    module = importlib.import_module(f"benchmarks.{name}")
    assert doctest.testmod(module).failed == 0
