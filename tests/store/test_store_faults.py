"""What the machine and other programs do while a store is open."""

import errno
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ceteris.errors import CeterisError
from ceteris.store import Design, Store, database, reading

Declare = Callable[..., Design]
End = Callable[..., None]

SLOW_READER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN")
connection.execute("SELECT * FROM runs").fetchall()
print("reading", flush=True)
time.sleep(float(sys.argv[2]))
"""


def by_id(store: Store, design: Design) -> dict[str, Any]:
    return {run.run_id: run for run in store.runs(design)}


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_a_full_disk_loses_no_run_and_shows_no_half(
    store: Store, declare: Declare, end: End
) -> None:
    design = declare(store)
    end(store, "a0")
    store.start("a1")
    before = by_id(store, design)
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")
    large = {f"metric {n}": float(n) for n in range(2000)}
    with pytest.raises(CeterisError) as caught:
        end(store, "a1", metrics=large)
    assert caught.value.what == "the disk is full while writing run 'a1'"
    assert caught.value.received == f"no space left for {store.folder}"
    assert by_id(store, design) == before
    store._connection.execute("PRAGMA max_page_count = 1000000")  # space was freed
    end(store, "a1", metrics=large)
    assert by_id(store, design)["a1"].metrics == large


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (errno.ENOSPC, "the disk is full while writing arrays"),
        (errno.EIO, "the disk reports an error while writing arrays"),
    ],
)
@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
def test_arrays_that_cannot_be_written_keep_the_run_from_ending(
    store: Store,
    declare: Declare,
    end: End,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    number: int,
    what: str,
) -> None:
    design = declare(store)
    end(store, "a0")
    store.start("a1")
    before, there = by_id(store, design), files(store.folder)

    def fail(*_: object) -> None:
        raise OSError(number, "broken")

    other = {"curves": {"loss": np.ones(7)}}
    with monkeypatch.context() as patched:
        patched.setattr(os, broken, fail)
        with pytest.raises(CeterisError) as caught:
            end(store, "a1", arrays=other)
    assert caught.value.what == what
    assert str(store.folder) in caught.value.received
    assert (by_id(store, design), files(store.folder)) == (before, there)
    end(store, "a1", arrays=other)
    assert store.arrays("a1", "curves")["loss"].tolist() == [1] * 7


def test_an_interrupt_within_a_transaction_leaves_no_trace(
    store: Store, declare: Declare, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = declare(store)
    before = by_id(store, design)

    def interrupt(_: object) -> str:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(reading, "environment", interrupt)
        with pytest.raises(KeyboardInterrupt):
            end(store, "a0")
    assert by_id(store, design) == before
    end(store, "a0")


def slow_reader(store: Store, seconds: float) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_READER, str(store.folder / "study.sqlite"), str(seconds)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "reading\n"
    return process


def test_a_reader_in_the_middle_of_reading_does_not_make_the_writer_fail(
    store: Store, declare: Declare, end: End
) -> None:
    design = declare(store)
    reader = slow_reader(store, 0.5)
    end(store, "a0")  # waits
    assert by_id(store, design)["a0"].status == "finished"
    reader.communicate()


def test_a_program_that_never_stops_reading(
    folder: Path, declare: Declare, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    with Store.create(folder) as store:
        design = declare(store)
        reader = slow_reader(store, 60)
        try:
            with pytest.raises(CeterisError) as caught:
                end(store, "a0")
            expected = "another program kept the study's database busy while writing run 'a0'"
            assert caught.value.what == expected
            assert str(folder) in caught.value.received
            assert by_id(store, design)["a0"].status == "pending"
        finally:
            reader.kill()
            reader.communicate()
        end(store, "a0")


def test_readers_see_whole_runs_while_a_writer_writes(
    store: Store, declare: Declare, end: End
) -> None:
    design = declare(store, seeds=20)
    seen: list[int] = []
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        with Store.open(store.folder, write=False) as reader:
            last = False
            while not last:
                last = done.is_set()
                runs = [run for run in reader.runs(design) if run.status != "pending"]
                seen.append(len(runs))
                wrong.extend(
                    run
                    for run in runs
                    if run.metrics != {"loss": 0.25, "seed": run.seed}
                    or len(reader.arrays(run.run_id, "curves")) != 1
                )

    readers = [threading.Thread(target=read) for _ in range(2)]
    for thread in readers:
        thread.start()
    for seed in range(20):
        end(
            store,
            f"a{seed}",
            metrics={"loss": 0.25, "seed": seed},
            arrays={"curves": {"loss": np.full(100, seed)}},
        )
    done.set()
    for thread in readers:
        thread.join()
    assert wrong == []
    assert max(seen) == 20


class NoRollback:
    """A connection whose disk fails just when a transaction is given up."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self.real = real

    def execute(self, statement: str, *given: Any) -> sqlite3.Cursor:
        if statement == "ROLLBACK":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_WRITE"
            raise error
        return self.real.execute(statement, *given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def test_a_disk_that_fails_when_a_transaction_is_given_up(store: Store, declare: Declare) -> None:
    design = declare(store)
    real = store._connection
    store._connection = NoRollback(real)  # type: ignore[assignment]
    with pytest.raises(CeterisError, match="the disk reports an error while reading the study"):
        store.runs(design)
    with Store.open(store.folder, write=False) as reader:  # its own connection was closed
        assert len(reader.runs(design)) == 4


def test_a_folder_that_is_gone_is_said_whatever_fails_first(
    store: Store, declare: Declare, end: End
) -> None:
    declare(store)
    away = store.folder.with_name("away")
    store.folder.rename(away)
    for arrays in ({}, {"curves": {"loss": np.ones(3)}}):
        with pytest.raises(CeterisError, match="folder was moved or removed while writing"):
            end(store, "a0", arrays=arrays)
    assert not store.folder.exists()
    away.rename(store.folder)
    end(store, "a0")
