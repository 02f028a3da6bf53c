"""Faults that end or stop processes: kills, signals, hangs, two at once, readers, another clock."""

import importlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.faults import layer
from tests.faults.stage import LARGE, TINY, Case, Child, Tally, fork

# Makes a case on a stage of its own: Stage.case of the campaign.
MakeCase = Callable[[dict[str, object]], Case]
Wanted = int


def random_kills(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """SIGKILL at random instants of the whole life of the command, again and again until it ends.

    In turn the conductor alone is killed, its workers left to find out, and all of them at once.
    """
    chance = random.Random(0)  # noqa: S311  (when to kill, not a secret)
    began = time.monotonic()
    make(LARGE).settle()
    lasts_s = time.monotonic() - began
    case = make(LARGE)
    while tally.injected < wanted:
        apart = bool(tally.injected % 2)
        child = case.start(apart=apart)
        time.sleep(chance.uniform(0.0, 1.05 * lasts_s))
        if child.ended():
            case.check_said(child, child.wait(), (0,))
        else:
            (os.kill if apart else os.killpg)(child.pid, signal.SIGKILL)
            child.wait()
            tally.injected += 1
        case.look()
        if len(case.finished) == len(case.reference):
            case.compare()
            case = make(LARGE)
    case.settle()


def kills_at_every_call(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """SIGKILL in the middle of every write and before every other call and statement."""
    for place in _places(make, wanted):
        case = make(TINY)
        child = case.start(partial(layer.install, layer.kill, place), here=True)
        if child.wait() == -signal.SIGKILL:
            tally.injected += 1
        case.look()
        case.settle(here=True)


def errors_at_every_call(number: int, *, lasting: bool) -> Callable[..., None]:
    """A call fails, once or from then on; the next command finds the disk well again."""

    def inject(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
        for place in _places(make, wanted):
            case = make(TINY)
            broken = layer.failing(number)
            child = case.start(partial(layer.install, broken, place, lasting=lasting), here=True)
            case.check_said(child, child.wait(), (0, 2))
            tally.injected += 1
            case.look()
            case.settle(here=True)

    return inject


def _places(make: MakeCase, wanted: Wanted) -> range:
    """Numbers of the calls of a whole command, all of them or so many evenly spread."""
    case = make(TINY)
    counted = case.root / "counted"

    def count(_: str) -> None:
        raise AssertionError("no call has this number")

    def before() -> None:
        layer.install(count, sys.maxsize)
        real = os._exit

        def leave(code: int) -> None:
            counted.write_text(str(layer.calls()))
            real(code)

        os._exit = leave  # type: ignore[assignment]

    child = case.start(before, here=True)
    case.check_said(child, child.wait(), (0,))
    calls = int(counted.read_text())
    return range(0, calls, max(1, calls // wanted))


def terminations(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """SIGTERM: checkpoints are written and the command is resumable."""
    chance = random.Random(1)  # noqa: S311
    for _ in range(wanted):
        case = make(LARGE)
        child = case.start()
        _wait_for_workers(case, child)
        time.sleep(chance.uniform(0.0, 1.0))
        os.kill(child.pid, signal.SIGTERM)
        tally.injected += 1
        case.check_said(child, child.wait(), (0, 130))
        case.look()
        case.settle()


def killed_workers(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """SIGKILL to one worker at a random instant: the command goes on and ends well."""
    chance = random.Random(2)  # noqa: S311
    while tally.injected < wanted:
        case = make(LARGE)
        child = case.start()
        pids = _wait_for_workers(case, child)
        time.sleep(chance.uniform(0.0, 1.0))
        if _signal(chance.choice(pids), signal.SIGKILL):
            tally.injected += 1
        case.check_said(child, child.wait(), (0,))
        case.look()
        case.compare()


def hanging_workers(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """SIGSTOP to one worker: the watchdog replaces it and the command ends well."""
    chance = random.Random(3)  # noqa: S311

    def before() -> None:
        from ceteris.engine import Workers

        # A pulse comes every second; before the first step the limit is five times this.
        importlib.import_module("ceteris.conduct.run").Workers = partial(Workers, quiet_s=1.5)

    while tally.injected < wanted:
        case = make(LARGE)
        child = case.start(before)
        pids = _wait_for_workers(case, child)
        time.sleep(chance.uniform(0.2, 0.6))
        if _signal(chance.choice(pids), signal.SIGSTOP):
            tally.injected += 1
        case.check_said(child, child.wait(), (0,))
        case.look()
        case.compare()


def two_at_once(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """Two processes start the same study: one trains it, the other says who does.

    In turn the study is new, or was begun and killed before.
    """
    for number in range(wanted):
        case = make(LARGE)
        before = 1 + number % 2
        if before == 2:
            begun = case.start()
            _wait_for_workers(case, begun)
            os.kill(begun.pid, signal.SIGKILL)
            begun.wait()
        read, write = os.pipe()

        def ready(end: int = read, other: int = write) -> None:
            os.close(other)
            os.read(end, 1)  # both begin when the pipe is closed

        both = [case.start(ready, log=f"log {which}") for which in (1, 2)]
        os.close(read)
        os.close(write)
        codes = [child.wait() for child in both]
        tally.injected += 1
        for child, code in zip(both, codes, strict=True):
            case.check_said(child, code, (0, 2))
            if code == 2 and "in use by another process" not in child.said():
                tally.surprise(f"the second said: {child.said()[-300:]}")
        if 0 not in codes:
            tally.surprise("neither of two trained the study")
        case.look()
        tally.twice += sum(attempts > before for attempts in case.finished.values())
        case.compare()


def readers(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """Others read while the study is written, one of them holding a transaction for long."""
    for _ in range(wanted):
        case = make(LARGE)
        child = case.start()
        reader = fork(partial(_read_until_killed, case.folder), case.root / "reader")
        slow = fork(partial(_hold_the_database, case.folder), case.root / "slow")
        case.check_said(child, child.wait(), (0,))
        tally.injected += 1
        for other in (reader, slow):
            os.kill(other.pid, signal.SIGKILL)
            other.wait()
            if other.said():
                tally.surprise(f"a reader said: {other.said()[-400:]}")
        case.look()
        case.compare()


def _read_until_killed(folder: Path) -> None:
    from ceteris.store import Store, is_ours

    while True:
        if is_ours(folder):
            with Store.open(folder, write=False) as store:
                for run in (r for d in store.designs() for r in store.runs(d)):
                    ended = run.status == "finished"
                    if bool(run.metrics) != ended or bool(run.arrays) != ended:
                        print(f"half a run: {run}")
        time.sleep(0.002)


def _hold_the_database(folder: Path) -> None:
    import sqlite3

    path = folder / "study.sqlite"
    while True:
        if path.exists():
            connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            time.sleep(0.15)
            connection.close()
        time.sleep(0.05)


def set_back_clocks(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """The clock jumps back by years, again and again, and files are from the future."""

    def before() -> None:
        real, jumps = time.time, iter(range(1, 1_000_000))
        time.time = lambda: real() - 3e5 * next(jumps)  # type: ignore[assignment]

    for _ in range(wanted):
        case = make(LARGE)
        child = case.start(before)
        _wait_for_workers(case, child)
        time.sleep(0.6)
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        tally.injected += 1
        case.look()
        for path in case.home.rglob("*"):
            os.utime(path, (4e9, 4e9))
        case.settle(before=before)


def real_kills(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """SIGKILL to commands that were started by a shell, with the workers they started."""
    chance = random.Random(4)  # noqa: S311
    case = make(LARGE)
    while tally.injected < wanted:
        command = [sys.executable, "-m", "ceteris", *case.words()]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as it:
            time.sleep(chance.uniform(1.0, 6.0))
            if it.poll() is None:
                it.kill()
                tally.injected += 1
        case.look()
        if len(case.finished) == len(case.reference):
            case.compare()
            case = make(LARGE)
    case.settle()


def _wait_for_workers(case: Case, child: Child) -> list[int]:
    """The process ids of both workers, once they are there."""
    while not child.ended():
        if case.pids.exists() and len(found := case.pids.read_text().split()) >= 2:
            return [int(pid) for pid in found]
        time.sleep(0.005)
    raise RuntimeError(f"the command has ended without workers: {child.said()}")


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False  # it had done its work
    return True
