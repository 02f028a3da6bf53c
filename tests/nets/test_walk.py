"""A description layer by layer: names, order, shapes, and where an error is."""

import pytest

from ceteris.errors import CeterisError
from ceteris.nets import (
    NETWORKS,
    Activation,
    Conv,
    Dense,
    Flatten,
    GlobalAvgPool,
    Residual,
    account,
    make_network,
    walk,
)

RELU = Activation("relu")
SAME = Conv(4, 3, padding="same")


def test_the_inside_of_a_block_comes_before_it_and_is_named_by_it():
    block = Residual((SAME, RELU, SAME), (Conv(4, 1),))
    found = walk([SAME, block, RELU, Residual((block,)), GlobalAvgPool(), Dense(2)], (6, 6, 4), 2)
    assert [standing.name for standing in found] == [
        "conv_1",
        *("residual_1.conv_1", "residual_1.relu_1", "residual_1.conv_2"),
        *("residual_1.shortcut.conv_1", "residual_1", "relu_1"),
        *("residual_2.residual_1.conv_1", "residual_2.residual_1.relu_1"),
        *("residual_2.residual_1.conv_2", "residual_2.residual_1.shortcut.conv_1"),
        *("residual_2.residual_1", "residual_2", "global_average_pool_1", "dense_1"),
    ]
    assert found[-2].input_shape == (6, 6, 4)
    assert found[-1].layer == Dense(2)


def test_both_paths_start_at_the_blocks_input():
    block = Residual((Conv(6, 3, 2, "same"), RELU), (Conv(6, 1, 2),))
    found = {s.name: s for s in walk([block, Flatten(), Dense("classes")], (7, 8, 3), 5)}
    assert found["residual_1.conv_1"].input_shape == (7, 8, 3)
    assert found["residual_1.shortcut.conv_1"].input_shape == (7, 8, 3)
    assert found["residual_1"].input_shape == (7, 8, 3)
    assert found["residual_1"].output_shape == (4, 4, 6)
    assert found["dense_1"].layer == Dense(5)


def test_layers_of_a_chain_keep_their_names_beside_blocks():
    # Initial weights are drawn by name: a block put into a network changes no other layer's.
    chain = [SAME, RELU, SAME, RELU, GlobalAvgPool(), Dense(2)]
    plain = [s.name for s in walk(chain, (6, 6, 1), 2)]
    with_block = [s.name for s in walk([*chain[:2], Residual((SAME,)), *chain[2:]], (6, 6, 1), 2)]
    assert [name for name in with_block if not name.startswith("residual")] == plain


@pytest.mark.parametrize("name", NETWORKS)
def test_rows_and_standings_are_the_same_layers(name):
    network = NETWORKS[name]
    given = make_network(name), network.input_shape or (28, 28, 1), network.num_classes
    rows, standings = account(*given), walk(*given)
    assert [(r.name, r.kind, r.output_shape) for r in rows] == [
        (s.name, s.layer.kind, s.output_shape) for s in standings
    ]
    assert len({row.name for row in rows}) == len(rows)


def error_of(*layers):
    with pytest.raises(CeterisError) as caught:
        walk(layers, (8, 8, 1), 10, "my.toml, network")
    return caught.value


def test_an_error_says_where_in_the_block_it_is():
    error = error_of(SAME, Residual((RELU, Conv(4, 9))))
    assert error.what == (
        "layer 2, layer 2: the kernel of conv is larger than the image it stands on"
    )
    assert error.received == "kernel = 9 on an image of 8 x 8  (my.toml, network, layer 2, layer 2)"
    error = error_of(Residual((SAME,), (RELU, Dense(3))))
    assert error.what.startswith("layer 1, shortcut layer 2: a flatten layer is missing")
    error = error_of(SAME, Residual((SAME, Conv(8, 3, padding="same"))))
    assert error.what.startswith("layer 2: the two paths of a residual block end in different")
    assert error.fix == 'write shortcut = [{layer = "conv", filters = 8, kernel = 1}]'


def test_a_network_may_not_end_with_a_block_of_another_size():
    error = error_of(GlobalAvgPool(), Residual((Dense(1),)))
    assert error.received == "residual_1 gives (1,)  (my.toml, network)"
