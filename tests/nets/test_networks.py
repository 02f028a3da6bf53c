import pytest

from ceteris.errors import CeterisError
from ceteris.nets import (
    NETWORKS,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Flatten,
    Parameters,
    account,
    count_parameters,
    find_network,
    make_network,
)

FASHION = (28, 28, 1)


def table(name, arguments=None):
    """Output shape and parameters of each layer of a network on the images it was made for."""
    network = find_network(name)
    rows = account(make_network(name, arguments), network.input_shape, network.num_classes)
    return [(row.kind, row.output_shape, row.trainable + row.fixed) for row in rows]


def counted(name, arguments=None):
    network = find_network(name)
    layers = make_network(name, arguments)
    return count_parameters(layers, network.input_shape, network.num_classes)


@pytest.mark.parametrize(
    ("report", "trainable", "fixed"),
    [
        ("R1.7", 408_074, 1_024),
        ("R3.1", 16_640, 0),
        ("R3.5", 34_622, 0),
        ("R4.0", 109_810, 0),
        ("R4.2", 119_910, 0),
        ("R4.3", 130_010, 0),
    ],
)
def test_the_reports_networks_have_the_reports_counts(report, trainable, fixed):
    # R4's: 784*100 + 100, then 100*100 + 100 for every further layer, then 100*10 + 10.
    assert count_parameters(make_network(report), FASHION, 10) == Parameters(trainable, fixed)


@pytest.mark.parametrize(
    ("report", "trainable", "fixed"),
    [
        ("R0.6", 4_342_250, 0),
        ("R0.7", 2_513_418, 0),
        ("R2.1", 5_920_583, 6_656),
        ("R2.2", 6_046_727, 9_216),  # 6,055,943 in all; two running statistics for each of 4,608
        ("R3.5", 34_622, 0),
        ("R3.7", 2_764_918, 0),
    ],
)
def test_convolutional_networks_and_their_peers_on_their_own_images(report, trainable, fixed):
    assert counted(report) == Parameters(trainable, fixed)


def test_r0_6_layer_by_layer():
    rows = table("R0.6")
    assert [row for row in rows if row[0] != "relu"] == [
        ("conv", (96, 96, 16), 1_216),
        ("max_pool", (48, 48, 16), 0),
        ("conv", (46, 46, 32), 4_640),
        ("max_pool", (23, 23, 32), 0),
        ("flatten", (16_928,), 0),
        ("dense", (256,), 4_333_824),
        ("dense", (10,), 2_570),
    ]
    assert [kind for kind, _, _ in rows].count("relu") == 3


def test_r0_7_layer_by_layer():
    rows = table("cifar10-cnn")
    assert [(shape, held) for _, shape, held in rows if held] == [
        ((32, 32, 64), 1_792),
        ((16, 16, 128), 73_856),
        ((8, 8, 256), 295_168),
        ((4, 4, 512), 1_180_160),
        ((128,), 262_272),
        ((256,), 33_024),
        ((512,), 131_584),
        ((1024,), 525_312),
        ((10,), 10_250),
    ]
    assert ("flatten", (2048,), 0) in rows
    assert "dropout" not in [kind for kind, _, _ in rows]


def test_r0_7_with_dropout_has_it_before_the_last_layer_alone():
    plain, dropped = make_network("R0.7"), make_network("R0.7", {"dropout": 0.5})
    assert dropped == (*plain[:-1], Dropout(0.5), plain[-1])
    assert counted("R0.7", {"dropout": 0.5}) == counted("R0.7")


def test_r2_1_block_by_block():
    layers = make_network("R2.1")
    rows = table("R2.1")
    pooled = [shape for kind, shape, _ in rows if kind == "max_pool"]
    sides, filters = (24, 12, 6, 3, 1), (64, 128, 192, 256, 512)
    assert pooled == [(n, n, f) for n, f in zip(sides, filters, strict=True)]
    half = ["conv", "batch_norm", "leaky_relu"]
    block = [*half, *half, "max_pool", "dropout"]
    dense = ["dense", "relu", "batch_norm", "dropout"]
    kinds = [kind for kind, _, _ in rows]
    assert kinds == [*block * 5, "flatten", *dense * 2, "dense"]
    assert rows[40] == ("flatten", (512,), 0)
    assert layers.count(Activation("leaky_relu", 0.1)) == 10
    assert (layers.count(Dropout(0.3)), layers.count(Dropout(0.5))) == (5, 2)


def test_r2_1_varies_slope_and_both_dropouts():
    layers = make_network("R2.1", {"slope": 0.2, "conv_dropout": 0, "dropout": 0.4})
    assert layers.count(Activation("leaky_relu", 0.2)) == 10
    assert [layer for layer in layers if isinstance(layer, Dropout)] == [Dropout(0.4)] * 2


def test_r2_2_layer_by_layer():
    rest = (Activation("relu"), BatchNorm(), Dropout(0.5))
    sizes = (1024, 1024, 1024, 1024, 512)
    hidden = [layer for units in sizes for layer in (Dense(units), *rest)]
    assert make_network("R2.2") == (Flatten(), *hidden, Dense("classes"))
    dense = [held for kind, _, held in table("R2.2") if kind == "dense"]
    assert dense == [2_360_320, 1_049_600, 1_049_600, 1_049_600, 524_800, 3_591]


def test_r2_networks_are_of_about_the_same_size():
    assert (counted("R2.1").total, counted("R2.2").total) == (5_927_239, 6_055_943)


def test_r3_7_layer_by_layer():
    rows = table("R3.7")
    assert [row for row in rows if row[0] not in ("relu", "dropout")] == [
        ("conv", (31, 31, 98), 1_274),
        ("conv", (30, 30, 98), 38_514),
        ("max_pool", (15, 15, 98), 0),
        ("conv", (14, 14, 256), 100_608),
        ("conv", (13, 13, 256), 262_400),
        ("max_pool", (6, 6, 256), 0),
        ("flatten", (9_216,), 0),
        ("dense", (256,), 2_359_552),
        ("dense", (10,), 2_570),
    ]
    assert make_network("R3.7")[-2] == Dropout(0.2)


def test_r3_5_flattens_to_256():
    shapes = [row.output_shape for row in account(make_network("R3.5"), FASHION, 10)]
    assert shapes[:3] == [(24, 24, 6), (24, 24, 6), (12, 12, 6)]
    assert shapes[3:7] == [(8, 8, 16), (8, 8, 16), (4, 4, 16), (256,)]
    assert Dropout(0.2) in make_network("fashion-cnn")


def test_r3_6_varies_the_filters():
    rows = account(make_network("R3.6", {"n1": 128, "n2": 256}), FASHION, 10)
    assert [row.output_shape[-1] for row in rows if row.kind == "conv"] == [128, 256]


def test_mlp_in_the_order_of_the_lectures():
    arguments = {"hidden": [7, 8], "activation": "tanh", "batch_norm": True, "dropout": 0.25}
    rest = [BatchNorm(), Activation("tanh"), Dropout(0.25)]
    assert make_network("mlp", arguments) == (
        *(Flatten(), Dense(7), *rest),
        *(Dense(8), *rest),
        Dense("classes"),
    )
    assert make_network("mlp", {"hidden": []}) == (Flatten(), Dense("classes"))


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_whole(name):
    network = NETWORKS[name]
    assert network.name == name
    assert network.title
    assert make_network(name) == network.make(**{a.name: a.default for a in network.arguments})
    assert all(find_network(report) is network for report in network.reports)
    account(make_network(name), network.input_shape or FASHION, network.num_classes)
    for argument in network.arguments:
        assert argument.check("x", argument.default) == argument.default
        assert argument.doc


def test_a_report_names_one_network():
    named = [report for network in NETWORKS.values() for report in network.reports]
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    ("name", "layers"), [("R4.1", 4), ("R4.2", 5), ("R4.5", 6), ("mlp-6x100", 6)]
)
def test_r4_has_hidden_layers_of_100_and_varies_the_rest(name, layers):
    assert make_network(name).count(Dense(100)) == layers
    varied = make_network(name, {"batch_norm": True, "dropout": 0.2, "activation": "sigmoid"})
    assert varied.count(BatchNorm()) == varied.count(Dropout(0.2)) == layers


def error_of(name, arguments=None):
    with pytest.raises(CeterisError) as caught:
        make_network(name, arguments or {}, "my.toml, network")
    return caught.value


def test_an_unknown_network():
    error = error_of("fashion-cn")
    assert error.what == "there is no network 'fashion-cn'"
    assert error.received == "'fashion-cn'  (my.toml, network)"
    assert error.fix == "did you mean 'fashion-cnn'?"


def test_an_unknown_argument():
    assert str(error_of("mlp", {"hiden": [3]})) == (
        "the network 'mlp' has no argument 'hiden'\n"
        "  received: hiden  (my.toml, network)\n"
        "  expected: one of hidden, activation, batch_norm, dropout\n"
        "  fix:      did you mean 'hidden'?"
    )


@pytest.mark.parametrize(
    ("name", "key", "value", "what"),
    [
        ("mlp", "hidden", 100, "'hidden' of the network 'mlp' cannot be 100"),
        ("mlp", "hidden", [100, 0], "'hidden[1]' of the network 'mlp' cannot be 0"),
        ("mlp", "dropout", 1.0, "'dropout' of the network 'mlp' cannot be 1.0"),
        ("mlp", "batch_norm", "yes", "'batch_norm' of the network 'mlp' cannot be 'yes'"),
        ("mlp", "activation", "rely", "'activation' of the network 'mlp' cannot be 'rely'"),
        ("fashion-cnn", "n1", 0, "'n1' of the network 'fashion-cnn' cannot be 0"),
    ],
)
def test_a_value_that_cannot_be(name, key, value, what):
    error = error_of(name, {key: value})
    assert error.what == what
    assert error.received.endswith(f"(my.toml, network.{key})")
