"""Creating a store and opening it: by whom, where, and what is left when it fails."""

import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ceteris.errors import CeterisError
from ceteris.store import Design, Store, database

Declare = Callable[..., Design]
End = Callable[..., None]

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
