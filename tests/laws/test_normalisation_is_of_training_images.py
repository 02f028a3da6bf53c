"""The normalisation of a run is of its training images: no other image changes anything of it."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.laws.conftest import small_study

from ceteris.conduct import prepare, tasks_of
from ceteris.data import normalisation_of, open_parsed
from ceteris.engine.ending import train_run
from ceteris.engine.task import Outcome, Task
from ceteris.store import RunRecord, Store

STANDARD = {"name": "digits", "validation": 0.2, "scale": "standard"}
TRAIN = {"steps": 20, "batch_size": 32, "evaluate_every": 10}


def _tasks(tmp_path: Path, **changed: Any) -> dict[tuple[str, int], Task]:
    plan = prepare(small_study(train=TRAIN, **changed), home=tmp_path / "home")
    return {(task.arm, task.seed): task for task in tasks_of(plan)}


def _with_other_pixels(task: Task, rows: np.ndarray, folder: Path) -> Task:
    """The task on a copy of its data in which the images of some rows are others."""
    shutil.copytree(task.data, folder)
    images = np.load(folder / "images.npy")
    images[rows] = 16 - images[rows]
    np.save(folder / "images.npy", images)
    return replace(task, data=folder)


def _outcome(task: Task, folder: Path) -> Outcome:
    outcome = train_run(replace(task, checkpoints=folder, keep_weights="all"), lambda _: False)
    assert isinstance(outcome, Outcome)
    return outcome


def _equal(one: Mapping[str, np.ndarray], two: Mapping[str, np.ndarray]) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[k], two[k]) for k in one)


def test_other_test_images_change_nothing_of_a_run(tmp_path: Path) -> None:
    task = _tasks(tmp_path, data=STANDARD)["adam", 0]
    one = _outcome(task, tmp_path / "one")
    other = _with_other_pixels(task, task.rows.test, tmp_path / "data")
    two = _outcome(other, tmp_path / "two")
    assert one.digest == two.digest
    assert _equal(one.arrays["normalisation"], two.arrays["normalisation"])
    assert one.metrics["test_loss"] != two.metrics["test_loss"]


def test_other_validation_images_change_no_weight(tmp_path: Path) -> None:
    task = _tasks(tmp_path, data=STANDARD)["adam", 0]
    one = _outcome(task, tmp_path / "one")
    other = _with_other_pixels(task, task.rows.validation, tmp_path / "data")
    two = _outcome(other, tmp_path / "two")
    assert _equal(one.arrays["weights_step_000000020"], two.arrays["weights_step_000000020"])
    assert _equal(one.arrays["normalisation"], two.arrays["normalisation"])
    assert one.metrics["validation_loss"] != two.metrics["validation_loss"]


def test_other_training_images_change_the_normalisation(tmp_path: Path) -> None:
    task = _tasks(tmp_path, data=STANDARD)["adam", 0]
    other = _with_other_pixels(task, task.rows.train[:1], tmp_path / "data")
    one, two = (_outcome(t, tmp_path / t.data.name) for t in (task, other))
    assert not _equal(one.arrays["normalisation"], two.arrays["normalisation"])


def test_what_is_stored_is_of_each_runs_own_training_part(
    tmp_path: Path, conduct: Callable[..., dict[tuple[str, int], RunRecord]]
) -> None:
    arms = {scale: {"data.scale": scale} for scale in ("unit", "standard", "none")}
    train = {**TRAIN, "steps": 3, "learning_rate": 0.001}
    study = small_study(data={**STANDARD, "resample_split": True}, train=train, arms=arms)
    runs = conduct(study, workers=1)
    tasks = {(t.arm, t.seed): t for t in tasks_of(prepare(study, home=tmp_path / "home"))}
    found = {}
    with Store.open(tmp_path / "home" / "studies" / "small", write=False) as store:
        for key, run in runs.items():
            found[key] = store.arrays(run.run_id, "normalisation")
    for key, task in tasks.items():
        scale = task.recipe.data.scale
        derived = normalisation_of(open_parsed(task.data), scale, task.rows.train)
        assert _equal(found[key], derived.arrays), key
        assert {array.dtype for array in found[key].values()} == {np.dtype(np.float32)}
    assert found["unit", 0]["divisor"].tolist() == found["unit", 1]["divisor"].tolist() == [16]
    assert found["none", 0]["divisor"].tolist() == [1]
    assert not _equal(found["standard", 0], found["standard", 1]), "each seed has its own split"


def test_the_scale_is_part_of_what_a_run_is_and_unit_is_what_it_was(tmp_path: Path) -> None:
    unsaid = _tasks(tmp_path)["adam", 0]
    unit = _tasks(tmp_path, data={**STANDARD, "scale": "unit"})["adam", 0]
    standard = _tasks(tmp_path, data=STANDARD)["adam", 0]
    assert unsaid.run_id == unit.run_id != standard.run_id
    assert unit.recipe.identity()["scale"] == "unit"
    assert standard.recipe.identity()["scale"] == "standard"
    assert "views" not in json.dumps(unit.recipe.identity())


def test_a_channel_of_one_value_is_said(tmp_path: Path) -> None:
    task = _tasks(tmp_path, data=STANDARD)["adam", 0]
    folder = tmp_path / "flat"
    shutil.copytree(task.data, folder)
    images = np.load(folder / "images.npy")
    images[task.rows.train] = 7
    np.save(folder / "images.npy", images)
    with pytest.warns(UserWarning, match=r"channel 0 of 0 to 0: one value in all training images"):
        outcome = _outcome(replace(task, data=folder), tmp_path / "c")
    assert outcome.arrays["normalisation"]["divisor"].tolist() == [1]
    assert outcome.arrays["normalisation"]["offset"].tolist() == [7]
