"""A small supervisor: one worker process per slot, so that a killed worker loses only its run.

A pool library marks all pending work broken when one worker dies; here the run is tried once more
in a fresh process, and the others go on.
"""

import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Listener, wait
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

import ceteris
from ceteris.engine.task import Interrupted, Outcome, Task

_ATTEMPTS = 2
_START_S = 120.0  # a worker that has not said hello by then never will; a loaded disk takes seconds
_GO_S = 5.0  # what an idle worker is given to leave before it is killed
_LOOK_S = 0.2


@dataclass(frozen=True)
class Started:
    """A worker has taken up a run; ``attempt`` is 1, or 2 after a worker died."""

    run_id: str
    attempt: int


@dataclass(frozen=True)
class Progress:
    """A run has done so many steps."""

    run_id: str
    step: int


@dataclass(frozen=True)
class Ended:
    """A run has an outcome; ``warnings`` are what was said on the way."""

    run_id: str
    outcome: Outcome
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paused:
    """A run stopped as asked and can be continued from its checkpoint."""

    run_id: str
    step: int


Event = Started | Progress | Ended | Paused


@dataclass
class _Worker:
    process: "subprocess.Popen[bytes]"
    connection: "Connection[Any, Any]"
    task: Task | None = None


@dataclass
class Workers:
    """Worker processes under one roof.

    Args:
        count: how many, 1 or more.

    Example::

        with Workers(2) as workers:
            for event in workers.train(tasks, stop=lambda: False):
                ...
    """

    count: int
    _workers: list[_Worker] = field(default_factory=list)
    _listener: Listener | None = None
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def __enter__(self) -> Self:
        self._listener = Listener(authkey=self._key)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            if kind is None and worker.task is None:
                _tell(worker, None)
            else:
                worker.process.kill()
        until = time.monotonic() + _GO_S
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
            worker.connection.close()
        self._workers.clear()
        if self._listener is not None:
            self._listener.close()

    def train(self, tasks: Sequence[Task], *, stop: Callable[[], bool]) -> Iterator[Event]:
        """Train runs, yielding what happens.

        Args:
            tasks: in the order they should be started.
            stop: asked a few times a second; once true, every run writes a checkpoint and pauses.
        """
        waiting = deque((task, 1) for task in tasks)
        attempts: dict[str, int] = {}
        stopping = False
        while True:
            if not stopping and stop():
                stopping = True
                waiting.clear()
                for worker in self._workers:
                    if worker.task is not None:
                        _tell(worker, "stop")
            self._fill_slots(len(waiting))
            for worker in self._workers:
                if worker.task is None and waiting:
                    worker.task, attempt = waiting.popleft()
                    attempts[worker.task.run_id] = attempt
                    _tell(worker, worker.task)
                    yield Started(worker.task.run_id, attempt)
            busy = {w.connection: w for w in self._workers if w.task is not None}
            if not busy:
                return
            for connection in wait(list(busy), timeout=_LOOK_S):
                worker = busy[connection]  # type: ignore[index]  # wait returns what it was given
                event = self._hear(worker, attempts)
                if isinstance(event, Task):
                    waiting.appendleft((event, attempts[event.run_id] + 1))
                elif event is not None:
                    yield event

    def _hear(self, worker: _Worker, attempts: dict[str, int]) -> Event | Task | None:
        """The event a message makes; a task where its worker died and it is to be tried again."""
        task = worker.task
        if task is None:
            return None
        try:
            kind, content = worker.connection.recv()
        except (EOFError, OSError):
            return self._bury(worker, task, attempts[task.run_id])
        if kind == "progress":
            return Progress(task.run_id, content)
        worker.task = None
        if kind == "error":
            return Ended(task.run_id, failed(content))
        outcome, warnings = content
        if isinstance(outcome, Interrupted):
            return Paused(task.run_id, outcome.step)
        return Ended(task.run_id, outcome, tuple(warnings))

    def _bury(self, worker: _Worker, task: Task, attempt: int) -> Event | Task:
        self._workers.remove(worker)
        worker.connection.close()
        how = how_it_ended(worker.process.wait())
        if attempt < _ATTEMPTS:
            return task
        return Ended(
            task.run_id,
            failed(
                f"its worker process {worker.process.pid} {how}, twice; "
                "if memory was short, use fewer workers"
            ),
        )

    def _fill_slots(self, wanted: int) -> None:
        idle = sum(1 for worker in self._workers if worker.task is None)
        missing = min(self.count - len(self._workers), wanted - idle)
        if missing <= 0:
            return
        if self._listener is None:
            raise RuntimeError("Workers is a context manager: use it in a with statement")
        started = [_start(self._listener.address, self._key) for _ in range(missing)]
        arrived: SimpleQueue[Connection[Any, Any]] = SimpleQueue()
        threading.Thread(
            target=_welcome, args=(self._listener, missing, arrived), daemon=True
        ).start()
        processes = {process.pid: process for process in started}
        until = time.monotonic() + _START_S
        while processes:
            try:
                connection = arrived.get(timeout=_LOOK_S)
            except Empty:
                _check_alive(processes.values(), until)
                continue
            _, pid = connection.recv()
            connection.send(sys.path)
            self._workers.append(_Worker(processes.pop(pid), connection))


def failed(sentence: str) -> Outcome:
    """The outcome of a run that ended by a fault."""
    return Outcome(status="failed", sentence=sentence, steps=0, duration_s=0.0)


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


def _start(address: Any, key: bytes) -> "subprocess.Popen[bytes]":
    """A worker of this interpreter and this package, deaf to the terminal's Ctrl-C."""
    package = str(Path(ceteris.__file__).parent.parent)
    inherited = os.environ.get("PYTHONPATH")
    environment = {
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
        process.stdin.write(key)
        process.stdin.close()
    return process


def _error_stream() -> int:
    """Where a worker's prints go: standard output belongs to the answer (``--json``)."""
    try:
        os.fstat(2)
    except OSError:
        return subprocess.DEVNULL
    return 2


def _welcome(
    listener: Listener, expected: int, arrived: "SimpleQueue[Connection[Any, Any]]"
) -> None:
    for _ in range(expected):
        try:
            arrived.put(listener.accept())
        except (OSError, EOFError):
            return  # closed while waiting: the study is over


def _check_alive(processes: Any, until: float) -> None:
    for process in processes:
        if process.poll() is not None or time.monotonic() > until:
            for other in processes:
                other.kill()
            how = how_it_ended(process.returncode) if process.returncode is not None else "hangs"
            raise RuntimeError(f"a worker process could not start: it {how}")


def _tell(worker: _Worker, message: object) -> None:
    with suppress(OSError, ValueError):  # if it has died, the next wait finds it out
        worker.connection.send(message)
