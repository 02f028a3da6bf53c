"""Faults of disks and folders: damaged and cut files, full and read-only disks, moved folders."""

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

from tests.faults import layer
from tests.faults.stage import LARGE, TINY, Case, Tally
from tests.faults.sudden import MakeCase, Wanted, _wait_for_workers

_NO_MOUNT = "mounting a file system is not permitted here"


def damaged_checkpoints(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """The newest checkpoint cut short or with one bit flipped, at offsets all over it; then both.

    The run goes on from the one before, or anew, and says so.
    """
    chance = random.Random(5)  # noqa: S311
    base = make(TINY)
    child = base.start(partial(_kill_at_checkpoint, 2), here=True)
    if child.wait() != -signal.SIGKILL:
        tally.surprise("there was no third checkpoint to be killed at")
    for number in range(wanted):
        case = make(TINY)
        shutil.copytree(base.home, case.home)
        newest, before = sorted((case.folder / "checkpoints").rglob("*.safetensors"), reverse=True)
        for path in (newest, before) if number % 5 == 4 else (newest,):
            content = bytearray(path.read_bytes())
            # The ends and the header first, then anywhere.
            ends = (0, 7, 8, len(content) // 2, len(content) - 1)
            at = ends[number // 2] if number // 2 < len(ends) else chance.randrange(len(content))
            if number % 2:
                content[at] ^= 1 << chance.randrange(8)
            else:
                del content[at:]
            path.write_bytes(content)
        tally.injected += 1
        child = case.start(here=True)
        case.check_said(child, child.wait(), (0,))
        if "is damaged" not in child.said():
            tally.surprise(f"a damaged checkpoint was not mentioned: {child.said()[-300:]}")
        case.look()
        case.compare()


def _kill_at_checkpoint(number: int) -> None:
    """Kill this process when it has written so many checkpoints and is about to write the next."""
    from ceteris.engine import checkpoint

    real, written = checkpoint.write_whole, iter(range(1000))

    def write_whole(path: Path, data: bytes) -> None:
        if next(written) == number:
            layer.kill("")
        real(path, data)

    checkpoint.write_whole = write_whole  # type: ignore[attr-defined]


def cut_databases(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """``study.sqlite`` cut short: refused in words, nothing invented, a copy put back goes on."""
    chance = random.Random(6)  # noqa: S311
    base = make(TINY)
    base.start(partial(_kill_at_checkpoint, 5), here=True).wait()
    whole = (base.folder / "study.sqlite").read_bytes()
    ends = [0, 1, 99, 100, 4096, len(whole) - 4096, len(whole) - 1]
    for number in range(wanted):
        case = make(TINY)
        shutil.copytree(base.home, case.home)
        case.look()
        kept, case.finished = case.finished, {}
        database = case.folder / "study.sqlite"
        length = ends[number] if number < len(ends) else chance.randrange(len(whole))
        database.write_bytes(whole[:length])
        tally.injected += 1
        child = case.start(here=True)
        case.check_said(child, child.wait(), (2,))
        if "is damaged" not in child.said():
            tally.surprise(f"cut to {length} bytes: {child.said()[-300:]}")
        if database.read_bytes() != whole[:length]:
            tally.surprise(f"a database cut to {length} bytes was written to")
        database.write_bytes(whole)  # from a copy
        case.finished = kept
        case.look()
        case.settle(here=True)


def full_disks(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """A real small disk with less and less room; then there is room again."""
    with_room = make(TINY)
    with_room.settle(here=True)
    needed = sum(path.stat().st_size for path in with_room.home.rglob("*") if path.is_file())
    for number in range(wanted):
        case = make(TINY)
        case.home.mkdir()
        if not _mount(case.home, 4 * needed):
            tally.skipped = _NO_MOUNT
            return
        try:
            _fill(case.home.parent / "home of mine" / "filler", needed * number // wanted)
            case.home.joinpath("filler").rename(case.home / ".DS_Store")  # a home ignores this one
            child = case.start(here=True)
            case.check_said(child, child.wait(), (0, 2))
            tally.injected += 1
            (case.home / ".DS_Store").unlink()
            case.look()
            case.settle(here=True)
        finally:
            subprocess.run(["umount", str(case.home)], check=False)


def _fill(path: Path, free: int) -> None:
    """Leave so many bytes free on the disk that ``path`` is on."""
    disk = os.statvfs(path.parent)
    path.write_bytes(bytes(max(0, disk.f_bavail * disk.f_frsize - free)))


def _mount(place: Path, size: int) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def limited_files(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """No file may grow beyond a limit: SQLite's own writes fail, and arrays, and checkpoints."""
    with_room = make(TINY)
    with_room.settle(here=True)
    largest = max(path.stat().st_size for path in with_room.folder.rglob("*") if path.is_file())
    for number in range(wanted):
        case = make(TINY)
        limit = 512 + largest * number // wanted
        child = case.start(
            lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)), here=True
        )
        case.check_said(child, child.wait(), (0, 2))
        tally.injected += 1
        case.look()
        case.settle(here=True)


def moved_folders(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """The home moved between two commands, and the study's folder moved while it runs."""
    for number in range(wanted):
        case = make(LARGE)
        child = case.start()
        _wait_for_workers(case, child)
        time.sleep(0.5 + 0.1 * number)
        away = case.root / "elsewhere 别处"
        if number % 2:
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            case.look()
            case.home.rename(away)
            away.rename(case.home.with_name("home of mine again"))
            case = _moved(case, "home of mine again")
        else:
            case.look()
            case.folder.rename(away)
            case.check_said(child, child.wait(), (2,))
            if case.folder.exists():
                tally.surprise(f"begun anew in the old place: {sorted(case.folder.rglob('*'))}")
                shutil.rmtree(case.folder)
            away.rename(case.folder)
            case.look()
        tally.injected += 1
        case.settle()


def _moved(case: Case, name: str) -> Case:
    """The same study, its home called otherwise."""

    class Moved(Case):
        @property
        def home(self) -> Path:
            return self.root / name

    return Moved(case.root, case.shape, case.tally, case.reference, case.finished)


def copied_folders(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """A home copied when half of it is done: original and copy go on to the same end."""
    for _ in range(wanted):
        case = make(LARGE)
        child = case.start()
        _wait_for_workers(case, child)
        time.sleep(0.7)
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        case.look()
        shutil.copytree(case.home, case.root / "copy")
        copy = _moved(case, "copy")
        tally.injected += 1
        case.settle()
        copy.settle()


def read_only_folders(make: MakeCase, tally: Tally, wanted: Wanted) -> None:
    """A disk that may only be read: showing and verifying work, running says why it does not."""
    for _ in range(wanted):
        case = make(TINY)
        case.home.mkdir()
        if not _mount(case.home, 1 << 24):
            tally.skipped = _NO_MOUNT
            return
        try:
            case.start(partial(_kill_at_checkpoint, 5), here=True).wait()
            case.look()
            _remount(case.home, "ro")
            tally.injected += 1
            child = case.start(here=True)
            case.check_said(child, child.wait(), (2,))
            for verb in ("show", "verify"):
                child = case.start(words=[verb, str(case.folder), "--json"])
                case.check_said(child, child.wait(), (0,))
            _remount(case.home, "rw")
            case.settle(here=True)
        finally:
            subprocess.run(["umount", str(case.home)], check=False)


def _remount(place: Path, mode: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{mode}", str(place)], check=True)
