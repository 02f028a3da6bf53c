import pytest
from benchmarks.operations import (
    LAYERS,
    evaluation_operations,
    training_operations,
    work_operations,
)
from benchmarks.works import WORKS, scaled

from ceteris.nets import account, make_network


def test_a_dense_layer_by_hand() -> None:
    # 3 inputs, 2 units: 6 multiply-adds forward and 6 for the weights' gradient, 2 operations each.
    assert training_operations([6], images=1) == 24
    # A second layer, 2 to 4, adds 8 three times.
    assert training_operations([6, 8], images=1) == 24 + 48
    assert training_operations([6, 8], images=10) == 720
    assert evaluation_operations([6, 8], images=10) == 280


def test_the_mlp_is_as_ceteris_counts_it() -> None:
    layers = make_network("mlp", {"hidden": [100] * 4})
    for work, shape in (("A", (28, 28, 1)), ("B", (8, 8, 1))):
        rows = account(layers, shape, 10)
        assert LAYERS[work] == tuple(row.multiply_adds for row in rows if row.multiply_adds)


def test_the_cifar_network_is_as_ceteris_counts_it() -> None:
    rows = account(make_network("cifar10-cnn"), (32, 32, 3), 10)
    assert LAYERS["C"] == LAYERS["C32"] == tuple(r.multiply_adds for r in rows if r.multiply_adds)


def test_a_step_of_work_a_is_the_published_64_million_operations() -> None:
    # Dense layers 784-100-100-100-100-10 at batch 128, without the first layer's input gradient.
    assert training_operations(LAYERS["A"], 128) == pytest.approx(64e6, rel=0.01)


def test_the_cifar_network_takes_the_published_59_million_multiply_adds() -> None:
    assert sum(LAYERS["C"]) == pytest.approx(59e6, rel=0.01)


def test_a_work_is_its_training_and_its_evaluation() -> None:
    work = WORKS["C"]
    assert work_operations(work) == training_operations(
        LAYERS["C"], 4 * 50_000
    ) + evaluation_operations(LAYERS["C"], 4 * 10_000)


def test_a_smaller_work_takes_fewer_operations() -> None:
    whole = work_operations(WORKS["A"])
    assert work_operations(scaled(WORKS["A"], 0.25)) == whole // 4
