"""Writing a file whole or not at all.

Bytes go to a new file beside the target, are forced to the disk, and only then take the target's
name; then the folder is forced to the disk too. Whoever looks sees the old file or the new one,
after kill -9 and after a power cut as well. Reference: Pillai et al., "All file systems are not
created equal" (OSDI 2014).
"""

import contextlib
import errno
import os
import sys
from pathlib import Path

# A file with this ending is unfinished work of a process; it is never read.
UNFINISHED = ".new"


def write_whole(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that no other state can ever be seen there.

    Raises:
        OSError: as the operating system reports it; the target is then as it was before and
            nothing is left beside it.
    """
    # The process id keeps two processes that write the same content apart.
    beside = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
    try:
        opened = os.open(beside, flags, 0o644)
        try:
            rest = memoryview(data)
            while rest:  # a write may take only a part: signals, nearly full disks
                rest = rest[os.write(opened, rest) :]
            os.fsync(opened)
        finally:
            os.close(opened)
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Force the names in a folder to the disk: a rename is only lasting after this."""
    if sys.platform == "win32":
        return  # folders cannot be opened there; NTFS journals renames itself
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems cannot sync a folder
            raise
    finally:
        os.close(opened)


def make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it that are missing; return what was made, deepest first."""
    missing = []
    for path in (folder, *folder.parents):
        if path.exists():
            break
        missing.append(path)
    made: list[Path] = []
    try:
        for path in reversed(missing):
            with contextlib.suppress(FileExistsError):  # another process was faster
                path.mkdir()
                made.insert(0, path)
            sync_folder(path.parent)
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    except BaseException:
        unmake_folders(made)
        raise
    return made


def unmake_folders(made: list[Path]) -> None:
    """Remove folders that :func:`make_folder` made, as far as they are empty."""
    for path in made:
        with contextlib.suppress(OSError):
            path.rmdir()


def sweep(folder: Path) -> None:
    """Remove the unfinished files that a killed process left in ``folder``."""
    for path in folder.glob(f".*{UNFINISHED}"):
        with contextlib.suppress(OSError):
            path.unlink()
