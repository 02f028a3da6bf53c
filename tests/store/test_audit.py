"""What is no longer as it was written is found, and what is, is not complained about."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ceteris.store import Design, Store
from ceteris.store.arrays import array_path

Declare = Callable[..., Design]
End = Callable[..., None]


@pytest.fixture
def ended(store: Store, declare: Declare, end: End) -> Store:
    """A study of four runs, two of which ended: one with two sets of arrays, one with one."""
    declare(store)
    other = {"curves": {"loss": np.arange(5.0)}, "weights": {"w": np.ones(9)}}
    for run_id, arrays in (("a0", other), ("b0", {"curves": {"loss": np.zeros(3)}})):
        store.start(run_id)
        end(store, run_id, arrays=arrays)
    store.start("a1")
    return store


def change(store: Store, statement: str) -> None:
    connection = sqlite3.connect(store.folder / "study.sqlite", isolation_level=None)
    connection.execute(statement)
    connection.close()


def array_file(store: Store, name: str = "weights") -> Path:
    run = next(r for r in store.runs(store.designs()[0]) if r.run_id == "a0")
    return array_path(store.folder, run.arrays[name])


def test_a_study_that_is_whole(ended: Store) -> None:
    found = ended.audit()
    assert (found.num_whole, found.problems, found.orphans) == (3, (), ())


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda path: path.unlink(), "it is missing"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "its content has changed"),
        (lambda path: path.write_bytes(b""), "it is cut short"),
    ],
)
def test_a_damaged_file(ended: Store, damage: Callable[[Path], object], what: str) -> None:
    path = array_file(ended)
    damage(path)
    found = ended.audit()
    assert found.num_whole == 2
    (problem,) = found.problems
    assert what in problem.what
    assert path.name in problem.received


def test_files_that_no_run_refers_to(ended: Store) -> None:
    beside = array_file(ended).with_name(".x.7.new")
    beside.write_bytes(b"half")
    found = ended.audit()
    assert found.orphans == (beside.relative_to(ended.folder).as_posix(),)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("INSERT INTO metrics VALUES ('gone', 'loss', 1)", "metrics 5: refers to nothing"),
        ("UPDATE runs SET digest = NULL WHERE id = 'a0'", "run 'a0' is finished and has no digest"),
        ("UPDATE runs SET status = 'running' WHERE id = 'a0'", "'a0' is running and has a result"),
        ("UPDATE runs SET digest = 'd' WHERE id = 'a1'", "'a1' is running and has a result"),
    ],
)
def test_a_database_that_something_else_has_written(
    ended: Store, statement: str, reason: str
) -> None:
    change(ended, statement)
    (problem,) = ended.audit().problems
    assert problem.what == "the study's database is damaged"
    assert reason.split(":")[-1] in problem.received


def test_another_size(ended: Store) -> None:
    change(ended, "UPDATE arrays SET size_bytes = 1 WHERE name = 'weights'")
    (problem,) = ended.audit().problems
    assert problem.what == "the database gives another size for an array file than it has"
    assert "1 in the database" in problem.received


def test_many_findings_are_counted(ended: Store) -> None:
    for number in range(9):
        change(ended, "INSERT INTO metrics VALUES ('gone %d', 'loss', 1)" % number)  # noqa: S608, UP031
    (problem,) = ended.audit().problems
    assert "; and 6 more" in problem.received


def test_a_writer_does_not_wait_for_it(
    ended: Store, end: End, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ceteris.store import store as module

    reader = Store.open(ended.folder, write=False)
    files = module.audit_files

    def meanwhile(*given: object) -> object:
        end(ended, "a1", arrays={})
        return files(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "audit_files", meanwhile)
    assert reader.audit().problems == ()
    reader.close()
