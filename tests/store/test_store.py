import errno
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.store import Arm, Design, Look, Store, database, reading

Declare = Callable[..., Design]
End = Callable[..., None]

# Writers and readers in other processes.
SECOND_WRITER = """
import sys
from pathlib import Path
from ceteris.errors import CeterisError
from ceteris.store import Store
try:
    Store.open(Path(sys.argv[1]), write=True)
except CeterisError as error:
    print(error)
"""
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


def test_importing_the_room_is_light() -> None:
    code = (
        "import sys, ceteris.store; print(sorted(sys.modules.keys() & {'torch', 'numpy',"
        " 'safetensors', 'sklearn', 'scipy', 'pandas', 'ceteris.engine', 'ceteris.study'}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


# --- creating and opening


def test_a_new_store_is_empty(store: Store) -> None:
    assert store.environment is None
    assert store.designs() == []
    assert store.latest("main") is None
    assert files(store.folder) == {"lock", "study.sqlite"}


def test_creating_twice(store: Store) -> None:
    for _ in ("while it is open", "after it was closed"):
        with pytest.raises(CeterisError) as caught:
            Store.create(store.folder)
        assert str(caught.value) == (
            "there is a study in this folder already\n"
            f"  received: {store.folder}\n"
            "  expected: a new or empty folder\n"
            "  fix:      run the study again to go on with it, or set it aside with --fresh"
        )
        store.close()


def test_a_folder_that_holds_something_else(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("")
    with pytest.raises(CeterisError) as caught:
        Store.create(folder)
    assert str(caught.value) == (
        "the study's folder holds something else\n"
        f"  received: {folder}, which holds 'thesis.tex'\n"
        "  expected: a new or empty folder\n"
        "  fix:      choose another name for the study"
    )
    assert files(folder) == {"thesis.tex"}


@pytest.mark.parametrize("existing", [True, False])
@pytest.mark.parametrize("broken", ["mkdir", "open", "fsync", "replace", "sqlite"])
def test_a_creation_that_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, existing: bool
) -> None:
    folder = tmp_path / "a" / "b"
    if existing:
        folder.mkdir(parents=True)
        broken = "open" if broken == "mkdir" else broken

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def small(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA max_page_count = 3")

    with monkeypatch.context() as patched:
        if broken == "sqlite":
            patched.setattr(database, "_prepare_to_write", small)
        else:
            patched.setattr(os, broken, fail)
        with pytest.raises(CeterisError) as caught:
            Store.create(folder)
    assert caught.value.what.startswith("the disk is full while ")
    assert caught.value.received == f"no space left for {folder}"
    # The lock file of a folder that was there already is let be: another may be waiting at it.
    assert files(tmp_path) <= ({"a/b/lock"} if existing else set())
    assert folder.exists() == existing
    Store.create(folder).close()


def test_a_folder_under_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CeterisError) as caught:
        Store.create(tmp_path / "file" / "study")
    assert caught.value.what == "the folder cannot be used while creating the study"
    assert str(tmp_path / "file" / "study") in caught.value.received


def test_a_read_only_disk_can_be_read_and_says_why_it_cannot_be_written(
    store: Store, declare: Declare, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = declare(store)
    end(store, "a0")
    store.close()
    opened = os.open

    def read_only(path: Any, flags: int, *mode: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return opened(path, flags, *mode)

    monkeypatch.setattr(os, "open", read_only)
    with Store.open(store.folder, write=False) as reader:
        assert by_id(reader, design)["a0"].metrics == {"loss": 0.25}
        assert reader.arrays("a0", "curves")["loss"].shape == (5,)
        assert reader.disk_bytes() > 0
    with pytest.raises(CeterisError) as caught:
        Store.open(store.folder, write=True)
    assert caught.value.what == "access was denied while taking the study's lock"
    assert str(store.folder) in caught.value.received


def test_a_store_opened_for_reading_changes_nothing(
    store: Store, declare: Declare, end: End
) -> None:
    design = declare(store)
    store.close()
    before = {name: (store.folder / name).read_bytes() for name in files(store.folder)}
    with Store.open(store.folder, write=False) as reader:
        for change in (
            lambda: reader.freeze({}),
            lambda: declare(reader),
            lambda: reader.start("a0"),
            lambda: end(reader, "a0", arrays={}),
            lambda: reader.add_look(design, 2, "deciding"),
        ):
            with pytest.raises(RuntimeError, match="the store was opened for reading"):
                change()
        with pytest.raises(RuntimeError, match="the store was opened for reading"):
            end(reader, "a0")
        with pytest.raises(sqlite3.OperationalError):
            reader._connection.execute("DELETE FROM runs")
    assert before == {name: (store.folder / name).read_bytes() for name in files(store.folder)}


def test_a_second_writer_is_told_who_the_first_is(store: Store) -> None:
    found = subprocess.run(
        [sys.executable, "-c", SECOND_WRITER, str(store.folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.startswith(
        "the study is in use by another process\n"
        f"  received: {store.folder}  (held by process {os.getpid()}, since "
    )
    with pytest.raises(CeterisError, match=f"held by process {os.getpid()},"):
        Store.open(store.folder, write=True)
    store.close()
    Store.open(store.folder, write=True).close()


def test_a_store_that_cannot_be_opened_frees_the_lock(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    with monkeypatch.context() as patched:
        patched.setattr(database, "open_to_write", lambda _: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Store.open(store.folder, write=True)
    Store.open(store.folder, write=True).close()


def test_unfinished_files_are_swept_by_the_next_writer(
    store: Store, declare: Declare, end: End
) -> None:
    declare(store)
    end(store, "a0")
    store.close()
    (path,) = (store.folder / "arrays").rglob("*.safetensors")
    left = path.with_name(f".{path.name}.1.new")
    left.write_bytes(b"half")
    Store.open(store.folder, write=False).close()
    assert left.exists()
    Store.open(store.folder, write=True).close()
    assert not left.exists()
    assert path.exists()


# --- environment


def test_the_environment_is_frozen_once(store: Store) -> None:
    store.freeze({"torch": "2.13.0", "threads": 1})
    store.freeze({"threads": 1, "torch": "2.13.0"})
    assert store.environment == {"torch": "2.13.0", "threads": 1}
    with pytest.raises(CeterisError) as caught:
        store.freeze({"torch": "2.14.0", "threads": 1, "device": "cuda"})
    assert str(caught.value) == (
        "the study was frozen on another environment\n"
        f"  received: device = 'cuda', torch = '2.14.0'  ({store.folder})\n"
        "  expected: device = None, torch = '2.13.0'\n"
        "  fix:      run it where it was begun, or start afresh here with --fresh"
    )
    assert store.environment == {"torch": "2.13.0", "threads": 1}


def test_runs_say_what_they_ran_on(store: Store, declare: Declare, end: End) -> None:
    design = declare(store)
    assert design.environment is None
    end(store, "a0")
    store.freeze({"threads": 1})
    end(store, "a1")
    end(store, "b0", environment={"threads": 2})
    ran_on = {i: run.environment for i, run in by_id(store, design).items()}
    assert ran_on == {"a0": None, "a1": {"threads": 1}, "b0": {"threads": 2}, "b1": None}
    assert declare(store, seeds=3).environment == {"threads": 1}


# --- designs


def test_a_design_comes_back(store: Store, declare: Declare) -> None:
    design = declare(store, seeds=2, note="déjà\x00\u2028")
    assert (design.variant, design.revision) == ("main", 1)
    assert design.spec == {"seeds": 2, "note": "déjà\x00\u2028"}
    assert design.source == "seeds = 2"
    assert design.arms == (Arm("b", {"rate": 0.1}, 20), Arm("a", {"rate": 0.2}, 10))
    assert store.designs() == [design]
    assert store.latest("main") == design


def test_runs_are_in_order_of_arm_and_seed_and_pending(store: Store, declare: Declare) -> None:
    runs = store.runs(declare(store, seeds=11))
    assert [(r.arm, r.seed) for r in runs] == [(a, s) for a in "ba" for s in range(11)]
    assert {(r.status, r.sentence, r.steps, r.attempts, r.digest) for r in runs} == {
        ("pending", "", 0, 0, None)
    }
    assert runs[0].recipe == {"arm": "b", "seed": 0}
    assert runs[0].root_seed == 7


def test_the_same_design_is_there_already(store: Store, declare: Declare) -> None:
    first = declare(store)
    again = store.add_design(
        "main",
        first.spec,
        "# another comment\nseeds = 2",
        [(arm.name, arm.levels, arm.parameters) for arm in first.arms],
        [(r.arm, r.seed, r.run_id, r.recipe, r.root_seed) for r in store.runs(first)],
    )
    assert again == first
    assert store.designs() == [first]


def test_a_changed_design_is_a_new_revision_and_shares_runs(
    store: Store, declare: Declare, end: End
) -> None:
    first = declare(store, seeds=1)
    end(store, "a0")
    more = declare(store, seeds=2)
    assert (more.revision, store.latest("main")) == (2, more)
    assert by_id(store, more)["a0"].status == "finished"
    assert len(store.runs(first)) == 2
    assert len(store.runs(more)) == 4
    other = declare(store, seeds=2, variant="quick")
    assert other.revision == 1
    back = declare(store, seeds=1)  # as the first, but it is the latest word now
    assert back.revision == 3
    assert store.designs() == [first, more, other, back]
    assert by_id(store, back)["a0"].metrics == {"loss": 0.25}


@pytest.mark.parametrize("changed", ["spec", "arms", "levels", "parameters", "order", "runs"])
def test_every_part_of_a_design_counts(store: Store, declare: Declare, changed: str) -> None:
    first = declare(store)
    spec = dict(first.spec)
    arms: list[tuple[str, dict[str, Any], int]] = [
        (arm.name, dict(arm.levels), arm.parameters) for arm in first.arms
    ]
    runs = [(r.arm, r.seed, r.run_id, r.recipe, r.root_seed) for r in store.runs(first)]
    if changed == "spec":
        spec["epochs"] = 1
    elif changed == "arms":
        arms.append(("c", {"rate": 0.3}, 10))
    elif changed == "levels":
        arms[0][1]["rate"] = 0.11
    elif changed == "parameters":
        arms[0] = (*arms[0][:2], 21)
    elif changed == "order":
        arms.reverse()
    else:
        runs[0] = ("b", 0, "other", {"arm": "other"}, 7)
    assert store.add_design("main", spec, first.source, arms, runs).revision == 2


def test_one_identity_has_one_recipe(store: Store, declare: Declare) -> None:
    declare(store)
    with pytest.raises(RuntimeError, match="run 'a0' is known with another recipe"):
        store.add_design("x", {}, "", [("a", {}, 1)], [("a", 0, "a0", {"other": 1}, 7)])
    assert len(store.designs()) == 1


def test_a_root_seed_may_be_any_integer(store: Store) -> None:
    root = 2**200 + 1
    design = store.add_design("main", {}, "", [("a", {}, 1)], [("a", 0, "r", {}, root)])
    assert store.runs(design)[0].root_seed == root


# --- runs


def test_a_run_comes_back_as_it_ended(store: Store, declare: Declare) -> None:
    design = declare(store)
    store.start("a1")
    assert by_id(store, design)["a1"].status == "running"
    store.finish(
        "a1",
        status="stopped",
        sentence="no better for 3 epochs",
        steps=1200,
        duration_s=12.75,
        metrics={"loss": 0.5, "nan": math.nan, "inf": math.inf, "minus": -math.inf, "Güte": 1},
        arrays={
            "curves": {"loss": np.arange(3.0), "step": np.arange(3)},
            "weights": {"dense_1.weight": np.ones((2, 3), np.float32)},
            "none": {},
        },
        digest="d1",
    )
    run = by_id(store, design)["a1"]
    assert (run.arm, run.seed, run.status) == ("a", 1, "stopped")
    assert (run.sentence, run.steps, run.duration_s) == ("no better for 3 epochs", 1200, 12.75)
    assert (run.attempts, run.digest) == (1, "d1")
    assert math.isnan(run.metrics.pop("nan"))
    assert run.metrics == {"loss": 0.5, "inf": math.inf, "minus": -math.inf, "Güte": 1.0}
    assert run.arrays.keys() == {"curves", "weights", "none"}
    assert store.arrays("a1", "curves")["step"].tolist() == [0, 1, 2]
    assert store.arrays("a1", "weights")["dense_1.weight"].shape == (2, 3)
    assert store.arrays("a1", "none") == {}


@pytest.mark.parametrize("status", ["finished", "stopped", "diverged"])
def test_a_result_is_never_overwritten(
    store: Store, declare: Declare, end: End, status: str
) -> None:
    design = declare(store)
    end(store, "a0", status=status)
    before, there = by_id(store, design), files(store.folder)
    with pytest.raises(RuntimeError, match=f"run 'a0' is {status}: a result is never overwritten"):
        store.start("a0")
    with pytest.raises(RuntimeError, match="a result is never overwritten"):
        end(store, "a0", arrays={"curves": {"loss": np.ones(1)}})
    assert by_id(store, design) == before
    assert files(store.folder) == there


def test_a_failed_run_may_be_tried_again(store: Store, declare: Declare, end: End) -> None:
    design = declare(store)
    store.start("a0")
    end(store, "a0", status="failed", sentence="the worker was killed", digest=None)
    store.start("a0")
    run = by_id(store, design)["a0"]
    assert (run.status, run.attempts, run.sentence, run.steps) == ("running", 2, "", 0)
    assert (run.metrics, run.arrays) == ({}, {})
    end(store, "a0", metrics={"other": 1.0}, arrays={})
    run = by_id(store, design)["a0"]
    assert (run.status, run.metrics, run.arrays) == ("finished", {"other": 1.0}, {})


def test_an_interrupted_run_is_started_again(store: Store, declare: Declare, end: End) -> None:
    design = declare(store)
    for attempt in (1, 2, 3):
        store.start("a0")
        assert by_id(store, design)["a0"].attempts == attempt
        store.close()
        store = Store.open(store.folder, write=True)
    end(store, "a0")
    store.close()


@pytest.mark.parametrize("status", ["pending", "running", "done", ""])
def test_a_run_ends_in_a_status_that_is_an_end(
    store: Store, declare: Declare, end: End, status: str
) -> None:
    declare(store)
    with pytest.raises(ValueError, match="a run ends as one of"):
        end(store, "a0", status=status)


def test_unknown_runs_and_arrays_are_our_mistake(store: Store, declare: Declare, end: End) -> None:
    declare(store)
    with pytest.raises(KeyError, match="there is no run 'zz'"):
        store.start("zz")
    with pytest.raises(KeyError, match="there is no run 'zz'"):
        end(store, "zz")
    with pytest.raises(KeyError, match="run 'a0' has no arrays 'weights'"):
        store.arrays("a0", "weights")
    assert files(store.folder) == {"lock", "study.sqlite"}


def test_arrays_are_verified_when_they_are_read(store: Store, declare: Declare, end: End) -> None:
    design = declare(store)
    end(store, "a0")
    digest = by_id(store, design)["a0"].arrays["curves"]
    path = store.folder / "arrays" / digest[:2] / f"{digest}.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    with pytest.raises(CeterisError, match="damaged: its content has changed") as caught:
        store.arrays("a0", "curves")
    assert str(store.folder) in caught.value.received
    assert store.arrays("a0", "curves", verify=False)["loss"].shape == (5,)


def test_an_array_name_from_a_foreign_database_is_no_path(
    store: Store, declare: Declare, end: End
) -> None:
    declare(store)
    end(store, "a0")
    store._connection.execute("UPDATE arrays SET digest = '../../../../etc/passwd'")
    with pytest.raises(CeterisError, match="the name of an array file is not a digest"):
        store.arrays("a0", "curves")


def test_text_that_we_did_not_write_is_damage(store: Store, declare: Declare) -> None:
    design = declare(store)
    store._connection.execute("UPDATE runs SET recipe = '{'")
    with pytest.raises(CeterisError) as caught:
        store.runs(design)
    assert caught.value.what == "the study's database is damaged"
    assert str(store.folder) in caught.value.received


# --- looks


def test_looks_belong_to_the_variant(store: Store, declare: Declare) -> None:
    first = declare(store, seeds=2)
    assert store.looks(first) == []
    look = Look(number=1, revision=1, seeds=2, role="deciding")
    assert store.add_look(first, 2, "deciding") == look
    assert store.add_look(first, 2, "exploratory") == look  # shown again: no new look
    more = declare(store, seeds=3)
    assert store.add_look(more, 3, "exploratory") == Look(2, 2, 3, "exploratory")
    other = declare(store, seeds=3, variant="quick")
    assert store.add_look(other, 3, "deciding") == Look(1, 1, 3, "deciding")
    assert store.looks(first) == store.looks(more)
    assert [look.number for look in store.looks(more)] == [1, 2]
    assert len(store.looks(other)) == 1


def test_the_size_of_everything(store: Store, declare: Declare, end: End) -> None:
    declare(store)
    before = store.disk_bytes()
    assert before == sum((store.folder / name).stat().st_size for name in files(store.folder))
    end(store, "a0", arrays={"weights": {"w": np.random.default_rng(0).random(10_000)}})
    assert store.disk_bytes() > before + 80_000


# --- faults


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


# --- whatever is put in comes back

NAMES = st.text(max_size=12)
OUTCOMES = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["finished", "stopped", "diverged", "failed"]),
        "sentence": NAMES,
        "steps": st.integers(0, 2**40),
        "duration_s": st.floats(0, 1e9),
        "metrics": st.dictionaries(NAMES, st.floats(), max_size=5),
        "digest": st.none() | NAMES,
        "arrays": st.dictionaries(
            NAMES,
            st.dictionaries(NAMES, st.lists(st.floats(), max_size=3).map(np.array), max_size=2),
            max_size=2,
        ),
    }
)


@given(
    variant=NAMES,
    source=NAMES,
    spec=st.dictionaries(NAMES, st.integers() | NAMES | st.lists(st.floats(0, 1))),
    outcomes=st.dictionaries(NAMES, OUTCOMES, min_size=1, max_size=4),
)
@settings(deadline=None, max_examples=25)
def test_what_is_stored_comes_back_equal(
    variant: str, source: str, spec: dict[str, Any], outcomes: dict[str, dict[str, Any]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "study"
        with Store.create(folder) as store:
            design = store.add_design(
                variant,
                spec,
                source,
                [(arm, spec, 1) for arm in outcomes],
                [(arm, 0, f"run {arm}", {"arm": arm}, 0) for arm in outcomes],
            )
            for arm, outcome in outcomes.items():
                store.start(f"run {arm}")
                store.finish(f"run {arm}", **outcome)
        with Store.open(folder, write=False) as store:
            assert store.designs() == [design]
            assert (design.variant, design.source, design.spec) == (variant, source, spec)
            runs = store.runs(design)
            assert [run.arm for run in runs] == list(outcomes)
            for run in runs:
                given = outcomes[run.arm]
                for key in ("status", "sentence", "steps", "duration_s", "digest"):
                    assert getattr(run, key) == given[key]
                assert run.metrics.keys() == given["metrics"].keys()
                for key, value in given["metrics"].items():
                    assert run.metrics[key] == value or math.isnan(run.metrics[key])
                    assert math.isnan(run.metrics[key]) == math.isnan(value)
                assert run.arrays.keys() == given["arrays"].keys()
                for key, arrays in given["arrays"].items():
                    back = store.arrays(run.run_id, key)
                    assert back.keys() == arrays.keys()
                    for inner, array in arrays.items():
                        np.testing.assert_array_equal(back[inner], array)
