"""Opening a study's database: only ours, only what we know, and whole.

Rollback journal and every commit forced to the disk: the SQLite that comes with common Pythons
has a bug in WAL mode that can lose data (https://www.sqlite.org/wal.html, "the WAL-reset bug"),
and a rollback journal also lets a folder be read from a read-only disk.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from pathlib import Path

from ceteris.atomic import UNFINISHED, sync_folder
from ceteris.errors import CeterisError
from ceteris.store import schema
from ceteris.store.faults import damaged, place
from ceteris.store.lock import LOCK

DATABASE = "study.sqlite"

# How long to wait for another program to end its transaction. A reader of ours needs
# milliseconds; other people's database browsers may take seconds.
BUSY_TIMEOUT_MS = 30_000

# https://www.sqlite.org/fileformat2.html#the_database_header
_HEADER_BYTES = 100
_USER_VERSION_AT = 60
_APPLICATION_ID_AT = 68


def is_ours(folder: Path) -> bool:
    """Whether a folder holds a database that Ceteris made, whole or damaged."""
    path = folder / DATABASE
    try:
        if not path.is_file():
            return False
        return _identity(path)[0] == schema.APPLICATION_ID or _is_headless(folder)
    except (OSError, sqlite3.Error):
        return False


def check(folder: Path) -> None:
    """Refuse a folder whose database is not one that we can open. Writes nothing.

    Raises:
        CeterisError: when there is no database, it is not ours, or made by a newer Ceteris.
        OSError, sqlite3.Error: when it cannot be read.
    """
    path = folder / DATABASE
    if not path.is_file():
        raise CeterisError(
            "there is no study in this folder",
            received=place(folder),
            expected=f"a study's folder, which holds {DATABASE}",
            fix="see the studies there are with: ceteris list",
        )
    application, version = _identity(path)
    if application != schema.APPLICATION_ID:
        if _is_headless(folder):
            raise damaged(
                folder, f"its beginning is missing, {path.stat().st_size} bytes are there"
            )
        raise CeterisError(
            "the database in this folder is not one of Ceteris",
            received=f"{place(folder)}  ({DATABASE})",
            expected=f"a {DATABASE} that Ceteris made",
            fix="choose another folder; this one has been left as it is",
        )
    if version > len(schema.MIGRATIONS):
        raise CeterisError(
            "the study was made by a newer Ceteris",
            received=f"{place(folder)}  (version {version} of the tables)",
            expected=f"version {len(schema.MIGRATIONS)} or older",
            fix="update Ceteris",
        )
    if version < 1:  # a file of ours gets both numbers in one transaction
        raise damaged(folder, f"version {version} of the tables")


def create(folder: Path) -> None:
    """Make a new, empty database where there is none; it appears when it is complete.

    Raises:
        OSError, sqlite3.Error: as reported; nothing is left then.
    """
    beside = folder / f"{DATABASE}{UNFINISHED}"
    leftovers = [beside, folder / f"{beside.name}-journal"]
    for path in leftovers:  # of a process that was killed while it did this
        path.unlink(missing_ok=True)
    try:
        with contextlib.closing(_connect(beside, "rwc")) as connection:
            _prepare_to_write(connection)
            schema.migrate(connection)
        os.replace(beside, folder / DATABASE)
        sync_folder(folder)
    except BaseException:
        for path in (*leftovers, folder / DATABASE):
            with contextlib.suppress(OSError):
                path.unlink()
        raise


def open_to_write(folder: Path) -> sqlite3.Connection:
    """Open a checked database for its one writer: repaired after a crash, whole, up to date.

    Raises:
        CeterisError: when the file is damaged.
        sqlite3.Error: as reported.
    """
    connection = _connect(folder / DATABASE, "rw")
    try:
        _prepare_to_write(connection)
        _check_length(connection, folder)
        # Found before anything is added. It reads the whole file: 42 MB (10,000 runs) in 0.12 s.
        (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise damaged(folder, str(found))
        schema.migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_to_read(folder: Path) -> sqlite3.Connection:
    """Open a checked database for reading, on a read-only disk too; never changes what it says.

    Where the tables are older than ours, a copy in memory is brought up to date and read.

    Raises:
        sqlite3.Error: as reported.
    """
    connection = _connect_whole(folder / DATABASE)
    try:
        _check_length(connection, folder)
        if schema.version_of(connection) < len(schema.MIGRATIONS):
            older, connection = connection, _in_memory(connection)
            older.close()
            schema.migrate(connection)
        connection.execute("PRAGMA query_only = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_whole(path: Path) -> sqlite3.Connection:
    # A writer that was killed within a commit leaves a journal with which the next opener must
    # undo the half of it. A read-only connection sees that and may not.
    connection = _connect(path, "ro")
    try:
        schema.version_of(connection)
        return connection
    except sqlite3.OperationalError as error:
        connection.close()
        if error.sqlite_errorname != "SQLITE_READONLY_ROLLBACK":
            raise
    except BaseException:
        connection.close()
        raise
    with contextlib.suppress(sqlite3.OperationalError):
        with contextlib.closing(_connect(path, "rw")) as writer:
            schema.version_of(writer)
        return _connect(path, "ro")
    # The disk is read-only, so nobody is writing: undo it in a copy.
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(f"{path}-journal", f"{copy}-journal")
        with contextlib.closing(_connect(copy, "rw")) as whole:
            return _in_memory(whole)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    # isolation_level None: transactions begin and end where we say, and nowhere else.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_MS / 1000,
    )
    # A file from elsewhere must not run functions through its views and triggers.
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _prepare_to_write(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = DELETE")
    # FULL, and the folder is synced after the journal is deleted: without that a power cut may
    # bring the journal back and with it undo a commit that we have reported.
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("PRAGMA foreign_keys = ON")


def _check_length(connection: sqlite3.Connection, folder: Path) -> None:
    # SQLite counts a last page that is there in part as a page, and reads zeros for the rest.
    (name,) = connection.execute("SELECT file FROM pragma_database_list").fetchone()
    if not name:
        return  # a copy in memory
    connection.execute("BEGIN")  # nobody changes the length while we look
    try:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (page_bytes,) = connection.execute("PRAGMA page_size").fetchone()
        size = (folder / DATABASE).stat().st_size
    finally:
        schema.roll_back(connection)
    if size < pages * page_bytes:
        raise damaged(folder, f"{size} of {pages * page_bytes} bytes are there")


def _in_memory(connection: sqlite3.Connection) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", isolation_level=None)
    connection.backup(memory)
    return memory


def _identity(path: Path) -> tuple[int, int]:
    """Return application id and version from a file's header; zeros where it is no database."""
    # Through SQLite where it can: opening and closing the file by ourselves would free the locks
    # that another connection of this process has on it
    # (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    try:
        with contextlib.closing(_connect(path, "ro")) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            return int(application), schema.version_of(connection)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorname.startswith("SQLITE_NOTADB"):
            return 0, 0
        if not error.sqlite_errorname.startswith(("SQLITE_CORRUPT", "SQLITE_READONLY_ROLLBACK")):
            raise
    with open(path, "rb") as file:  # cut short, or left by a killed writer: nobody is writing
        header = file.read(_HEADER_BYTES)
    return _number(header, _APPLICATION_ID_AT), _number(header, _USER_VERSION_AT)


def _is_headless(folder: Path) -> bool:
    """Whether a database has lost what says whose it is, and the files beside it say it was ours.

    Only for one that SQLite finds no identity in: nobody holds locks on such a file.
    """
    with open(folder / DATABASE, "rb") as file:
        header = file.read(_HEADER_BYTES)
    lost = len(header) < _HEADER_BYTES or not any(header)
    return lost and (folder / LOCK).is_file()


def _number(header: bytes, at: int) -> int:
    return int.from_bytes(header[at : at + 4], "big", signed=True)
