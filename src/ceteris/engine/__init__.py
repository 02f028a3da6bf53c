"""How it is trained: one run in a worker process with one thread, supervised.

Torch is imported only where a network is made, so that a finished study is shown without it.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ceteris.engine.checkpoint import remove_checkpoints
from ceteris.engine.machine import (
    available_bytes,
    choose_workers,
    environment,
    has_bfloat16,
    usable_cores,
)
from ceteris.engine.task import Interrupted, Outcome, Rows, Task
from ceteris.engine.ways import Convolution, Ways, WaysFile, convolutions
from ceteris.engine.workers import Ended, Event, Paused, Progress, Started, Workers

if TYPE_CHECKING:
    from ceteris.study import NetworkRecipe

__all__ = [
    "Convolution",
    "Ended",
    "Event",
    "Interrupted",
    "Outcome",
    "Paused",
    "Progress",
    "Rows",
    "Started",
    "Task",
    "Ways",
    "WaysFile",
    "Workers",
    "available_bytes",
    "by_value",
    "choose_workers",
    "convolutions",
    "count_module",
    "environment",
    "has_bfloat16",
    "measure_ways",
    "remove_checkpoints",
    "usable_cores",
]


def by_value(function: Callable[..., Any]) -> bytes:
    """A function of the user's as bytes for a worker (imports ``cloudpickle``)."""
    from ceteris.engine.network import function_by_value

    return function_by_value(function)


def count_module(network: "NetworkRecipe", input_shape: tuple[int, int, int], classes: int) -> int:
    """Trained parameters of a user's own module, made once (imports torch)."""
    from ceteris.engine.network import count_trained

    return count_trained(network, input_shape, classes)


def measure_ways(convolutions: Iterable[Convolution]) -> dict[str, Ways]:
    """The fastest way for each convolution, by its key, measured here (imports torch)."""
    from ceteris.engine.choices import fastest_ways

    return fastest_ways(convolutions)
