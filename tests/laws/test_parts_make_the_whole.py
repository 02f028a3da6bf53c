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
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
    Residual,
    account,
    build,
    count_parameters,
    make_network,
    walk,
    weight_places,
    with_batch_norm_defaults,
)


def check(layers, input_shape, num_classes):
    """Compare, layer by layer and in sum, what is counted with what is there."""
    layers = with_batch_norm_defaults(layers, 0.99, 1e-3)
    rows = account(layers, input_shape, num_classes)
    standings = walk(layers, input_shape, num_classes)
    module = build(layers, input_shape, num_classes)
    given_back = {}
    for row in rows:
        module.get_submodule(row.name).register_forward_hook(
            lambda _, __, out, name=row.name: given_back.__setitem__(name, out)
        )
    with torch.no_grad():
        module(torch.rand(2, *input_shape).permute(0, 3, 1, 2))
    assert [row.name for row in rows] == list(given_back)  # in the order it is computed

    places = {place.name: place for place in weight_places(module)}
    for row, standing in zip(rows, standings, strict=True):
        out, part = given_back[row.name], module.get_submodule(row.name)
        assert row.name == standing.name
        last = out.permute(0, 2, 3, 1) if out.dim() == 4 else out
        assert tuple(last.shape) == (2, *row.output_shape), row
        # A residual block's own: what is inside it has rows of its own.
        assert sum(p.numel() for p in part.parameters(recurse=False)) == row.trainable, row
        assert sum(b.numel() for b in part.buffers(recurse=False)) == row.fixed, row
        held = {w.name: w for w in standing.layer.weights(standing.input_shape)}
        own = (*part.named_parameters(recurse=False), *part.named_buffers(recurse=False))
        assert {name: tuple(t.shape) for name, t in own} == {n: w.shape for n, w in held.items()}
        for name, weight in held.items():
            if weight.trainable:
                place = places.pop(f"{row.name}.{name}")
                assert (place.shape, place.role) == (weight.shape, weight.role)
                assert (place.fan_in, place.fan_out) == (weight.fan_in, weight.fan_out)
    assert not places
    assert rows[-1].output_shape == (num_classes,)

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


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize(
    "name", [n for n, net in NETWORKS.items() if {a.name for a in net.arguments} >= EXTRAS]
)
def test_of_every_network_with_extras_on_small_images(name, batch_norm):
    known = {argument.name for argument in NETWORKS[name].arguments}
    narrow = {"width": 4} if "width" in known else {}
    # Four pools of 2 want 16 pixels.
    side = 16 if name == "vgg" else 8
    extras = {"batch_norm": batch_norm, "dropout": 0.3, **narrow}
    check(make_network(name, extras), (side, side, 1), 7)


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
                blocks(shape[2]),
            )
        )
        layers.append(layer)
        shape = layer.output_shape(shape)
    layers.append(draw(st.sampled_from([Flatten(), GlobalAvgPool(), GlobalMaxPool()])))
    layers += draw(
        st.lists(st.one_of(st.builds(Dense, st.integers(1, 9)), of_any_shape), max_size=3)
    )
    layers.append(Dense(draw(st.sampled_from(["classes", num_classes]))))
    return tuple(layers), input_shape, num_classes


@st.composite
def blocks(draw, channels):
    """A residual block on an image: its paths end alike, and may hold a block themselves."""
    extras = draw(st.lists(of_any_shape, max_size=2))
    if draw(st.booleans()):
        inside = [Residual((Conv(channels, 1), *extras))] if draw(st.booleans()) else []
        return Residual((*extras, Conv(channels, 3, padding="same", bias=False), *inside))
    filters, stride = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    through = (Conv(filters, draw(st.integers(1, 4)), stride, "same"), *extras)
    return Residual(through, (Conv(filters, 1, stride, bias=draw(st.booleans())),))


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
    for row, standing in zip(rows, walk(layers, input_shape, num_classes), strict=True):
        by_hand, layer = 0, standing.layer
        if isinstance(layer, Dense):
            by_hand = standing.input_shape[0] * layer.units
        elif isinstance(layer, Conv):
            by_hand = layer.kernel**2 * standing.input_shape[2] * math.prod(row.output_shape)
        assert row.multiply_adds == by_hand  # of a block's sum there are none
