"""The supervisor: workers that die, fail, or are asked to stop, and the others that go on."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ceteris.conduct import prepare, tasks_of
from ceteris.engine import Ended, Paused, Started, Task, Workers
from ceteris.engine.workers import how_it_ended
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


def tasks(tmp_path: Path, **changed: Any) -> list[Task]:
    table: dict[str, Any] = {
        "name": "w",
        "seeds": 2,
        "data": {"name": "digits"},
        "network": {"name": "mlp", "hidden": [8]},
        "train": {"steps": 40, "batch_size": 32, "optimizer": "sgd"},
        **changed,
    }
    return tasks_of(prepare(Study(**table), home=tmp_path / "home"))


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


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0, "ended with exit code 0"),
        (-15, "was killed by SIGTERM"),
        (-250, "was killed by signal 250"),
    ],
)
def test_how_it_ended(code: int, words: str) -> None:
    assert how_it_ended(code) == words
