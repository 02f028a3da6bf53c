"""Where worker processes come in: they are started here, and each proves that it is ours."""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import ceteris

_START_S = 120.0  # a worker that has not said hello by then never will; a loaded disk takes seconds
_LOOK_S = 0.2

# Activations of some megabytes are allocated and freed at every step. The C library would ask the
# system for each and hand it back; here it keeps them, in large pages: a step of a convolutional
# network takes 7% less. Other systems' C libraries do not read these.
_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**30),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}

Arrival = tuple["subprocess.Popen[bytes]", "Connection[Any, Any]"]


class Door:
    """Starts worker processes and waits for them on a private connection."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._listener = Listener(authkey=self._key)
        # One queue for good: who waits for a worker that died may welcome a later one.
        self._arrived: SimpleQueue[Connection[Any, Any]] = SimpleQueue()

    def close(self) -> None:
        """Let nobody in any more."""
        self._listener.close()

    def let_in(self, count: int) -> list[Arrival]:
        """Start ``count`` workers; one that dies or hangs before its hello is replaced once.

        Raises:
            RuntimeError: they cannot start here.
        """
        starting = dict(self._start() for _ in range(count))
        inside: list[Arrival] = []
        spare = count
        until = time.monotonic() + _START_S
        try:
            while starting:
                arrival = self._next(starting)
                if arrival is not None:
                    inside.append(arrival)
                    continue
                late = time.monotonic() > until
                for process in [p for p in starting.values() if late or p.poll() is not None]:
                    how = "hangs" if process.poll() is None else how_it_ended(process.returncode)
                    if spare == 0:
                        raise RuntimeError(f"a worker process could not start: it {how}")
                    spare -= 1
                    process.kill()
                    process.wait()
                    del starting[process.pid]
                    starting |= [self._start()]
                    until = time.monotonic() + _START_S
        except BaseException:
            for process in [*starting.values(), *(process for process, _ in inside)]:
                process.kill()
                process.wait()
            raise
        return inside

    def _start(self) -> "tuple[int, subprocess.Popen[bytes]]":
        threading.Thread(target=_welcome, args=(self._listener, self._arrived), daemon=True).start()
        process = start_process(self._listener.address, self._key)
        return process.pid, process

    def _next(self, starting: "dict[int, subprocess.Popen[bytes]]") -> Arrival | None:
        """The next worker that says hello, taken out of those that are starting."""
        try:
            connection = self._arrived.get(timeout=_LOOK_S)
        except Empty:
            return None
        try:
            if not connection.poll(_LOOK_S):  # stopped in the doorway
                self._arrived.put(connection)
                return None
            _, pid = connection.recv()
            connection.send(sys.path)
            return starting.pop(pid), connection
        except (EOFError, OSError, KeyError):  # it died at the door
            connection.close()
            return None


def start_process(address: Any, key: bytes) -> "subprocess.Popen[bytes]":
    """A worker of this interpreter and this package, deaf to the terminal's Ctrl-C."""
    package = str(Path(ceteris.__file__).parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    environment = {
        **_MEMORY,
        **os.environ,
        "PYTHONPATH": package + (os.pathsep + inherited if inherited else ""),
    }
    # -P keeps the working folder off the path: a user's own random.py must not shadow Python's.
    process = subprocess.Popen(  # noqa: S603  (our own module, run by this interpreter)
        [sys.executable, "-P", "-m", "ceteris.engine.worker", address],
        stdin=subprocess.PIPE,
        stdout=_error_stream(),
        env=environment,
        start_new_session=os.name == "posix",
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )
    if process.stdin is not None:
        with suppress(BrokenPipeError):  # killed already: it is missed at the door
            process.stdin.write(key)
            process.stdin.close()
    return process


def how_it_ended(code: int) -> str:
    """A process's exit code in words.

    Example:
        >>> how_it_ended(-9), how_it_ended(3)
        ('was killed by SIGKILL', 'ended with exit code 3')
    """
    if code < 0:
        try:
            return f"was killed by {signal.Signals(-code).name}"
        except ValueError:
            return f"was killed by signal {-code}"
    return f"ended with exit code {code}"


def _error_stream() -> int:
    """Where a worker's prints go: standard output belongs to the answer (``--json``)."""
    try:
        os.fstat(2)
    except OSError:
        return subprocess.DEVNULL
    return 2


def _welcome(listener: Listener, arrived: "SimpleQueue[Connection[Any, Any]]") -> None:
    while True:
        try:
            arrived.put(listener.accept())
        except (AuthenticationError, EOFError, ConnectionError):
            continue  # it died while it showed its key
        except OSError:
            pass  # closed while waiting: the study is over
        return
