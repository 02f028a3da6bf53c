"""Ways by word, the convolutions of a network, and the file that remembers what was measured."""

from pathlib import Path

import pytest

from ceteris.engine.ways import Ways, WaysFile, convolutions
from ceteris.nets import Conv, Dense, Flatten, make_network

OWN = Ways("columns", "direct", "columns")


def test_words_there_and_back() -> None:
    assert Ways.read(OWN.words) == OWN
    for wrong in ("", "direct direct", "direct direct sideways", "direct direct direct direct"):
        with pytest.raises(ValueError, match=r"unpack|called"):
            Ways.read(wrong)


def test_a_network_s_convolutions_with_what_they_are_given() -> None:
    found = convolutions(make_network("R3.5"), (28, 28, 1), 10, batch_size=32, precision="bfloat16")
    assert [c.name for c in found] == ["conv_1", "conv_2"]
    assert [c.input_shape for c in found] == [(28, 28, 1), (12, 12, 6)]
    assert [c.first for c in found] == [True, False]
    assert [c.layer.filters for c in found] == [6, 16]


def test_those_inside_blocks_are_found_by_the_names_their_weights_have() -> None:
    layers = make_network("resnet", {"depth": 8, "width": 4})
    found = convolutions(layers, (28, 28, 1), 10, batch_size=32, precision="float32")
    assert [c.name for c in found] == [
        *("conv_1", "residual_1.conv_1", "residual_1.conv_2"),
        *("residual_2.conv_1", "residual_2.conv_2", "residual_2.shortcut.conv_1"),
        *("residual_3.conv_1", "residual_3.conv_2", "residual_3.shortcut.conv_1"),
    ]
    assert found[5].input_shape == found[3].input_shape == (28, 28, 4)
    assert [c.name for c in found if c.first] == ["conv_1"]


def test_what_changes_the_time_changes_the_key() -> None:
    def key(layer: Conv, side: int = 9, batch: int = 4, precision: str = "float32") -> str:
        layers, shape = (layer, Flatten(), Dense(2)), (side, side, 2)
        found = convolutions(layers, shape, 2, batch_size=batch, precision=precision)
        return found[0].key

    keys = [
        key(Conv(8, 3)),
        key(Conv(9, 3)),
        key(Conv(8, 4)),
        key(Conv(8, 3, stride=2)),
        key(Conv(8, 3, padding="same")),
        key(Conv(8, 3), side=10),
        key(Conv(8, 3), batch=5),
        key(Conv(8, 3), precision="bfloat16"),
    ]
    assert len(set(keys)) == len(keys)


def test_measured_ways_are_remembered(tmp_path: Path) -> None:
    path, machine = tmp_path / "ways.json", {"processor": "a"}
    WaysFile(path, machine).add({"x": OWN})
    WaysFile(path, machine).add({"y": Ways()})
    assert WaysFile(path, machine).ways == {"x": OWN, "y": Ways()}


def test_another_machine_s_ways_are_not_read(tmp_path: Path) -> None:
    path = tmp_path / "ways.json"
    WaysFile(path, {"processor": "a"}).add({"x": OWN})
    other = WaysFile(path, {"processor": "b"})
    assert other.ways == {}
    other.add({"z": OWN})
    assert WaysFile(path, {"processor": "b"}).ways == {"z": OWN}


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", '{"machine": "{}"}', '{"machine": "{}", "ways": {"x": "up"}}'],
)
def test_a_damaged_file_counts_as_empty(tmp_path: Path, content: str) -> None:
    path = tmp_path / "ways.json"
    path.write_text(content)
    assert WaysFile(path, {}).ways == {}
