"""Arrays in files, a block of rows at a time: ``.npy`` and IDX.

What a header declares is held against the file before anything is read for it, so that a header
that lies costs nothing; and no more is in memory than a block.

Sources: NumPy's "numpy.lib.format"; LeCun, Cortes, Burges, "The MNIST database of handwritten
digits", section "File formats".
"""

import math
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from ceteris.data.own import LARGEST_COUNT, LARGEST_SIDE, Part, image_shape
from ceteris.data.source import DataSource
from ceteris.errors import CeterisError, shown

_BLOCK_BYTES = 1 << 22
_LONGEST_HEADER = 10_000  # characters; NumPy's own bound for files that are not trusted
# The third byte of an IDX file.
_IDX_KINDS = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


@dataclass(frozen=True)
class Head:
    """What a header declares.

    Args:
        shape, kind: of the array.
        begins: bytes before the values.
    """

    shape: tuple[int, ...]
    kind: np.dtype[Any]
    begins: int

    @property
    def total_bytes(self) -> int:
        """The size of the whole file."""
        return self.begins + math.prod(self.shape) * self.kind.itemsize


@dataclass(frozen=True)
class ArrayFile:
    """An array that can be read.

    Args:
        where: the file, and what in it, for messages.
        open: opens it at its first byte, unpacked.
        head: what it declares.
    """

    where: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    head: Head


def open_array(
    where: str,
    read_head: Callable[[IO[bytes], str], Head],
    open_at: Callable[[], AbstractContextManager[IO[bytes]]],
    total_bytes: int | None,
) -> ArrayFile:
    """Return an array whose header was read.

    Args:
        where: the file, and what in it, for messages.
        read_head: of the format.
        open_at: opens it at its first byte, unpacked.
        total_bytes: how many it has; None where only reading all of it can tell.

    Raises:
        CeterisError: it has no such header, or another size than that declares.
    """
    with open_at() as stream:
        head = read_head(stream, where)
    if total_bytes is not None and total_bytes != head.total_bytes:
        raise _other_size(where, head, f"{total_bytes:,} bytes")
    return ArrayFile(where, open_at, head)


def read_npy_head(stream: IO[bytes], where: str) -> Head:
    """Read the header of a ``.npy`` file. Arrays of Python objects are refused, never unpickled."""
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            found = np.lib.format.read_array_header_1_0(stream, _LONGEST_HEADER)
        elif version == (2, 0):
            found = np.lib.format.read_array_header_2_0(stream, _LONGEST_HEADER)
        else:
            raise ValueError(f"version {version[0]}.{version[1]}")
    except CeterisError:
        raise
    # The header is a Python literal; what parsing another text as one raises is no closed list.
    except Exception as error:
        raise CeterisError(
            f"{where} is not an array",
            received=shown(str(error) or type(error).__name__),
            expected="an array as numpy.save writes it",
            fix="save it again with numpy.save or numpy.savez",
        ) from None
    shape, by_columns, kind = found
    if kind.hasobject or kind.names is not None or kind.subdtype is not None:
        raise CeterisError(
            f"{where} holds Python objects or records and no numbers",
            received=shown(str(kind)),
            expected="an array of numbers; objects are pickled, and opening those can run anything",
            fix="make all images one size and save np.stack(images)",
        )
    if by_columns and len(shape) > 1:
        raise CeterisError(
            f"{where} is stored column by column",
            received="Fortran order",
            expected="one image after another",
            fix="save np.ascontiguousarray(images)",
        )
    return Head(tuple(int(side) for side in shape), kind, stream.tell())


def read_idx_head(stream: IO[bytes], where: str) -> Head:
    """Read the header of an IDX file of any kind of number."""
    magic = stream.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _IDX_KINDS or not magic[3]:
        raise CeterisError(
            f"{where} is not an IDX file",
            received=f"it begins with {magic.hex(' ') or 'nothing'}",
            expected="00 00, a kind of number (08 for bytes), the number of dimensions",
            fix="check that path and labels name IDX files",
        )
    counts = stream.read(4 * magic[3])
    if len(counts) < 4 * magic[3]:
        raise CeterisError(
            f"{where} ends within its header",
            received=f"{4 + len(counts)} bytes",
            expected=f"{4 + 4 * magic[3]} bytes and the values",
            fix="get the file again",
        )
    shape = struct.unpack(f">{magic[3]}I", counts)
    return Head(shape, np.dtype(_IDX_KINDS[magic[2]]), 4 + len(counts))


def array_part(images: ArrayFile, labels: ArrayFile, source: DataSource) -> Part:
    """Return the part that two arrays hold; only the labels are read.

    Raises:
        CeterisError: the arrays have no possible shapes, or different lengths.
    """
    shape = _image_shape(images, source)
    count = labels.head.shape
    if count not in ((shape[0],), (shape[0], 1)):
        one_hot = len(count) == 2 and count[0] == shape[0]
        raise CeterisError(
            f"{labels.where} does not hold one label for each image",
            received=f"shape {count} for {shape[0]:,} images",
            expected=f"shape ({shape[0]},)",
            fix="save labels.argmax(axis=1)" if one_hot else "save one label for each image",
        )
    if labels.head.kind.kind not in "iuU":
        raise CeterisError(
            f"{labels.where} holds no labels",
            received=f"numbers of kind {labels.head.kind}",
            expected="whole numbers, or texts",
            fix="save labels.astype('int64')",
        )
    blocks = list(_rows(labels))
    return Part(
        where=images.where,
        shape=shape,
        blocks=lambda: (block.reshape(-1, *shape[1:]) for block in _rows(images)),
        labels=np.concatenate(blocks).reshape(-1),
        labels_where=labels.where,
    )


def _image_shape(images: ArrayFile, source: DataSource) -> tuple[int, int, int, int]:
    """The shape (n, H, W, C) of an array of images."""
    shape, kind = images.head.shape, images.head.kind
    flat = len(shape) == 2
    sides = image_shape(shape[1], source, images.where) if flat else (*shape[1:], 1)[:3]
    if len(shape) not in (2, 3, 4) or kind.kind not in "iuf" or sides[2] not in (1, 3):
        first = len(shape) == 4 and shape[1] in (1, 3)
        raise CeterisError(
            f"{images.where} holds no images",
            received=f"shape {shape} of kind {kind}",
            expected="numbers of shape (N, H, W), (N, H, W, 1) or (N, H, W, 3)",
            fix="save images.transpose(0, 2, 3, 1)" if first else "save an array of that shape",
        )
    if not 1 <= shape[0] <= LARGEST_COUNT or not all(1 <= side <= LARGEST_SIDE for side in sides):
        raise CeterisError(
            f"{images.where} holds an impossible number of images",
            received=f"shape {shape}",
            expected=f"1 to {LARGEST_COUNT:,} images of at most {LARGEST_SIDE} x {LARGEST_SIDE}",
            fix="check what was saved",
        )
    if not flat and source.size not in (None, sides[:2]):
        raise CeterisError(
            f"the images in {images.where} have another size",
            received=f"{sides[0]} x {sides[1]}, and size = {list(source.size or ())}",
            expected="no size: it is for images that are rows of numbers",
            fix="take out size",
        )
    return (shape[0], sides[0], sides[1], sides[2])


def _rows(array: ArrayFile) -> Iterator[NDArray[Any]]:
    """The array, some rows at a time."""
    head = array.head
    row_bytes = math.prod(head.shape[1:]) * head.kind.itemsize
    step = max(1, _BLOCK_BYTES // max(1, row_bytes))
    with array.open() as stream:
        stream.read(head.begins)
        for first in range(0, head.shape[0], step):
            count = min(step, head.shape[0] - first)
            data = stream.read(count * row_bytes)
            if len(data) < count * row_bytes:
                whole = first + len(data) // max(1, row_bytes)
                raise _other_size(array.where, head, f"an end in row {whole + 1:,}")
            yield np.frombuffer(data, head.kind).reshape(count, *head.shape[1:])
        if stream.read(1):
            raise _other_size(array.where, head, "more than that")


def _other_size(where: str, head: Head, received: str) -> CeterisError:
    return CeterisError(
        f"{where} does not hold what its header declares",
        received=received,
        expected=f"{head.total_bytes:,} bytes, for {head.kind} of shape {head.shape}",
        fix="save it again, or get the whole file",
    )
