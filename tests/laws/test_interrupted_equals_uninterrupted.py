"""Law 3: killed at any moment and run again: same bits, and no finished run is trained twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.laws.conftest import digests, records, small_study

from ceteris.conduct import prepare, run, tasks_of
from ceteris.engine.ending import train_run
from ceteris.engine.task import Interrupted, Outcome
from ceteris.store import Store

KILLS = 20

SCRIPT = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
from ceteris.conduct import prepare, run
from tests.laws.test_interrupted_equals_uninterrupted import long_study
run(prepare(long_study(), home=Path({home!r})), workers=2, checkpoint_every_s=0.0)
"""


def long_study():  # type: ignore[no-untyped-def]
    """Long enough to be killed in the middle: a few seconds with a checkpoint at every look."""
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


def test_kill_minus_nine_at_random_moments(tmp_path: Path) -> None:
    plan = prepare(long_study(), home=tmp_path / "undisturbed")
    expected = digests(records(plan, run(plan, workers=2).folder))
    home = tmp_path / "killed"
    root = str(Path(__file__).parent.parent.parent)
    script = SCRIPT.format(root=root, home=str(home))
    chance = random.Random(0)  # noqa: S311  (when to kill, not a secret)
    folder = home / "studies" / "small"
    finished: dict[str, int] = {}
    killed = 0
    for _ in range(KILLS):
        process = subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
        # From before the first import to after the last run.
        time.sleep(chance.uniform(0.2, 4.5))
        if process.poll() is None:
            killed += 1
        os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        process.wait()
        if (folder / "study.sqlite").exists():
            with Store.open(folder, write=False) as store:
                design = store.latest("")
                runs = store.runs(design) if design else []
                now = {r.run_id: r.attempts for r in runs if r.status == "finished"}
            assert finished.items() <= now.items(), "a finished run was lost or trained again"
            finished = now
    assert killed >= 1
    again = records(plan, run(prepare(long_study(), home=home), workers=2).folder)
    assert digests(again) == expected
    assert {r.run_id: r.attempts for r in again.values()}.items() >= finished.items()
    print(f"{killed} kills, {len(expected)} runs, 0 lost, 0 digests differ")


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
