"""A layer between Ceteris and the disk that counts what is written, and breaks at one place.

Every call that changes a file, and every statement that a database is sent, is one place. There
the process is killed, or the call fails as a full or broken disk makes it fail: a write half done.
"""

import errno
import os
import signal
import sqlite3
from collections.abc import Callable
from typing import Any

CALLS = ("write", "fsync", "replace", "mkdir", "unlink", "rmdir", "rename", "ftruncate")
# What a full disk still does.
_FREES = {"unlink", "rmdir"}
_SQLITE_NAMES = {errno.ENOSPC: "SQLITE_FULL", errno.EIO: "SQLITE_IOERR_WRITE"}

Break = Callable[[str], None]

_done = 0


def calls() -> int:
    """How many calls have been made since the layer was installed."""
    return _done


def kill(_: str) -> None:
    """End this process as ``kill -9`` and a power cut end it."""
    os.kill(os.getpid(), signal.SIGKILL)


def install(break_it: Break, at: int, *, lasting: bool = False) -> None:
    """Break the call number ``at`` (from 0), and all after it if the fault is lasting."""

    def passes() -> bool:
        global _done
        _done += 1
        return not (_done - 1 == at or (lasting and _done > at))

    for name in CALLS:
        setattr(os, name, _wrapped(name, getattr(os, name), passes, break_it))

    class Connection(sqlite3.Connection):
        def execute(self, *given: Any) -> sqlite3.Cursor:
            if not passes():
                break_it("sqlite")
            return super().execute(*given)

    connect = sqlite3.connect
    sqlite3.connect = lambda *a, **k: connect(*a, **{"factory": Connection, **k})  # type: ignore[assignment]


def failing(number: int) -> Break:
    """Fail with an error of the operating system."""

    def break_it(call: str) -> None:
        if number == errno.ENOSPC and call in _FREES:
            return
        if call == "sqlite":
            error = sqlite3.OperationalError(os.strerror(number))
            error.sqlite_errorname = _SQLITE_NAMES[number]
            raise error
        raise OSError(number, os.strerror(number))

    return break_it


def _wrapped(
    name: str, real: Callable[..., Any], passes: Callable[[], bool], break_it: Break
) -> Callable[..., Any]:
    def call(*given: Any, **named: Any) -> Any:
        if not passes():
            if name == "write" and len(given[1]) > 1:
                real(given[0], bytes(given[1])[: len(given[1]) // 2])
            break_it(name)
        return real(*given, **named)

    return call
