"""Training in the test's own process: a small study in a tenth of a second, through the conductor.

Starting worker processes takes seconds, and what is tested here is what comes after training.
"""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch

from ceteris.conduct import prepare, run
from ceteris.engine import Ended, Event, Outcome, Started, Task
from ceteris.engine.ending import train_run
from ceteris.engine.randomness import fenced
from ceteris.study import Study


class _Here:
    """Stands in for the worker processes."""

    def __init__(self, count: int) -> None:
        del count

    def __enter__(self) -> "_Here":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def train(self, tasks: Sequence[Task], *, stop: Callable[[], bool]) -> Iterator[Event]:
        del stop
        for task in tasks:
            yield Started(task.run_id, attempt=1)
            with fenced():
                outcome = train_run(task, lambda _: False)
            assert isinstance(outcome, Outcome)
            yield Ended(task.run_id, outcome)


def train_study(study: Study, home: Path, data_folder: Path | None = None) -> Path:
    """Train a study in this process; the folder of the study."""
    with pytest.MonkeyPatch.context() as patch:
        # Named by its path: the package's attribute of this name is the function.
        patch.setattr(import_module("ceteris.conduct.run"), "Workers", _Here)
        plan = prepare(study, home=home, data_folder=data_folder)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # as a worker has
        try:
            return run(plan, workers=1).folder
        finally:
            torch.set_num_threads(threads)


def train_here(home: Path, data_folder: Path | None = None, **declared: Any) -> Path:
    """The same of a study declared here."""
    return train_study(Study(**declared), home, data_folder)
