"""The formulas: R2.4's examples, and every text comes to its own number."""

import ast
import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.nets import ACTIVATIONS, Operations
from ceteris.nets.arithmetic import (
    Formula,
    activation,
    average_pool,
    batch_norm,
    convolution,
    dense,
    max_pool,
)

SIGNS = {ast.Add: operator.add, ast.Mult: operator.mul}


def worth(text: str) -> int:
    """What a formula comes to, worked out from its text."""

    def of(node: ast.expr) -> int:
        if isinstance(node, ast.BinOp):
            return int(SIGNS[type(node.op)](of(node.left), of(node.right)))
        assert isinstance(node, ast.Constant)
        return int(node.value)

    return of(ast.parse(text.replace(",", ""), mode="eval").body)


def test_r2_4_to_the_last_digit() -> None:
    a, b = convolution((2, 2), 5, 6, (3, 3)), convolution((2, 2), 6, 4, (1, 1))
    assert (a.parameters.value, a.weighted) == (126, Operations(1080, 1080))
    assert (b.parameters.value, b.weighted) == (100, Operations(96, 96))


sizes = st.integers(1, 5000)


@given(sizes, sizes, st.booleans())
def test_a_dense_layers_text_is_its_number(inputs: int, units: int, bias: bool) -> None:
    found = dense(inputs, units, bias=bias)
    assert worth(found.parameters.text) == found.parameters.value == (inputs + bias) * units
    assert worth(found.products.text) == found.products.value == inputs * units
    # One sum fewer than products for each unit, and the bias makes up for it.
    assert found.weighted.additions == inputs * units - (0 if bias else units)


@given(sizes, sizes, st.lists(st.integers(1, 9), min_size=1, max_size=3), st.booleans())
def test_a_convolutions_text_is_its_number(
    channels: int, filters: int, sides: list[int], bias: bool
) -> None:
    found = convolution(sides, channels, filters, sides, bias=bias)
    assert worth(found.parameters.text) == found.parameters.value
    assert worth(found.products.text) == found.products.value == found.weighted.multiplications


def test_layers_beside_the_weights() -> None:
    assert batch_norm(8, 100).parameters == Formula("4*8", 32)
    assert batch_norm(8, 100).beside == Operations(100, 100)
    assert batch_norm(8, 100, affine=False).parameters.value == 16
    assert max_pool(4, 10).beside == Operations(comparisons=30)
    assert average_pool(4, 10).beside == Operations(10, 30)
    assert max_pool(4, 10).weighted.total == 0


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_counted_for_each_value(name: str) -> None:
    found = activation(name, 7).beside
    assert found == activation(name, 1).beside * 7
    assert found.total > 0
