"""A small real study, and ways to train it: whole, alone, in another order, in pieces."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from ceteris.conduct import Plan, prepare, run
from ceteris.store import RunRecord, Store
from ceteris.study import Study

SMALL: Mapping[str, Any] = {
    "name": "small",
    "preset": "book",
    "seeds": 2,
    "primary_metric": "test_accuracy",
    "data": {"name": "digits", "validation": 0.2},
    "network": {"name": "mlp", "hidden": [16], "dropout": 0.2, "batch_norm": True},
    "train": {"steps": 60, "batch_size": 32, "evaluate_every": 25},
    "arms": {
        "sgd": {"optimizer": "sgd", "learning_rate": 0.1},
        "adam": {"optimizer": "adam", "learning_rate": 0.01},
    },
}


def small_study(**changed: Any) -> Study:
    """The small study with top-level keys replaced; None removes one."""
    table = {**SMALL, **changed}
    return Study(**{key: value for key, value in table.items() if value is not None})


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Runs trained inside the test process use one thread, as a worker does."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    yield
    torch.set_num_threads(before)
    torch.set_flush_denormal(False)


@pytest.fixture
def conduct(tmp_path: Path) -> Callable[..., dict[tuple[str, int], RunRecord]]:
    """Train a study in a home of its own and return its runs by arm and seed."""

    def go(study: Study, home: str = "home", **how: Any) -> dict[tuple[str, int], RunRecord]:
        plan = prepare(study, home=tmp_path / home)
        conducted = run(plan, **{"workers": 2, **how})
        return records(plan, conducted.folder, study.variant)

    return go


def records(plan: Plan, folder: Path, variant: str = "") -> dict[tuple[str, int], RunRecord]:
    """The runs of a study's latest design."""
    with Store.open(folder, write=False) as store:
        design = store.latest(variant)
        assert design is not None
        return {(r.arm, r.seed): r for r in store.runs(design)}


def digests(runs: Mapping[tuple[str, int], RunRecord]) -> dict[tuple[str, int], str | None]:
    """Arm and seed -> digest over final weights and curves."""
    return {key: run.digest for key, run in runs.items()}
