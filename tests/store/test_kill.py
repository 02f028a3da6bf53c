"""Law 3 for the store: killed at any moment, no finished run is lost and none is half there."""

import itertools
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ceteris.store import Design, Store

KILLS = 20
METRICS = 30

# Ends one run after the other and says so after each.
WRITER = f"""
import os, sys
from pathlib import Path
import numpy as np
from ceteris.store import Store

folder = Path(sys.argv[1])
with Store.open(folder, write=True) as store:
    for run in store.runs(store.designs()[0]):
        if run.status == "finished":
            continue
        store.start(run.run_id)
        store.finish(
            run.run_id, status="finished", sentence="", steps=1, duration_s=0.0,
            metrics={{f"metric {{n}}": float(run.seed + n) for n in range({METRICS})}},
            arrays={{
                "curves": {{"loss": np.full(2_000, run.seed, np.float64)}},
                "weights": {{"w": np.random.default_rng(run.seed).random((50, 100))}},
            }},
            digest=f"digest {{run.seed}}",
        )
        os.write(1, f"ack {{run.run_id}}\\n".encode())
"""

# Makes one study after the other and says so after each.
CREATOR = """
import os, sys
from pathlib import Path
from ceteris.store import Store

for number in range(100_000):
    folder = Path(sys.argv[1]) / f"study {number}"
    if folder.exists():
        continue
    Store.create(folder).close()
    os.write(1, f"ack {folder.name}\\n".encode())
"""

# Ends run a1 once in a forked child for each moment at which the child can be killed: before
# every statement that SQLite is given, and before every call that changes the file system.
MOMENTS = """
import os, shutil, signal, sys
from pathlib import Path
import numpy as np
from ceteris.store import Store
import safetensors.numpy

base = Path(sys.argv[1])

def killed_at(moment, folder):
    left = moment
    def count(*_):
        nonlocal left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    def counted(real):
        def call(*given, **named):
            count()
            return real(*given, **named)
        return call
    with Store.open(folder, write=True) as store:
        store._connection.set_trace_callback(count)
        for name in ("open", "write", "fsync", "replace", "mkdir"):
            setattr(os, name, counted(getattr(os, name)))
        store.start("a1")
        store.finish("a1", status="finished", sentence="", steps=1, duration_s=0.0,
                     metrics={"loss": 1.0}, arrays={"curves": {"loss": np.ones(9)}}, digest="d")
        store._connection.set_trace_callback(None)
    os._exit(7)

for moment in range(1000):
    folder = base.with_name(f"moment {moment}")
    shutil.copytree(base, folder)
    child = os.fork()
    if child == 0:
        killed_at(moment, folder)
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
"""


def start(code: str, folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        bufsize=0,  # a line read must not swallow the next
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for_word(process: "subprocess.Popen[bytes]") -> list[str]:
    """Wait for the first acknowledgement."""
    assert process.stdout is not None
    return acknowledgements(process.stdout.readline())


def acknowledgements(out: bytes) -> list[str]:
    return [line.removeprefix("ack ") for line in out.decode().splitlines()]


def kill(process: "subprocess.Popen[bytes]") -> list[str]:
    """SIGKILL it; return what it had acknowledged since."""
    process.kill()
    out, errors = process.communicate()
    assert process.returncode != 0  # it did not end by itself,
    assert errors == b""  # nor by a mistake
    return acknowledgements(out)


def intact(folder: Path) -> bool:
    connection = sqlite3.connect(folder / "study.sqlite")
    try:
        checks = [
            connection.execute(f"PRAGMA {name}").fetchall()
            for name in ("integrity_check", "foreign_key_check")
        ]
    finally:
        connection.close()
    return checks == [[("ok",)], []]


def test_a_writer_killed_at_random_moments(folder: Path) -> None:
    draw = np.random.default_rng(0)
    seeds = range(3000)
    with Store.create(folder) as store:
        design = store.add_design(
            "main", {}, "", [("a", {}, 1)], [("a", s, f"run {s}", {"seed": s}, 0) for s in seeds]
        )
    acknowledged: set[str] = set()
    for number in range(KILLS):
        process = start(WRITER, folder)
        news = []
        if number % 5:  # while it writes; else while it starts, opens or writes
            news += wait_for_word(process)
            time.sleep(draw.uniform(0, 0.1))
        else:
            time.sleep(draw.uniform(0, 0.4))
        news += kill(process)
        acknowledged.update(news)
        with Store.open(folder, write=False) as store:
            runs = {run.run_id: run for run in store.runs(design)}
            for run_id in news:
                assert set(store.arrays(run_id, "weights")) == {"w"}
        assert intact(folder)
        finished = {i for i, run in runs.items() if run.status == "finished"}
        assert acknowledged <= finished
        assert len(finished - acknowledged) <= number + 1  # committed, killed before the word
        for run in runs.values():
            if run.status == "finished":
                assert len(run.metrics) == METRICS
                assert run.arrays.keys() == {"curves", "weights"}
                assert run.digest == f"digest {run.seed}"
            else:
                assert run.status in ("pending", "running")
                assert (run.metrics, run.arrays, run.digest) == ({}, {}, None)
    assert len(acknowledged) >= KILLS * 4 // 5
    with Store.open(folder, write=True) as store:
        for run in store.runs(design):
            if run.status == "finished":
                assert (store.arrays(run.run_id, "curves")["loss"] == run.seed).all()
                weights = np.random.default_rng(run.seed).random((50, 100))
                np.testing.assert_array_equal(store.arrays(run.run_id, "weights")["w"], weights)
    assert not list((folder / "arrays").rglob("*.new"))


def test_a_creator_killed_at_random_moments(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    acknowledged: set[str] = set()
    for _ in range(5):
        process = start(CREATOR, tmp_path)
        acknowledged.update(wait_for_word(process))
        time.sleep(draw.uniform(0, 0.1))
        acknowledged.update(kill(process))
    for folder in tmp_path.iterdir():
        if folder.name in acknowledged or (folder / "study.sqlite").exists():
            with Store.open(folder, write=True) as store:
                assert store.designs() == []
        else:
            Store.create(folder).close()
        assert intact(folder)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
def test_a_writer_killed_at_every_moment_of_ending_a_run(
    store: Store, declare: Callable[..., Design], end: Callable[..., None]
) -> None:
    design = declare(store)
    end(store, "a0")
    store.close()
    done = subprocess.run([sys.executable, "-c", MOMENTS, str(store.folder)], check=False)
    assert done.returncode == 7  # the last child was not killed any more
    statuses = []
    for moment in itertools.count():
        folder = store.folder.with_name(f"moment {moment}")
        if not folder.exists():
            break
        with Store.open(folder, write=False) as reader:
            runs = {run.run_id: run for run in reader.runs(design)}
            assert runs["a0"].metrics == {"loss": 0.25}
            reader.arrays("a0", "curves")
            run = runs["a1"]
            statuses.append(run.status)
            if run.status == "finished":
                assert run.metrics == {"loss": 1.0}
                assert reader.arrays("a1", "curves")["loss"].tolist() == [1.0] * 9
            else:
                assert (run.metrics, run.arrays, run.digest) == ({}, {}, None)
        assert intact(folder)
        with Store.open(folder, write=True) as writer:  # and it goes on from there
            if run.status != "finished":
                writer.start("a1")
                end(writer, "a1")
            writer.arrays("a1", "curves")
        shutil.rmtree(folder)
    assert len(statuses) > 20
    assert statuses == sorted(statuses, key=["pending", "running", "finished"].index)
    assert set(statuses) == {"pending", "running", "finished"}
