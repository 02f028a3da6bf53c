import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.nets.values import MOST, choice, count, counts, flag, number


@given(st.integers(1, MOST))
def test_every_size_is_accepted_and_plain(size):
    for given_size in (size, np.int64(size)):
        assert count("dense", "units", given_size) == size
        assert type(count("dense", "units", given_size)) is int


@pytest.mark.parametrize("value", [0, -1, MOST + 1, 10**400, True, 1.0, "3", None, [3], math.nan])
def test_what_is_no_size_is_refused(value):
    with pytest.raises(CeterisError) as caught:
        count("dense", "units", value)
    assert caught.value.what.startswith("'units' of dense cannot be ")
    assert caught.value.expected == "a whole number, 1 to 1,000,000"


def test_a_list_names_its_wrong_entry():
    assert counts("mlp", "hidden", [3, 4]) == counts("mlp", "hidden", (3, 4)) == [3, 4]
    assert counts("mlp", "hidden", []) == []
    with pytest.raises(CeterisError, match=r"'hidden\[1\]' of mlp cannot be 0"):
        counts("mlp", "hidden", [3, 0])
    with pytest.raises(CeterisError) as caught:
        counts("mlp", "hidden", 100)
    assert caught.value.expected == "a list of whole numbers, for example [100, 100]"


@pytest.mark.parametrize("value", [-0.1, 1, 1.5, math.nan, math.inf, -math.inf, True, "0.5", None])
def test_what_is_no_fraction_is_refused(value):
    with pytest.raises(CeterisError) as caught:
        number("dropout", "rate", value, low=0, below=1)
    assert caught.value.expected == "a number, 0 or more and less than 1"


def test_a_whole_number_too_large_for_a_float_is_refused():
    with pytest.raises(CeterisError, match="'epsilon' of batch_norm cannot be 1000"):
        number("batch_norm", "epsilon", 10**400, low=0, below=math.inf)


def test_one_number_has_one_form():
    values = [number("x", "x", zero, low=0, below=1) for zero in (0, 0.0, -0.0, np.float32(0))]
    assert {repr(value) for value in values} == {"0.0"}


def test_flags_and_words():
    assert flag("mlp", "batch_norm", True) is True
    with pytest.raises(CeterisError, match="'batch_norm' of mlp cannot be 1"):
        flag("mlp", "batch_norm", 1)
    assert choice("conv", "padding", "same", ("valid", "same")) == "same"
    with pytest.raises(CeterisError) as caught:
        choice("conv", "padding", "sam", ("valid", "same"))
    assert caught.value.what == "'padding' of conv cannot be 'sam'"
    assert caught.value.fix == "did you mean 'same'?"
