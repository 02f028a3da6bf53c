"""Law 9: nothing that trains or chooses can read the test part; it is opened once, at the end."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.laws.conftest import small_study

from ceteris.conduct import prepare, tasks_of
from ceteris.engine import ending
from ceteris.engine.ending import train_run
from ceteris.engine.task import Interrupted, Outcome, Rows


def test_another_test_part_changes_nothing_that_is_learned_or_chosen(tmp_path: Path) -> None:
    task = tasks_of(prepare(small_study(), home=tmp_path / "home"))[0]
    rows = task.rows
    other = replace(task, rows=Rows(rows.train, rows.validation, rows.test[:3]))
    one = train_run(replace(task, checkpoints=tmp_path / "one"), lambda _: False)
    two = train_run(replace(other, checkpoints=tmp_path / "two"), lambda _: False)
    assert isinstance(one, Outcome)
    assert isinstance(two, Outcome)
    assert one.digest == two.digest
    for name, array in one.arrays["weights"].items():
        assert np.array_equal(array, two.arrays["weights"][name])
    assert one.metrics["test_loss"] != two.metrics["test_loss"]


def test_the_loop_works_where_reading_the_test_part_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Locked(Rows):
        opened = 0

        @property
        def test(self) -> np.ndarray:  # type: ignore[override]
            if not ended:
                raise AssertionError("the test part was read before the run had ended")
            Locked.opened += 1
            return rows.test

    ended: list[bool] = []
    real = ending.train

    def watched(*arguments: object) -> object:
        found = real(*arguments)  # type: ignore[arg-type]
        ended.append(True)
        return found

    monkeypatch.setattr(ending, "train", watched)
    task = tasks_of(prepare(small_study(), home=tmp_path / "home"))[0]
    rows = task.rows
    locked = object.__new__(Locked)
    object.__setattr__(locked, "train", rows.train)
    object.__setattr__(locked, "validation", rows.validation)
    outcome = train_run(replace(task, rows=locked, checkpoints=tmp_path / "c"), lambda _: False)
    assert isinstance(outcome, Outcome)
    assert Locked.opened >= 1


def test_a_run_that_has_not_ended_has_no_test_metric(tmp_path: Path) -> None:
    task = tasks_of(prepare(small_study(), home=tmp_path / "home"))[0]
    task = replace(task, checkpoints=tmp_path / "checkpoints")
    assert isinstance(train_run(task, lambda _: True), Interrupted)


def test_a_diverged_run_never_opens_the_test(tmp_path: Path) -> None:
    wild = {"optimizer": "sgd", "learning_rate": 1e30}
    study = small_study(
        arms={"a": wild, "b": {**wild, "learning_rate": 1e29}},
        network={"name": "mlp", "hidden": [9]},
    )
    outcome = train_run(tasks_of(prepare(study, home=tmp_path / "home"))[0], lambda _: False)
    assert isinstance(outcome, Outcome)
    assert outcome.status == "diverged"
    assert not any(name.startswith("test") for name in outcome.metrics)
    assert "predictions" not in outcome.arrays
