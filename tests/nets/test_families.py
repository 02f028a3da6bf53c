"""Residual networks and VGG for small images: the published counts, and what may be varied."""

import pytest

from ceteris.errors import CeterisError
from ceteris.nets import (
    Activation,
    BatchNorm,
    Conv,
    Dropout,
    Residual,
    account,
    count_parameters,
    each_layer,
    make_network,
)

CIFAR = (32, 32, 3)


@pytest.mark.parametrize(
    ("name", "depth", "trainable"),
    [
        # The counts everyone's CIFAR-10 versions have, batch normalisation's two numbers for each
        # channel included, its running statistics not.
        ("resnet18", None, 11_173_962),
        ("resnet34", None, 21_282_122),
        ("resnet9", None, 6_573_130),
        ("vgg", 11, 9_231_114),
        ("vgg", 13, 9_416_010),
        ("vgg", 16, 14_728_266),
        ("vgg", 19, 20_040_522),
        # He et al. (2016), table 6, print 0.27, 0.46, 0.66, 0.85 and 1.7 million for shortcuts that
        # hold no weights; two projections add 2,752.
        ("resnet", 20, 269_722 + 2_752),
        ("resnet", 110, 1_727_962 + 2_752),
    ],
)
def test_the_known_totals(name, depth, trainable):
    layers = make_network(name, {"depth": depth} if depth else {})
    assert count_parameters(layers, CIFAR, 10).trainable == trainable


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85)])
def test_the_millions_of_the_paper(depth, millions):
    layers = make_network("resnet", {"depth": depth})
    assert round(count_parameters(layers, CIFAR, 10).trainable / 1e6, 2) in (
        millions,
        round(millions + 0.01, 2),  # 0.4669 with projections
    )


def weighted(layers):
    """Layers with weights on the longest way through, as depths are counted."""
    rows = account(layers, CIFAR, 10)
    return sum(row.kind in ("conv", "dense") and "shortcut" not in row.name for row in rows)


@pytest.mark.parametrize(
    ("name", "depth"),
    [("resnet", 8), ("resnet", 32), ("vgg", 11), ("vgg", 16), ("vgg", 19)],
)
def test_a_depth_is_the_layers_with_weights(name, depth):
    # VGG's depths are those of the published networks, whose three dense layers are one here.
    fewer = 2 if name == "vgg" else 0
    assert weighted(make_network(name, {"depth": depth})) == depth - fewer


@pytest.mark.parametrize(("name", "depth"), [("resnet9", 9), ("resnet18", 18), ("resnet34", 34)])
def test_a_name_is_its_depth(name, depth):
    assert weighted(make_network(name)) == depth


@pytest.mark.parametrize(
    ("name", "sides"),
    [
        ("resnet", [32, 16, 8]),
        ("resnet9", [32, 16, 8, 4]),
        ("resnet18", [32, 16, 8, 4]),
        ("vgg", [32, 16, 8, 4, 2]),
    ],
)
def test_sides_of_the_stages(name, sides):
    rows = [r for r in account(make_network(name), CIFAR, 10) if len(r.output_shape) == 3]
    found = [row.output_shape[0] for row in rows if row.kind == "conv"]
    assert list(dict.fromkeys(found)) == sides
    assert {row.output_shape[2] for row in rows if row.output_shape[0] == 32} >= {
        16 if name == "resnet" else 64
    }


@pytest.mark.parametrize("name", ["resnet", "resnet9", "resnet18", "resnet34", "vgg"])
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (48, 48, 1), (17, 23, 2)])
def test_any_image_will_do(name, shape):
    assert account(make_network(name), shape, 7)[-1].output_shape == (7,)


@pytest.mark.parametrize("name", ["resnet", "resnet9", "resnet18", "vgg"])
def test_what_may_be_varied(name):
    given = {"width": 8, "activation": "gelu", "dropout": 0.25}
    layers = make_network(name, given)
    every = list(each_layer(layers))
    assert next(layer for layer in every if isinstance(layer, Conv)).filters == 8
    assert layers[-2] == Dropout(0.25)
    assert every.count(Dropout(0.25)) == 1
    kinds = {layer.name for layer in every if isinstance(layer, Activation)}
    assert kinds == {"gelu"}
    convolutions = [layer for layer in every if isinstance(layer, Conv)]
    assert every.count(BatchNorm()) == len(convolutions)
    bare = list(each_layer(make_network(name, {**given, "batch_norm": False})))
    assert BatchNorm() not in bare
    # Where nothing subtracts a mean, a filter has a bias.
    assert all(layer.bias for layer in bare if isinstance(layer, Conv))
    if name != "vgg":
        assert not any(layer.bias for layer in convolutions)


def test_a_shortcut_has_weights_only_where_the_shape_changes():
    blocks = [b for b in make_network("resnet18") if isinstance(b, Residual)]
    assert [bool(block.shortcut) for block in blocks] == [False, False, *[True, False] * 3]
    assert blocks[2].shortcut == (Conv(128, 1, 2, "same", bias=False), BatchNorm())


@pytest.mark.parametrize(
    ("depth", "fix"),
    [
        (21, "write depth = 20"),
        (2, "write depth = 8"),
        (5000, "write depth = 1202"),
        (18, "for 18 and 34 write the network 'resnet18' or 'resnet34'"),
    ],
)
def test_a_depth_that_cannot_be(depth, fix):
    with pytest.raises(CeterisError) as caught:
        make_network("resnet", {"depth": depth}, "my.toml, network")
    assert str(caught.value) == (
        f"'depth' of the network 'resnet' cannot be {depth}\n"
        f"  received: depth = {depth}  (my.toml, network)\n"
        "  expected: 6 n + 2, from 8 to 1,202: 20, 32, 44, 56 and 110 are the usual ones\n"
        f"  fix:      {fix}"
    )


def test_a_vgg_that_cannot_be():
    with pytest.raises(CeterisError) as caught:
        make_network("vgg", {"depth": 12})
    assert caught.value.expected == "one of 11, 13, 16, 19"
    with pytest.raises(CeterisError, match="the size of max_pool is larger than the image"):
        account(make_network("vgg"), (8, 8, 1), 10)
