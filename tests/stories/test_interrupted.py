"""Ctrl-C, a time limit, a second run of the same study, a killed worker, another machine."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ceteris

STUDY = """
name = "long"
preset = "book"
seeds = 2
[data]
name = "digits"
[network]
name = "mlp"
hidden = [16]
[train]
steps = 6000
optimizer = "sgd"
evaluate_every = 2000
[factors]
learning_rate = [0.1, 0.01]
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "long.toml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture
def running(study: Path) -> Iterator["subprocess.Popen[str]"]:
    """`ceteris run` in the background, its first runs begun."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ceteris", "run", str(study), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _wait_for_runs(process)
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _folder() -> Path:
    return Path(os.environ["CETERIS_HOME"]) / "studies" / "long"


def _wait_for_runs(process: "subprocess.Popen[str]") -> None:
    database = _folder() / "study.sqlite"
    for _ in range(1200):
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        if database.exists():
            connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
            try:
                rows = connection.execute("SELECT count(*) FROM runs WHERE status = 'running'")
                if rows.fetchone()[0] >= 1:
                    time.sleep(0.5)
                    return
            except sqlite3.OperationalError:
                pass
            finally:
                connection.close()
        time.sleep(0.1)
    raise AssertionError("no run began within two minutes")


def _workers_of(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children]


@pytest.mark.skipif(os.name != "posix", reason="signals as a terminal sends them")
def test_ctrl_c_once_is_resumable(running: "subprocess.Popen[str]", study: Path) -> None:
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()
    assert running.returncode == 130
    assert out == ""
    assert "stopping: writing checkpoints" in err
    assert "The same command continues where it stopped" in err
    assert "Traceback" not in err
    assert list((_folder() / "checkpoints").rglob("*.safetensors"))
    done = ceteris("run", str(study), "--json")
    assert done.returncode == 0, done.stderr
    assert {r["status"] for r in json.loads(done.stdout)["runs"]} == {"finished"}


@pytest.mark.skipif(os.name != "posix", reason="signals as a terminal sends them")
def test_ctrl_c_twice_stops_at_once(running: "subprocess.Popen[str]", study: Path) -> None:
    for worker in _workers_of(running.pid):
        os.kill(worker, signal.SIGSTOP)  # so that the first request cannot be answered
    running.send_signal(signal.SIGINT)
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate()
    assert running.returncode == 130
    assert "stopped at once" in err
    assert "Traceback" not in err
    assert ceteris("run", str(study), "--max-time", "90s").returncode in (0, 130)


@pytest.mark.skipif(os.name != "posix", reason="signals as a system sends them")
def test_sigterm_is_resumable(running: "subprocess.Popen[str]") -> None:
    running.terminate()
    _, err = running.communicate()
    assert running.returncode == 130
    assert "The same command continues" in err


def test_a_second_run_names_the_first(running: "subprocess.Popen[str]", study: Path) -> None:
    second = ceteris("run", str(study))
    assert second.returncode == 2
    assert f"process {running.pid}" in second.stderr
    assert "Traceback" not in second.stderr
    reader = ceteris("show", "long", "--json")
    assert reader.returncode == 0
    assert not json.loads(reader.stdout)["study"]["complete"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc")
def test_a_killed_worker_costs_one_attempt(running: "subprocess.Popen[str]") -> None:
    os.kill(_workers_of(running.pid)[0], signal.SIGKILL)
    out, _ = running.communicate()
    assert running.returncode == 0
    assert {r["status"] for r in json.loads(out)["runs"]} == {"finished"}


def test_time_is_up(study: Path) -> None:
    done = ceteris("run", str(study), "--max-time", "1s")
    assert done.returncode == 130
    assert ceteris("run", str(study)).returncode == 0


def test_another_machine_is_refused_and_fresh_starts_anew(study: Path) -> None:
    assert ceteris("run", str(study), "--set", "train.steps=5", "--seeds", "1").returncode == 0
    connection = sqlite3.connect(_folder() / "study.sqlite")
    connection.execute(
        "UPDATE study SET value = replace(value, 'Linux', 'Elsewhere') WHERE key = 'environment'"
    )
    connection.commit()
    connection.close()
    words = ("run", str(study), "--set", "train.steps=5", "--seeds", "2")
    refused = ceteris(*words)
    assert refused.returncode == 2
    assert "begun on another machine" in refused.stderr
    assert "Elsewhere" in refused.stderr
    assert ceteris(*words, "--fresh").returncode == 0
