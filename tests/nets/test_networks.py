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
