"""The stage of the fault campaign: commands as forked processes, and the books kept of them.

Starting Python with PyTorch takes seconds, a run of the studies here a fraction of one. So the
campaign imports everything once and forks: a command is ``ceteris run`` itself in a forked child,
and its workers are forked in place of being started. All else, the supervisor, the private
connection, the signals, the files, is the real thing; the reference is trained by a real command.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
AWKWARD = "Änne's étude 数字 % #"

# Small enough to be run hundreds of times; dropout and batch norm carry state over a checkpoint.
STUDY = """
name = "{name}"
preset = "book"
seeds = {seeds}
primary_metric = "test_accuracy"
[data]
name = "digits"
validation = 0.2
[network]
name = "mlp"
hidden = [16]
dropout = 0.2
batch_norm = true
[train]
steps = {steps}
batch_size = 32
evaluate_every = 60
{arms}
"""
ARMS = """
[arms.sgd]
optimizer = "sgd"
learning_rate = 0.1
[arms.adam]
optimizer = "adam"
learning_rate = 0.01
"""
THIRD_ARM = """
[arms.momentum]
optimizer = "momentum"
learning_rate = 0.05
"""

LARGE = {"name": "large", "seeds": 3, "steps": 300, "arms": ARMS + THIRD_ARM}
TINY = {"name": "tiny", "seeds": 1, "steps": 150, "arms": ARMS}


def import_all() -> None:
    """Import what a command and a worker import, once for all of them, and settle the threads."""
    os.environ.update(ONE_THREAD)
    import hmac  # noqa: F401  (a thread imports it while the conductor forks)

    import sklearn.datasets  # noqa: F401
    import torch

    import ceteris.cli.app
    import ceteris.cli.running
    import ceteris.cli.verifying
    import ceteris.engine.ending
    import ceteris.engine.worker  # noqa: F401

    torch.set_num_threads(1)
    with suppress(RuntimeError):
        torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)


@dataclass
class Tally:
    """What one kind of fault came to."""

    injected: int = 0
    lost: int = 0
    twice: int = 0
    differ: int = 0
    surprises: list[str] = field(default_factory=list)
    skipped: str = ""

    def surprise(self, what: str) -> None:
        """Something that should not be, besides the three counts."""
        self.surprises.append(what)


@dataclass
class Child:
    """A forked command, and the file that what it prints goes to."""

    pid: int
    log: Path
    code: int | None = None

    def wait(self, options: int = 0) -> int:
        """Its exit code, negative for the signal that ended it."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, options)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code or 0

    def ended(self) -> bool:
        """Whether it has ended."""
        self.wait(os.WNOHANG)
        return self.code is not None

    def said(self) -> str:
        """What it printed."""
        return self.log.read_text("utf-8", "replace")


def fork(body: Callable[[], object], log: Path, *, group: bool = True) -> Child:
    """Run ``body`` in a child; it ends there, whatever happens in it."""
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return Child(pid, log)
    code = 70
    try:
        if group:
            os.setpgid(0, 0)
        opened = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        os.dup2(opened, 1)
        os.dup2(opened, 2)
        body()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


class Forked:
    """A worker forked by the conductor, with as much of ``Popen`` as the supervisor uses."""

    def __init__(self, address: str, key: bytes, *, apart: bool, pids: Path) -> None:
        self.returncode: int | None = None
        read, write = os.pipe()
        os.write(write, key)
        os.close(write)
        self.pid = os.fork()
        if self.pid == 0:
            self._work(address, read, apart)
        os.close(read)
        with pids.open("a") as file:
            file.write(f"{self.pid}\n")

    @staticmethod
    def _work(address: str, stdin: int, apart: bool) -> None:
        from ceteris.engine import worker

        try:
            if apart:
                os.setsid()  # as real workers are: whoever kills the conductor does not kill them
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            os.dup2(stdin, 0)
            os.closerange(3, 512)
            sys.stdin = open(0, closefd=False)  # noqa: SIM115
            sys.argv = ["worker", address]
            worker._prepare = lambda: None  # threads are settled once in a process
            worker.main()
        except SystemExit:
            pass
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)

    def poll(self) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        until = time.monotonic() + (3600.0 if timeout is None else timeout)
        while self.poll() is None:
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired("worker", timeout or 0.0)
            time.sleep(0.005)
        return self.returncode or 0

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


@dataclass
class Case:
    """One study in a home of its own, and what is known of it between two commands.

    Args:
        root: a folder of its own, which holds the study file, the home and the logs.
        shape: LARGE or TINY.
        tally: of the kind of fault it suffers.
        reference: (arm, seed) -> digest of the undisturbed study.
    """

    root: Path
    shape: dict[str, object]
    tally: Tally
    reference: dict[tuple[str, int], str]
    finished: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.file.write_text(STUDY.format(**self.shape), encoding="utf-8")

    @property
    def file(self) -> Path:
        return self.root / f"{self.shape['name']}.toml"

    @property
    def home(self) -> Path:
        return self.root / "home of mine"

    @property
    def folder(self) -> Path:
        return self.home / "studies" / str(self.shape["name"])

    @property
    def pids(self) -> Path:
        return self.root / "workers"

    def words(self) -> list[str]:
        return ["run", str(self.file), "--home", str(self.home), "--json",
                "--workers", "2", "--checkpoint-every", "0"]  # fmt: skip

    def start(
        self,
        before: Callable[[], object] = lambda: None,
        *,
        apart: bool = True,
        here: bool = False,
        words: list[str] | None = None,
        log: str = "log",
    ) -> Child:
        """Start the study's command.

        Args:
            before: done in the child first: what makes it suffer.
            apart: workers leave the conductor's process group, as real ones do.
            here: runs are trained in the conductor itself, one after the other.
            words: of the command line, if not ``run``.
            log: name of the file for what it prints.
        """

        def body() -> None:
            from ceteris.cli import main
            from ceteris.engine import door

            door.start_process = lambda address, key: Forked(  # type: ignore[assignment]
                address, key, apart=apart, pids=self.pids
            )
            if here:
                train_here()
            before()
            sys.argv = ["ceteris", *(words or self.words())]
            main()

        return fork(body, self.root / log)

    def look(self) -> None:
        """After a fault: is every run that had finished still there, and was none trained again."""
        now = self._read()
        for run_id, attempts in self.finished.items():
            if run_id not in now:
                self.tally.lost += 1
            elif now[run_id] != attempts:
                self.tally.twice += 1
        self.finished = now

    def check_said(self, child: Child, code: int, expected: tuple[int, ...]) -> None:
        """An error has four parts and no traceback, and the exit code is one of the expected."""
        said = child.said()
        clear = "Traceback" not in said and (
            code != 2 or all(part in said for part in ("received:", "expected:", "fix:"))
        )
        if code not in expected or not clear:
            self.tally.surprise(f"exit code {code}, said: {said[-600:]}")

    def settle(self, **how: object) -> None:
        """Run the command undisturbed to its end; then everything must be as in the reference."""
        child = self.start(**how)  # type: ignore[arg-type]
        self.check_said(child, child.wait(), (0,))
        self.look()
        self.compare()

    def compare(self) -> None:
        """Digests against the reference, every page and file against itself."""
        from ceteris.conduct import verify
        from ceteris.store import Store

        if not (self.folder / "study.sqlite").exists():
            self.tally.surprise("there is no study")
            return
        with Store.open(self.folder, write=False) as store:
            (design,) = store.designs()
            digests = {(r.arm, r.seed): r.digest for r in store.runs(design)}
        self.tally.differ += sum(
            digest != digests.get(key) for key, digest in self.reference.items()
        )
        self.tally.surprises += [str(problem) for problem in verify(self.folder).problems]

    def _read(self) -> dict[str, int]:
        from ceteris.errors import CeterisError
        from ceteris.store import Store, is_ours

        if not is_ours(self.folder):
            return {}
        try:
            with Store.open(self.folder, write=False) as store:
                runs = {r.run_id: r for d in store.designs() for r in store.runs(d)}
                for run in runs.values():
                    for name in run.arrays:
                        store.arrays(run.run_id, name)
        except CeterisError as error:
            self.tally.surprise(str(error))
            return {}
        return {r.run_id: r.attempts for r in runs.values() if r.status == "finished"}


def train_here() -> None:
    """Train in the conducting process, so that checkpoint and commit are one process's calls."""
    import importlib
    import warnings

    from ceteris.engine import Ended, Interrupted, Paused, Started, checkpoint
    from ceteris.engine.ending import train_run
    from ceteris.engine.workers import failed
    from ceteris.errors import CeterisError

    class Here:
        def __init__(self, count: int) -> None:
            pass

        def __enter__(self) -> "Here":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def train(self, tasks: list, *, stop: Callable[[], bool]) -> Iterator[object]:
            for task in tasks:
                yield Started(task.run_id, 1)
                with warnings.catch_warnings(record=True) as caught:
                    warnings.simplefilter("always")
                    try:
                        outcome = train_run(task, lambda _: stop())
                    except CeterisError as error:  # as a worker does: the run has failed
                        outcome = failed(str(error))
                said = tuple(str(item.message) for item in caught)
                kind = Paused if isinstance(outcome, Interrupted) else Ended
                about = outcome.step if isinstance(outcome, Interrupted) else outcome
                yield kind(task.run_id, about, said)

    importlib.import_module("ceteris.conduct.run").Workers = Here
    # At every end of an epoch, whatever the clock says: the same calls each time.
    checkpoint.Keeper.due = lambda self, now, *, epoch_ended: epoch_ended  # type: ignore[method-assign]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for a campaign, on a path with spaces and Unicode."""
    with tempfile.TemporaryDirectory(prefix="faults", ignore_cleanup_errors=True) as base:
        root = Path(base) / AWKWARD
        root.mkdir()
        yield root


def reference_of(root: Path, shape: dict[str, object]) -> dict[tuple[str, int], str]:
    """The digests of an undisturbed study, by the real command with real workers."""
    case = Case(root / f"reference {shape['name']}", shape, Tally(), {})
    done = subprocess.run(
        [sys.executable, "-m", "ceteris", *case.words()],
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return {(r["arm"], r["seed"]): r["digest"] for r in json.loads(done.stdout)["runs"]}
