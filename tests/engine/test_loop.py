"""What a run records: each step once, running and evaluation figures never confused."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ceteris.conduct import prepare, tasks_of
from ceteris.engine import loop
from ceteris.engine.digest import digest_of
from ceteris.engine.ending import train_run
from ceteris.engine.material import open_material
from ceteris.engine.task import Outcome, Task
from ceteris.study import Study

Trained = Callable[..., tuple[Task, Outcome]]


@pytest.fixture
def trained(tmp_path: Path) -> Trained:
    """Train the only run of a study of one arm."""

    def go(**changed: Any) -> tuple[Task, Outcome]:
        table: dict[str, Any] = {
            "name": "one",
            "seeds": 1,
            "data": {"name": "digits", "validation": 0.2},
            "network": {"name": "mlp", "hidden": [12]},
            "train": {"epochs": 2, "batch_size": 100, "optimizer": "sgd", "learning_rate": 0.1},
            **changed,
        }
        task = tasks_of(prepare(Study(**table), home=tmp_path / "home"))[0]
        torch.set_num_threads(1)
        outcome = train_run(replace(task, checkpoints=tmp_path / "checkpoints"), lambda _: False)
        assert isinstance(outcome, Outcome)
        return task, outcome

    return go


def test_epochs_steps_and_evaluations(trained: Trained) -> None:
    task, outcome = trained()
    assert len(task.rows.train) == 1150
    assert outcome.steps == 2 * 12  # eleven full batches and one of fifty
    curves = outcome.arrays["curves"]
    assert curves["evaluated_step"].tolist() == [12, 24]
    assert curves["step_loss"].shape == (24,)
    assert set(outcome.metrics) == {
        "train_loss",
        "train_accuracy",
        "train_loss_running",
        "train_accuracy_running",
        "train_loss_last_100",
        "validation_loss",
        "validation_accuracy",
        "test_loss",
        "test_accuracy",
        "selfcheck_error",
    }


@pytest.mark.parametrize(
    ("when", "measured"), [("every", [True, True]), ("end", [False, True]), ("never", None)]
)
def test_when_the_training_images_are_measured(
    trained: Trained, when: str, measured: list[bool] | None
) -> None:
    train = {"epochs": 2, "batch_size": 100, "optimizer": "sgd", "learning_rate": 0.1}
    _, everywhere = trained(train=train)
    _, outcome = trained(train={**train, "measure_train": when})
    curves = outcome.arrays["curves"]
    assert np.array_equal(curves["step_loss"], everywhere.arrays["curves"]["step_loss"])
    for name in ("train_loss", "train_accuracy"):
        if measured is None:
            assert name not in outcome.metrics
            assert f"evaluated_{name}" not in curves
        else:
            assert np.isfinite(curves[f"evaluated_{name}"]).tolist() == measured
            assert outcome.metrics[name] == everywhere.metrics[name]


def test_dropping_the_last_batch(trained: Trained) -> None:
    train = {"epochs": 2, "batch_size": 100, "optimizer": "sgd", "last_batch": "drop"}
    _, outcome = trained(train=train)
    assert outcome.steps == 2 * 11


def test_images_seen_is_a_length(trained: Trained) -> None:
    train = {"images_seen": 1001, "batch_size": 100, "optimizer": "sgd"}
    _, outcome = trained(train=train)
    assert outcome.steps == 11


def test_running_figures_are_means_over_the_images_trained_on(trained: Trained) -> None:
    _, outcome = trained()
    curves = outcome.arrays["curves"]
    running = curves["step_right"][12:].sum() / 1150
    assert outcome.metrics["train_accuracy_running"] == pytest.approx(running)
    assert outcome.metrics["train_loss_running"] == pytest.approx(curves["step_loss"][12:].mean())
    assert outcome.metrics["train_accuracy_running"] != outcome.metrics["train_accuracy"]


def test_the_final_metrics_are_those_of_the_stored_weights(trained: Trained) -> None:
    task, outcome = trained(data={"name": "digits"})  # without validation the last is kept
    weights = {name: torch.from_numpy(w) for name, w in outcome.arrays["weights"].items()}
    material = open_material(task.data, "unit", task.rows.train)
    images, labels = material.batch(torch.from_numpy(task.rows.test))
    hidden = images.permute(0, 2, 3, 1).flatten(1) @ weights["dense_1.weight"].T
    hidden = (hidden + weights["dense_1.bias"]).relu()
    logits = hidden @ weights["dense_2.weight"].T + weights["dense_2.bias"]
    assert outcome.metrics["test_accuracy"] == pytest.approx(
        float((logits.argmax(1) == labels).float().mean())
    )
    stored = outcome.arrays["predictions"]["test_logits"]
    np.testing.assert_allclose(stored, logits.numpy(), rtol=1e-3, atol=1e-4)


def test_the_best_weights_have_the_lowest_validation_loss(trained: Trained) -> None:
    train = {"steps": 60, "batch_size": 20, "optimizer": "sgd", "learning_rate": 2.0}
    train["evaluate_every"] = 5
    _, outcome = trained(train=train, keep_weights="all")
    losses = outcome.arrays["curves"]["evaluated_validation_loss"]
    best = int(outcome.arrays["curves"]["evaluated_step"][int(np.argmin(losses))])
    assert best < 60, "the rate is meant to be too high, so that an early evaluation is best"
    kept = outcome.arrays[f"weights_step_{best:09d}"]
    for name, array in outcome.arrays["weights"].items():
        assert np.array_equal(array, kept[name])
    assert sum(name.startswith("weights_step") for name in outcome.arrays) == 12


def test_no_weights_are_kept_where_none_are_asked_for(trained: Trained) -> None:
    _, outcome = trained(keep_weights="none")
    assert set(outcome.arrays) == {"curves", "predictions", "normalisation"}
    assert outcome.digest


def test_what_is_kept_does_not_change_the_run(trained: Trained) -> None:
    digests = {trained(keep_weights=kept)[1].digest for kept in ("none", "best", "all")}
    assert len(digests) == 1


def test_a_learning_rate_schedule_is_followed(trained: Trained) -> None:
    train = {"steps": 30, "batch_size": 20, "optimizer": "sgd", "learning_rate": 0.1}
    constant = trained(train=train)[1].arrays["curves"]["step_loss"]
    cosine = trained(train={**train, "schedule": "cosine"})[1].arrays["curves"]["step_loss"]
    assert constant[0] == cosine[0]
    assert not np.array_equal(constant, cosine)


def test_raw_pixels_are_not_scaled(trained: Trained) -> None:
    task, _ = trained(data={"name": "digits", "scale": "none"})
    unit, raw = (open_material(task.data, s, task.rows.train) for s in ("unit", "none"))
    rows = torch.arange(5)
    torch.testing.assert_close(raw.batch(rows)[0], unit.batch(rows)[0] * 16)


def test_digests_see_names_types_shapes_and_bytes() -> None:
    a = np.arange(6, dtype=np.float32)
    variants = [
        {"a": a},
        {"b": a},
        {"a": a.astype(np.float64)},
        {"a": a.reshape(2, 3)},
        {"a": a + 1},
        {"a": a, "b": a},
    ]
    assert len({digest_of(v) for v in variants}) == len(variants)
    assert digest_of({"a": a, "b": a + 1}) == digest_of({"b": a + 1, "a": a})


@pytest.mark.parametrize("recorded", ["before", "after"])
def test_when_divergence_is_noticed_does_not_matter(
    trained: Trained, monkeypatch: pytest.MonkeyPatch, recorded: str
) -> None:
    train = {"steps": 50, "batch_size": 20, "optimizer": "sgd", "learning_rate": 1e30}
    train |= {"evaluate_every": 50, "loss_recorded": recorded}
    found = []
    for look in (0.0, 1e9):  # at every step, or not before the evaluation at the end
        monkeypatch.setattr(loop, "_LOOK_EVERY_S", look)
        _, outcome = trained(train=train, preset="book")
        assert outcome.status == "diverged"
        assert outcome.steps < 49
        assert len(outcome.arrays["curves"]["step_loss"]) == outcome.steps
        assert np.isfinite(outcome.arrays["curves"]["step_loss"]).all()
        found.append((outcome.digest, outcome.steps, outcome.sentence))
    assert found[0] == found[1]
