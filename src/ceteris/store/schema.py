"""The tables, and how a database made by an older Ceteris becomes one of today.

A migration is a function from one version to the next; the version of a file is SQLite's
``user_version``. A change of the tables is always a new function at the end of ``MIGRATIONS``,
never an edit of an old one, because files made by the old one exist. Idea: ``llm/migrations.py``
of simonw/llm; here all steps together are one transaction.
"""

import sqlite3
from collections.abc import Callable
from contextlib import suppress

# "Cets" in ASCII: https://www.sqlite.org/pragma.html#pragma_application_id
APPLICATION_ID = 0x43657473

_FIRST = (
    # What is true of the whole study; the key "environment" is what it was frozen on.
    "CREATE TABLE study (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
    # The study as declared; a changed declaration of the same variant is its next revision.
    """
    CREATE TABLE designs (
        id INTEGER PRIMARY KEY,
        variant TEXT NOT NULL,
        revision INTEGER NOT NULL,
        spec TEXT NOT NULL,
        source TEXT NOT NULL,
        environment TEXT,
        created_order INTEGER NOT NULL UNIQUE,
        UNIQUE (variant, revision)
    )
    """,
    """
    CREATE TABLE arms (
        design_id INTEGER NOT NULL REFERENCES designs (id),
        position INTEGER NOT NULL,
        name TEXT NOT NULL,
        levels TEXT NOT NULL,
        parameters INTEGER NOT NULL,
        PRIMARY KEY (design_id, name),
        UNIQUE (design_id, position)
    )
    """,
    # root_seed is text because it may be any integer; SQLite's end at 2**63 - 1.
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        recipe TEXT NOT NULL,
        seed INTEGER NOT NULL,
        root_seed TEXT NOT NULL,
        status TEXT NOT NULL DEFAULT 'pending' CHECK (
            status IN ('pending', 'running', 'finished', 'stopped', 'diverged', 'failed')
        ),
        sentence TEXT NOT NULL DEFAULT '',
        steps INTEGER NOT NULL DEFAULT 0,
        duration_s REAL NOT NULL DEFAULT 0,
        attempts INTEGER NOT NULL DEFAULT 0,
        digest TEXT,
        environment TEXT,
        finished_order INTEGER UNIQUE
    )
    """,
    # Many to many: a run belongs to every design that asks for exactly it.
    """
    CREATE TABLE design_runs (
        design_id INTEGER NOT NULL,
        arm TEXT NOT NULL,
        seed INTEGER NOT NULL,
        run_id TEXT NOT NULL REFERENCES runs (id),
        PRIMARY KEY (design_id, arm, seed),
        FOREIGN KEY (design_id, arm) REFERENCES arms (design_id, name)
    )
    """,
    # NULL is nan: SQLite has no nan of its own.
    """
    CREATE TABLE metrics (
        run_id TEXT NOT NULL REFERENCES runs (id),
        name TEXT NOT NULL,
        value REAL,
        PRIMARY KEY (run_id, name)
    )
    """,
    """
    CREATE TABLE arrays (
        run_id TEXT NOT NULL REFERENCES runs (id),
        name TEXT NOT NULL,
        digest TEXT NOT NULL,
        size_bytes INTEGER NOT NULL,
        PRIMARY KEY (run_id, name)
    )
    """,
    # number counts the looks at a variant; the same design at the same seeds is the same look.
    """
    CREATE TABLE looks (
        design_id INTEGER NOT NULL REFERENCES designs (id),
        number INTEGER NOT NULL,
        seeds INTEGER NOT NULL,
        role TEXT NOT NULL,
        PRIMARY KEY (design_id, seeds)
    )
    """,
)


def _create_tables(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID:d}")
    for statement in _FIRST:  # executescript would commit in between
        connection.execute(statement)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_create_tables,)


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of the tables in an open database; 0 for an empty one."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date: all missing steps in one transaction, or none of them.

    Foreign keys are off meanwhile, as rebuilding a table needs (https://www.sqlite.org/
    lang_altertable.html, section 7), and are checked before the transaction ends.

    Raises:
        Exception: whatever a migration raises; the database is then as it was.
    """
    if version_of(connection) >= len(MIGRATIONS):
        return
    connection.execute("PRAGMA foreign_keys = OFF")
    try:
        connection.execute("BEGIN IMMEDIATE")
        for number, migration in enumerate(MIGRATIONS, start=1):
            if number > version_of(connection):
                migration(connection)
                connection.execute(f"PRAGMA user_version = {number:d}")
        broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"a migration left references to nothing: {broken[:3]}")
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # the first error is the one to tell
            roll_back(connection)
        raise
    connection.execute("PRAGMA foreign_keys = ON")


def roll_back(connection: sqlite3.Connection) -> None:
    """End a transaction without a trace; after some faults SQLite has done so already.

    Raises:
        sqlite3.Error: the disk does not even take that. The connection is closed then, which rolls
            back too, and what is on the disk is put right by the next opener.
    """
    if connection.in_transaction:
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            connection.close()
            raise
