"""A command run to its end: wall time, what it printed, and the memory of all its processes."""

import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SAMPLE_S = 1.0  # between two looks at the processes, which take a moment of what is timed
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class CommandFailedError(Exception):
    """A command ended with another code than 0; the message ends with what it said."""


@dataclass(frozen=True)
class Timed:
    """One finished command.

    Args:
        wall_s: from starting the process to having waited for it.
        stdout: all of it.
        largest_bytes: resident memory of its largest process at its peak. The system counts from
            before the program is loaded, so it is never less than what the caller itself holds.
        together_bytes: of it and all its descendants together at their peak, file-mapped pages
            counted once; 0 where the system does not tell.
    """

    wall_s: float
    stdout: str
    largest_bytes: int
    together_bytes: int


def timed(command: Sequence[str], *, env: Mapping[str, str], folder: Path) -> Timed:
    """Run a command and wait for it.

    Args:
        command: program and arguments.
        env: its whole environment.
        folder: where it runs.

    Raises:
        CommandFailedError: it ended with another code than 0.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, env=dict(env), cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        watch = _Watch(process.pid)
        try:
            _, status, usage = os.wait4(process.pid, 0)
            wall_s = time.perf_counter() - began
        except BaseException:  # Ctrl-C: leave nothing running
            process.terminate()
            process.wait()
            raise
        finally:
            together = watch.end()
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            said = err.read().decode("utf-8", "replace")[-2000:]
            raise CommandFailedError(
                f"{' '.join(command)}\nended with {process.returncode}:\n{said}"
            )
        largest = usage.ru_maxrss * 1024  # Linux counts kibibytes
        return Timed(wall_s, out.read().decode("utf-8"), largest, together)


class _Watch:
    """Looks at a process and its descendants until told to end."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def end(self) -> int:
        """The most memory that was seen."""
        self._over.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._over.wait(_SAMPLE_S):
            self._peak = max(self._peak, together_bytes(self._pid))


def together_bytes(pid: int) -> int:
    """Resident memory of a process and its descendants.

    Pages of their own are summed; of file-mapped and shared pages, which are mostly the same
    libraries and images, the largest process's are counted.
    """
    try:
        found = [_memory(process) for process in _family(pid)]
    except OSError:  # no /proc here
        return 0
    return sum(own for own, _ in found) + max((shared for _, shared in found), default=0)


def _family(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                after_name = Path(f"/proc/{entry}/stat").read_text("utf-8").rpartition(")")[2]
            except OSError:  # it has just ended
                continue
            children.setdefault(int(after_name.split()[1]), []).append(int(entry))
    family = [pid]
    for member in family:  # grows as it goes
        family += children.get(member, [])
    return family


def _memory(pid: int) -> tuple[int, int]:
    """Bytes of its own, and bytes of file-mapped or shared pages."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text("ascii").split()
    except (OSError, ValueError):
        return 0, 0
    return (int(resident) - int(shared)) * _PAGE_BYTES, int(shared) * _PAGE_BYTES
