import math

import pytest

from ceteris.errors import CeterisError
from ceteris.nets import (
    ACTIVATIONS,
    Activation,
    AvgPool,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
)


def num_weights(layer, input_shape):
    return sum(math.prod(weight.shape) for weight in layer.weights(input_shape))


def test_the_reports_shapes():
    # R3.8
    assert Conv(5, 2).output_shape((128, 128, 3)) == (127, 127, 5)
    assert Flatten().output_shape((24, 24, 16)) == (9216,)


@pytest.mark.parametrize(
    ("layer", "input_shape", "expected"),
    [
        (Conv(4, 3), (9, 7, 1), (7, 5, 4)),
        (Conv(4, 3, stride=2), (9, 8, 1), (4, 3, 4)),
        (Conv(4, 3, padding="same"), (9, 7, 1), (9, 7, 4)),
        (Conv(4, 2, stride=2, padding="same"), (9, 8, 1), (5, 4, 4)),
        (Conv(4, 9, padding="same"), (3, 3, 1), (3, 3, 4)),
        (MaxPool(), (9, 8, 5), (4, 4, 5)),
        (MaxPool(3, 1), (9, 8, 5), (7, 6, 5)),
        (AvgPool(2, 3), (9, 8, 5), (3, 3, 5)),
        (BatchNorm(), (9, 8, 5), (9, 8, 5)),
        (BatchNorm(), (5,), (5,)),
        (Dropout(0.5), (9, 8, 5), (9, 8, 5)),
        (Flatten(), (5,), (5,)),
        (Dense(3), (5,), (3,)),
    ],
)
def test_output_shapes(layer, input_shape, expected):
    assert layer.output_shape(input_shape) == expected


def test_fans_count_the_area_of_a_kernel():
    weight, bias = Conv(6, 5).weights((28, 28, 3))
    assert weight.shape == (6, 3, 5, 5)
    assert (weight.fan_in, weight.fan_out) == (75, 150)
    assert (bias.shape, bias.fan_in, bias.role) == ((6,), 75, "bias")
    weight, _ = Dense(7).weights((11,))
    assert (weight.shape, weight.fan_in, weight.fan_out) == ((7, 11), 11, 7)


def test_batch_norm_trains_two_and_keeps_two():
    weights = BatchNorm().weights((4, 4, 6))
    assert [(w.name, w.shape, w.trainable) for w in weights] == [
        ("scale", (6,), True),
        ("shift", (6,), True),
        ("running_mean", (6,), False),
        ("running_variance", (6,), False),
    ]


@pytest.mark.parametrize(
    ("kernel", "stride", "side", "expected"),
    [(3, 1, 8, (1, 1)), (2, 1, 8, (0, 1)), (4, 1, 8, (1, 2)), (3, 2, 8, (0, 1)), (1, 3, 8, (0, 0))],
)
def test_same_padding_puts_the_odd_zeros_at_the_end(kernel, stride, side, expected):
    layer = Conv(1, kernel, stride, "same")
    assert layer.zeros_around((side, side, 1)) == (expected, expected)


def test_two_ways_to_say_a_window_are_one_description():
    assert MaxPool(3) == MaxPool(3, 3)
    assert MaxPool(3).to_dict() == {"layer": "max_pool", "size": 3, "stride": 3}


def test_a_dense_layer_on_an_image_says_what_keras_would_do():
    # R0.6: the report forgot to flatten and got 8,448.
    with pytest.raises(CeterisError) as caught:
        Dense(256).output_shape((23, 23, 32))
    assert str(caught.value) == (
        "a flatten layer is missing before the dense layer\n"
        "  received: an image of shape (23, 23, 32) into dense(256)\n"
        "  expected: 16,928 values in a row, which is 4,333,824 parameters"
        " (Keras would apply the dense layer to the last axis alone: 8,448)\n"
        '  fix:      put "flatten" before it'
    )


@pytest.mark.parametrize("layer", [MaxPool(5), AvgPool(5)])
def test_a_pool_larger_than_the_image(layer):
    with pytest.raises(CeterisError) as caught:
        layer.output_shape((9, 4, 1))
    assert caught.value.what == f"the size of {layer.kind} is larger than the image it stands on"
    assert caught.value.received == "size = 5 on an image of 9 x 4"
    assert caught.value.expected == "size of 4 or less"


def test_a_kernel_larger_than_the_image():
    with pytest.raises(CeterisError, match="the kernel of conv is larger than the image"):
        Conv(3, 5).output_shape((4, 4, 1))


@pytest.mark.parametrize("layer", [Conv(3, 3), MaxPool(2), AvgPool(2)])
def test_what_needs_an_image_refuses_a_row(layer):
    with pytest.raises(CeterisError) as caught:
        layer.output_shape((64,))
    assert caught.value.what == (
        f"{layer.kind} needs an image, and the layer before it gives a row of values"
    )
    assert caught.value.fix == f"put {layer.kind} before flatten and dense"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Dense(0), "'units' of dense cannot be 0"),
        (lambda: Dense("ten"), "'units' of dense cannot be 'ten'"),
        (lambda: Conv(-1, 3), "'filters' of conv cannot be -1"),
        (lambda: Conv(1, (3, 3)), r"'kernel' of conv cannot be \(3, 3\)"),
        (lambda: Conv(1, 3, 0), "'stride' of conv cannot be 0"),
        (lambda: Conv(1, 3, 1, "full"), "'padding' of conv cannot be 'full'"),
        (lambda: MaxPool(0), "'size' of max_pool cannot be 0"),
        (lambda: AvgPool(2, 0), "'stride' of average_pool cannot be 0"),
        (lambda: BatchNorm(momentum=1), "'momentum' of batch_norm cannot be 1"),
        (lambda: BatchNorm(epsilon=-1e-3), "'epsilon' of batch_norm cannot be -0.001"),
        (lambda: Dropout(1), "'rate' of dropout cannot be 1"),
        (lambda: Activation("rellu"), "'name' of an activation cannot be 'rellu'"),
        (lambda: Activation("leaky_relu", 1.5), "'slope' of leaky_relu cannot be 1.5"),
        (lambda: Activation("relu", 0.1), "'slope' of relu cannot be 0.1"),
    ],
)
def test_what_cannot_be_is_refused_when_it_is_written(make, message):
    with pytest.raises(CeterisError, match=message):
        make()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_go_by_their_own_name(name):
    layer = Activation(name)
    assert layer.kind == name
    assert layer.weights((3,)) == ()
    assert layer.to_dict() == {"layer": name} | ({"slope": 0.01} if name == "leaky_relu" else {})


def test_the_number_of_classes_must_be_filled_in_to_count():
    with pytest.raises(ValueError, match="with_classes"):
        Dense("classes").output_shape((5,))
