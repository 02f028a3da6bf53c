"""One writer at a time: a lock of the operating system on a study's folder.

The lock is on an open file, not the file's existence: when the process ends, however it ends, the
system lets go, so a lock file that is left lying about means nothing and there is nothing to clean
up after kill -9. What is written inside (process, host, time) is only for the message to whoever
comes second.
"""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cache
from pathlib import Path

from ceteris.errors import CeterisError, shown
from ceteris.store.faults import place, told

LOCK = "lock"

# Windows locks bytes and nobody else can read them, so the locked one lies far beyond the text.
_FAR = 1 << 30
_LONGEST_NOTE = 4096

# Descriptors of the locks this process holds.
_held: set[int] = set()

if sys.platform == "win32":
    import msvcrt

    def _taken(opened: int) -> bool:
        os.lseek(opened, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(opened, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        os.lseek(opened, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def _taken(opened: int) -> bool:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """Hold the lock of a study's folder for the length of the block.

    Does not wait, and is not inherited: a child process, forked or started, neither holds the
    lock nor keeps it from being freed. It is not re-entrant; a store opened for writing holds it,
    so nobody needs to take it around a store.

    Raises:
        CeterisError: when another process (or another store in this one) holds it, or the folder
            cannot be written to.
    """
    with told(folder, "taking the study's lock"):
        opened = _acquire(folder)
    try:
        yield
    finally:
        _release(opened)


def _acquire(folder: Path) -> int:
    _guard_forks()
    path = folder / LOCK
    # A study that was copied from elsewhere must not lead us to write through a link.
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    while True:
        opened = os.open(path, flags, 0o644)
        _held.add(opened)
        try:
            if not _taken(opened):
                raise _held_by(folder, _note(opened))
            if _still_there(opened, path):
                with suppress(OSError):  # a full disk: the lock counts, not the note
                    os.ftruncate(opened, 0)
                    os.write(opened, _own_note())
                return opened
        except BaseException:
            _release(opened)
            raise
        _release(opened)  # the file was removed between opening and locking: once more


def _release(opened: int) -> None:
    # After a fork the child has closed it already, and the number may mean another file by now.
    if opened in _held:
        _held.discard(opened)
        os.close(opened)


def _still_there(opened: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened), os.stat(path))
    except FileNotFoundError:
        return False


def _own_note() -> bytes:
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": since}).encode()


def _note(opened: int) -> dict[str, object]:
    with suppress(OSError, ValueError):  # it may be half written; the lock counts, not the note
        note = json.loads(os.read(opened, _LONGEST_NOTE))
        if isinstance(note, dict):
            return note
    return {}


def _held_by(folder: Path, note: dict[str, object]) -> CeterisError:
    pid, host, since = note.get("pid"), note.get("host"), note.get("since")
    if not isinstance(pid, int):
        who = "another process"
    else:
        who = f"process {pid}"
        if isinstance(host, str) and host != socket.gethostname():
            who += f" on {shown(host)}"
        if isinstance(since, str):
            who += f", since {shown(since)[1:-1]}"
    return CeterisError(
        "the study is in use by another process",
        received=f"{place(folder)}  (held by {who})",
        expected="one process at a time that writes to a study",
        fix="wait until it has finished, or stop it; what it finished is kept",
    )


@cache
def _guard_forks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_let_go_in_child)


def _let_go_in_child() -> None:
    # Closing gives up the child's copy only; unlocking would take the lock from the parent.
    for opened in _held:
        with suppress(OSError):
            os.close(opened)
    _held.clear()
