"""Unpacking bzip2 on several cores: its blocks do not need each other.

A block begins with 48 fixed bits, at any bit of the file, and carries its own checksum. Each is
cut out, shifted to a whole byte and given a head and a tail of its own, which makes it a file that
the library unpacks, without Python's lock.

Source: J. Seward's format, as described in "BZIP2: Format Specification" (J. Tsai, 2016).
"""

import bz2
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import pairwise

_BLOCK = 0x314159265359
_END = 0x177245385090
_HEAD_BITS, _MAGIC_BITS, _CHECK_BITS = 32, 48, 32
_LARGEST_BLOCK = 900_000 * 52  # bytes: runs of 4 to 255 equal bytes are stored as five
_MOST_THREADS = 4  # a block of zeros unpacks to 46 MB, and each thread may hold two


def bzip2_blocks(packed: bytes, limit: int) -> Iterator[bytes] | None:
    """Unpack a bzip2 file block by block; None where one stream after another is the only way.

    Args:
        packed: the whole file.
        limit: the most bytes it may hold; a block more than that may come, and no more.

    Raises:
        OSError: a block is damaged, as the library says it.

    Example:
        >>> packed = bz2.compress(b"abc" * 500_000, 1)
        >>> blocks = bzip2_blocks(packed, 1_500_000)
        >>> blocks is not None and b"".join(blocks) == b"abc" * 500_000
        True
    """
    bits = len(packed) * 8
    begins, ends = _places(packed, _BLOCK), _places(packed, _END)
    # Several streams in one file, or one that is cut off, are left to the library.
    if len(ends) != 1 or not begins or begins[0] != _HEAD_BITS:
        return None
    if not 0 <= bits - ends[0] - _MAGIC_BITS - _CHECK_BITS < 8 or begins[-1] > ends[0]:
        return None
    return _unpacked(packed, [*begins, ends[0]], limit)


def _unpacked(packed: bytes, edges: list[int], limit: int) -> Iterator[bytes]:
    """Blocks in order; no more of them are ahead than there are threads for."""
    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    given = 0
    with ThreadPoolExecutor(threads) as pool:
        ahead: deque[Future[bytes]] = deque()
        try:
            for first, last in pairwise(edges):
                ahead.append(pool.submit(_one, packed, first, last, limit))
                if len(ahead) > threads:
                    block = ahead.popleft().result()
                    given += len(block)
                    yield block
                    if given > limit:
                        return
            while ahead:
                yield ahead.popleft().result()
        finally:
            for future in ahead:
                future.cancel()


def _one(packed: bytes, first: int, last: int, limit: int) -> bytes:
    """Unpack the block in the bits ``[first, last)``, or a byte more than ``limit`` of it."""
    begin, end = first // 8, -(-last // 8)
    number = int.from_bytes(packed[begin:end], "big") >> (end * 8 - last)
    number &= (1 << (last - first)) - 1
    check = number >> (last - first - _MAGIC_BITS - _CHECK_BITS) & ((1 << _CHECK_BITS) - 1)
    number = number << (_MAGIC_BITS + _CHECK_BITS) | _END << _CHECK_BITS | check
    length = last - first + _MAGIC_BITS + _CHECK_BITS
    padding = -length % 8
    whole = (number << padding).to_bytes((length + padding) // 8, "big")
    unpacker = bz2.BZ2Decompressor()
    most = min(limit + 1, _LARGEST_BLOCK)
    content = unpacker.decompress(b"BZh9" + whole, most)
    if not unpacker.eof and len(content) < most:
        raise OSError("Invalid data stream")
    return content


def _places(packed: bytes, magic: int) -> list[int]:
    """Every bit at which the 48 bits of ``magic`` stand.

    Of 48 bits at any place five bytes at least are whole: those are searched for, and the bits
    before and after are compared.
    """
    found = []
    for shift in range(8):
        # 56 bits hold the magic at this shift; bytes 1..5 of the seven are whole.
        inner = (magic << (8 - shift)).to_bytes(7, "big")[1:6]
        place = packed.find(inner)
        while place >= 0:
            window = int.from_bytes(packed[max(place - 1, 0) : place + 6].ljust(7, b"\0"), "big")
            if place >= 1 and window >> (8 - shift) & ((1 << _MAGIC_BITS) - 1) == magic:
                found.append((place - 1) * 8 + shift)
            place = packed.find(inner, place + 1)
    return sorted(found)
