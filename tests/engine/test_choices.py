"""The faster way is chosen, the library's where it is not clear."""

import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from ceteris.engine import choices
from ceteris.engine.choices import fastest_ways
from ceteris.engine.ways import Convolution, Ways, convolutions
from ceteris.nets import Conv, Dense, Flatten, Layer


def network(*layers: Layer) -> tuple[Convolution, ...]:
    layers = (*layers, Flatten(), Dense(2))
    return convolutions(layers, (8, 8, 3), 2, batch_size=2, precision="float32")


TWO = network(Conv(4, 3), Conv(4, 2, padding="same"))


def timed(seconds: Callable[[Ways, bool], float]) -> Callable[..., Callable[[], None]]:
    """Steps that last as long as a test says."""

    def step(convolution: Any, ways: Ways, wanted: bool) -> Callable[[], None]:
        return lambda: time.sleep(seconds(ways, wanted))

    return step


def test_real_convolutions_are_measured_and_threads_left_alone() -> None:
    threads = torch.get_num_threads()
    found = fastest_ways(TWO)
    assert set(found) == {c.key for c in TWO}
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize(
    ("fast", "expected"),
    [
        (Ways(), Ways()),
        (Ways("columns", "columns"), Ways("columns", "columns")),
        (Ways("direct", "columns"), Ways("direct", "columns")),
    ],
)
def test_the_faster_is_chosen(fast: Ways, expected: Ways, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "_step", timed(lambda w, _: 0.002 if w == fast else 0.008))
    assert fastest_ways(TWO[:1])[TWO[0].key] == expected


def test_the_input_s_gradient_is_chosen_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        choices, "_step", timed(lambda w, _: 0.002 if w.to_input == "columns" else 0.008)
    )
    found = fastest_ways(TWO)
    assert found[TWO[1].key] == Ways(to_input="columns")
    assert found[TWO[0].key] == Ways()  # the first layer's input needs none


def test_a_stride_keeps_the_library_s_input_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    strided = network(Conv(4, 3), Conv(4, 2, stride=2))[1:]
    monkeypatch.setattr(
        choices, "_step", timed(lambda w, _: 0.002 if w.to_input == "columns" else 0.008)
    )
    assert fastest_ways(strided)[strided[0].key] == Ways()


def test_near_a_tie_the_library_s_way_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "_step", timed(lambda w, _: 0.010 if w == Ways() else 0.0095))
    assert fastest_ways(TWO[:1])[TWO[0].key] == Ways()
