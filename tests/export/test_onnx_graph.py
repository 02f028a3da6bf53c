"""The ONNX file gives what the engine gives, for every kind of layer and every network."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
from tests.export.conftest import CLASSES, NETWORKS, SHAPE, facts_for, layers_of, logits_of
from tests.export.conftest import pixels_for as pixels_of

from ceteris.export.facts import Facts
from ceteris.export.onnx_graph import IR_VERSION, OPSET, onnx_bytes
from ceteris.nets import LAYERS, count_parameters, each_layer, make_network
from ceteris.nets import NETWORKS as KNOWN
from ceteris.nets import with_batch_norm_defaults as filled

# Both sum in float32 in their own order: a share of the largest logit.
TOLERANCE = 1e-4


def run(content: bytes, pixels: np.ndarray) -> dict[str, np.ndarray]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {"pixels": pixels}), strict=True))


def check(facts: Facts) -> None:
    content, pixels = onnx_bytes(facts), pixels_of(facts)
    expected = logits_of(facts, pixels)
    found = run(content, pixels)
    # A network that says the same of all images would show nothing.
    assert np.ptp(expected, axis=0).max() > 100 * TOLERANCE
    allowed = TOLERANCE * max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(found["logits"], expected, rtol=0, atol=allowed)
    np.testing.assert_allclose(found["probabilities"].sum(1), 1, rtol=1e-5)
    assert (found["probabilities"].argmax(1) == expected.argmax(1)).all()
    one = run(content, pixels[:1])["logits"]
    np.testing.assert_allclose(one, expected[:1], rtol=0, atol=allowed)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_gives_what_the_engine_gives(name: str) -> None:
    check(facts_for(layers_of(NETWORKS[name])))


def test_every_kind_of_layer_is_among_those_tested() -> None:
    tested = {layer.kind for e in NETWORKS.values() for layer in each_layer(layers_of(e))}
    assert tested == set(LAYERS)


def of_register(name: str) -> Facts:
    """A named network for the images it was made for, or for small grey ones."""
    height, width, channels = KNOWN[name].input_shape or (28, 28, 1)
    classes = tuple(f"class {k}" for k in range(KNOWN[name].num_classes))
    return facts_for(filled(make_network(name), 0.99, 1e-3), (height, width, channels), classes)


def cheap() -> list[str]:
    """The others were tried once by hand: the largest has 24 million parameters."""
    found = []
    for name, network in KNOWN.items():
        shape = network.input_shape or (28, 28, 1)
        layers = filled(make_network(name), 0.99, 1e-3)
        if count_parameters(layers, shape, network.num_classes).total < 700_000:
            found.append(name)
    return found


@pytest.mark.parametrize("name", cheap())
def test_every_cheap_network_of_the_register_gives_it_too(name: str) -> None:
    check(of_register(name))


def test_the_file_says_what_it_is_and_what_goes_in() -> None:
    facts = facts_for(layers_of(NETWORKS["dense alone"]))
    model = onnx.load_model_from_string(onnx_bytes(facts))
    words = {entry.key: entry.value for entry in model.metadata_props}
    assert json.loads(words["classes"]) == list(CLASSES)
    assert words["input"].startswith("pixels (batch, 7, 10, 3), channels last, 0 to 255")
    assert json.loads(words["normalisation"])["divisor"] == [50.0, 60.0, 70.0]
    assert (words["study"], words["seed"], words["data_licence"]) == ("study", "0", "CC0")
    assert model.producer_name == "ceteris"
    assert (model.ir_version, model.opset_import[0].version) == (IR_VERSION, OPSET)
    (pixels,) = model.graph.input
    assert pixels.type.tensor_type.elem_type == onnx.TensorProto.UINT8
    sides = [d.dim_param or d.dim_value for d in pixels.type.tensor_type.shape.dim]
    assert sides == ["batch", *SHAPE]


def test_equal_networks_are_equal_bytes() -> None:
    facts = facts_for(layers_of(NETWORKS["blocks"]))
    assert onnx_bytes(facts) == onnx_bytes(facts_for(layers_of(NETWORKS["blocks"])))
