"""The IDX format of MNIST and its kin: a magic number, the counts, the bytes.

    magic: 0, 0, 8 (unsigned bytes), number of dimensions; then each dimension as a big-endian
    32-bit count; then the values, last dimension fastest.

Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", section "File formats".
"""

import math
import struct

import numpy as np

from ceteris.data.dataset import Images
from ceteris.errors import CeterisError

_UNSIGNED_BYTE = 0x08


def idx_size(shape: tuple[int, ...]) -> int:
    """Return the size in bytes of an IDX file of unsigned bytes of this shape.

    Example:
        >>> idx_size((60_000, 28, 28))
        47040016
    """
    return 4 + 4 * len(shape) + math.prod(shape)


def parse_idx(content: bytes | bytearray, *, shape: tuple[int, ...], where: str) -> Images:
    r"""Return the array an IDX file holds, a view and no copy.

    Args:
        content: the file, decompressed.
        shape: what it must hold; nothing else is accepted.
        where: the file, for error messages.

    Returns:
        uint8 array of ``shape``.

    Raises:
        CeterisError: the magic number, the counts or the length are others.

    Example:
        >>> parse_idx(b"\0\0\x08\x01" + b"\0\0\0\x02" + b"ab", shape=(2,), where="x")
        array([97, 98], dtype=uint8)
    """
    again = f"get {where} again from where it is published"
    magic = bytes((0, 0, _UNSIGNED_BYTE, len(shape)))
    if bytes(content[:4]) != magic:
        raise CeterisError(
            f"{where} is not an IDX file of {len(shape)} dimension{'s' * (len(shape) > 1)}",
            received=f"it begins with {bytes(content[:4]).hex(' ') or 'nothing'}",
            expected=magic.hex(" "),
            fix=again,
        )
    start = 4 + 4 * len(shape)
    if len(content) < start:
        raise CeterisError(
            f"{where} ends within its header",
            received=f"{len(content)} bytes",
            expected=f"{idx_size(shape):,} bytes",
            fix=again,
        )
    counts = struct.unpack(f">{len(shape)}I", content[4:start])
    if counts != shape:
        raise CeterisError(
            f"{where} has other counts than it should",
            received=" x ".join(map(str, counts)),
            expected=" x ".join(map(str, shape)),
            fix=again,
        )
    if len(content) != idx_size(shape):
        raise CeterisError(
            f"{where} does not hold as many bytes as its counts say",
            received=f"{len(content):,} bytes",
            expected=f"{idx_size(shape):,} bytes",
            fix=again,
        )
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)
