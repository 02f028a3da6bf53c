"""The files a user names: pictures, and folders of them. Links in folders are not followed."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ceteris.data.layout import MAX_FILE_BYTES
from ceteris.data.layout import SUFFIXES as PICTURE_SUFFIXES
from ceteris.errors import CeterisError, shown

_KINDS = "PNG, JPEG, WebP or BMP"
# Pictures we do not read: in a folder they are listed, other files are none of our business.
_OTHER_PICTURES = {".gif", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2", ".svg", ".psd"}


@dataclass(frozen=True)
class LeftOut:
    """A file that was not predicted.

    Args:
        name: as the user would name it.
        reason: why, with what to do.
    """

    name: str
    reason: str

    @classmethod
    def because(cls, name: str, error: CeterisError) -> "LeftOut":
        """What an error about a file says, in one line."""
        return cls(name, f"{error.what}: {error.received}; {error.fix}")


def list_pictures(named: Sequence[Path]) -> tuple[tuple[Path, ...], tuple[LeftOut, ...]]:
    """The pictures among what was named, each once, and what was left out of the folders.

    A file is taken as it is named, whatever its suffix. Of a folder every file below it with the
    suffix of a picture, in the order of their paths; hidden ones and links are not.

    A name that is not there is left out too, unless nothing at all is there.

    Raises:
        CeterisError: nothing that was named is there, or a folder holds no pictures.
    """
    found: dict[Path, None] = {}
    left_out: list[LeftOut] = []
    missing: list[Path] = []
    for path in named:
        if path.is_dir():
            here = dict.fromkeys(_below(path, left_out))
            if not here:
                raise CeterisError(
                    f"the folder {shown(str(path))} holds no pictures",
                    received=f"no {_KINDS} file in it or below it",
                    expected=f"a folder of {_KINDS} files, or the files themselves",
                    fix="check the path",
                )
            found |= here
        elif os.path.lexists(path):
            found[path] = None
        else:
            missing.append(path)
    left_out += [LeftOut(str(path), "there is no such file or folder") for path in missing]
    if missing and not found:
        raise CeterisError(
            f"there is no file or folder {shown(str(missing[0]))}",
            received="nothing there" + (" or at any other that was named" if missing[1:] else ""),
            expected="a picture, or a folder of pictures",
            fix="check the path",
        )
    return tuple(found), tuple(left_out)


def read_content(path: Path) -> bytes:
    """A file's content, if it is an ordinary file of a size that a picture can have.

    Raises:
        CeterisError: it is not, or cannot be read.
    """
    name = shown(str(path))
    try:
        # Opened without waiting: a pipe that nobody writes to would be waited for for ever.
        opened = os.open(
            path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(opened, "rb") as stream:
            about = os.fstat(stream.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise CeterisError(
                    f"{name} is no ordinary file",
                    received="a device, a pipe or the like",
                    expected=f"a {_KINDS} file",
                    fix="name a file",
                )
            if about.st_size > MAX_FILE_BYTES:
                raise CeterisError(
                    f"picture {name} is too large a file",
                    received=f"{about.st_size:,} bytes",
                    expected=f"at most {MAX_FILE_BYTES:,} bytes",
                    fix="make it smaller",
                )
            return stream.read(MAX_FILE_BYTES)
    except OSError as error:
        raise CeterisError(
            f"{name} cannot be read",
            received=error.strerror or str(error),
            expected="a file you are allowed to read",
            fix="check its permissions and the disk it is on",
        ) from None


def _below(folder: Path, left_out: list[LeftOut]) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        left_out.append(LeftOut(str(folder), f"cannot be read: {error.strerror}"))
        return
    for entry in inside:
        path = folder / entry.name
        suffix = path.suffix.lower()
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            left_out.append(LeftOut(str(path), "a symbolic link, which is not followed"))
        elif entry.is_dir():
            yield from _below(path, left_out)
        elif suffix in PICTURE_SUFFIXES:
            yield path
        elif suffix in _OTHER_PICTURES:
            left_out.append(LeftOut(str(path), f"a {suffix} file, not a {_KINDS} one"))
