"""Laws 4 and 5: seeds matter exactly, and two arms with one seed see the same draws."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.laws.conftest import small_study
from torch import nn

from ceteris.conduct import prepare, tasks_of
from ceteris.engine.ending import train_run
from ceteris.engine.material import Material, open_material
from ceteris.engine.network import make_module
from ceteris.engine.task import Outcome, Task
from ceteris.seeds import Streams


def _tasks(tmp_path: Path, **changed: object) -> dict[tuple[str, int], Task]:
    tasks = tasks_of(prepare(small_study(**changed), home=tmp_path / "home"))
    return {(task.arm, task.seed): task for task in tasks}


def _module(task: Task) -> nn.Module:
    material = open_material(task.data, task.recipe.data.scale, task.rows.train)
    return make_module(
        task.recipe.network,
        task.recipe.train,
        make=b"",
        streams=Streams(task.root_seed, task.seed),
        input_shape=material.shape,
        num_classes=material.num_classes,
    )


def _digest(task: Task, folder: Path) -> str:
    outcome = train_run(replace(task, checkpoints=folder), lambda _: False)
    assert isinstance(outcome, Outcome)
    return outcome.digest


def test_same_seed_same_bits_other_seed_other_bits(tmp_path: Path) -> None:
    tasks = _tasks(tmp_path, seeds=3)
    first = [_digest(tasks["sgd", seed], tmp_path / f"{seed}") for seed in range(3)]
    again = [_digest(tasks["sgd", seed], tmp_path / f"again{seed}") for seed in range(3)]
    assert first == again
    assert len(set(first)) == 3


def test_the_root_seed_matters(tmp_path: Path) -> None:
    one = _tasks(tmp_path, root_seed=0)["sgd", 0]
    two = _tasks(tmp_path, root_seed=1)["sgd", 0]
    assert _digest(one, tmp_path / "a") != _digest(two, tmp_path / "b")


def test_two_arms_with_one_seed_see_the_same_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[int]] = []
    real = Material.batch

    def spy(self: Material, rows: torch.Tensor, *rest: Any) -> Any:
        seen.append(rows.tolist())
        return real(self, rows, *rest)

    monkeypatch.setattr(Material, "batch", spy)
    orders = {}
    for (arm, seed), task in _tasks(tmp_path).items():
        seen.clear()
        _digest(task, tmp_path / f"{arm}{seed}")
        orders[arm, seed] = [rows for rows in seen if len(rows) == 32][:60]
    assert orders["sgd", 0] == orders["adam", 0]
    assert orders["sgd", 0] != orders["sgd", 1]


def test_initializers_share_their_draws(tmp_path: Path) -> None:
    arms = {
        "he": {"initializer": "he_normal"},
        "small": {"initializer": "normal", "initial_std": 0.01},
        "uniform": {"initializer": "he_uniform"},
    }
    tasks = _tasks(tmp_path, arms=arms)
    he, small, uniform = (dict(_module(tasks[arm, 0]).named_parameters()) for arm in arms)
    weight = he["dense_1.weight"].detach().flatten()
    scale = weight / small["dense_1.weight"].detach().flatten()
    assert torch.allclose(scale, scale[0].expand_as(scale), rtol=1e-5)
    ranks = weight.argsort()
    assert torch.equal(ranks, uniform["dense_1.weight"].detach().flatten().argsort())
    other = dict(_module(tasks["he", 1]).named_parameters())["dense_1.weight"].detach()
    assert abs(float(np.corrcoef(weight, other.flatten())[0, 1])) < 0.2


def test_a_deeper_arm_shares_the_layers_it_has_in_common(tmp_path: Path) -> None:
    arms = {"one": {"hidden": [16]}, "two": {"hidden": [16, 16]}}
    tasks = _tasks(tmp_path, arms=arms)
    one, two = (dict(_module(tasks[arm, 0]).named_parameters()) for arm in arms)
    assert torch.equal(one["dense_1.weight"], two["dense_1.weight"])


def test_looking_at_a_run_does_not_change_how_it_goes_on(tmp_path: Path) -> None:
    every = [
        _tasks(tmp_path, train={"steps": 60, "batch_size": 32, "evaluate_every": n})["sgd", 0]
        for n in (60, 7)
    ]
    weights = []
    for i, task in enumerate(every):
        outcome = train_run(
            replace(task, checkpoints=tmp_path / f"{i}", keep_weights="all"), lambda _: False
        )
        assert isinstance(outcome, Outcome)
        weights.append(outcome.arrays["weights_step_000000060"])
    assert all(np.array_equal(weights[0][k], weights[1][k]) for k in weights[0])
