"""What disks and SQLite report, said in four parts with the folder it concerns.

Everything a user's machine can do to a store (a full disk, a read-only folder, a damaged file)
becomes a :class:`CeterisError` here and nowhere else. What only our own code can cause (a broken
constraint, a wrong statement) is left alone and keeps its traceback.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ceteris.errors import CeterisError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
_DENIED = {errno.EROFS, errno.EACCES, errno.EPERM}
_AGAIN = "run the same command again: it continues where it stopped"


def place(path: Path | str) -> str:
    r"""Return a path as it may be printed: whole, one line, control characters escaped.

    Example:
        >>> place("/a b/é\x1b[31m")
        '/a b/é\\x1b[31m'
    """
    text = os.fspath(path)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@contextmanager
def told(folder: Path, doing: str) -> Iterator[None]:
    """Turn what disk or database report inside the block into errors that name the folder.

    Args:
        folder: the folder the work is about.
        doing: the work, to follow the word "while", for example ``"writing run 'a1'"``.

    Raises:
        CeterisError: for everything the machine, not our code, is the cause of.
    """
    try:
        yield
    except OSError as error:
        raise of_disk(error, folder, doing) from error
    except UnicodeDecodeError as error:  # how Python's module reports a name that is not UTF-8
        raise damaged(folder, str(error)) from error
    except sqlite3.Error as error:
        found = of_database(error, folder, doing)
        if found is None:
            raise
        raise found from error


def of_disk(error: OSError, folder: Path, doing: str) -> CeterisError:
    """Return the error for what the operating system reported about a file or folder."""
    if error.errno in _FULL:
        return disk_full(folder, doing)
    reason = error.strerror or str(error)
    about = place(folder)
    if isinstance(error.filename, str) and Path(error.filename) != folder:
        about += f"  ({place(error.filename)}: {reason})"
    else:
        about += f"  ({reason})"
    if error.errno in _DENIED:
        return not_writable(about, doing)
    if error.errno == errno.EIO:
        return disk_broken(about, doing)
    return CeterisError(
        f"the folder cannot be used while {doing}",
        received=about,
        expected="a folder on a disk that answers, with every file where it was put",
        fix="look at the path above; if it is right, check the disk and try again",
    )


def of_database(error: sqlite3.Error, folder: Path, doing: str) -> CeterisError | None:
    """Return the error for what SQLite reported; None where only our code can be the cause."""
    # Extended names (SQLITE_IOERR_WRITE) start with the primary one. Errors that Python's module
    # raises by itself, such as text that is not UTF-8, carry no name.
    name = getattr(error, "sqlite_errorname", "")
    about = f"{place(folder)}  ({error})"
    if name.startswith("SQLITE_FULL"):
        return disk_full(folder, doing)
    if name.startswith("SQLITE_IOERR"):
        return disk_broken(about, doing)
    if name == "SQLITE_READONLY_DBMOVED":
        return moved(folder, doing)
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return not_writable(about, doing)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_PROTOCOL")):
        return CeterisError(
            f"another program kept the study's database busy while {doing}",
            received=about,
            expected="other programs reading the database for a moment only",
            fix=f"close the program that has the database open, then {_AGAIN}",
        )
    # Our statements are fixed and tested: a table that is not there, an unknown format, or text
    # that is not UTF-8 means that something else has changed the file.
    changed = str(error).startswith(("no such ", "unsupported file", "Could not decode"))
    if changed or name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_SCHEMA")):
        return damaged(folder, str(error))
    return None


def disk_full(folder: Path, doing: str) -> CeterisError:
    """Return the error for a disk with no space left."""
    return CeterisError(
        f"the disk is full while {doing}",
        received=f"no space left for {place(folder)}",
        expected="free space for the results; everything finished before is kept",
        fix=f"free some space and {_AGAIN}",
    )


def disk_broken(about: str, doing: str) -> CeterisError:
    """Return the error for a disk that fails to read or write."""
    return CeterisError(
        f"the disk reports an error while {doing}",
        received=about,
        expected="a disk that reads and writes; everything finished before is kept",
        fix=f"check the disk and its cables or quota, then {_AGAIN}",
    )


def not_writable(about: str, doing: str) -> CeterisError:
    """Return the error for a folder that may not be opened or written."""
    return CeterisError(
        f"access was denied while {doing}",
        received=about,
        expected="a folder that you may read and write",
        fix="change the folder's permissions, or choose another with --home or CETERIS_HOME",
    )


def moved(folder: Path, doing: str) -> CeterisError:
    """Return the error for a study that is no longer where it was opened."""
    return CeterisError(
        f"the study's folder was moved or removed while {doing}",
        received=place(folder),
        expected="the folder where it was when the study was opened",
        fix="put it back, or run the study where it is now",
    )


def damaged(folder: Path, reason: str) -> CeterisError:
    """Return the error for a database that is ours but no longer whole."""
    return CeterisError(
        "the study's database is damaged",
        received=f"{place(folder)}  ({reason})",
        expected="a study.sqlite as Ceteris wrote it",
        fix="put back a copy of the folder, or run the study again with --fresh",
    )
