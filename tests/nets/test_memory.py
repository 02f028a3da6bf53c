"""Which arrays are alive, kept and counted, on networks small enough to follow by hand."""

from ceteris.nets import (
    Activation,
    Conv,
    Dense,
    Flatten,
    GlobalAvgPool,
    Residual,
    explain,
    training_memory,
    wires,
)
from ceteris.nets.memory import Wire, peak_bytes


def test_a_block_without_shortcut_adds_what_it_stands_on() -> None:
    found = wires(["dense_1", "residual_1.dense_1", "residual_1.dense_2", "residual_1", "dense_2"])
    assert found == (Wire((0,), 1), Wire((1,), 2), Wire((2,), 3), Wire((3, 1), 4), Wire((4,), 5))


def test_inside_and_shortcut_read_the_same_array_at_any_depth() -> None:
    names = ["residual_1.residual_1.dense_1", "residual_1.residual_1.shortcut.dense_1"]
    names += ["residual_1.residual_1", "residual_1.shortcut.dense_1", "residual_1"]
    found = wires(names)
    assert [wire.reads for wire in found] == [(0,), (0,), (1, 2), (0,), (3, 4)]


def test_the_peak_counts_what_a_shortcut_still_needs() -> None:
    chain = ["dense_1", "dense_2", "dense_3"]
    assert peak_bytes(wires(chain), [10, 10, 10, 10], [False] * 3) == 20
    block = ["residual_1.dense_1", "residual_1.dense_2", "residual_1"]
    assert peak_bytes(wires(block), [10, 10, 10, 10], [False] * 3) == 30
    assert peak_bytes(wires(["flatten_1"]), [10, 10], [True]) == 10
    # What a flatten reads anew is alive until the layer after it has read it.
    flat = ["conv_1", "flatten_1", "dense_1"]
    assert peak_bytes(wires(flat), [4, 10, 10, 10], [False, True, False]) == 20


def test_what_is_kept_by_hand() -> None:
    found = explain([Conv(2, 1), Flatten(), Dense("classes")], (3, 3, 1), 5)
    # The image for the filters, the filters' output for the dense layer; the flatten copies none.
    assert found.kept_bytes == 4 * (9 + 18)
    layers = [Conv(2, 1), Activation("relu"), GlobalAvgPool(), Dense("classes")]
    # The image, relu's output for its slope, the mean for the dense layer.
    assert explain(layers, (3, 3, 1), 5).kept_bytes == 4 * (9 + 18 + 2)
    found = explain([Dense(4), Residual((Dense(4),)), Dense("classes")], (4,), 2)
    # The image, the first output once though block and sum read it, and the sum.
    assert found.kept_bytes == 4 * (4 + 4 + 4)


def test_training_by_the_optimizers_states() -> None:
    memory = training_memory(1000, 24, 50, batch=10, states=2)
    assert (memory.parameters, memory.gradients, memory.states) == (4096, 4000, 8000)
    assert memory.total == 4096 + 4000 + 8000 + 500
    assert training_memory(1000, 24, 50, batch=10, states=0).states == 0
