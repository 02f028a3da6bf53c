"""A width solved for is the nearest there is: against trying every width."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.nets import (
    NETWORKS,
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    account,
    layer_dial,
    make_network,
    match,
    network_dial,
)
from ceteris.nets.matching import QUANTITIES, nearest_width

MLP = NETWORKS["mlp"]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=3),
    st.sampled_from(sorted(QUANTITIES)),
    st.integers(1, 4000),
    st.booleans(),
)
def test_it_is_the_nearest_of_all_widths(hidden, quantity, wanted, normed):
    arguments = {"hidden": hidden, "batch_norm": normed}
    dial = network_dial(MLP, arguments, "hidden")
    found = match(dial, quantity, wanted, (3, 3, 1), 4)

    def size(width):
        layers = make_network("mlp", {**arguments, "hidden": dial.value(width)})
        return sum(QUANTITIES[quantity](row) for row in account(layers, (3, 3, 1), 4))

    sizes = {width: size(width) for width in range(1, 450)}
    nearest = min(abs(s - wanted) for s in sizes.values())
    assert abs(found.remainder) == nearest
    assert found.found == sizes[found.width]
    assert found.width == min(w for w, s in sizes.items() if abs(s - wanted) == nearest)
    if found.other_found is not None and found.remainder:
        # The neighbour lies on the other side, or exactly at what is wanted.
        assert (found.other_found - wanted) * found.remainder <= 0


@given(st.lists(st.integers(1, 5), min_size=1, max_size=40), st.integers(0, 200))
def test_bisection_finds_the_neighbours(steps, wanted):
    sizes = [sum(steps[: i + 1]) for i in range(len(steps))]
    low, high = nearest_width(lambda width: sizes[width - 1], wanted, len(sizes))
    below = [w for w, s in enumerate(sizes, 1) if s <= wanted]
    assert low == (below[-1] if below else 1)
    assert high == (low if not below or low == len(sizes) else low + 1)


def test_r2_2_made_as_large_as_r2_1():
    dial = network_dial(NETWORKS["fer2013-mlp"], {}, "hidden")
    found = match(dial, "parameters", 5_927_239, (48, 48, 1), 7)
    assert (dial.value(found.width), found.found) == ([1010, 1010, 1010, 1010, 505], 5_923_657)
    assert found.remainder == -3_582
    assert (found.other_width, found.other_found) == (1011, 5_933_572)
    one = layer_dial(dial.layers(1024), "dense_1")
    assert abs(match(one, "parameters", 5_927_239, (48, 48, 1), 7).remainder) < 2_000


def test_one_entry_of_a_list():
    dial = network_dial(MLP, {"hidden": [20, 30]}, "hidden[1]")
    assert dial.value(7) == [20, 7]
    assert dial.arguments(7) == {"hidden": [20, 7]}


def test_an_end_has_no_neighbour():
    found = match(network_dial(NETWORKS["fashion-cnn"], {}, "n1"), "parameters", 5, (28, 28, 1), 10)
    assert (found.width, found.other_width) == (1, None)
    dial = network_dial(NETWORKS["resnet9"], {}, "width")
    widest = match(dial, "parameters", 10**17, (28, 28, 1), 10)
    assert (widest.width, widest.other_width) == (125_000, None)  # 8 widths are 1,000,000


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("dropout", "there is no width to vary 'dropout'"),
        ("hidden[2]", "there is no width to vary 'hidden[2]'"),
        ("dense_3", "there is no width to vary 'dense_3'"),  # as many as classes
        ("hidden[0", "there is no width to vary 'hidden[0'"),
    ],
)
def test_what_cannot_be_varied(name, what):
    with pytest.raises(CeterisError) as caught:
        network_dial(MLP, {"hidden": [20, 30]}, name)
    assert caught.value.what == what
    assert "hidden" in caught.value.expected


def test_an_empty_list_and_a_network_without_widths():
    with pytest.raises(CeterisError, match="'hidden' is an empty list"):
        network_dial(MLP, {"hidden": []}, "hidden")
    with pytest.raises(CeterisError, match="there is no width to vary in this network"):
        layer_dial([Flatten(), BatchNorm(), Dense("classes")], "dense_1")
    with pytest.raises(CeterisError, match="there is no width to vary 'n1\\[0\\]'"):
        network_dial(NETWORKS["fashion-cnn"], {}, "n1[0]")


def test_an_unknown_quantity_and_a_network_that_does_not_fit():
    dial = layer_dial([Conv(4, 3), Flatten(), Dense("classes")], "conv_1")
    with pytest.raises(CeterisError, match="there is no quantity to match 'flops'"):
        match(dial, "flops", 5, (8, 8, 1), 2)
    with pytest.raises(CeterisError, match="layer 1: the kernel of conv is larger"):
        match(dial, "parameters", 5, (2, 2, 1), 2)
