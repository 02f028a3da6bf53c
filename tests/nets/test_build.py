"""Built modules against Keras models with the same weights, and where their weights are."""

import numpy as np
import pytest
import torch
from torch import nn

from ceteris.errors import CeterisError
from ceteris.nets import (
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
    make_network,
    weight_places,
    with_batch_norm_defaults,
)
from ceteris.nets.walk import with_classes

RELU = Activation("relu")
CHAINS = {
    "R1.7": (make_network("R1.7"), (28, 28, 1)),
    "R3.1": (make_network("R3.1"), (28, 28, 1)),
    "R3.5": (make_network("R3.5"), (28, 28, 1)),
    "r0.7, small": (
        (Conv(8, 3, padding="same"), RELU, MaxPool(), Flatten(), Dense(9), RELU, Dense(10)),
        (12, 10, 3),
    ),
    "even kernels, same": ((Conv(4, 2, padding="same"), Conv(5, 4, padding="same")), (7, 6, 3)),
    "strides, same": (
        (Conv(4, 3, 2, "same"), Conv(5, 5, 3, "same"), Conv(6, 1, 2, "same")),
        (16, 15, 2),
    ),
    "uneven on one side only": ((Conv(4, 3, 2, "same"),), (8, 7, 1)),
    "a kernel larger than its image, same": ((Conv(4, 7, padding="same"),), (3, 4, 2)),
    "strides, valid": ((Conv(4, 3, 2), Conv(5, 2, 2)), (17, 14, 2)),
    "pools": ((MaxPool(2), AvgPool(3, 2), MaxPool(2, 1)), (17, 14, 3)),
    "activations": (
        (
            *(Conv(4, 3), Activation("leaky_relu", 0.1), Conv(4, 3), Activation("tanh")),
            *(Conv(4, 3), Activation("sigmoid"), Conv(4, 3), Activation("gelu")),
        ),
        (12, 12, 1),
    ),
    "batch norm on images": ((Conv(4, 3), BatchNorm(), RELU, MaxPool(), BatchNorm()), (12, 12, 1)),
}


def ended(layers, input_shape):
    """The layers, filled in, and the classes they end with; a flatten at the end of images."""
    layers = with_batch_norm_defaults(layers, 0.99, 1e-3)
    shape = input_shape
    for layer in with_classes(layers, 10):
        shape = layer.output_shape(shape)
    if len(shape) == 3:
        layers = (*layers, Flatten())
        shape = (int(np.prod(shape)),)
    return layers, shape[0]


def keras_model(layers, input_shape):
    keras = pytest.importorskip("keras")
    made = [keras.Input(input_shape)]
    for layer in layers:
        match layer:
            case Dense():
                made.append(keras.layers.Dense(layer.units))
            case Conv():
                made.append(
                    keras.layers.Conv2D(
                        layer.filters, layer.kernel, layer.stride, padding=layer.padding
                    )
                )
            case MaxPool():
                made.append(keras.layers.MaxPooling2D(layer.size, layer.stride))
            case AvgPool():
                made.append(keras.layers.AveragePooling2D(layer.size, layer.stride))
            case Flatten():
                made.append(keras.layers.Flatten())
            case BatchNorm():
                made.append(
                    keras.layers.BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon)
                )
            case Dropout():
                made.append(keras.layers.Dropout(layer.rate))
            case Activation(name="leaky_relu"):
                made.append(keras.layers.LeakyReLU(negative_slope=layer.slope))
            case Activation():
                made.append(keras.layers.Activation(layer.name))
    return keras.Sequential(made)


def copy_weights(model, module):
    """Random weights into both, so that a transposed kernel or a swapped bias would show."""
    rng = np.random.default_rng(3)
    ours = [part for part in module if part.state_dict()]
    theirs = [layer for layer in model.layers if layer.weights]
    assert len(ours) == len(theirs)
    for part, layer in zip(ours, theirs, strict=True):
        values = [rng.normal(0, 0.3, w.shape).astype(np.float32) for w in layer.weights]
        if "moving_variance" in [w.name for w in layer.weights]:
            values[3] = np.abs(values[3]) + 0.5
        layer.set_weights(values)
        axes = {2: (1, 0), 4: (3, 2, 0, 1)}  # Keras has (in, out) and (kernel, kernel, in, out)
        with torch.no_grad():
            for tensor, value in zip(part.state_dict().values(), values, strict=True):
                tensor.copy_(torch.from_numpy(value.transpose(axes.get(value.ndim, (0,))).copy()))


@pytest.mark.parametrize("name", CHAINS)
def test_it_is_the_keras_model(name):
    layers, input_shape = CHAINS[name]
    layers, num_classes = ended(layers, input_shape)
    module = build(layers, input_shape, num_classes)
    model = keras_model(with_classes(layers, num_classes), input_shape)
    rows = account(layers, input_shape, num_classes)
    assert model.count_params() == sum(row.trainable + row.fixed for row in rows)
    assert [layer.output.shape[1:] for layer in model.layers] == [row.output_shape for row in rows]
    copy_weights(model, module)
    images = np.random.default_rng(4).random((5, *input_shape)).astype(np.float32)
    channels_first = torch.from_numpy(images).permute(0, 3, 1, 2)
    # Dropout's masks differ, so a network that has it is compared in evaluation mode alone.
    dropout = any(isinstance(layer, Dropout) for layer in layers)
    for training in (False,) if dropout else (False, True, False):
        out = module.train(training)(channels_first)
        expected = model(images, training=training)
        np.testing.assert_allclose(
            out.detach().numpy(), expected.detach().numpy(), rtol=1e-4, atol=2e-5
        )
    memory = module.eval()(channels_first.contiguous())  # the layout is for speed alone
    np.testing.assert_allclose(
        memory.detach().numpy(), module(channels_first).detach().numpy(), rtol=1e-4, atol=2e-5
    )


def test_building_draws_nothing_and_starts_at_zero():
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    layers = with_batch_norm_defaults(
        (Conv(3, 2, padding="same"), Conv(3, 3), BatchNorm(), Flatten(), Dense("classes")),
        0.9,
        1e-3,
    )
    modules = [build(layers, (9, 9, 2), 4) for _ in range(2)]
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()
    for module in modules:
        for name, value in module.state_dict().items():
            start = 1.0 if name.endswith(("scale", "running_variance")) else 0.0
            assert (value == start).all(), name
        assert module.training


def test_names_are_the_layers():
    module = build(make_network("R3.5"), (28, 28, 1), 10)
    assert [name for name, _ in module.named_parameters()] == [
        f"{layer}.{part}"
        for layer in ("conv_1", "conv_2", "dense_1", "dense_2")
        for part in ("weight", "bias")
    ]
    layers = with_batch_norm_defaults(make_network("R1.7"), 0.99, 1e-3)
    module = build(layers, (28, 28, 1), 10)
    assert [name for name, _ in module.named_parameters()][2:4] == [
        "batch_norm_1.scale",
        "batch_norm_1.shift",
    ]
    assert [name for name, _ in module.named_buffers()] == [
        "batch_norm_1.running_mean",
        "batch_norm_1.running_variance",
    ]


def test_convolutions_stay_channels_last():
    module = build((Conv(4, 3, padding="same"), MaxPool(), Conv(4, 2), Flatten()), (8, 8, 2), 36)
    images = torch.rand(3, 8, 8, 2).permute(0, 3, 1, 2)
    seen = []
    for part in module[:3]:
        part.register_forward_hook(lambda _, __, out: seen.append(out))
    module(images)
    assert all(out.is_contiguous(memory_format=torch.channels_last) for out in seen)
    assert len(seen) == 3


def test_dropout_draws_from_torchs_generator_while_training_only():
    module = build((Flatten(), Dropout(0.5)), (8, 8, 1), 64)
    images = torch.ones(2, 1, 8, 8)
    torch.manual_seed(1)
    first = module(images)
    torch.manual_seed(1)
    assert torch.equal(first, module(images))
    assert not torch.equal(first, module(images))
    assert set(first.flatten().tolist()) == {0.0, 2.0}
    assert torch.equal(module.eval()(images), torch.ones(2, 64))


def test_a_network_that_cannot_be_is_not_built():
    with pytest.raises(CeterisError, match="layer 1: a flatten layer is missing"):
        build((Dense("classes"),), (28, 28, 1), 10)


def test_batch_norm_must_be_filled_in():
    with pytest.raises(ValueError, match="with_batch_norm_defaults"):
        build((Flatten(), BatchNorm(), Dense("classes")), (2, 2, 1), 2)


def test_places_of_a_users_own_module():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Conv2d(4, 6, (3, 5), groups=2), nn.BatchNorm2d(6))
            self.head = nn.Linear(7, 2, bias=False)
            self.tied = nn.Linear(7, 2, bias=False)
            self.tied.weight = self.head.weight
            self.frozen = nn.Linear(3, 3)
            self.frozen.requires_grad_(False)
            self.norm = nn.utils.parametrizations.weight_norm(nn.Linear(3, 3))
            self.free = nn.Parameter(torch.zeros(5))

    module = Own()
    places = weight_places(module)
    found = [(p.name, p.layer, p.role, p.shape, p.fan_in, p.fan_out) for p in places]
    assert found == [
        ("body.0.weight", "body.0", "weight", (6, 2, 3, 5), 30, 90),
        ("body.0.bias", "body.0", "bias", (6,), 30, 90),
        ("head.weight", "head", "weight", (2, 7), 7, 2),
        ("norm.bias", "norm", "bias", (3,), 3, 3),
    ]
    assert {place.name for place in places} <= dict(module.named_parameters()).keys()
    assert [p.name for p in weight_places(nn.Linear(2, 3))] == ["weight", "bias"]
