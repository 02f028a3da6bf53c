"""A worker process: one thread, one run at a time, until it is told to go.

It is started by :mod:`ceteris.engine.workers` as ``python -m ceteris.engine.worker ADDRESS`` and
talks over one private connection, so a script or notebook needs no ``if __name__`` guard. When the
connection breaks, because the conductor was killed, the worker stops at its next look.
"""

import os
import sys

# Before torch is imported: its thread pools read these once.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["MKL_NUM_THREADS"] = "1"

import signal
import sysconfig
import time
import traceback
import warnings
from contextlib import suppress
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import ceteris

_TELL_EVERY_S = 0.5  # between two progress messages of a run


def main() -> None:
    """Connect, say hello, and train what comes until ``None`` comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the conductor decides when to stop
    address = sys.argv[1]
    key = sys.stdin.buffer.read(32)
    with Client(address, authkey=key) as connection:
        connection.send(("hello", os.getpid()))
        sys.path[:] = connection.recv()
        _prepare()
        _serve(connection)


def _serve(connection: "Connection[Any, Any]") -> None:
    with suppress(EOFError, ConnectionError):  # the conductor is gone
        while True:
            task = connection.recv()
            if task is None:
                return
            if task == "stop":
                continue  # it was asked to stop just as its run ended
            connection.send(_attempt(task, connection))


def _prepare() -> None:
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    # Adam's second moments on an almost solved problem sink below 1e-38; arithmetic on denormal
    # numbers is tens of times slower, and they are zero for every purpose of ours.
    torch.set_flush_denormal(True)


def _attempt(task: Any, connection: "Connection[Any, Any]") -> tuple[str, object]:
    """Train one run; whatever goes wrong in it is its own and is sent back in words."""
    from ceteris.engine.ending import train_run
    from ceteris.errors import CeterisError

    told = time.perf_counter()

    def listen(step: int) -> bool:
        nonlocal told
        now = time.perf_counter()
        if now - told >= _TELL_EVERY_S:
            connection.send(("progress", step))
            told = now
        if connection.poll():
            return bool(connection.recv() == "stop")
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
