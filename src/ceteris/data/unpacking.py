"""Unpacking with bounds: never more than a content should have, in memory alone.

What a file is packed in is told by its first bytes and not by its name, since browsers unpack
files and keep the name. Members of archives are found by the last part of their path and are never
written anywhere, so a path that leads elsewhere leads nowhere.
"""

import bz2
import contextlib
import errno
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, cast

_ZIP_MAGIC = b"PK\x03\x04"
_STEP = 1 << 20  # bytes at a time, so that no step allocates what a bomb would like to fill
_TAR_OVERHEAD = 1 << 20  # bytes of an archive besides the files that are wanted: heads, a readme


class TruncatedError(Exception):
    """The file ends too soon."""


class DamagedError(Exception):
    """The file is not what its first bytes say, or was changed; the library's reason."""


class TooMuchError(Exception):
    """More came out than should; the limit in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


def unpack_file(path: Path, name: str, limit: int) -> bytearray:
    """Return the content of a file that may be packed.

    Args:
        path: where it is.
        name: its name unpacked: what it is called in a ``.zip``.
        limit: the most bytes it may hold.

    Raises:
        TruncatedError, DamagedError, TooMuchError, OSError: what they say.
    """
    with _plain_errors(), path.open("rb") as raw:
        if _is_zip(raw):
            members = _from_zip(raw, {name: limit})
            if name not in members:
                raise DamagedError(f"no {name} in it")
            return members[name]
        with _decompressed(raw) as stream:
            return _read_all(stream, limit)


def unpack_archive(path: Path, limits: Mapping[str, int]) -> dict[str, bytearray]:
    """Return the contents of those members of a tar or zip archive that are wanted and there.

    Args:
        path: where the archive is, compressed or not.
        limits: the most bytes each wanted member may hold, by its name without folders. Of two
            with one name the first is taken.

    Raises:
        TruncatedError, DamagedError, TooMuchError, OSError: what they say.
    """
    with _plain_errors(), path.open("rb") as raw:
        if _is_zip(raw):
            return _from_zip(raw, limits)
        with _decompressed(raw) as stream:
            return _from_tar(_Bounded(stream, sum(limits.values()) + _TAR_OVERHEAD), limits)


@contextlib.contextmanager
def open_unpacked(path: Path, member: str | None = None) -> Iterator[IO[bytes]]:
    """Open a file that may be packed, for whoever reads it with bounds of his own.

    Args:
        path: where it is.
        member: which file of a ``.zip``; None takes its only one.

    Raises:
        TruncatedError, DamagedError, OSError: what they say, also while it is read.
    """
    with _plain_errors(), path.open("rb") as raw:
        if not _is_zip(raw):
            yield _decompressed(raw)
            return
        with zipfile.ZipFile(raw) as archive:
            names = archive.namelist() if member is None else [member]
            if len(names) != 1:
                raise DamagedError(f"{len(names)} files in it, and one is expected")
            if names[0] not in archive.namelist():
                raise DamagedError(f"no {names[0]} in it")
            with archive.open(names[0]) as stream:
                yield stream


def zip_members(path: Path) -> dict[str, int]:
    """Return the names of the files in a ``.zip``, and how many bytes each says it holds.

    Raises:
        DamagedError, OSError: what they say.
    """
    with _plain_errors(), path.open("rb") as raw, zipfile.ZipFile(raw) as archive:
        return {member.filename: member.file_size for member in archive.infolist()}


class _Bounded:
    """A stream that ends with an error where it holds more than it may."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream, self._limit, self._given = stream, limit, 0

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._given += len(data)
        if self._given > self._limit:
            raise TooMuchError(self._limit)
        return data


def _from_zip(raw: IO[bytes], limits: Mapping[str, int]) -> dict[str, bytearray]:
    found: dict[str, bytearray] = {}
    with zipfile.ZipFile(raw) as archive:
        for member in archive.infolist():
            name = member.filename.rsplit("/", 1)[-1]
            if name in limits and name not in found:
                with archive.open(member) as stream:
                    found[name] = _read_all(stream, limits[name])
    return found


def _from_tar(stream: _Bounded, limits: Mapping[str, int]) -> dict[str, bytearray]:
    found: dict[str, bytearray] = {}
    # "r|": one pass, nothing is sought in a compressed stream, so read() is all that is called.
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|", bufsize=_STEP) as archive:
        for member in archive:
            name = member.name.rsplit("/", 1)[-1]
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None and name in limits and name not in found:
                found[name] = _read_all(content, limits[name])
            if len(found) == len(limits):
                break
    return found


def _read_all(stream: IO[bytes], limit: int) -> bytearray:
    """Read the whole stream, which must hold ``limit`` bytes or fewer."""
    content = bytearray(limit)
    filled = 0
    with memoryview(content) as view:
        while filled < limit:
            step = stream.read(min(_STEP, limit - filled))
            if not step:
                break
            view[filled : filled + len(step)] = step
            filled += len(step)
    if filled == limit and stream.read(1):
        raise TooMuchError(limit)
    del content[filled:]
    return content


def _is_zip(raw: IO[bytes]) -> bool:
    head = raw.read(len(_ZIP_MAGIC))
    raw.seek(0)
    return head == _ZIP_MAGIC


def _decompressed(raw: IO[bytes]) -> IO[bytes]:
    head = raw.read(6)
    raw.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw)  # type: ignore[return-value]  # it has what we read by
    if head.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    if head == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(raw)
    return raw


@contextlib.contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn what five libraries raise into the errors above."""
    try:
        yield
    except EOFError:
        raise TruncatedError from None
    except (
        # zipfile and tarfile raise the last four on heads that contradict themselves.
        *(zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError),
        *(RuntimeError, NotImplementedError, ValueError, struct.error),
    ) as error:
        raise DamagedError(str(error)) from error
    except OSError as error:
        # The disk's come with a number, gzip's and bz2's with none; zipfile seeks to places before
        # the start if its table says so.
        if error.errno not in (None, errno.EINVAL):
            raise
        raise DamagedError(str(error)) from error
