"""The faster way is chosen, the library's where it is not clear."""

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
Lasting = Callable[[Callable[[Ways], float]], None]


class Clock:
    """A clock that stands still but for the steps that a test lets last."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> Lasting:
    """Make each step last as long as a function of its ways says."""
    clock = Clock()
    monkeypatch.setattr(choices, "time", clock)

    def set_to(seconds: Callable[[Ways], float]) -> None:
        def step(convolution: Any, ways: Ways, wanted: bool) -> Callable[[], None]:
            def last() -> None:
                clock.now += seconds(ways)

            return last

        monkeypatch.setattr(choices, "_step", step)

    return set_to


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
def test_the_faster_is_chosen(fast: Ways, expected: Ways, lasting: Lasting) -> None:
    lasting(lambda ways: 2.0 if ways == fast else 8.0)
    assert fastest_ways(TWO[:1])[TWO[0].key] == expected


def test_the_input_s_gradient_is_chosen_by_itself(lasting: Lasting) -> None:
    lasting(lambda ways: 2.0 if ways.to_input == "columns" else 8.0)
    found = fastest_ways(TWO)
    assert found[TWO[1].key] == Ways(to_input="columns")
    assert found[TWO[0].key] == Ways()  # the first layer's input needs none


def test_a_stride_keeps_the_library_s_input_gradient(lasting: Lasting) -> None:
    strided = network(Conv(4, 3), Conv(4, 2, stride=2))[1:]
    lasting(lambda ways: 2.0 if ways.to_input == "columns" else 8.0)
    assert fastest_ways(strided)[strided[0].key] == Ways()


def test_near_a_tie_the_library_s_way_is_kept(lasting: Lasting) -> None:
    lasting(lambda ways: 10.0 if ways == Ways() else 9.0)
    assert fastest_ways(TWO[:1])[TWO[0].key] == Ways()
