"""How it is trained: one run in a worker process with one thread, supervised.

Torch is imported only where a network is made, so that a finished study is shown without it.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ceteris.engine.checkpoint import remove_checkpoints
from ceteris.engine.digest import digest_of
from ceteris.engine.held import Held, Taken, frozen_by, taken_over
from ceteris.engine.machine import (
    available_bytes,
    choose_workers,
    environment,
    has_bfloat16,
    usable_cores,
)
from ceteris.engine.task import Frozen, Interrupted, Outcome, Rows, Start, Task
from ceteris.engine.ways import Convolution, Ways, WaysFile, convolutions
from ceteris.engine.workers import Ended, Event, Paused, Progress, Started, Workers

if TYPE_CHECKING:
    from ceteris.nets import Explanation
    from ceteris.study import NetworkRecipe

__all__ = [
    "Convolution",
    "Ended",
    "Event",
    "Frozen",
    "Held",
    "Interrupted",
    "Outcome",
    "Paused",
    "Progress",
    "Rows",
    "Start",
    "Started",
    "Taken",
    "Task",
    "Ways",
    "WaysFile",
    "Workers",
    "available_bytes",
    "by_value",
    "choose_workers",
    "convolutions",
    "count_module",
    "digest_of",
    "environment",
    "explain_module",
    "frozen_by",
    "has_bfloat16",
    "hold",
    "measure_ways",
    "remove_checkpoints",
    "taken_over",
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


def explain_module(
    network: "NetworkRecipe", input_shape: tuple[int, int, int], classes: int, title: str
) -> "Explanation":
    """A user's own module explained by one pass, made once (imports torch)."""
    from ceteris.engine.network import explain_made

    return explain_made(network, input_shape, classes, title)


def hold(
    network: "NetworkRecipe", input_shape: tuple[int, int, int], classes: int
) -> tuple[Held, ...]:
    """What a network holds by name, made once (imports torch)."""
    from ceteris.engine.network import hold as made

    return made(network, input_shape, classes)


def measure_ways(convolutions: Iterable[Convolution]) -> dict[str, Ways]:
    """The fastest way for each convolution, by its key, measured here (imports torch)."""
    from ceteris.engine.choices import fastest_ways

    return fastest_ways(convolutions)
