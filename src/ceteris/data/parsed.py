"""Parsed sets on disk: one folder each, which every worker maps into its memory.

    images.npy   uint8 (N, H, W, C)
    labels.npy   int64 (N,)
    about.json   name, shape, classes, num_train, pixel_max, digest, notes, checksum
    files.json   the file of each image, where it has one of its own; names, and no content

The arrays are opened as copy-on-write maps: workers share the pages, torch gets a writable view,
and nothing that is written into it reaches the file or another process. A folder is written beside
its place, synced, and moved there, so that it is whole or not there at all.

The digest says what the content is, and is derived once, while it is written. Whether the files are
still as they were written is told by a checksum that costs a sixth of it.
"""

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ceteris.atomic import sync_folder
from ceteris.data.dataset import Content, DataSet, Images, Labels, digest_of_frame
from ceteris.errors import CeterisError, shown

_FORMAT = "ceteris parsed data"
_VERSION = 2
_PAGE_BYTES = 4096
_BUILDING = ".building-"
_STALE_S = 24 * 3600  # what a killed process left half-written is swept away after a day


@dataclass(frozen=True)
class _About:
    """``about.json``: what the arrays do not say of themselves."""

    format: str
    version: int
    name: str
    shape: tuple[int, int, int, int]
    classes: tuple[str, ...]
    num_train: int
    pixel_max: int
    digest: str
    notes: tuple[str, ...]
    checksum: str


def open_parsed(folder: Path) -> DataSet:
    """Map the set in ``folder`` into memory, copy-on-write. What workers call.

    Reads nothing but the headers, ``about.json`` and the labels; whether the pixels are still as
    they were written is checked when a study opens its data, by :func:`open_intact`.

    Raises:
        CeterisError: a file is missing, of another size or shape than it should be, or not ours.
    """
    return _open(folder)[0]


def _open(folder: Path) -> tuple[DataSet, _About]:
    try:
        about = _read_about(folder / "about.json")
        images = _map(folder / "images.npy", about.shape, np.dtype(np.uint8))
        labels = _map(folder / "labels.npy", about.shape[:1], np.dtype(np.int64))
        data = DataSet(
            name=about.name,
            images=images,
            labels=labels,
            classes=about.classes,
            num_train=about.num_train,
            pixel_max=about.pixel_max,
            digest=about.digest,
            notes=about.notes,
        )
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise CeterisError(
            f"the parsed data set in {folder} is damaged",
            received=shown(str(error) or type(error).__name__),
            expected="images.npy, labels.npy and about.json as they were written",
            fix="run the same command again: data sets are parsed anew when a study starts",
        ) from error
    return data, about


def open_intact(folder: Path, digest: str | None = None) -> DataSet | None:
    """Map the set in ``folder`` if it is as it was written, else return None.

    Args:
        folder: where it was written.
        digest: the digest it must have; None accepts the one it says it has.
    """
    try:
        data, about = _open(folder)
    except CeterisError:
        return None
    intact = _checksum(about, data.images, data.labels) == about.checksum
    return data if intact and digest in (None, data.digest) else None


def file_names(folder: Path, count: int) -> tuple[str, ...]:
    """The file of each image of the set in ``folder``; empty where none, or no whole list, is kept.

    Args:
        folder: where the set was written.
        count: images of the set.
    """
    try:
        found = json.loads((folder / "files.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    whole = isinstance(found, list) and len(found) == count
    return tuple(found) if whole and all(isinstance(name, str) for name in found) else ()


def find_parsed(cache: Path, digest: str) -> DataSet | None:
    """Map the set with this content digest, if the cache holds it parsed and intact."""
    for about in sorted((cache / "parsed").glob("*/about.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            if _read_about(about).digest == digest:
                data = open_intact(about.parent, digest)
                if data is not None:
                    return data
    return None


def write_parsed(content: Content, folder: Path, *, digest: str | None = None) -> None:
    """Write ``content`` to ``folder``, replacing what is damaged there.

    Two processes may do this at once: the first to finish wins, the other throws its own away.

    Args:
        content: what a reader found; its blocks are written as they come.
        folder: where it goes; the folders above are made.
        digest: what the content must turn out to be; None accepts any.

    Raises:
        CeterisError: the disk is full or does not let us write, or the digest is another. Then
            nothing of it is left.
    """
    building = folder.with_name(f"{folder.name}{_BUILDING}{os.getpid()}-{secrets.token_hex(4)}")
    missing = [above for above in building.parents if not above.exists()]
    written = False
    try:
        # Readers turn the errors of their own reading into ours, so an OSError here is of writing.
        with _write_errors(folder):
            building.mkdir(parents=True)
            _sweep(building)
            about = _write_files(content, building)
            if digest not in (None, about.digest):
                raise CeterisError(
                    f"the data set '{content.name}' is not the one that is known by this name",
                    received=f"content with sha256 {about.digest}",
                    expected=f"content with sha256 {digest}",
                    fix="install the versions in constraints.txt, scikit-learn's above all",
                )
            _move_into_place(building, folder, digest)
        written = True
    finally:
        shutil.rmtree(building, ignore_errors=True)
        with contextlib.suppress(OSError):
            for above in () if written else missing:
                above.rmdir()


def _write_files(content: Content, building: Path) -> _About:
    digest = digest_of_frame(content.shape, content.classes, content.num_train, content.pixel_max)
    with (building / "images.npy").open("wb") as stream:
        _write_header(stream, content.shape, "|u1")
        rows = 0
        for block in content.blocks():
            if block.dtype != np.uint8 or block.shape[1:] != content.shape[1:]:
                raise ValueError(f"a block of {block.shape} in images of {content.shape}")
            pixels = np.ascontiguousarray(block).data
            digest.update(pixels)
            stream.write(pixels)
            rows += len(block)
        if rows != content.shape[0]:
            raise ValueError(f"{rows} images came instead of {content.shape[0]}")
        _sync(stream)
    labels = content.labels.astype("<i8").tobytes()
    digest.update(labels)
    about = _About(
        checksum="",
        notes=content.notes,
        format=_FORMAT,
        version=_VERSION,
        name=content.name,
        shape=content.shape,
        classes=content.classes,
        num_train=content.num_train,
        pixel_max=content.pixel_max,
        digest=digest.hexdigest(),
    )
    with (building / "labels.npy").open("wb") as stream:
        _write_header(stream, content.shape[:1], "<i8")
        stream.write(labels)
        _sync(stream)
    if content.files:
        with (building / "files.json").open("wb") as stream:
            stream.write(json.dumps(content.files).encode() + b"\n")
            _sync(stream)
    # Of what can be read back, and not of what was meant to be written.
    written = _map(building / "images.npy", content.shape, np.dtype(np.uint8))
    about = replace(about, checksum=_checksum(about, written, content.labels))
    with (building / "about.json").open("wb") as stream:
        stream.write(json.dumps(asdict(about), indent=1, sort_keys=True).encode() + b"\n")
        _sync(stream)
    return about


def _write_header(stream: BinaryIO, shape: tuple[int, ...], kind: str) -> None:
    # Plain writes, and not a map of the new file: a full disk then is an error and no dead process.
    header = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, header)


def _sync(stream: BinaryIO) -> None:
    stream.flush()
    os.fsync(stream.fileno())


def _move_into_place(building: Path, folder: Path, digest: str | None) -> None:
    sync_folder(building)
    if os.path.lexists(folder) and open_intact(folder, digest) is None:
        # Under a name of ours, so that a killed process leaves nothing that is not swept.
        aside = building.with_name(f"{building.name}-damaged")
        folder.rename(aside)
        if aside.is_dir() and not aside.is_symlink():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink()
    try:
        building.rename(folder)
    except OSError:
        if open_intact(folder, digest) is None:  # else another process was first
            raise
    sync_folder(folder.parent)


def _sweep(building: Path) -> None:
    """Remove what processes that were killed left behind, told by its age on the disk's clock."""
    now_s = building.stat().st_mtime
    for other in building.parent.glob(f"*{_BUILDING}*"):
        with contextlib.suppress(OSError):
            if now_s - other.stat().st_mtime > _STALE_S:
                shutil.rmtree(other, ignore_errors=True)


@contextlib.contextmanager
def _write_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise CeterisError(
            "there is no room on the disk for a parsed data set"
            if full
            else f"the parsed data set cannot be written to {folder.parent}",
            received=shown(error.strerror or str(error)) + (f"  ({folder.parent})" if full else ""),
            expected="a folder that can be written to, with room for the data set",
            fix="make room there" if full else "check its permissions, or choose another home",
        ) from error


def _read_about(path: Path) -> _About:
    table: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    listed = {key: tuple(table[key]) for key in ("shape", "classes", "notes")}
    about = _About(**{**table, **listed})
    if (about.format, about.version) != (_FORMAT, _VERSION):
        raise ValueError(f"{about.format!r} version {about.version!r}")
    if len(about.shape) != 4 or not all(type(side) is int for side in about.shape):
        raise ValueError(f"a shape of {about.shape}")
    return about


def _checksum(about: _About, images: Images, labels: Labels) -> str:
    """SHA-256 (hex) over all that is kept, of the pixels over the sums of their pages.

    A page's sum is of its 64-bit words, modulo 2^64: no single damaged word leaves it as it is, and
    pages that change places change the hash. It guards against broken disks and not against people,
    who could write another checksum too.
    """
    kept = asdict(replace(about, checksum=""))
    found = hashlib.sha256(json.dumps(kept, sort_keys=True).encode() + b"\0")
    pixels = images.reshape(-1)
    end = len(pixels) // _PAGE_BYTES * _PAGE_BYTES
    words = pixels[:end].view(np.uint64).reshape(-1, _PAGE_BYTES // 8)
    found.update(words.sum(axis=1, dtype=np.uint64).tobytes())
    found.update(pixels[end:].tobytes())
    found.update(labels.tobytes())
    return found.hexdigest()


def _map(path: Path, shape: tuple[int, ...], kind: np.dtype[Any]) -> np.ndarray[Any, Any]:
    array = np.load(path, mmap_mode="c", allow_pickle=False)
    if not isinstance(array, np.memmap) or (array.shape, array.dtype) != (shape, kind):
        raise ValueError(f"{path.name} is not {kind} {shape}")
    if path.stat().st_size != array.offset + array.nbytes:
        raise ValueError(f"{path.name} has another size than its header says")
    return array.view(np.ndarray)  # a memmap keeps the file's name and runs Python at every slice
