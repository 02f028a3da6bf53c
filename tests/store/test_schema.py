import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ceteris.errors import CeterisError
from ceteris.store import Design, Store, schema


def dump(folder: Path) -> list[str]:
    connection = sqlite3.connect(folder / "study.sqlite")
    try:
        lines = list(connection.iterdump())
        lines.append(str(connection.execute("PRAGMA user_version").fetchone()))
        lines.append(str(connection.execute("PRAGMA application_id").fetchone()))
        return lines
    finally:
        connection.close()


def add_column(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE runs ADD COLUMN energy_j REAL")


def rebuild_looks(connection: sqlite3.Connection) -> None:
    # The way to change a column; needs foreign keys to be off.
    connection.execute("CREATE TABLE others (run_id TEXT REFERENCES runs (id))")
    connection.execute("CREATE TABLE new_runs AS SELECT * FROM runs")
    connection.execute("DROP TABLE runs")
    connection.execute("CREATE TABLE runs (id TEXT PRIMARY KEY, recipe, seed, root_seed, status,"
                       " sentence, steps, duration_s, attempts, digest, environment,"
                       " finished_order, energy_j)")  # fmt: skip
    connection.execute("INSERT INTO runs SELECT * FROM new_runs")
    connection.execute("DROP TABLE new_runs")


@pytest.fixture
def study(store: Store, declare: Callable[..., Design], end: Callable[..., None]) -> Path:
    """A closed study of the first version, with a run in it."""
    declare(store)
    end(store, "a0")
    store.close()
    return store.folder


def later(monkeypatch: pytest.MonkeyPatch, *migrations: object) -> None:
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, *migrations))


def test_the_first_version(study: Path) -> None:
    lines = dump(study)
    assert lines[-2:] == ["(1,)", f"({schema.APPLICATION_ID},)"]
    assert schema.APPLICATION_ID.to_bytes(4, "big") == b"Cets"


def test_later_migrations_are_run_once_and_in_order(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, add_column, rebuild_looks)
    for _ in range(2):  # the second time there is nothing to do, and add_column would fail
        with Store.open(study, write=True) as store:
            (design,) = store.designs()
            assert [r.metrics for r in store.runs(design) if r.run_id == "a0"] == [{"loss": 0.25}]
            store.start("b0")
    assert dump(study)[-2:] == ["(3,)", f"({schema.APPLICATION_ID},)"]


def test_a_new_study_runs_all_migrations(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    later(monkeypatch, add_column)
    Store.create(folder).close()
    assert dump(folder)[-2] == "(2,)"
    assert any("energy_j" in line for line in dump(folder))


def test_a_failing_migration_leaves_everything_as_it_was(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("DROP TABLE metrics")
        raise ZeroDivisionError("a mistake of ours")

    before = dump(study)
    with monkeypatch.context() as patched:
        later(patched, add_column, fail)
        with pytest.raises(ZeroDivisionError):
            Store.open(study, write=True)
        assert dump(study) == before
    with Store.open(study, write=True) as store:  # and the lock is free
        assert store.runs(store.designs()[0])


def test_a_migration_must_not_break_references(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(study)
    later(monkeypatch, lambda connection: connection.execute("DELETE FROM runs"))
    with pytest.raises(RuntimeError, match="a migration left references to nothing"):
        Store.open(study, write=True)
    assert dump(study) == before


def test_a_full_disk_while_migrating(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        connection.execute("CREATE TABLE big (x)")

    before = dump(study)
    later(monkeypatch, fill)
    with pytest.raises(CeterisError) as caught:
        Store.open(study, write=True)
    assert caught.value.what == "the disk is full while opening the study"
    assert dump(study) == before


def test_reading_an_older_study_does_not_change_it(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (study / "study.sqlite").read_bytes()
    later(monkeypatch, add_column)
    with Store.open(study, write=False) as store:
        assert len(store.runs(store.designs()[0])) == 4
        columns = store._connection.execute("PRAGMA table_info(runs)").fetchall()
        assert columns[-1][1] == "energy_j"
    assert (study / "study.sqlite").read_bytes() == before


def test_foreign_keys_are_checked_when_the_store_is_open(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.add_design("main", {}, "", [("a", {}, 1)], [("missing", 0, "r", {}, 0)])
    assert store.designs() == []
