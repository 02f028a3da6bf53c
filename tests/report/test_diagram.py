"""Drawings of networks: everything in them, nothing outside, the same bytes each time."""

import re
import xml.etree.ElementTree as ET

import pytest

from ceteris.nets import NETWORKS, Dense, Explanation, explain, make_network, wires
from ceteris.report import draw_network
from ceteris.report.diagram import Lane, blocks, lanes
from ceteris.report.nodes import columns
from ceteris.report.svg import width_of

SVG = "{http://www.w3.org/2000/svg}"


def explained(name: str, **arguments: object) -> Explanation:
    network = NETWORKS[name]
    shape = network.input_shape or (28, 28, 1)
    layers = make_network(name, arguments)
    return explain(layers, shape, network.num_classes, title=f"{name} <&>")


SOME = ["fashion-mlp", "cifar10-cnn", "fer2013-cnn", "fer2013-mlp", "resnet", "mlp"]


@pytest.mark.parametrize("name", SOME)
def test_nothing_is_cut_off(name: str) -> None:
    root = ET.fromstring(draw_network(explained(name)))  # noqa: S314  (our own bytes)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for text in root.iter(f"{SVG}text"):
        x, y, size = (float(text.attrib[key]) for key in ("x", "y", "font-size"))
        wide = width_of(text.text or "", size)
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[text.attrib["text-anchor"]]
        assert left >= 0, text.text
        assert left + wide <= width, text.text
        assert size <= y <= height
    for box in root.iter(f"{SVG}rect"):
        assert float(box.get("x", 0)) + float(box.attrib["width"]) <= width
        assert float(box.get("y", 0)) + float(box.attrib["height"]) <= height
    for line in root.iter(f"{SVG}polyline"):
        for x, y in (point.split(",") for point in line.attrib["points"].split()):
            assert 0 < float(x) < width
            assert 0 < float(y) < height


@pytest.mark.parametrize("name", SOME)
def test_every_layer_is_there_and_bytes_are_the_same(name: str) -> None:
    found = explained(name)
    drawn = draw_network(found)
    assert drawn == draw_network(explained(name))
    for block in blocks(found):
        assert f">{block.label.strip()}<" in drawn
    assert str(found.layers[-1].output_shape) in drawn
    assert "&lt;&amp;&gt;" in drawn
    asks = drawn.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?:|url\(|@import|<script|<image|href", asks)


def test_a_shortcut_goes_around_and_lanes_do_not_cross() -> None:
    names = ["residual_1.conv_1", "residual_1.conv_2", "residual_1.shortcut.conv_1", "residual_1"]
    assert lanes(wires(names)) == (Lane(1, 3, 0), Lane(-1, 2, 1))
    found = explained("resnet")
    around = lanes(wires([layer.name for layer in found.layers]))
    assert sum(layer.kind == "residual" for layer in found.layers) <= len(around)
    for one in around:
        for other in around:
            if one != other and one.place == other.place:
                assert one.end <= other.start or other.end <= one.start


@pytest.mark.parametrize("name", ["fashion-mlp", "resnet"])
def test_headings_stand_above_the_input_and_its_shape_in_the_column_of_shapes(name: str) -> None:
    found = explained(name)
    root = ET.fromstring(draw_network(found))  # noqa: S314  (our own bytes)
    texts = [(t.text, float(t.attrib["x"]), float(t.attrib["y"])) for t in root.iter(f"{SVG}text")]
    at = {word: (x, y) for word, x, y in texts}  # of a word that comes twice the last, in the list
    height = {at[word][1] for word in ("layer", "parameters", "output shape")}
    assert len(height) == 1
    assert min(height) + 20 < at["input"][1] < at[found.layers[0].name][1]
    shape = str(found.input_shape)
    assert (at["output shape"][0], at["input"][1]) in {(x, y) for w, x, y in texts if w == shape}
    assert sum(box.get("stroke-dasharray") is not None for box in root.iter(f"{SVG}rect")) == 1


def test_the_inputs_nodes_say_what_their_number_is_a_product_of() -> None:
    assert ">= 28 x 28 x 1<" in draw_network(explained("fashion-mlp"))
    row = explain([Dense("classes")], (7,), 3, title="a")
    assert [column.product for column in columns(row)] == ["", ""]


def test_nodes_are_drawn_for_small_dense_networks_alone() -> None:
    assert [c.size for c in columns(explained("fashion-mlp"))] == [784, 20, 30, 10]
    assert columns(explained("cifar10-cnn")) == ()
    assert columns(explained("mlp", hidden=[9] * 9)) == ()
    drawn = draw_network(explained("fashion-mlp"))
    # Nine nodes of each long layer and three dots, ten of the last.
    assert drawn.count("<circle") == 3 * (9 + 3) + 10
    assert drawn.count("M") >= 9 * 9 * 2 + 9 * 10
