"""Augmentation: training batches alone, paired across arms, the same after a resume, off is off."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.laws.conftest import small_study

from ceteris.conduct import prepare, tasks_of
from ceteris.engine import loop
from ceteris.engine.augment import augmentation
from ceteris.engine.ending import train_run
from ceteris.engine.learner import Learner
from ceteris.engine.material import open_material
from ceteris.engine.selfcheck import checked
from ceteris.engine.task import Interrupted, Outcome, Task
from ceteris.evaluate import cross_entropy
from ceteris.factors import OPTIMIZERS
from ceteris.seeds import Streams

MOVES = {"rotation": 20, "shift": 0.1, "flip": True, "crop": 1, "brightness": 0.3, "erase": 0.5}
TRAIN = {"steps": 40, "batch_size": 32, "evaluate_every": 15}


def _tasks(tmp_path: Path, **changed: Any) -> dict[tuple[str, int], Task]:
    tasks = tasks_of(prepare(small_study(**changed), home=tmp_path / "home"))
    return {(task.arm, task.seed): task for task in tasks}


def _outcome(task: Task, folder: Path, **changed: Any) -> Outcome:
    outcome = train_run(replace(task, checkpoints=folder, **changed), lambda _: False)
    assert isinstance(outcome, Outcome)
    return outcome


@pytest.fixture
def trained_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[torch.Tensor]]:
    """Every batch that a step was made on, those of the machine's own check aside."""
    for optimizer in OPTIMIZERS:
        checked("float32", optimizer)  # once in a process
    seen: list[torch.Tensor] = []
    real = Learner.step

    def spy(self: Learner, images: torch.Tensor, *rest: Any) -> Any:
        seen.append(images.clone())
        return real(self, images, *rest)

    monkeypatch.setattr(Learner, "step", spy)
    return iter([seen])


def test_every_evaluation_is_of_the_images_as_they_are(tmp_path: Path) -> None:
    plain_mlp = {"name": "mlp", "hidden": [16]}
    task = _tasks(tmp_path, network=plain_mlp, train={**TRAIN, "augment": MOVES})["sgd", 0]
    outcome = _outcome(task, tmp_path / "c", keep_weights="all")
    material = open_material(task.data, "unit", task.rows.train)
    change = augmentation(task.recipe.train.augment, Streams(0, 0))

    def loss(rows: np.ndarray, step: int, *, changed: bool) -> float:
        weights = outcome.arrays[f"weights_step_{step:09d}"]
        images, labels = material.batch(torch.from_numpy(rows))
        images = change(images, step) if changed else images
        x = images.permute(0, 2, 3, 1).flatten(1).numpy()
        hidden = np.maximum(x @ weights["dense_1.weight"].T + weights["dense_1.bias"], 0)
        logits = hidden @ weights["dense_2.weight"].T + weights["dense_2.bias"]
        return cross_entropy(logits, labels.numpy())

    curves = outcome.arrays["curves"]
    steps = curves["evaluated_step"].astype(int)
    assert steps.tolist() == [15, 30, 40]
    for part, rows in (("train", task.rows.train), ("validation", task.rows.validation)):
        for step, found in zip(steps, curves[f"evaluated_{part}_loss"], strict=True):
            assert found == pytest.approx(loss(rows, step, changed=False), rel=1e-4)
            assert found != pytest.approx(loss(rows, step, changed=True), rel=1e-3)
    assert outcome.metrics["test_loss"] == pytest.approx(
        loss(task.rows.test, 40, changed=False), rel=1e-4
    )


def test_every_step_is_on_a_changed_batch(
    tmp_path: Path, trained_on: Iterator[list[torch.Tensor]]
) -> None:
    seen = next(trained_on)
    tasks = _tasks(tmp_path, train=TRAIN, arms={"raw": {}, "moved": {"augment": MOVES}})
    _outcome(tasks["raw", 0], tmp_path / "raw")
    raw = list(seen)
    seen.clear()
    _outcome(tasks["moved", 0], tmp_path / "moved")
    assert len(raw) == len(seen) == 40
    change = augmentation(tasks["moved", 0].recipe.train.augment, Streams(0, 0))
    for step, (images, moved) in enumerate(zip(raw, seen, strict=True)):
        assert not torch.equal(images, moved)
        assert torch.equal(change(images, step), moved)


def test_network_by_augmentation_is_paired(
    tmp_path: Path, trained_on: Iterator[list[torch.Tensor]]
) -> None:
    seen = next(trained_on)
    factors = {"hidden": [[8], [16]], "augment": [False, MOVES]}
    batches = {}
    for (arm, seed), task in _tasks(tmp_path, train=TRAIN, arms=None, factors=factors).items():
        seen.clear()
        _outcome(task, tmp_path / f"{arm}{seed}")
        batches[task.arm.partition("=")[2].partition(",")[0], "false" not in arm, seed] = list(seen)
    assert len(batches) == 8
    for moved in (False, True):
        one, two = batches["8", moved, 0], batches["16", moved, 0]
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
        other = batches["8", moved, 1]
        assert not any(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert not torch.equal(batches["8", False, 0][0], batches["8", True, 0][0])


def test_a_resumed_run_draws_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_LOOK_EVERY_S", 0.0)
    task = _tasks(tmp_path, train={**TRAIN, "augment": MOVES})["adam", 1]
    whole = _outcome(task, tmp_path / "whole")
    pieces = 0
    while True:
        piece = train_run(replace(task, checkpoints=tmp_path / task.run_id), lambda _: True)
        if isinstance(piece, Outcome):
            break
        assert isinstance(piece, Interrupted)
        pieces += 1
    assert pieces == 39
    assert piece.digest == whole.digest


def test_off_is_the_same_run_as_no_word_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unsaid = _tasks(tmp_path, train=TRAIN)["sgd", 0]
    for off in (False, {}, {"rotation": 0, "flip": False, "fill": "zero"}):
        said = _tasks(tmp_path, train={**TRAIN, "augment": off})["sgd", 0]
        assert said.run_id == unsaid.run_id
    with_it = _outcome(unsaid, tmp_path / "a").digest
    # A loop that has no augmentation at all.
    monkeypatch.setattr(loop, "augmentation", lambda *_: lambda images, step: images)
    assert _outcome(unsaid, tmp_path / "b").digest == with_it
    moved = _tasks(tmp_path, train={**TRAIN, "augment": {"flip": True}})["sgd", 0]
    assert moved.run_id != unsaid.run_id
    assert _outcome(moved, tmp_path / "c").digest == with_it, "the loop is meant to be cut off here"
