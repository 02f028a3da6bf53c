"""Laws 1, 2, 3 and 6 for every number type, every way of computing, and code of one's own."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.laws.conftest import records, small_study
from torch import nn

from ceteris.conduct import Plan, prepare, run, settle, tasks_of
from ceteris.engine import Convolution, Ways, has_bfloat16
from ceteris.engine.ending import train_run
from ceteris.engine.task import Interrupted, Outcome
from ceteris.store import RunRecord
from ceteris.study import Study

PRECISIONS = ("float32", "bfloat16") if has_bfloat16() else ("float32",)
KERNEL_OF = {"direct": 3, "columns": 2}  # the side of a filter tells the ways of an arm's layers


def own() -> nn.Module:
    """A module that only autograd knows."""
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Dropout(0.2), nn.Linear(144, 10))
    )


def own_with_statistics() -> nn.Module:
    """The same with batch normalisation, whose statistics move while it is trained."""
    return nn.Sequential(
        *(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten()),
        *(nn.Linear(144, 9), nn.Linear(9, 10)),
    )


def _layers(kernel: int) -> list[Any]:
    conv = {"layer": "conv", "filters": 4, "kernel": kernel, "padding": "same"}
    dropout = {"layer": "dropout", "rate": 0.2}
    last = {"layer": "dense", "units": "classes"}
    return [conv, "relu", "max_pool", conv, "batch_norm", "relu", dropout, "flatten", last]


def _residual(kernel: int) -> list[Any]:
    """Blocks with and without a shortcut, with an activation first, and the mean of the image."""

    def conv(**more: Any) -> dict[str, Any]:
        return {"layer": "conv", "filters": 4, "kernel": kernel, "padding": "same", **more}

    def block(*layers: Any, **more: Any) -> dict[str, Any]:
        return {"layer": "residual", "layers": list(layers), **more}

    last = {"layer": "dense", "units": "classes"}
    around = [{**conv(bias=False, stride=2), "kernel": 1}, "batch_norm"]
    dropout = {"layer": "dropout", "rate": 0.2}
    return [
        *(conv(bias=False), "batch_norm", "relu"),
        *(block(conv(bias=False), "batch_norm", "relu", dropout, conv(), "batch_norm"), "relu"),
        *(block("relu", conv(stride=2), shortcut=around), "relu", "global_average_pool", last),
    ]


def _arms() -> dict[str, dict[str, Any]]:
    networks: dict[str, Any] = {
        "dense": {"name": "mlp", "hidden": [16], "dropout": 0.2, "batch_norm": True},
        "own code": {"function": own},
        **{way: {"layers": _layers(kernel)} for way, kernel in KERNEL_OF.items()},
        **{f"{way} residual": {"layers": _residual(k)} for way, k in KERNEL_OF.items()},
    }
    arms = {
        f"{name} {precision}": {"network": network, "precision": precision}
        for precision in PRECISIONS
        for name, network in networks.items()
    }
    frozen = {
        "columns": ({"layers": _layers(KERNEL_OF["columns"])}, ["conv_1", "batch_norm_1"]),
        "own code": ({"function": own_with_statistics}, ["0", "1"]),
    }
    return arms | {
        f"{name} begun {precision}": {
            "network": network,
            "precision": precision,
            "train.start": f"begun:{name}",
            "train.freeze": words,
        }
        for precision in PRECISIONS
        for name, (network, words) in frozen.items()
    }


def _begun() -> Study:
    """What the arms that start from stored runs start from."""
    networks = {name.split(" begun")[0]: arm for name, arm in _arms().items() if "begun" in name}
    arms = {name: {"network": arm["network"]} for name, arm in networks.items()}
    train = {"steps": 3, "batch_size": 32, "optimizer": "adam"}
    return small_study(name="begun", arms=arms, train=train, seeds=1, budget="none")


def _ways(convolutions: Iterable[Convolution]) -> dict[str, Ways]:
    # Columns turn the gradient of the input round only where there is no stride.
    return {
        c.key: Ways("columns", "columns", "columns" if c.layer.stride == 1 else "direct")
        if c.layer.kernel == KERNEL_OF["columns"]
        else Ways()
        for c in convolutions
    }


@pytest.fixture(scope="module")
def together(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Plan, dict[tuple[str, int], RunRecord]]:
    """All arms in one study, trained by two workers."""
    train = {"steps": 24, "batch_size": 32, "evaluate_every": 8, "optimizer": "adam"}
    study = small_study(arms=_arms(), train=train, seeds=1, budget="none")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settle, "measure_ways", _ways)
        home = tmp_path_factory.mktemp("kernels") / "home"
        run(prepare(_begun(), home=home), workers=2)
        plan = prepare(study, home=home)
        return plan, records(plan, run(plan, workers=2).folder)


@pytest.mark.parametrize("arm", _arms())
def test_alone_in_pieces_and_together_are_the_same_bits(
    together: tuple[Plan, dict[tuple[str, int], RunRecord]], arm: str, tmp_path: Path
) -> None:
    plan, runs = together
    task = next(task for task in tasks_of(plan) if task.arm == arm)
    alone = train_run(replace(task, checkpoints=tmp_path / "alone"), lambda _: False)
    assert isinstance(alone, Outcome)
    assert alone.status == "finished"
    assert alone.digest == runs[arm, 0].digest
    pieces = replace(task, checkpoints=tmp_path / "pieces")
    stops = 0
    while isinstance(ended := train_run(pieces, _at_once()), Interrupted):
        stops += 1
    # Of the evaluations at steps 8, 16 and 24 the last ends the run; a machine that takes a quarter
    # of a second between two of them is asked there too.
    assert stops >= 2
    assert ended.digest == alone.digest


def _at_once() -> Callable[[int], bool]:
    """Ask to stop at the first opportunity."""
    return lambda _: True


def test_every_arm_is_another_run(
    together: tuple[Plan, dict[tuple[str, int], RunRecord]],
) -> None:
    plan, runs = together
    assert len(plan.runs) == len(_arms())
    # Dense products are rounded where the library does so on this processor, and nowhere else.
    sure = [record.digest for (arm, _), record in runs.items() if arm != "dense bfloat16"]
    assert len(set(sure)) == len(sure)
    ways = {planned.arm: planned.identity.get("ways") for planned in plan.runs}
    for arm, found in ways.items():
        words = set((found or {}).values())
        if arm.startswith("columns residual"):
            assert words >= {"columns columns columns", "columns columns direct"}
        elif arm.startswith("columns"):
            assert words == {"columns columns columns"}
        elif arm.startswith("direct"):
            assert words == {"direct direct direct"}
        else:
            assert found is None


@pytest.mark.parametrize("arm", _arms())
def test_a_diverged_run_leaves_the_next_one_of_its_process_alone(
    together: tuple[Plan, dict[tuple[str, int], RunRecord]], arm: str, tmp_path: Path
) -> None:
    plan, runs = together
    task = next(task for task in tasks_of(plan) if task.arm == arm)
    train = task.recipe.train
    wild = replace(train, optimizer_options={**train.optimizer_options, "learning_rate": 1e30})
    lost = train_run(
        replace(task, recipe=replace(task.recipe, train=wild), checkpoints=tmp_path / "wild"),
        lambda _: False,
    )
    assert isinstance(lost, Outcome)
    assert lost.status == "diverged"
    after = train_run(replace(task, checkpoints=tmp_path / "after"), lambda _: False)
    assert isinstance(after, Outcome)
    assert after.digest == runs[arm, 0].digest
    assert np.isfinite(after.arrays["curves"]["step_loss"]).all()
