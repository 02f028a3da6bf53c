"""Networks explained: the reports' numbers to the last digit, with Keras beside."""

import math

import pytest

from ceteris.nets import (
    NETWORKS,
    BatchNorm,
    Conv,
    Dense,
    Flatten,
    MaxPool,
    explain,
    find_network,
    make_network,
)

# reports.md: parameters, of them not trainable.
REPORTS = {
    "R0.6": (4_342_250, 0),
    "R0.7": (2_513_418, 0),
    "R1.7": (409_098, 1_024),
    "R2.1": (5_927_239, 6_656),
    "R2.2": (6_055_943, 9_216),
    "R3.1": (16_640, 0),
    "R3.5": (34_622, 0),
    "R3.7": (2_764_918, 0),
}


@pytest.mark.parametrize("report", REPORTS)
def test_the_reports_totals(report):
    network = find_network(report)
    shape = network.input_shape or (28, 28, 1)
    found = explain(make_network(report), shape, network.num_classes)
    assert (found.parameters, found.fixed) == REPORTS[report]


def test_r0_6_and_the_flatten_that_was_forgotten():
    found = explain(make_network("R0.6"), (100, 100, 3), 10)
    assert found.forgotten is not None
    assert [(name, f.value) for name, f in found.forgotten.layers] == [
        ("dense_1", 8_448),
        ("dense_2", 2_570),
    ]
    assert found.forgotten.output_shape == (23, 23, 10)
    assert found.forgotten.parameters == 1_216 + 4_640 + 8_448 + 2_570
    assert str(found.layers[0].arithmetic.parameters) == "(5*5*3 + 1)*16 = 1,216"
    assert found.layers[0].shape_formula == "floor((100 - 5)/1) + 1 = 96"


def test_keras_counts_the_same_with_the_flatten_and_without():
    import keras
    from keras import layers as k

    def network(*ends):
        body = [k.Conv2D(16, 5), k.MaxPooling2D(), k.Conv2D(32, 3), k.MaxPooling2D()]
        return keras.Sequential([keras.Input((100, 100, 3)), *body, *ends])

    found = explain(make_network("R0.6"), (100, 100, 3), 10)
    right = network(k.Flatten(), k.Dense(256), k.Dense(10))
    assert right.count_params() == found.parameters
    wrong = network(k.Dense(256), k.Dense(10))
    assert wrong.count_params() == found.forgotten.parameters
    assert wrong.output_shape[1:] == found.forgotten.output_shape
    normed = keras.Sequential([keras.Input((784,)), k.Dense(512), k.BatchNormalization()])
    normed.add(k.Dense(10))
    assert normed.count_params() == explain(make_network("R1.7"), (28, 28, 1), 10).parameters


def test_nothing_is_forgotten_where_a_flatten_changes_nothing():
    assert explain([Dense("classes")], (9,), 2).forgotten is None
    assert explain([Conv(4, 3), Flatten(), Dense("classes")], (3, 3, 1), 2).forgotten is None


def test_conventions_differ_by_what_has_no_weights():
    layers = [Conv(2, 3, padding="same"), BatchNorm(0.9, 1e-3), MaxPool(2), Flatten()]
    found = explain([*layers, Dense("classes")], (4, 4, 1), 3)
    weights, everything = found.operations("weights"), found.operations("everything")
    assert weights.multiplications == weights.additions == 9 * 2 * 16 + 8 * 3
    assert found.multiply_adds == weights.multiplications
    assert everything.multiplications - weights.multiplications == 32  # one a normed value
    assert everything.comparisons == 3 * 8


def test_big_o_and_what_the_report_printed():
    found = explain(make_network("R2.1"), (48, 48, 1), 7)
    growth = found.growth
    assert growth.value == sum(
        layer.arithmetic.products.value for layer in found.layers if layer.kind == "conv"
    )
    first = growth.terms[0]
    # Padding 1 and the 1: m = 48. The report's floor((48 - 3)/1) is 45.
    assert (first.height, first.printed) == (48, 45 * 45)
    assert first.text == "1*3^2*64*48^2"
    assert growth.printed < growth.value
    assert explain(make_network("R3.1"), (28, 28, 1), 10).growth is None


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_side_in_words_is_the_side(kernel, stride, padding):
    for side in (5, 6, 7, 8):
        found = explain(
            [Conv(1, kernel, stride, padding), Flatten(), Dense("classes")], (side, side, 1), 2
        )
        said = found.layers[0].shape_formula
        assert said.endswith(f" = {found.layers[0].output_shape[0]}")


def test_layers_sum_to_the_whole_for_every_network():
    for name, network in NETWORKS.items():
        found = explain(make_network(name), network.input_shape or (16, 16, 1), network.num_classes)
        assert found.parameters == sum(layer.parameters for layer in found.layers)
        assert not found.uncounted
        assert all(math.prod(layer.output_shape) > 0 for layer in found.layers)
