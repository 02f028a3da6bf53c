"""What a study leaves in its folder."""

from pathlib import Path

import numpy as np

from ceteris.conduct import Plan, prepare, run, tasks_of
from ceteris.engine import Event, Progress
from ceteris.store import Store
from ceteris.study import Study


def test_the_split_is_written_down_once_with_the_study(tmp_path: Path) -> None:
    study = Study(
        name="kept",
        seeds=2,
        data={"name": "digits", "images": 300, "validation": 0.2},
        network={"name": "mlp", "hidden": [8]},
        train={"steps": 10, "optimizer": "sgd"},
        factors={"learning_rate": [0.1, 0.01]},
    )
    plan = prepare(study, home=tmp_path / "home")
    folder = run(plan, workers=2).folder
    rows = tasks_of(plan)[0].rows
    with Store.open(folder, write=False) as store:
        (design,) = store.designs()
        records = store.runs(design)
        assert len({record.arrays["split"] for record in records}) == 1
        split = store.arrays(records[0].run_id, "split")
        for part in ("train", "validation", "test"):
            assert np.array_equal(split[part], getattr(rows, part))
        assert {"curves", "predictions", "weights"} <= set(records[0].arrays)
        assert records[0].recipe["data"] == plan.data.digest
        assert store.environment == plan.environment
        assert design.spec["declared"]["data"]["images"] == 300


def _small(steps: int) -> Study:
    return Study(
        name="small",
        seeds=1,
        data={"name": "digits"},
        network={"name": "mlp", "hidden": [8]},
        train={"steps": steps, "optimizer": "sgd"},
        factors={"learning_rate": [0.1, 0.01]},
    )


def _without_room(plan: Plan) -> None:
    """Make every run's folder of checkpoints one that cannot be written to."""
    folder = plan.folder / "checkpoints"
    Store.create(plan.folder).close()
    folder.mkdir()
    for planned in plan.runs:
        (folder / planned.run_id).write_text("in the way")


def _digests(folder: Path) -> list[str | None]:
    with Store.open(folder, write=False) as store:
        return [run.digest for run in store.runs(store.designs()[0])]


def test_a_disk_without_room_for_checkpoints_costs_a_warning(tmp_path: Path) -> None:
    expected = _digests(run(prepare(_small(400), home=tmp_path / "room"), workers=1).folder)
    plan = prepare(_small(400), home=tmp_path / "no room")
    _without_room(plan)
    said: list[str] = []
    done = run(plan, workers=1, checkpoint_every_s=0.0, announce=said.append)
    assert _digests(done.folder) == expected
    assert not done.interrupted
    with Store.open(done.folder, write=False) as store:
        for record in store.runs(store.designs()[0]):
            assert record.status == "finished"
            assert "; no checkpoint could be written at step" in record.sentence
            assert record.sentence.count("no checkpoint") == 1
    assert len(said) >= 1
    assert "learning_rate=0.1, seed 0: no checkpoint could be written at step" in said[0]


def test_a_stop_without_a_checkpoint_is_said(tmp_path: Path) -> None:
    plan = prepare(_small(1_000_000), home=tmp_path / "no room")
    _without_room(plan)
    said: list[str] = []
    begun: list[Event] = []
    stopped = run(
        plan,
        workers=1,
        stop=lambda: bool(begun),
        listen=lambda event: begun.append(event) if isinstance(event, Progress) else None,
        announce=said.append,
    )
    assert stopped.interrupted
    assert any("if it is stopped, the run goes on from an earlier one" in line for line in said)
    with Store.open(stopped.folder, write=False) as store:
        assert {r.status for r in store.runs(store.designs()[0])} == {"running", "pending"}


def test_checkpoints_of_runs_that_have_ended_are_swept_away(tmp_path: Path) -> None:
    plan = prepare(_small(5), home=tmp_path / "home")
    folder = run(plan, workers=1).folder
    left = folder / "checkpoints" / plan.runs[0].run_id
    left.mkdir()
    (left / "000000000001-0.safetensors").write_bytes(b"left by a process that was killed")
    run(plan, workers=1)
    assert not left.exists()
