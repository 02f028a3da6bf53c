"""Arrays of one's own as a data set: one ``.npz`` file, or pairs of ``.npy`` or IDX files."""

import contextlib
import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from ceteris.data.arrays import (
    ArrayFile,
    Head,
    array_part,
    open_array,
    read_idx_head,
    read_npy_head,
)
from ceteris.data.own import Part, find_files, own_paths
from ceteris.data.published import Places
from ceteris.data.reading import clear_errors
from ceteris.data.source import DataSource, Found
from ceteris.data.unpacking import open_unpacked, zip_members
from ceteris.errors import CeterisError, shown

_AGAIN = "get or save the file again"
# What people call the four arrays; the first spelling whose first two are there is taken.
_SPELLINGS = (
    ("images", "labels", "test_images", "test_labels"),
    ("x_train", "y_train", "x_test", "y_test"),
    ("train_images", "train_labels", "test_images", "test_labels"),
)


def find_npz(source: DataSource, places: Places) -> Found:
    """Hash one ``.npz`` file; ``places`` is not looked at."""
    (path,) = own_paths(source, "path")
    return find_files(source, (path,), partial(_read_npz, source, path))


def find_npy(source: DataSource, places: Places) -> Found:
    """Hash two or four ``.npy`` files; ``places`` is not looked at."""
    return _find_pairs(source, read_npy_head)


def find_idx(source: DataSource, places: Places) -> Found:
    """Hash two or four IDX files; ``places`` is not looked at."""
    return _find_pairs(source, read_idx_head)


def _find_pairs(source: DataSource, read_head: Callable[[IO[bytes], str], Head]) -> Found:
    paths = own_paths(source, "path", "labels", "test_path", "test_labels")

    def read() -> tuple[Part, Part | None]:
        arrays = [_array_of(path, read_head) for path in paths]
        train = array_part(arrays[0], arrays[1], source)
        return train, array_part(arrays[2], arrays[3], source) if len(arrays) == 4 else None

    return find_files(source, paths, read)


def _array_of(path: Path, read_head: Callable[[IO[bytes], str], Head]) -> ArrayFile:
    @contextlib.contextmanager
    def opened() -> Iterator[IO[bytes]]:
        with clear_errors(path, None, _AGAIN), open_unpacked(path) as stream:
            yield stream

    with opened() as stream:
        # A packed file does not say how much is in it; the end is checked when it is read.
        size = path.stat().st_size if isinstance(stream, io.BufferedReader) else None
    return open_array(str(path), read_head, opened, size)


def _read_npz(source: DataSource, path: Path) -> tuple[Part, Part | None]:
    with clear_errors(path, None, _AGAIN):
        members = zip_members(path)
    sizes = {name.removesuffix(".npy"): size for name, size in members.items()}
    known = [names for names in _SPELLINGS if set(names[:2]) <= sizes.keys()]
    if not known:
        raise CeterisError(
            f"{path} does not hold images and labels",
            received=shown(", ".join(sizes)) if sizes else "no arrays",
            expected="arrays named "
            + ", or ".join(" and ".join(names[:2]) for names in _SPELLINGS)
            + ", each with two more for a test part if there is one",
            fix="numpy.savez(path, images=images, labels=labels)",
        )
    names = known[0]
    unread = sorted(sizes.keys() - set(names))
    alone = len(set(names[2:]) & sizes.keys()) == 1
    if unread or alone:
        raise CeterisError(
            f"{path} holds half of a test part" if alone else f"{path} holds more than is read",
            received=shown(", ".join(sorted(sizes))),
            expected=f"{', '.join(names[:2])}, and perhaps {' and '.join(names[2:])}",
            fix="save the arrays that are meant, and no others",
        )

    def array(name: str) -> ArrayFile:
        @contextlib.contextmanager
        def opened() -> Iterator[IO[bytes]]:
            with clear_errors(path, None, _AGAIN), open_unpacked(path, f"{name}.npy") as stream:
                yield stream

        return open_array(f"{name} in {path}", read_npy_head, opened, sizes[name])

    train = array_part(array(names[0]), array(names[1]), source)
    if names[2] not in sizes:
        return train, None
    return train, array_part(array(names[2]), array(names[3]), source)
