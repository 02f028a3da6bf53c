"""What is written into a study makes the network that was found."""

import tomllib

from ceteris.nets import Dense, make_network, parse_layers
from ceteris.report import layers_lines, network_line


def test_a_line_is_read_back() -> None:
    line = network_line("mlp", {"hidden": [9, 5], "activation": "tanh", "dropout": 0.5})
    table = tomllib.loads(line)["network"]
    assert make_network(table.pop("name"), table)[1] == Dense(9)


def test_layers_are_read_back() -> None:
    for name in ("fer2013-cnn", "resnet9", "fashion-batchnorm"):
        layers = make_network(name)
        table = tomllib.loads(layers_lines(layers))
        assert parse_layers(table["network"]["layers"]) == layers
