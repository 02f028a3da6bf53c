"""Law 3: interrupted and run again: same bits, and no finished run is trained twice.

Kills, full disks and all other faults are injected by the campaign in ``tests/faults``.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.laws.conftest import digests, records, small_study

from ceteris.conduct import prepare, run, tasks_of
from ceteris.engine.ending import train_run
from ceteris.engine.task import Interrupted, Outcome


def long_study():  # type: ignore[no-untyped-def]
    """Long enough to be stopped in the middle: a few seconds."""
    train = {"steps": 2500, "batch_size": 32, "evaluate_every": 300}
    return small_study(train=train, seeds=2)


def test_a_run_stopped_at_every_look_equals_one_that_was_not(tmp_path: Path) -> None:
    study = small_study(train={"steps": 60, "batch_size": 32, "evaluate_every": 7})
    for task in tasks_of(prepare(study, home=tmp_path / "home"))[:2]:
        whole = train_run(replace(task, checkpoints=tmp_path / "whole"), lambda _: False)
        pieces = 0
        while True:
            piece = train_run(replace(task, checkpoints=tmp_path / task.run_id), lambda _: True)
            if isinstance(piece, Outcome):
                break
            assert isinstance(piece, Interrupted)
            pieces += 1
        assert isinstance(whole, Outcome)
        assert pieces >= 7
        assert piece.digest == whole.digest
        assert dict(piece.metrics) == dict(whole.metrics)


def test_the_same_command_again_trains_nothing(tmp_path: Path) -> None:
    plan = prepare(small_study(), home=tmp_path / "home")
    first = records(plan, run(plan, workers=2).folder)
    again = run(plan, workers=2)
    assert again.num_reused == len(plan.runs)
    assert records(plan, again.folder) == first


def test_asked_to_stop_it_leaves_checkpoints_and_goes_on(tmp_path: Path) -> None:
    study = long_study()
    expected = digests(
        records(
            prepare(study, home=tmp_path / "a"),
            run(prepare(study, home=tmp_path / "a"), workers=2).folder,
        )
    )
    plan = prepare(study, home=tmp_path / "b")
    asked = iter([False, False, False])
    stopped = run(plan, workers=2, stop=lambda: next(asked, True))
    assert stopped.interrupted
    assert list((stopped.folder / "checkpoints").rglob("*.safetensors"))
    done = run(plan, workers=2)
    assert not done.interrupted
    assert digests(records(plan, done.folder)) == expected
    assert not list((done.folder / "checkpoints").rglob("*.safetensors"))


Conduct = Callable[..., dict]


def test_more_seeds_reuse_what_is_there(conduct: Conduct) -> None:
    two = conduct(small_study(seeds=2))
    three = conduct(small_study(seeds=3))
    assert {key: three[key] for key in two} == two
