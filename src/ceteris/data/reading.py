"""Reading a published set: unpacked with bounds, and by digest.

A file is accepted by the digest of its *unpacked* content, so one that was unpacked or packed
again is as good as the original. No more is ever unpacked than the content should have, and
nothing is parsed before its digest has been checked.
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ceteris.data.dataset import Content
from ceteris.data.finding import FoundForm, find_form
from ceteris.data.published import Places, PublishedFile, PublishedSet, Unpacked
from ceteris.data.source import DataSource, Found
from ceteris.data.unpacking import (
    DamagedError,
    TooMuchError,
    TruncatedError,
    unpack_archive,
    unpack_file,
)
from ceteris.errors import CeterisError, shown


def finder(
    of: PublishedSet, others: Mapping[str, str] | None = None
) -> Callable[[DataSource, Places], Found]:
    """Return what the register needs of a published set: a function that finds it.

    Args:
        of: the set.
        others: content digest -> what that is, so that mixed-up files can be named.
    """
    known = dict(others or {})

    def find(source: DataSource, places: Places) -> Found:
        def read() -> Content:
            found = find_form(of, places)
            return found.form.parse(of, read_form(of, found, known))

        return Found(f"{source.name}-{of.digest[:32]}", of.digest, read)

    return find


def known_files(*sets: PublishedSet) -> dict[str, str]:
    """Content digest -> "the train-images-idx3-ubyte of MNIST", for every file of these sets."""
    return {
        file.content_sha256: f"the {file.name} of {published.title}"
        for published in sets
        for form in published.forms
        for file in form.files
    }


def read_form(of: PublishedSet, found: FoundForm, known: Mapping[str, str]) -> tuple[Unpacked, ...]:
    """Return the contents of the files of a form, unpacked, if they are the published ones.

    Memory is bounded by the files' ``content_bytes``, whatever they unpack to.

    Args:
        of: the set.
        found: which form, and where it is.
        known: content digest -> what that is, so that a mix-up can be named.

    Raises:
        CeterisError: a file cannot be read, is truncated, is damaged, holds too much, or has
            another digest; the archive lacks one.
    """
    form = found.form
    if not found.archived:
        return tuple(
            _read_file(of, file, path, known)
            for file, path in zip(form.files, found.paths, strict=True)
        )
    (path,) = found.paths
    again = f"get {form.archive} again from {of.published_at}"
    limits = {file.name: file.content_bytes for file in form.files}
    with clear_errors(path, form.archive_bytes, again):
        contents = unpack_archive(path, limits)
    missing = [file.name for file in form.files if file.name not in contents]
    if missing:
        raise CeterisError(
            f"some files of {of.title} are missing in {path}",
            received=f"no {', '.join(missing)}",
            expected=", ".join(limits),
            fix=again,
        )
    unpacked = []
    for file in form.files:
        where = f"{file.name} in {path}"
        _check_digest(file, contents[file.name], where, known, again)
        unpacked.append(Unpacked(contents[file.name], where))
    return tuple(unpacked)


def _read_file(
    of: PublishedSet, file: PublishedFile, path: Path, known: Mapping[str, str]
) -> Unpacked:
    again = f"get {file.published_name} again from {of.published_at}"
    with clear_errors(path, file.gz_bytes, again):
        content = unpack_file(path, file.name, file.content_bytes)
    _check_digest(file, content, str(path), known, again)
    return Unpacked(content, str(path))


def _check_digest(
    file: PublishedFile, content: bytearray, where: str, known: Mapping[str, str], again: str
) -> None:
    digest = hashlib.sha256(content).hexdigest()
    if digest == file.content_sha256:
        return
    mixed_up = f", which is {known[digest]}" if digest in known else ""
    raise CeterisError(
        f"{where} is not the published file",
        received=f"{len(content):,} bytes with sha256 {digest}, unpacked{mixed_up}",
        expected=f"{file.content_bytes:,} bytes with sha256 {file.content_sha256}, unpacked",
        fix=again,
    )


@contextlib.contextmanager
def clear_errors(path: Path, published_bytes: int | None, again: str) -> Iterator[None]:
    """Say in four parts what went wrong while ``path`` was unpacked.

    Args:
        path: the file.
        published_bytes: its size as published; None where that is not known.
        again: how to get it again.
    """
    try:
        yield
    except TruncatedError:
        size = f"{published_bytes:,} bytes, as published" if published_bytes else "a whole file"
        raise CeterisError(
            f"{path} is truncated",
            received=f"{path.stat().st_size:,} bytes, and more should follow",
            expected=size,
            fix=again,
        ) from None
    except DamagedError as error:
        raise CeterisError(
            f"{path} is damaged and cannot be unpacked",
            received=shown(str(error)),
            expected="the whole file, as it is or packed again",
            fix=again,
        ) from error
    except TooMuchError as error:
        raise CeterisError(
            f"{path} holds more than it should",
            received=f"more than {error.limit:,} bytes unpacked",
            expected=f"{error.limit:,} bytes or fewer",
            fix=again,
        ) from None
    except OSError as error:
        raise CeterisError(
            f"{path} cannot be read",
            received=shown(error.strerror or str(error)),
            expected="a file you are allowed to read",
            fix="check its permissions and the disk it is on",
        ) from error
