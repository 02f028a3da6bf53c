"""Law 7: accounting sums to its total and equals what the built module really holds and gives."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.nets import (
    ACTIVATIONS,
    NETWORKS,
    Activation,
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    account,
    build,
    count_parameters,
    make_network,
    weight_places,
    with_batch_norm_defaults,
)
from ceteris.nets.accounting import with_classes


def check(layers, input_shape, num_classes):
    """Compare, layer by layer and in sum, what is counted with what is there."""
    layers = with_batch_norm_defaults(layers, 0.99, 1e-3)
    rows = account(layers, input_shape, num_classes)
    module = build(layers, input_shape, num_classes)
    assert [row.name for row in rows] == [name for name, _ in module.named_children()]

    shape, places = input_shape, {place.name: place for place in weight_places(module)}
    images = torch.rand(2, *input_shape).permute(0, 3, 1, 2)
    filled = with_classes(layers, num_classes)
    for row, layer, part in zip(rows, filled, module, strict=True):
        images = part(images)
        out = images.permute(0, 2, 3, 1) if images.dim() == 4 else images
        assert tuple(out.shape) == (2, *row.output_shape), row
        assert sum(p.numel() for p in part.parameters()) == row.trainable, row
        assert sum(b.numel() for b in part.buffers()) == row.fixed, row
        held = {f"{row.name}.{w.name}": w for w in layer.weights(shape)}
        state = part.state_dict(prefix=f"{row.name}.")
        assert {name: tuple(t.shape) for name, t in state.items()} == {
            name: weight.shape for name, weight in held.items()
        }
        for name, weight in held.items():
            if weight.trainable:
                place = places.pop(name)
                assert (place.shape, place.role) == (weight.shape, weight.role)
                assert (place.fan_in, place.fan_out) == (weight.fan_in, weight.fan_out)
        shape = row.output_shape
    assert not places
    assert shape == (num_classes,)

    total = count_parameters(layers, input_shape, num_classes)
    assert total.trainable == sum(p.numel() for p in module.parameters() if p.requires_grad)
    assert total.fixed == sum(b.numel() for b in module.buffers())
    assert total.total == sum(value.numel() for value in module.state_dict().values())


@pytest.mark.parametrize("other", [False, True], ids=["its images", "other images"])
@pytest.mark.parametrize("name", NETWORKS)
def test_of_every_registered_network(name, other):
    network = NETWORKS[name]
    height, width, channels = network.input_shape or (28, 28, 1)
    if other:
        height, width, channels = height + 4, width - 8, 4 - channels
    check(make_network(name), (height, width, channels), network.num_classes)


EXTRAS = {"batch_norm", "dropout"}


@pytest.mark.parametrize(
    "name", [n for n, net in NETWORKS.items() if {a.name for a in net.arguments} >= EXTRAS]
)
def test_of_every_dense_network_on_small_images_with_all_its_extras(name):
    check(make_network(name, {"batch_norm": True, "dropout": 0.3}), (8, 8, 1), 7)


@st.composite
def chains(draw):
    """A chain of layers that fit each other, images first, and what it stands on."""
    shape = (draw(st.integers(1, 12)), draw(st.integers(1, 12)), draw(st.integers(1, 4)))
    num_classes = draw(st.integers(1, 5))
    input_shape, layers = shape, []
    for _ in range(draw(st.integers(0, 5))):
        side = min(shape[:2])
        layer = draw(
            st.one_of(
                st.builds(Conv, st.integers(1, 5), st.integers(1, side), st.integers(1, 3)),
                st.builds(
                    Conv, st.integers(1, 5), st.integers(1, 6), st.integers(1, 3), st.just("same")
                ),
                st.builds(MaxPool, st.integers(1, side), st.none() | st.integers(1, 3)),
                st.builds(AvgPool, st.integers(1, side), st.none() | st.integers(1, 3)),
                of_any_shape,
            )
        )
        layers.append(layer)
        shape = layer.output_shape(shape)
    layers.append(Flatten())
    layers += draw(
        st.lists(st.one_of(st.builds(Dense, st.integers(1, 9)), of_any_shape), max_size=3)
    )
    layers.append(Dense(draw(st.sampled_from(["classes", num_classes]))))
    return tuple(layers), input_shape, num_classes


of_any_shape = st.one_of(
    st.builds(BatchNorm, st.sampled_from([None, 0.0, 0.9]), st.sampled_from([None, 1e-5])),
    st.builds(Dropout, st.sampled_from([0.0, 0.5])),
    st.sampled_from([Activation(name) for name in ACTIVATIONS]),
)


@settings(deadline=None, max_examples=150)
@given(chains())
def test_of_any_chain(chain):
    check(*chain)


@settings(deadline=None, max_examples=50)
@given(chains())
def test_multiply_adds_are_those_of_the_matrix_products(chain):
    """Each weight is used once for every place of the output its layer computes."""
    layers, input_shape, num_classes = chain
    rows = account(layers, input_shape, num_classes)
    shape = input_shape
    for row, layer in zip(rows, with_classes(layers, num_classes), strict=True):
        by_hand = 0
        if isinstance(layer, Dense):
            by_hand = shape[0] * layer.units
        elif isinstance(layer, Conv):
            by_hand = layer.kernel**2 * shape[2] * math.prod(row.output_shape)
        assert row.multiply_adds == by_hand
        shape = row.output_shape
