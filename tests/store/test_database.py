import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ceteris.errors import CeterisError
from ceteris.store import Design, Store, database

OURS = (
    "  expected: a study.sqlite that Ceteris made\n"
    "  fix:      choose another folder; this one has been left as it is"
)

# Killed within a commit: a cache of one page makes SQLite write changed pages to the file before
# the commit, so that the journal is needed to undo them.
KILLED_IN_COMMIT = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE runs SET status = 'finished', sentence = hex(zeroblob(9000))")
connection.execute("INSERT INTO metrics SELECT id, 'half', 1 FROM runs")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def study(store: Store, declare: Callable[..., Design], end: Callable[..., None]) -> Path:
    declare(store, seeds=8)
    end(store, "a0")
    store.close()
    return store.folder


@pytest.fixture
def killed(study: Path) -> Path:
    path = study / "study.sqlite"
    subprocess.run([sys.executable, "-c", KILLED_IN_COMMIT, str(path)], check=False)
    assert (study / "study.sqlite-journal").stat().st_size > 0
    return study


def names(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*")}


@pytest.mark.parametrize("write", [True, False])
def test_no_study(tmp_path: Path, write: bool) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "odd" / "study.sqlite").mkdir(parents=True)
    before = names(tmp_path)
    for name in ("missing", "empty", "file", "odd"):
        with pytest.raises(CeterisError) as caught:
            Store.open(tmp_path / name, write=write)
        assert str(caught.value) == (
            "there is no study in this folder\n"
            f"  received: {tmp_path / name}\n"
            "  expected: a study's folder, which holds study.sqlite\n"
            "  fix:      see the studies there are with: ceteris list"
        )
    assert names(tmp_path) == before


@pytest.mark.parametrize("write", [True, False])
@pytest.mark.parametrize("size", [0, 1, 99, 100, 512, 5000])
def test_random_bytes_in_place_of_a_database(folder: Path, write: bool, size: int) -> None:
    folder.mkdir(parents=True)
    content = np.random.default_rng(size).bytes(size)
    (folder / "study.sqlite").write_bytes(content)
    with pytest.raises(CeterisError) as caught:
        Store.open(folder, write=write)
    assert str(caught.value) == (
        "the database in this folder is not one of Ceteris\n"
        f"  received: {folder}  (study.sqlite)\n" + OURS
    )
    assert names(folder) == {"study.sqlite"}
    assert (folder / "study.sqlite").read_bytes() == content


@pytest.mark.parametrize("write", [True, False])
def test_a_database_of_another_application(study: Path, write: bool) -> None:
    connection = sqlite3.connect(study / "study.sqlite")
    connection.execute("PRAGMA application_id = 7")
    connection.close()
    with pytest.raises(CeterisError, match="the database in this folder is not one of Ceteris"):
        Store.open(study, write=write)


@pytest.mark.parametrize("write", [True, False])
def test_a_study_of_a_newer_ceteris(study: Path, write: bool) -> None:
    path = study / "study.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(CeterisError) as caught:
        Store.open(study, write=write)
    assert str(caught.value) == (
        "the study was made by a newer Ceteris\n"
        f"  received: {study}  (version 99 of the tables)\n"
        "  expected: version 1 or older\n"
        "  fix:      update Ceteris"
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_we_never_wrote(study: Path, version: int) -> None:
    connection = sqlite3.connect(study / "study.sqlite")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    with pytest.raises(CeterisError, match=rf"\(version {version} of the tables\)"):
        Store.open(study, write=True)


@pytest.mark.parametrize("write", [True, False])
def test_a_database_cut_short(study: Path, write: bool) -> None:
    path = study / "study.sqlite"
    whole = path.read_bytes()
    for size in (200, 4096, 5000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(CeterisError) as caught:
            Store.open(study, write=write)
        whole_pages = -(-size // 4096) == len(whole) // 4096
        reason = (
            f"{size} of {len(whole)} bytes are there"
            if whole_pages
            else "database disk image is malformed"
        )
        assert str(caught.value) == (
            "the study's database is damaged\n"
            f"  received: {study}  ({reason})\n"
            "  expected: a study.sqlite as Ceteris wrote it\n"
            "  fix:      put back a copy of the folder, or run the study again with --fresh"
        )
        assert path.stat().st_size == size


def test_damage_inside_is_found_before_anything_is_written(study: Path) -> None:
    path = study / "study.sqlite"
    content = bytearray(path.read_bytes())
    content[4096:8192] = bytes(4096)  # the second page, whichever table's it is
    path.write_bytes(content)
    with pytest.raises(CeterisError, match="the study's database is damaged"):
        Store.open(study, write=True)
    assert path.read_bytes() == content


@pytest.mark.parametrize("write", [True, False])
def test_flipped_bits_are_an_error_or_a_value_but_never_a_traceback(
    study: Path, write: bool
) -> None:
    path = study / "study.sqlite"
    whole = path.read_bytes()
    draw = np.random.default_rng(0)
    errors = []
    for _ in range(200):
        content = bytearray(whole)
        for at in draw.integers(len(content), size=draw.choice([1, 20])):
            content[at] ^= 1 << int(draw.integers(8))
        path.write_bytes(content)
        try:
            with Store.open(study, write=write) as store:
                for design in store.designs():
                    store.runs(design)
                    store.looks(design)
                store.environment  # noqa: B018
        except CeterisError as error:
            errors.append(error.received)
    assert 0 < len(errors) < 200
    assert all(str(study) in received for received in errors)


def test_what_every_writer_relies_on(store: Store) -> None:
    def pragma(name: str) -> object:
        return store._connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "delete"
    assert pragma("synchronous") == 3  # EXTRA
    assert pragma("foreign_keys") == 1
    assert pragma("trusted_schema") == 0
    assert pragma("busy_timeout") == database.BUSY_TIMEOUT_MS


def test_a_database_that_was_switched_to_wal_is_switched_back(study: Path) -> None:
    connection = sqlite3.connect(study / "study.sqlite")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()
    with Store.open(study, write=True) as store:
        assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def half_of_it(store: Store) -> set[tuple[str, tuple[str, ...]]]:
    return {(r.status, tuple(r.metrics)) for r in store.runs(store.designs()[0])}


AS_BEFORE = {("finished", ("loss",)), ("pending", ())}


@pytest.mark.parametrize("write", [True, False])
def test_half_a_commit_of_a_killed_writer_is_undone_by_the_next_opener(
    killed: Path, write: bool
) -> None:
    with Store.open(killed, write=write) as store:
        assert half_of_it(store) == AS_BEFORE
    assert not (killed / "study.sqlite-journal").exists()


def test_half_a_commit_is_undone_in_a_copy_where_the_disk_is_read_only(
    killed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = sqlite3.connect

    def read_only(target: str, **given: object) -> sqlite3.Connection:
        # What SQLite does with a file that it may not write: it opens it to read.
        if target.startswith(killed.as_uri()):
            target = target.replace("mode=rw", "mode=ro")
        return connect(target, **given)  # type: ignore[arg-type]

    monkeypatch.setattr(sqlite3, "connect", read_only)
    before = {name: (killed / name).read_bytes() for name in os.listdir(killed) if "." in name}
    with Store.open(killed, write=False) as store:
        assert half_of_it(store) == AS_BEFORE
    assert before == {name: (killed / name).read_bytes() for name in before}


def test_a_copy_and_a_moved_folder_are_the_same_study(study: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy é"
    shutil.copytree(study, copy)
    moved = tmp_path / "moved"
    study.rename(moved)
    for place in (copy, moved):
        with Store.open(place, write=True) as store:
            run = next(r for r in store.runs(store.designs()[0]) if r.run_id == "a0")
            assert run.status == "finished"
            assert store.arrays("a0", "curves")["loss"].tolist() == [0, 1, 2, 3, 4]
            store.start("b0")


def test_a_relative_folder_stays_the_same_when_the_process_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Store.create(Path("here")) as store:
        monkeypatch.chdir("/")
        assert store.folder == tmp_path / "here"
        assert store.disk_bytes() > 0


def test_our_identity_check_does_not_free_the_locks_of_an_open_store(store: Store) -> None:
    # POSIX frees all of a process's locks on a file when it closes the file once.
    store._connection.execute("BEGIN IMMEDIATE")
    assert database.is_ours(store.folder)
    database.check(store.folder)
    other = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
    )
    path = str(store.folder / "study.sqlite")
    found = subprocess.run([sys.executable, "-c", other, path], capture_output=True, check=False)
    store._connection.execute("ROLLBACK")
    assert b"database is locked" in found.stderr


def test_leftovers_of_a_killed_creation_do_not_stop_the_next(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("lock", "study.sqlite.new", "study.sqlite.new-journal"):
        (folder / name).write_bytes(b"half")
    with Store.create(folder) as store:
        assert store.designs() == []
    assert names(folder) == {"lock", "study.sqlite"}
