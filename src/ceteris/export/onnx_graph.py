"""A described network as an ONNX graph, node by node.

Opset 13 and format version 7, which every ONNX Runtime since 1.6 (2020) reads. Images go in with
channels last, as pictures are stored; convolutions of ONNX have them first. So there is a
transposition before the first layer, and one before each flatten: its order is rows, columns,
channels, and without it a dense layer would be given the right numbers in the wrong places.

https://onnx.ai/onnx/operators
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ceteris.export.facts import Facts
from ceteris.nets import (
    Activation,
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
    Residual,
    Standing,
    walk,
)

OPSET = 13
IR_VERSION = 7
PIXELS, LOGITS, PROBABILITIES = "pixels", "logits", "probabilities"
_TO_CHANNELS_FIRST, _TO_CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
_FUNCTIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid"}


def onnx_bytes(facts: Facts) -> bytes:
    """The network as the content of an ONNX file.

    One input, ``pixels`` uint8 (batch, H, W, C); two outputs (batch, K), ``logits`` and
    ``probabilities``. Computed in float32, whatever the run was trained in.
    """
    graph = _Graph(facts)
    x = graph.node("Cast", [PIXELS], "as_float", to=_type("FLOAT"))
    x = graph.node("Sub", [x, graph.constant("offset", facts.offset)], "centred")
    x = graph.node("Div", [x, graph.constant("divisor", facts.divisor)], "scaled")
    x = graph.node("Transpose", [x], "channels_first", perm=_TO_CHANNELS_FIRST)
    x = graph.path("", x)
    graph.node("Identity", [x], LOGITS)
    graph.node("Softmax", [LOGITS], PROBABILITIES, axis=1)
    return finished(graph.nodes, graph.constants, facts)


def finished(nodes: Sequence[Any], constants: Sequence[Any], facts: Facts) -> bytes:
    """A whole model from its nodes, with what it says of itself, checked."""
    import onnx
    from onnx import checker, helper

    outputs = [
        helper.make_tensor_value_info(name, _type("FLOAT"), ["batch", len(facts.classes)])
        for name in (LOGITS, PROBABILITIES)
    ]
    pixels = helper.make_tensor_value_info(PIXELS, _type("UINT8"), ["batch", *facts.input_shape])
    model = helper.make_model(
        helper.make_graph(nodes, "network", [pixels], outputs, initializer=constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )
    describe(model, facts)
    checker.check_model(model, full_check=True)
    content: bytes = model.SerializeToString(deterministic=True)
    onnx.load_model_from_string(content)
    return content


def describe(model: Any, facts: Facts) -> None:
    """Write into a model what it is: maker, classes, preprocessing, where it comes from."""
    from onnx import helper

    maker, _, number = str(facts.about["made_by"]).partition(" ")
    model.producer_name, model.producer_version = maker, number
    model.doc_string = f"{facts.name}: {facts.input_sentence}"
    header = facts.header
    words = {
        "classes": _json(header["classes"]),
        "input": facts.input_sentence,
        "normalisation": _json(header["normalisation"]),
        "preparation": _json(header["preparation"]),
        "layers": _json(header["layers"]),
        **{key: str(value) for key, value in facts.about.items()},
    }
    helper.set_model_props(model, words)


@dataclass
class _Graph:
    """Nodes and constants as they are added."""

    facts: Facts
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        facts = self.facts
        self._standings: tuple[Standing, ...] = walk(
            facts.layers, facts.input_shape, len(facts.classes)
        )

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes: Any) -> str:
        """Add a node whose one output has its name."""
        from onnx import helper

        self.nodes.append(helper.make_node(operator, inputs, [name], name, **attributes))
        return name

    def constant(self, name: str, values: np.ndarray) -> str:
        """Add numbers that do not change."""
        from onnx import numpy_helper

        plain = np.ascontiguousarray(values, dtype=np.float32)
        self.constants.append(numpy_helper.from_array(plain, name))
        return name

    def path(self, prefix: str, x: str) -> str:
        """The layers whose names begin with ``prefix``; blocks among them hold their own paths."""
        for standing in self._standings:
            rest = standing.name.removeprefix(prefix)
            if standing.name.startswith(prefix) and "." not in rest:
                x = self._layer(standing, x)
        return x

    def _layer(self, standing: Standing, x: str) -> str:
        name = standing.name
        match layer := standing.layer:
            case Dense():
                return self.node(
                    "Gemm", [x, *self._weights(name, "weight", "bias")], name, transB=1
                )
            case Conv():
                return self._convolution(layer, standing, x)
            case MaxPool() | AvgPool():
                operator = "MaxPool" if isinstance(layer, MaxPool) else "AveragePool"
                sides, strides = [layer.size] * 2, [layer.stride or layer.size] * 2
                return self.node(operator, [x], name, kernel_shape=sides, strides=strides)
            case GlobalMaxPool() | GlobalAvgPool():
                most = isinstance(layer, GlobalMaxPool)
                operator = "GlobalMaxPool" if most else "GlobalAveragePool"
                pooled = self.node(operator, [x], f"{name}.places")
                return self.node("Flatten", [pooled], name, axis=1)
            case Flatten():
                if len(standing.input_shape) == 3:
                    x = self.node("Transpose", [x], f"{name}.order", perm=_TO_CHANNELS_LAST)
                return self.node("Flatten", [x], name, axis=1)
            case BatchNorm():
                parts = ("scale", "shift", "running_mean", "running_variance")
                held = self._weights(name, *parts)
                return self.node(
                    "BatchNormalization", [x, *held], name, epsilon=float(layer.epsilon or 0)
                )
            case Dropout():
                return x
            case Activation():
                return self._activation(layer, name, x)
            case Residual():
                around = self.path(f"{name}.shortcut.", x)
                return self.node("Add", [self.path(f"{name}.", x), around], name)
        raise TypeError(f"no ONNX operator is known for {layer!r}")

    def _weights(self, layer: str, *parts: str) -> list[str]:
        names = [f"{layer}.{part}" for part in parts]
        return [self.constant(name, self.facts.weights[name]) for name in names]

    def _convolution(self, layer: Conv, standing: Standing, x: str) -> str:
        (above, below), (before, after) = layer.zeros_around(standing.input_shape)
        parts = ("weight", "bias") if layer.bias else ("weight",)
        return self.node(
            "Conv",
            [x, *self._weights(standing.name, *parts)],
            standing.name,
            kernel_shape=[layer.kernel] * 2,
            strides=[layer.stride] * 2,
            # ONNX says begins, then ends; its own "SAME_UPPER" would be the same where it is read
            # rightly, and numbers cannot be read otherwise.
            pads=[above, before, below, after],
        )

    def _activation(self, layer: Activation, name: str, x: str) -> str:
        if layer.name in _FUNCTIONS:
            return self.node(_FUNCTIONS[layer.name], [x], name)
        if layer.name == "leaky_relu":
            return self.node("LeakyRelu", [x], name, alpha=float(layer.slope or 0))

        # gelu has an operator of its own from opset 20 only: x (1 + erf(x / sqrt 2)) / 2.
        def number(part: str, value: float) -> str:
            return self.constant(f"{name}.{part}", np.array(value, dtype=np.float32))

        narrow = self.node("Div", [x, number("root", math.sqrt(2))], f"{name}.narrowed")
        error = self.node("Erf", [narrow], f"{name}.erf")
        share = self.node("Add", [error, number("one", 1)], f"{name}.share")
        double = self.node("Mul", [x, share], f"{name}.double")
        return self.node("Mul", [double, number("half", 0.5)], name)


def _type(name: str) -> int:
    from onnx import TensorProto

    return int(getattr(TensorProto, name))


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
