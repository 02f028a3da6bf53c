"""Networks of every kind with weights of a usual size, and what the engine makes of them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from ceteris.data import Normalisation
from ceteris.engine.inference import Network
from ceteris.engine.selfcheck import _recipe
from ceteris.export.facts import Facts
from ceteris.nets import ACTIVATIONS, Layer, parse_layers, walk, with_batch_norm_defaults
from ceteris.study import NetworkRecipe

LAST: dict[str, Any] = {"layer": "dense", "units": "classes"}
NORM: dict[str, Any] = {"layer": "batch_norm", "momentum": 0.9, "epsilon": 1e-3}


def conv(kernel: int = 3, *, padding: str = "same", stride: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "layer": "conv",
        "filters": 4,
        "kernel": kernel,
        "padding": padding,
        "stride": stride,
        **more,
    }


def residual(*layers: object, shortcut: object = ()) -> dict[str, Any]:
    return {"layer": "residual", "layers": list(layers), "shortcut": list(shortcut)}  # type: ignore[call-overload]


# Images of 7 x 10 with 3 channels: neither square nor even, so that no axis is taken for another.
SHAPE, CLASSES = (7, 10, 3), ("a", "b", 'ü"x')
NETWORKS: dict[str, list[Any]] = {
    "dense alone": ["flatten", LAST],
    "flatten twice": ["flatten", "flatten", {"layer": "dense", "units": 5}, NORM, "relu", LAST],
    **{
        f"conv {kernel}/{stride} {padding}": [
            conv(kernel, padding=padding, stride=stride),
            *("relu", "flatten", LAST),
        ]
        for kernel, stride, padding in [
            (3, 1, "same"),
            (2, 1, "same"),  # one zero more at the end
            (4, 3, "same"),
            (3, 2, "same"),  # even in one direction, uneven in the other
            (1, 2, "same"),
            (3, 2, "valid"),
            (5, 1, "valid"),
        ]
    },
    "no bias": [conv(3, bias=False), NORM, "flatten", LAST],
    "pools": [
        *(conv(3), {"layer": "max_pool", "size": 3, "stride": 2}, conv(2), "average_pool"),
        *("flatten", LAST),
    ],
    "global average": [conv(3), "global_average_pool", LAST],
    "global maximum": [conv(3), NORM, "global_max_pool", {"layer": "dropout", "rate": 0.5}, LAST],
    "blocks": [
        *(conv(3), residual(conv(3), NORM, "relu", conv(3), NORM), "relu"),
        residual(
            *(conv(2, stride=2), NORM, "relu", residual("relu", conv(3))),
            shortcut=[conv(1, stride=2), NORM],
        ),
        *("flatten", residual({"layer": "dense", "units": 80}), LAST),
    ],
    "shortcut with a block": [
        residual(conv(3), shortcut=[conv(1), residual(conv(3), shortcut=[conv(2)])]),
        *("flatten", LAST),
    ],
    "activations": [
        *(part for name in ACTIVATIONS for part in (conv(3), name)),
        *("flatten", {"layer": "dense", "units": 9}, {"layer": "leaky_relu", "slope": 0.3}, LAST),
    ],
}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def layers_of(entries: list[Any]) -> tuple[Layer, ...]:
    return with_batch_norm_defaults(parse_layers(entries, "test"), 0.9, 1e-3)


def facts_for(
    layers: tuple[Layer, ...],
    shape: tuple[int, int, int] = SHAPE,
    classes: tuple[str, ...] = CLASSES,
) -> Facts:
    """Weights of a size that keeps numbers in range; nothing of them is zero or one."""
    generator = np.random.default_rng(0)
    weights: dict[str, np.ndarray] = {}
    for standing in walk(layers, shape, len(classes)):
        for weight in standing.layer.weights(standing.input_shape):
            values = generator.normal(0, (2 / weight.fan_in) ** 0.5, weight.shape)
            if weight.role in ("shift", "running"):
                values = generator.normal(0, 0.2, weight.shape)
            if weight.role == "scale" or weight.name == "running_variance":
                values = 0.5 + generator.random(weight.shape)
            weights[f"{standing.name}.{weight.name}"] = values.astype(np.float32)
    channels = shape[2]
    return Facts(
        name='study:arm "x" \\ ü:0',
        layers=layers,
        input_shape=shape,
        classes=classes,
        pixel_max=255,
        offset=np.linspace(100, 140, channels, dtype=np.float32),
        divisor=np.linspace(50, 70, channels, dtype=np.float32),
        weights=weights,
        about={"made_by": "ceteris 0.1.0", "study": "study", "seed": 0, "data_licence": "CC0"},
    )


def pixels_for(facts: Facts, count: int = 3) -> np.ndarray:
    generator = np.random.default_rng(1)
    return generator.integers(0, 256, (count, *facts.input_shape), dtype=np.uint8)


def logits_of(facts: Facts, pixels: np.ndarray) -> np.ndarray:
    """The engine's own, in float32."""
    network = Network(
        NetworkRecipe(facts.layers, None, None, {}),
        _recipe("float32", "sgd"),
        facts.weights,
        ways={},
        normalisation=Normalisation.of_arrays(facts.offset, facts.divisor),
        input_shape=facts.input_shape,
        num_classes=len(facts.classes),
    )
    return network.logits(pixels)
