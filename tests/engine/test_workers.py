"""The supervisor: workers that die, fail, hang, or are asked to stop, and the others that go on."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ceteris.conduct import prepare, tasks_of
from ceteris.engine import Ended, Paused, Started, Task, Workers, door
from ceteris.study import Study

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills as POSIX does")

DIES = """
import os, signal
from pathlib import Path
from torch import nn

def make(times=1):
    # Dies the first `times` times it is made in a worker; the marks survive the process.
    marks = Path(__file__).parent / "marks"
    marks.mkdir(exist_ok=True)
    if os.environ.get("OMP_NUM_THREADS") == "1" and len(list(marks.iterdir())) < times:
        (marks / str(os.getpid())).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
"""

WAITS = """
import os, threading, time
from pathlib import Path
from torch import nn

class Waits(nn.Linear):
    # In a worker: a second of training, then a lock that nobody will ever open.
    def forward(self, x):
        self.since = getattr(self, "since", time.monotonic())
        if os.environ.get("OMP_NUM_THREADS") == "1" and time.monotonic() - self.since > 1:
            Path("waiting.new").write_text(str(os.getpid()))
            os.replace("waiting.new", "waiting")
            threading.Event().wait()
        return super().forward(x)

def make():
    return nn.Sequential(nn.Flatten(), Waits(64, 10))
"""

CONDUCTOR = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.engine.test_workers import tasks
from ceteris.engine import Workers
long = tasks(Path({base!r}), network={{"code": "waits.py:make"}}, train=dict(
    steps=1_000_000, batch_size=32, optimizer="sgd"))
with Workers(1) as workers:
    list(workers.train(long[:1], stop=lambda: False))
"""


def tasks(tmp_path: Path, **changed: Any) -> list[Task]:
    table: dict[str, Any] = {
        "name": "w",
        "seeds": 2,
        "data": {"name": "digits"},
        "network": {"name": "mlp", "hidden": [8]},
        "train": {"steps": 40, "batch_size": 32, "optimizer": "sgd"},
        **changed,
    }
    plan = prepare(Study(**table), home=tmp_path / "home")
    (plan.folder / "checkpoints").mkdir(parents=True)
    return tasks_of(plan)


@pytest.fixture
def dying(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    (tmp_path / "dies.py").write_text(DIES, encoding="utf-8")
    return tmp_path


def test_runs_end_and_idle_workers_leave(tmp_path: Path) -> None:
    with Workers(2) as workers:
        events = list(workers.train(tasks(tmp_path), stop=lambda: False))
        processes = [worker.process for worker in workers._workers]
    ended = [event for event in events if isinstance(event, Ended)]
    assert {event.outcome.status for event in ended} == {"finished"}
    assert all(process.returncode == 0 for process in processes)


def test_a_worker_that_dies_once_is_replaced(dying: Path) -> None:
    network = {"code": "dies.py:make", "times": 1}
    with Workers(1) as workers:
        events = list(workers.train(tasks(dying, network=network), stop=lambda: False))
    assert [e.outcome.status for e in events if isinstance(e, Ended)] == ["finished"] * 2
    assert [e.attempt for e in events if isinstance(e, Started)] == [1, 2, 1]


def test_a_worker_that_dies_twice_fails_its_run_alone(dying: Path) -> None:
    network = {"code": "dies.py:make", "times": 2}
    with Workers(1) as workers:
        events = list(workers.train(tasks(dying, network=network), stop=lambda: False))
    first, second = [e.outcome for e in events if isinstance(e, Ended)]
    assert first.status == "failed"
    assert "was killed by SIGKILL, twice" in first.sentence
    assert "use fewer workers" in first.sentence
    assert second.status == "finished"


def test_a_run_whose_data_are_gone_fails_with_a_message(tmp_path: Path) -> None:
    good, bad = tasks(tmp_path)
    bad = replace(bad, data=tmp_path / "nowhere")
    with Workers(1) as workers:
        events = list(workers.train([bad, good], stop=lambda: False))
    by_run = {e.run_id: e.outcome for e in events if isinstance(e, Ended)}
    assert by_run[bad.run_id].status == "failed"
    assert "nowhere" in by_run[bad.run_id].sentence
    assert by_run[good.run_id].status == "finished"


def test_asked_to_stop_runs_pause_with_a_checkpoint(tmp_path: Path) -> None:
    long = tasks(tmp_path, train={"steps": 100_000, "batch_size": 32, "optimizer": "sgd"})
    begun: list[str] = []
    with Workers(2) as workers:
        events = []
        for event in workers.train(long, stop=lambda: len(begun) == 2):
            events.append(event)
            if isinstance(event, Started):
                begun.append(event.run_id)
    paused = [event for event in events if isinstance(event, Paused)]
    assert {event.run_id for event in paused} == {task.run_id for task in long}
    assert all(list(task.checkpoints.glob("*.safetensors")) for task in long)


def test_a_worker_that_dies_while_it_is_asked_to_stop_pauses_its_run(tmp_path: Path) -> None:
    long = tasks(tmp_path, train={"steps": 100_000, "batch_size": 32, "optimizer": "sgd"})
    with Workers(1) as workers:

        def stop() -> bool:
            for worker in workers._workers:
                worker.process.kill()
            return bool(workers._workers)

        events = list(workers.train(long, stop=stop))
    assert [type(event) for event in events] == [Started, Paused]


@pytest.fixture
def waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    (tmp_path / "waits.py").write_text(WAITS, encoding="utf-8")
    return tmp_path


def test_a_worker_that_hangs_twice_fails_its_run_alone(waiting: Path) -> None:
    train = {"steps": 100_000, "batch_size": 32, "optimizer": "sgd"}
    hangs = tasks(waiting, network={"code": "waits.py:make"}, train=train)[0]
    good = tasks(waiting / "other")[0]
    with Workers(1, quiet_s=3.0) as workers:
        events = list(workers.train([hangs, good], stop=lambda: False))
    first, second = [e.outcome for e in events if isinstance(e, Ended)]
    assert first.status == "failed"
    assert "hung (nothing computed for" in first.sentence
    assert "s), twice; look for code that waits" in first.sentence
    assert second.status == "finished"
    assert [e.attempt for e in events if isinstance(e, Started)] == [1, 2, 1]


def test_hours_in_which_the_conductor_slept_are_not_the_workers(tmp_path: Path) -> None:
    looks = iter(range(1_000_000))
    with Workers(1, clock=lambda: 3600.0 * next(looks)) as workers:
        events = list(workers.train(tasks(tmp_path)[:1], stop=lambda: False))
    (outcome,) = [event.outcome for event in events if isinstance(event, Ended)]
    assert outcome.status == "finished", outcome.sentence


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="looks for the worker in /proc")
def test_a_worker_ends_when_its_conductor_is_killed_even_if_it_hangs(waiting: Path) -> None:
    root = str(Path(__file__).parent.parent.parent)
    script = CONDUCTOR.format(root=root, base=str(waiting))
    with subprocess.Popen([sys.executable, "-c", script]) as conductor:
        while not (waiting / "waiting").exists():
            assert conductor.poll() is None
            time.sleep(0.1)
        conductor.kill()
    status = Path("/proc", (waiting / "waiting").read_text(), "stat")
    while status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.1)


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_worker_that_dies_at_the_door_is_replaced_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deaths: int
) -> None:
    real, started = door.start_process, []

    def start(address: Any, key: bytes) -> "subprocess.Popen[bytes]":
        process = real(address, key)
        started.append(process)
        if len(started) <= deaths:
            process.kill()
        return process

    monkeypatch.setattr(door, "start_process", start)
    with Workers(1) as workers:
        runs = workers.train(tasks(tmp_path)[:1], stop=lambda: False)
        if deaths == 2:
            with pytest.raises(RuntimeError, match="could not start: it was killed by SIGKILL"):
                next(runs)
        else:
            assert [type(event) for event in runs] == [Started, Ended]


def test_leaving_by_an_error_kills_the_workers(tmp_path: Path) -> None:
    long = tasks(tmp_path, train={"steps": 100_000, "batch_size": 32, "optimizer": "sgd"})
    processes = []

    def leave() -> None:
        with Workers(1) as workers:
            for _ in workers.train(long[:1], stop=lambda: False):
                processes.extend(worker.process for worker in workers._workers)
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        leave()
    assert [process.returncode for process in processes] == [-signal.SIGKILL]
