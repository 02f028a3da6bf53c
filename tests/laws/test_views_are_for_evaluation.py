"""Views: validation and test alone, never what a run trains on; part of a run only when on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.laws.conftest import small_study

from ceteris.conduct import prepare, run, tasks_of
from ceteris.engine.ending import train_run
from ceteris.engine.material import open_material
from ceteris.engine.task import Outcome, Task
from ceteris.evaluate import cross_entropy
from ceteris.report import read_answer

TRAIN = {"steps": 40, "batch_size": 32, "evaluate_every": 20}
PLAIN = {"name": "mlp", "hidden": [16]}
ARMS = {"one": {}, "many": {"views": {"flip": True, "shift_pixels": 1}}}


def _tasks(tmp_path: Path, **changed: Any) -> dict[tuple[str, int], Task]:
    study = small_study(**{"network": PLAIN, "train": TRAIN, "arms": ARMS, **changed})
    return {(t.arm, t.seed): t for t in tasks_of(prepare(study, home=tmp_path / "home"))}


def _outcome(task: Task, folder: Path) -> Outcome:
    outcome = train_run(replace(task, checkpoints=folder, keep_weights="all"), lambda _: False)
    assert isinstance(outcome, Outcome)
    return outcome


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Task, Outcome]]:
    folder = tmp_path_factory.mktemp("views")
    tasks = _tasks(folder)
    return {arm: (tasks[arm, 0], _outcome(tasks[arm, 0], folder / arm)) for arm in ARMS}


def test_training_is_the_same_and_only_validation_and_test_differ(
    outcomes: dict[str, tuple[Task, Outcome]],
) -> None:
    one, many = (outcomes[arm][1] for arm in ARMS)
    for name in ("weights_step_000000020", "weights_step_000000040"):
        for key, array in one.arrays[name].items():
            assert np.array_equal(array, many.arrays[name][key])
    same = {key for key in one.metrics if one.metrics[key] == many.metrics[key]}
    assert {key for key in one.metrics if key.startswith("train")} <= same
    assert {"validation_loss", "test_loss"}.isdisjoint(same)
    assert one.digest != many.digest, "curves of validation are part of a run"


def test_the_figures_are_those_of_averaged_probabilities(
    outcomes: dict[str, tuple[Task, Outcome]],
) -> None:
    task, outcome = outcomes["many"]
    material = open_material(task.data, "unit", task.rows.train)
    weights = outcome.arrays["weights_step_000000040"]

    def probabilities(images: np.ndarray) -> np.ndarray:
        x = images.transpose(0, 2, 3, 1).reshape(len(images), -1)
        hidden = np.maximum(x @ weights["dense_1.weight"].T + weights["dense_1.bias"], 0)
        logits = hidden @ weights["dense_2.weight"].T + weights["dense_2.bias"]
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return np.asarray(powers / powers.sum(1, keepdims=True))

    for part, rows in (("validation", task.rows.validation), ("test", task.rows.test)):
        images, labels = material.batch(torch.from_numpy(rows))
        edge = np.pad(images.double().numpy(), ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
        corners = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
        views = [edge[:, :, y : y + 8, x : x + 8] for y, x in corners]
        mean = np.mean([probabilities(v) for v in [*views, *(v[..., ::-1] for v in views)]], axis=0)
        expected = cross_entropy(np.log(mean), labels.numpy())
        assert outcome.metrics[f"{part}_loss"] == pytest.approx(expected, rel=1e-4)
        right = float((mean.argmax(1) == labels.numpy()).mean())
        assert outcome.metrics[f"{part}_accuracy"] == pytest.approx(right)
        stored = outcome.arrays["predictions"][f"{part}_logits"]
        np.testing.assert_allclose(np.exp(stored), mean, rtol=1e-3, atol=1e-6)


def test_off_is_the_same_run_as_no_word_of_it(tmp_path: Path) -> None:
    unsaid = _tasks(tmp_path)["one", 0]
    for off in (False, {}, {"flip": False, "shift_pixels": 0}):
        said = _tasks(tmp_path, train={**TRAIN, "views": off})["one", 0]
        assert said.run_id == unsaid.run_id
    assert "views" not in unsaid.recipe.identity()["train"]
    on = _tasks(tmp_path)["many", 0]
    assert on.recipe.identity()["train"]["views"] == {"flip": True, "shift_pixels": 1}
    assert on.run_id != unsaid.run_id


def test_one_view_alone_can_be_varied(tmp_path: Path) -> None:
    factors = {"train.views.shift_pixels": [0, 1, 2]}
    tasks = _tasks(tmp_path, arms=None, factors=factors, train={**TRAIN, "optimizer": "sgd"})
    assert len({task.run_id for task in tasks.values()}) == 6


def test_the_answer_says_which_arm_was_seen_how(tmp_path: Path) -> None:
    train = {**TRAIN, "steps": 5, "views": {"flip": True}}
    arms = {"a": {}, "b": {"views": False}}
    study = small_study(network=PLAIN, train=train, arms=arms, seeds=1)
    conducted = run(prepare(study, home=tmp_path / "home"), workers=1)
    answer = read_answer(conducted.folder)
    assert answer is not None
    assert any(
        note.startswith("a: validation and test are averaged over 2") for note in answer.notes
    )
    assert not any(note.startswith("b: validation") for note in answer.notes)
