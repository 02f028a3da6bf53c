import errno
import os
import sqlite3
from pathlib import Path

import pytest

from ceteris.errors import CeterisError
from ceteris.store.faults import place, told

FOLDER = Path("/some place/é\x1b[2J")
SHOWN = "/some place/é\\x1b[2J"


def said(error: Exception) -> str:
    with pytest.raises(CeterisError) as caught, told(FOLDER, "trying"):
        raise error
    assert caught.value.__cause__ is error
    return str(caught.value)


def from_sqlite(name: str, text: str = "broken") -> sqlite3.Error:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorname = name
    return error


FULL = (
    "the disk is full while trying\n"
    f"  received: no space left for {SHOWN}\n"
    "  expected: free space for the results; everything finished before is kept\n"
    "  fix:      free some space and run the same command again: it continues where it stopped"
)
BROKEN = (
    "the disk reports an error while trying\n"
    f"  received: {SHOWN}  (broken)\n"
    "  expected: a disk that reads and writes; everything finished before is kept\n"
    "  fix:      check the disk and its cables or quota, then run the same command again: it"
    " continues where it stopped"
)
DENIED = (
    "access was denied while trying\n"
    f"  received: {SHOWN}  (broken)\n"
    "  expected: a folder that you may read and write\n"
    "  fix:      change the folder's permissions, or choose another with --home or CETERIS_HOME"
)
OTHER = (
    "the folder cannot be used while trying\n"
    f"  received: {SHOWN}  (broken)\n"
    "  expected: a folder on a disk that answers, with every file where it was put\n"
    "  fix:      look at the path above; if it is right, check the disk and try again"
)
BUSY = (
    "another program kept the study's database busy while trying\n"
    f"  received: {SHOWN}  (broken)\n"
    "  expected: other programs reading the database for a moment only\n"
    "  fix:      close the program that has the database open, then run the same command again:"
    " it continues where it stopped"
)
DAMAGED = (
    "the study's database is damaged\n"
    f"  received: {SHOWN}  (broken)\n"
    "  expected: a study.sqlite as Ceteris wrote it\n"
    "  fix:      put back a copy of the folder, or run the study again with --fresh"
)
MOVED = (
    "the study's folder was moved or removed while trying\n"
    f"  received: {SHOWN}\n"
    "  expected: the folder where it was when the study was opened\n"
    "  fix:      put it back, or run the study where it is now"
)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOSPC, FULL),
        (errno.EDQUOT, FULL),
        (errno.EIO, BROKEN),
        (errno.EROFS, DENIED),
        (errno.EACCES, DENIED),
        (errno.EPERM, DENIED),
        (errno.ENOTDIR, OTHER),
        (errno.ESTALE, OTHER),
    ],
)
def test_what_the_system_reports(number: int, text: str) -> None:
    assert said(OSError(number, "broken")) == text
    assert said(OSError(number, "broken", str(FOLDER))) == text


def test_the_file_is_shown_beside_the_folder() -> None:
    text = said(OSError(errno.EIO, "broken", f"{FOLDER}/a\n"))
    assert f"  received: {SHOWN}  ({SHOWN}/a\\n: broken)\n" in text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SQLITE_FULL", FULL),
        ("SQLITE_IOERR_WRITE", BROKEN),
        ("SQLITE_READONLY", DENIED),
        ("SQLITE_READONLY_DBMOVED", MOVED),
        ("SQLITE_CANTOPEN", DENIED),
        ("SQLITE_BUSY", BUSY),
        ("SQLITE_CORRUPT_INDEX", DAMAGED),
        ("SQLITE_NOTADB", DAMAGED),
    ],
)
def test_what_sqlite_reports(name: str, text: str) -> None:
    assert said(from_sqlite(name)) == text


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("Could not decode to UTF-8 column 'x' with text ''"),
        from_sqlite("SQLITE_ERROR", "no such table: runs"),
        from_sqlite("SQLITE_ERROR", "unsupported file format"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
    ],
)
def test_a_file_that_was_changed_is_damaged(error: Exception) -> None:
    assert said(error).startswith("the study's database is damaged\n")


@pytest.mark.parametrize(
    "error",
    [
        from_sqlite("SQLITE_ERROR", 'near "SELCT": syntax error'),
        from_sqlite("SQLITE_CONSTRAINT_UNIQUE"),
        sqlite3.ProgrammingError("Cannot operate on a closed database."),
        ZeroDivisionError(),
    ],
)
def test_our_own_mistakes_keep_their_traceback(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, told(FOLDER, "trying"):
        raise error
    assert caught.value is error


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_path_that_is_not_text_can_be_shown() -> None:
    assert place(Path(os.fsdecode(b"/a\xff"))) == "/a\\udcff"


def test_a_long_path_is_shown_whole() -> None:
    assert place("/x" * 500) == "/x" * 500
