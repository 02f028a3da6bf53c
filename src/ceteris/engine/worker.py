"""A worker process: one thread, one run at a time, until it is told to go.

It is started by :mod:`ceteris.engine.workers` as ``python -m ceteris.engine.worker ADDRESS`` and
talks over one private connection, so a script or notebook needs no ``if __name__`` guard. Once a
second it says how long it has computed. When the connection breaks, because the conductor was
killed, the worker ends within that second, whatever it is doing: a checkpoint is there whole or
not at all.
"""

import os
import sys

# Before torch is imported: its thread pools read these once.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import signal
import sysconfig
import threading
import time
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import ceteris

_TELL_EVERY_S = 0.5  # between two progress messages of a run
_PULSE_EVERY_S = 1.0


@dataclass
class _Line:
    """The connection to the conductor: one thread listens, two speak."""

    connection: "Connection[Any, Any]"
    training: bool = False
    leaving: threading.Event = field(default_factory=threading.Event)
    _speaking: threading.Lock = field(default_factory=threading.Lock)

    def send(self, message: object) -> None:
        with self._speaking:
            self.connection.send(message)


def main() -> None:
    """Connect, say hello, and train what comes until ``None`` comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the conductor decides when to stop
    key = sys.stdin.buffer.read(32)
    try:
        connection = Client(sys.argv[1], authkey=key)
        connection.send(("hello", os.getpid()))
        sys.path[:] = connection.recv()
    except (EOFError, OSError):
        sys.exit(1)  # the conductor is gone already
    with connection:
        _prepare()
        line = _Line(connection)
        threading.Thread(target=_pulse, args=(line,), daemon=True).start()
        _serve(line)
        line.leaving.set()


def _serve(line: _Line) -> None:
    with suppress(EOFError, ConnectionError):  # the conductor is gone
        while True:
            task = line.connection.recv()
            if task is None:
                return
            if task == "stop":
                continue  # it was asked to stop just as its run ended
            line.training = True
            answer = _attempt(task, line)
            line.training = False
            line.send(answer)


def _pulse(line: _Line) -> None:
    """While a run is trained, say how long the process has computed without this thread.

    When nobody hears it any more the process ends.
    """
    while not line.leaving.wait(_PULSE_EVERY_S):
        if not line.training:
            continue  # nobody would hear it, and the connection would fill up
        try:
            line.send(("pulse", time.process_time() - time.thread_time()))
        except (OSError, ValueError):
            if not line.leaving.is_set():
                os._exit(1)


def _prepare() -> None:
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    # Adam's second moments on an almost solved problem sink below 1e-38; arithmetic on denormal
    # numbers is tens of times slower, and they are zero for every purpose of ours.
    torch.set_flush_denormal(True)


def _attempt(task: Any, line: _Line) -> tuple[str, object]:
    """Train one run; whatever goes wrong in it is its own and is sent back in words."""
    from ceteris.engine.ending import train_run
    from ceteris.errors import CeterisError

    told = time.perf_counter()

    def listen(step: int) -> bool:
        nonlocal told
        now = time.perf_counter()
        if now - told >= _TELL_EVERY_S:
            line.send(("progress", step))
            told = now
        if line.connection.poll():
            return bool(line.connection.recv() == "stop")
        return False

    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")  # once for each place that warns
            outcome = train_run(task, listen)
    except (EOFError, ConnectionError, BrokenPipeError):
        raise SystemExit(1) from None  # the conductor is gone: nobody is left to tell
    except CeterisError as error:
        return ("error", " ".join(str(error).split()))
    except Exception as error:
        return ("error", f"{type(error).__name__}: {error}  ({_place(error)})")
    return ("ended", (outcome, [str(item.message) for item in caught]))


def _place(error: Exception) -> str:
    """The line that raised, the user's own rather than the library's it called."""
    frames = traceback.extract_tb(error.__traceback__)
    libraries = (str(Path(ceteris.__file__).parent), sysconfig.get_path("purelib"))
    own = [frame for frame in frames if not frame.filename.startswith(libraries)]
    place = (own or frames)[-1]
    return f"{Path(place.filename).name}, line {place.lineno}, in {place.name}"


if __name__ == "__main__":
    main()
