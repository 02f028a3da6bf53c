"""Law 7, of explanations: every number equals what the built module holds, computes and keeps."""

import math

import pytest
import torch

from ceteris.nets import (
    ACTIVATIONS,
    LAYERS,
    NETWORKS,
    Activation,
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    GlobalMaxPool,
    MaxPool,
    Residual,
    account,
    build,
    explain,
    make_network,
    with_batch_norm_defaults,
)
from ceteris.nets.costs import COSTS
from ceteris.nets.traced import products_seen, trace


def compare(layers, input_shape, num_classes):
    """Explain a description, and its built module by a pass: PyTorch's own counts are in that."""
    layers = with_batch_norm_defaults(layers, 0.99, 1e-3)
    said = explain(layers, input_shape, num_classes)
    module = build(layers, input_shape, num_classes)
    seen = trace(module, input_shape, num_classes)
    assert (said.trainable, said.fixed) == (seen.trainable, seen.fixed)
    assert said.multiply_adds == seen.multiply_adds
    assert said.kept_bytes == seen.kept_bytes  # by its saved tensors
    # The sum of a block is computed between layers; everything else is a layer of the module.
    sums = sum(math.prod(x.output_shape) for x in said.layers if x.kind == "residual")
    assert said.operations("weights") == seen.operations("weights")
    everything, counted = said.operations("everything"), seen.operations("everything")
    assert everything.additions == counted.additions + sums
    assert everything.multiplications == counted.multiplications
    assert everything.comparisons == counted.comparisons
    assert everything.functions == counted.functions

    rows = account(layers, input_shape, num_classes)
    assert [r.name for r in rows] == [r.name for r in said.layers]
    for row, layer in zip(rows, said.layers, strict=True):
        assert (row.trainable, row.fixed) == (layer.trainable, layer.fixed)
        assert row.multiply_adds == layer.arithmetic.products.value
        assert layer.arithmetic.parameters.value == layer.parameters
    return said, module


@pytest.mark.parametrize("name", NETWORKS)
def test_of_every_registered_network(name):
    network = NETWORKS[name]
    height, width, channels = network.input_shape or (16, 16, 1)
    said, module = compare(make_network(name), (height, width, channels), network.num_classes)
    if name in ("counting-cnn", "fer2013-cnn", "resnet"):  # a plain, a long and a residual one
        images = torch.zeros(2, channels, height, width)
        assert products_seen(module.eval(), images) == said.multiply_adds


def test_of_layers_the_register_does_not_have():
    layers = [Conv(2, 2, padding="same"), Residual((Conv(2, 1), BatchNorm()))]
    layers += [Conv(3, 3, stride=2, padding="same", bias=False), AvgPool(), Flatten(), Dense(9)]
    layers += [Activation(name) for name in ACTIVATIONS]
    compare([*layers, Dense("classes")], (12, 12, 2), 3)
    # Before the first weights there is no backward pass, and nothing to keep for it.
    compare([MaxPool(3, 2), GlobalMaxPool(), Dense("classes")], (9, 9, 4), 2)


def test_every_layer_has_its_cost():
    assert set(COSTS) == set(LAYERS.values())
