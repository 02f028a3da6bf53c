import pytest

from ceteris.errors import CeterisError
from ceteris.nets import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    Parameters,
    account,
    count_parameters,
)

RELU = Activation("relu")


def test_r0_6_counted_with_the_flatten_the_report_forgot():
    layers = [Conv(16, 5), MaxPool(), Conv(32, 3), MaxPool(), Flatten(), Dense(256), Dense(10)]
    rows = account(layers, (100, 100, 3), 10)
    assert [(row.output_shape, row.trainable) for row in rows] == [
        ((96, 96, 16), 1_216),
        ((48, 48, 16), 0),
        ((46, 46, 32), 4_640),
        ((23, 23, 32), 0),
        ((16_928,), 0),
        ((256,), 4_333_824),
        ((10,), 2_570),
    ]
    assert count_parameters(layers, (100, 100, 3), 10) == Parameters(4_342_250, 0)


def test_r0_7():
    layers = []
    for filters in (64, 128, 256, 512):
        layers += [Conv(filters, 3, padding="same"), RELU, MaxPool()]
    layers += [Flatten()]
    for units in (128, 256, 512, 1024):
        layers += [Dense(units), RELU]
    rows = account([*layers, Dense("classes")], (32, 32, 3), 10)
    counts = [row.trainable for row in rows if row.trainable]
    assert counts == [1792, 73856, 295168, 1180160, 262272, 33024, 131584, 525312, 10250]
    assert sum(counts) == 2_513_418
    assert rows[12].output_shape == (2048,)
    assert round(sum(row.multiply_adds for row in rows) / 1e6) == 59
    dropped = account([*layers, Dropout(0.5), Dense("classes")], (32, 32, 3), 10)
    assert sum(row.trainable for row in dropped) == 2_513_418


def test_r2_1_and_r2_2():
    layers = []
    for filters in (64, 128, 192, 256, 512):
        for _ in range(2):
            layers += [Conv(filters, 3, padding="same"), BatchNorm(), Activation("leaky_relu", 0.1)]
        layers += [MaxPool(), Dropout(0.3)]
    layers += [Flatten()]
    for _ in range(2):
        layers += [Dense(512), RELU, BatchNorm(), Dropout(0.5)]
    counted = count_parameters([*layers, Dense("classes")], (48, 48, 1), 7)
    assert (counted.total, counted.trainable, counted.fixed) == (5_927_239, 5_920_583, 6_656)
    layers = [Flatten()]
    for units in (1024, 1024, 1024, 1024, 512):
        layers += [Dense(units), RELU, BatchNorm(), Dropout(0.5)]
    assert count_parameters([*layers, Dense("classes")], (48, 48, 1), 7).total == 6_055_943


def test_r2_4():
    # Layer A: k=2, c=5, f=6, output 3x3; layer B: k=2, c=6, f=4, output 1x1 (after a pool).
    rows = account([Conv(6, 2), MaxPool(2), Flatten(), Dense(1)], (4, 4, 5), 1)
    assert (rows[0].output_shape, rows[0].trainable, rows[0].multiply_adds) == (
        (3, 3, 6),
        126,
        1080,
    )
    rows = account([Conv(4, 2), Flatten()], (2, 2, 6), 4)
    assert (rows[0].output_shape, rows[0].trainable, rows[0].multiply_adds) == ((1, 1, 4), 100, 96)


def test_r3_7():
    layers = [Conv(98, 2), RELU, Conv(98, 2), RELU, MaxPool()]
    layers += [Conv(256, 2), RELU, Conv(256, 2), RELU, MaxPool(), Flatten()]
    layers += [Dense(256), RELU, Dropout(0.2), Dense("classes")]
    assert count_parameters(layers, (32, 32, 3), 10).total == 2_764_918
    assert account(layers, (32, 32, 3), 10)[10].output_shape == (9216,)


def test_rows_are_named_by_kind_and_number():
    layers = [Flatten(), Dense(4), RELU, Dense(4), RELU, Activation("tanh"), Dense("classes")]
    names = [row.name for row in account(layers, (2, 2, 1), 3)]
    assert names == ["flatten_1", "dense_1", "relu_1", "dense_2", "relu_2", "tanh_1", "dense_3"]


def error_of(layers, input_shape=(28, 28, 1), num_classes=10):
    with pytest.raises(CeterisError) as caught:
        account(layers, input_shape, num_classes, "my.toml, network")
    return caught.value


def test_a_misplaced_layer_is_named_by_its_number():
    error = error_of([Conv(4, 3), RELU, Dense("classes")])
    assert error.what == "layer 3: a flatten layer is missing before the dense layer"
    assert error.received == (
        "an image of shape (26, 26, 4) into dense(10)  (my.toml, network, layer 3)"
    )
    error = error_of([MaxPool(20), MaxPool(2)])
    assert error.what == "layer 2: the size of max_pool is larger than the image it stands on"


def test_the_end_must_be_one_output_for_each_class():
    error = error_of([Flatten(), Dense(11)])
    assert str(error) == (
        "the network does not end with one output for each class\n"
        "  received: dense_1 gives (11,)  (my.toml, network)\n"
        "  expected: (10,): the data has 10 classes\n"
        '  fix:      end with {layer = "dense", units = "classes"}'
    )
    error = error_of([Conv(10, 28)])
    assert error.received == "conv_1 gives (1, 1, 10)  (my.toml, network)"
    assert error.fix == 'end with "flatten" and {layer = "dense", units = "classes"}'
    account([Flatten(), Dense(10)], (28, 28, 1), 10, "")  # the number itself is as good


def test_no_layers():
    assert error_of([]).what == "the network has no layers"
