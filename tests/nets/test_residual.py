"""Residual blocks as values: their shapes, their messages, written out and read back."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.nets import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
    Residual,
    account,
    build,
    each_layer,
    parse_layers,
    weight_places,
    with_batch_norm_defaults,
)
from ceteris.nets.residual import DEEPEST
from ceteris.nets.walk import with_classes

RELU = Activation("relu")
SAME = Conv(4, 3, padding="same")
IMAGE = (8, 8, 4)

simple = st.sampled_from([RELU, SAME, BatchNorm(), Dropout(0.5), Conv(4, 1, bias=False)])
blocks = st.recursive(
    st.builds(Residual, st.lists(simple, min_size=1, max_size=2), st.lists(simple, max_size=2)),
    lambda inside: st.builds(
        Residual, st.lists(simple | inside, min_size=1, max_size=2), st.lists(inside, max_size=1)
    ),
    max_leaves=3,
)


@given(st.lists(blocks, min_size=1, max_size=3))
def test_written_out_it_reads_back(layers):
    assert parse_layers([layer.to_dict() for layer in layers]) == tuple(layers)
    assert all(hash(layer) == hash(Residual(layer.layers, layer.shortcut)) for layer in layers)


@settings(deadline=None, max_examples=30)
@given(blocks)
def test_its_shape_is_the_walks(block):
    assert block.output_shape(IMAGE) == IMAGE
    rows = account([block, Flatten(), Dense(2)], IMAGE, 2)
    found = {row.name: row for row in rows}
    assert found["residual_1"].output_shape == IMAGE
    assert found["residual_1"].trainable == found["residual_1"].multiply_adds == 0


def test_a_table_of_a_study_file():
    block = {
        "layer": "residual",
        "layers": [{"layer": "conv", "filters": 8, "kernel": 3, "padding": "same"}, "relu"],
        "shortcut": [{"layer": "conv", "filters": 8, "kernel": 1, "bias": False}],
    }
    (read,) = parse_layers([block])
    assert read == Residual((Conv(8, 3, padding="same"), RELU), (Conv(8, 1, bias=False),))
    assert parse_layers([{"layer": "residual", "layers": ["relu"]}]) == (Residual((RELU,)),)


def test_a_bias_is_said_only_where_there_is_none():
    # The identity of a run holds the layers as tables: those stored before stay what they were.
    assert Conv(6, 5).to_dict() == {
        "layer": "conv", "filters": 6, "kernel": 5, "stride": 1, "padding": "valid",
    }  # fmt: skip
    assert Conv(6, 5, bias=False).to_dict()["bias"] is False
    assert [w.name for w in Conv(6, 5, bias=False).weights((8, 8, 1))] == ["weight"]
    with pytest.raises(CeterisError, match="'bias' of conv cannot be 0"):
        Conv(6, 5, bias=0)


def test_what_is_filled_in_is_filled_in_inside_too():
    inside = Residual((Dense("classes"), BatchNorm()), (Dense("classes"),))
    (filled,) = with_classes(with_batch_norm_defaults([inside], 0.9, 1e-5), 7)
    assert filled == Residual((Dense(7), BatchNorm(0.9, 1e-5)), (Dense(7),))


def test_going_through_what_is_inside():
    nested = Residual((Residual((RELU,)), SAME), (MaxPool(2),))
    found = [layer.kind for layer in each_layer([nested, Flatten()])]
    assert found == ["relu", "residual", "conv", "max_pool", "residual", "flatten"]


@pytest.mark.parametrize(
    ("block", "start", "received", "fix"),
    [
        (
            Residual((Conv(6, 3, 2, "same"),)),
            (9, 8, 4),
            "layers give (5, 4, 6); there is no shortcut, so (9, 8, 4) is added as it is",
            'write shortcut = [{layer = "conv", filters = 6, kernel = 1, stride = 2}]',
        ),
        (
            Residual((Conv(6, 1),), (RELU,)),
            IMAGE,
            "layers give (8, 8, 6); shortcut gives (8, 8, 4)",
            'write shortcut = [{layer = "conv", filters = 6, kernel = 1}]',
        ),
        (
            Residual((Conv(4, 3),)),
            IMAGE,
            "layers give (6, 6, 4); there is no shortcut, so (8, 8, 4) is added as it is",
            'give the convolutions in layers padding = "same"',
        ),
        (
            Residual((Dense(5),)),
            (9,),
            "layers give (5,); there is no shortcut, so (9,) is added as it is",
            'write shortcut = [{layer = "dense", units = 5}]',
        ),
        (
            Residual((Flatten(),)),
            IMAGE,
            "layers give (256,); there is no shortcut, so (8, 8, 4) is added as it is",
            'take "flatten" and what flattens out of the block, or write it in both paths',
        ),
    ],
)
def test_paths_that_end_differently_are_told_both_shapes_and_what_to_write(
    block, start, received, fix
):
    with pytest.raises(CeterisError) as caught:
        block.output_shape(start)
    assert str(caught.value) == (
        "the two paths of a residual block end in different shapes and cannot be added\n"
        f"  received: {received}\n"
        "  expected: the same shape from both\n"
        f"  fix:      {fix}"
    )


def test_what_is_told_to_write_works():
    halved = (Conv(6, 3, 2, "same"), RELU)
    for side in range(2, 12):
        with pytest.raises(CeterisError) as caught:
            Residual(halved).output_shape((side, 2 * side, 4))
        assert caught.value.fix.endswith("kernel = 1, stride = 2}]")
        assert Residual(halved, (Conv(6, 1, 2),)).output_shape((side, 2 * side, 4))


def error_of(entry):
    with pytest.raises(CeterisError) as caught:
        parse_layers(["relu", entry], "my.toml, network.layers")
    return caught.value


def test_errors_inside_say_which_layer():
    error = error_of({"layer": "residual", "layers": ["relu", {"layer": "dens", "units": 3}]})
    assert error.what == "layer 2, layer 2: there is no layer 'dens'"
    assert error.received == "'dens'  (my.toml, network.layers, layer 2, layer 2)"
    error = error_of({"layer": "residual", "layers": ["relu"], "shortcut": ["relu", "konv"]})
    assert error.what == "layer 2, shortcut layer 2: there is no layer 'konv'"
    nested = {"layer": "residual", "layers": [{"layer": "residual", "layers": ["dropout"]}]}
    assert error_of(nested).what == "layer 2, layer 1, layer 1: 'rate' of dropout is missing"


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        ("residual", "layer 2: 'layers' of residual is missing"),
        ({"layer": "residual", "layers": []}, "layer 2: 'layers' of residual cannot be []"),
        ({"layer": "residual", "layers": "relu"}, "layer 2: 'layers' of residual cannot be 'relu'"),
        ({"layer": "residual", "layers": 3}, "layer 2: 'layers' of residual cannot be 3"),
        (
            {"layer": "residual", "layers": ["relu"], "shortcut": "relu"},
            "layer 2: 'shortcut' of residual cannot be 'relu'",
        ),
        (
            {"layer": "residual", "layers": ["relu"], "shortcuts": []},
            "layer 2: there is no key 'shortcuts' in a residual layer",
        ),
    ],
)
def test_a_block_that_cannot_be(entry, what):
    assert error_of(entry).what == what


def test_in_python_layers_of_a_block_are_layers():
    with pytest.raises(CeterisError, match="'layers' of residual cannot be"):
        Residual(["relu"])
    assert Residual([RELU]) == Residual((RELU,))


def test_blocks_within_blocks_have_an_end():
    block = RELU
    for _ in range(DEEPEST):
        block = Residual((block,))
    with pytest.raises(CeterisError) as caught:
        Residual((block,))
    assert caught.value.what == "residual blocks stand within each other more than 8 deep"
    assert caught.value.received == "9 blocks, each within the one before"


@pytest.mark.parametrize("layer", [GlobalAvgPool(), GlobalMaxPool()])
def test_global_pools_give_one_value_for_each_channel(layer):
    assert layer.output_shape((5, 7, 3)) == (3,)
    assert parse_layers([layer.kind]) == (layer,)
    with pytest.raises(CeterisError, match="needs an image"):
        layer.output_shape((3,))


def test_built_it_is_the_sum_of_both_paths():
    layers = with_batch_norm_defaults(
        [
            Residual((Conv(6, 3, 2, "same", bias=False), BatchNorm(), RELU), (Conv(6, 1, 2),)),
            Residual((Conv(6, 3, padding="same"), Residual((RELU,)))),
            *(GlobalAvgPool(), Dense(3)),
        ],
        0.9,
        1e-5,
    )
    module = build(layers, IMAGE, 3)
    assert [name for name, _ in module.named_parameters()] == [
        "residual_1.conv_1.weight",
        *("residual_1.batch_norm_1.scale", "residual_1.batch_norm_1.shift"),
        *("residual_1.shortcut.conv_1.weight", "residual_1.shortcut.conv_1.bias"),
        *("residual_2.conv_1.weight", "residual_2.conv_1.bias", "dense_1.weight", "dense_1.bias"),
    ]
    assert {place.layer for place in weight_places(module)} == {
        *("residual_1.conv_1", "residual_1.batch_norm_1", "residual_1.shortcut.conv_1"),
        *("residual_2.conv_1", "dense_1"),
    }
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape))
    x = torch.rand(2, 4, 8, 8)
    one, two = module.residual_1, module.residual_2
    padded = torch.nn.functional.pad(x, (0, 1, 0, 1))
    through = torch.nn.functional.conv2d(padded, one.conv_1.weight, None, 2)
    through = torch.relu(one.batch_norm_1(through))
    y = through + torch.nn.functional.conv2d(
        x, one.shortcut.conv_1.weight, one.shortcut.conv_1.bias, 2
    )
    inner = torch.nn.functional.conv2d(y, two.conv_1.weight, two.conv_1.bias, padding=1)
    y = y + inner + torch.relu(inner)
    expected = y.mean((2, 3)) @ module.dense_1.weight.T + module.dense_1.bias
    torch.testing.assert_close(module(x), expected, rtol=1e-4, atol=1e-4)
