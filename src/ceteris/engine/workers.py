"""A small supervisor: one worker process per slot, so that a killed worker loses only its run.

A pool library marks all pending work broken when one worker dies; here the run is tried once more
in a fresh process, and the others go on. A worker that hangs is killed and is one that died.
"""

import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Self

from ceteris.engine.door import Door, how_it_ended
from ceteris.engine.task import Interrupted, Outcome, Task
from ceteris.engine.watchdog import QUIET_S, Awake, Watch

_ATTEMPTS = 2
_GO_S = 5.0  # what a worker is given to leave before it is killed, or to die before it is left
_LOOK_S = 0.2
_HUNG = "hung"
_IF_KILLED = "; if memory was short, use fewer workers"
_IF_IT_HUNG = "; look for code that waits for something, and for a disk that does not answer"


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
    """A run stopped as asked; it goes on from its checkpoint, or ``warnings`` say that it has none.

    ``step`` is where it stopped.
    """

    run_id: str
    step: int
    warnings: tuple[str, ...] = ()


Event = Started | Progress | Ended | Paused


@dataclass
class _Run:
    """A run on its way: how each of its workers ended that did, and the steps last heard of."""

    task: Task
    ends: list[str] = field(default_factory=list)
    step: int = 0

    @property
    def id(self) -> str:
        return self.task.run_id


@dataclass(eq=False)
class _Worker:
    process: "subprocess.Popen[bytes]"
    connection: "Connection[Any, Any]"
    run: _Run | None = None
    watch: Watch = field(default_factory=Watch)


@dataclass
class Workers:
    """Worker processes under one roof.

    Args:
        count: how many, 1 or more.
        quiet_s: seconds without any computing after which a worker is taken to hang; more where
            the run has shown longer waits (:class:`ceteris.engine.watchdog.Watch`).
        clock: seconds, for telling how long.

    Example::

        with Workers(2) as workers:
            for event in workers.train(tasks, stop=lambda: False):
                ...
    """

    count: int
    quiet_s: float = QUIET_S
    clock: Callable[[], float] = time.monotonic
    _workers: list[_Worker] = field(default_factory=list)
    _door: Door | None = None

    def __enter__(self) -> Self:
        self._door = Door()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for worker in self._workers:
            if kind is None and worker.run is None:
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
        if self._door is not None:
            self._door.close()

    def train(self, tasks: Sequence[Task], *, stop: Callable[[], bool]) -> Iterator[Event]:
        """Train runs, yielding what happens.

        Args:
            tasks: in the order they should be started.
            stop: asked a few times a second; once true, every run writes a checkpoint and pauses.
        """
        waiting = deque(_Run(task) for task in tasks)
        awake = Awake(self.clock)
        stopping = False
        while True:
            if not stopping and stop():
                stopping = True
                waiting.clear()
                for worker in self._workers:
                    if worker.run is not None:
                        _tell(worker, "stop")
            self._fill_slots(len(waiting))
            for worker in self._workers:
                if worker.run is None and waiting:
                    run = worker.run = waiting.popleft()
                    worker.watch = Watch(self.quiet_s)
                    _tell(worker, run.task)
                    yield Started(run.id, len(run.ends) + 1)
            busy = {w.connection: w for w in self._workers if w.run is not None}
            if not busy:
                return
            heard = [busy[c] for c in wait(list(busy), timeout=_LOOK_S)]  # type: ignore[index]
            passed_s = awake.since_last_look()
            for worker in busy.values():
                worker.watch.pass_time(passed_s)
                if worker in heard:
                    event = self._hear(worker)
                elif worker.watch.overdue:
                    event = self._kill(worker)
                else:
                    continue
                if not isinstance(event, _Run):
                    yield from [event] if event is not None else []
                elif stopping:
                    yield Paused(event.id, event.step)
                else:
                    waiting.appendleft(event)

    def _hear(self, worker: _Worker) -> Event | _Run | None:
        """The event a message makes; a run where its worker died and it is to be tried again."""
        run = worker.run
        if run is None:
            return None
        try:
            kind, content = worker.connection.recv()
        except (EOFError, OSError):
            return self._bury(worker, run, how_it_ended(worker.process.wait()))
        if kind == "pulse":
            worker.watch.computed(content)
            return None
        if kind == "progress":
            worker.watch.stepped()
            run.step = content
            return Progress(run.id, content)
        worker.run = None
        if kind == "error":
            return Ended(run.id, failed(content))
        outcome, warnings = content
        if isinstance(outcome, Interrupted):
            return Paused(run.id, outcome.step, tuple(warnings))
        return Ended(run.id, outcome, tuple(warnings))

    def _kill(self, worker: _Worker) -> Event | _Run | None:
        """End a worker that hangs."""
        run = worker.run
        if run is None:
            return None
        worker.process.kill()
        with suppress(subprocess.TimeoutExpired):  # one that waits for a dead disk cannot even die
            worker.process.wait(_GO_S)
        quiet_s = worker.watch.quiet_s
        return self._bury(worker, run, f"{_HUNG} (nothing computed for {quiet_s:.0f} s)")

    def _bury(self, worker: _Worker, run: _Run, how: str) -> Event | _Run:
        self._workers.remove(worker)
        worker.connection.close()
        run.ends.append(how)
        if len(run.ends) < _ATTEMPTS:
            return run
        hung = all(end.startswith(_HUNG) for end in run.ends)
        same = hung or len(set(run.ends)) == 1
        return Ended(
            run.id,
            failed(
                f"its worker process {worker.process.pid} "
                + (f"{how}, twice" if same else f"{how}; the one before it {run.ends[0]}")
                + (_IF_IT_HUNG if hung else _IF_KILLED)
            ),
        )

    def _fill_slots(self, wanted: int) -> None:
        idle = sum(1 for worker in self._workers if worker.run is None)
        missing = min(self.count - len(self._workers), wanted - idle)
        if missing <= 0:
            return
        if self._door is None:
            raise RuntimeError("Workers is a context manager: use it in a with statement")
        self._workers += [_Worker(*arrival) for arrival in self._door.let_in(missing)]


def failed(sentence: str) -> Outcome:
    """The outcome of a run that ended by a fault."""
    return Outcome(status="failed", sentence=sentence, steps=0, duration_s=0.0)


def _tell(worker: _Worker, message: object) -> None:
    with suppress(OSError, ValueError):  # if it has died, the next wait finds it out
        worker.connection.send(message)
