import bz2
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.data.bzip2 import bzip2_blocks
from ceteris.data.unpacking import DamagedError, TooMuchError, TruncatedError, unpack_file

NOISE = np.random.default_rng(0).integers(0, 256, 350_000, dtype=np.uint8).tobytes()


def joined(packed: bytes, limit: int = 1 << 30) -> bytes | None:
    blocks = bzip2_blocks(packed, limit)
    return None if blocks is None else b"".join(blocks)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 350_000), st.integers(1, 9), st.booleans())
def test_it_gives_what_was_packed(size: int, level: int, even: bool) -> None:
    content = bytes(size) if even else NOISE[:size]
    packed = bz2.compress(content, level)
    assert joined(packed) == (content if size else None)  # nothing has no block


def test_what_the_library_must_unpack_is_left_to_it() -> None:
    packed = bz2.compress(NOISE, 1)
    for other in (packed + packed, packed[:-1], packed[: len(packed) // 2], packed + b"x" * 9, b""):
        assert joined(other) is None


def test_no_more_comes_than_a_block_above_the_limit() -> None:
    content = joined(bz2.compress(NOISE, 1), 150_000)
    assert content is not None
    assert content == NOISE[: len(content)]
    assert 150_000 < len(content) <= 150_000 + 100_000
    assert joined(bz2.compress(bytes(1 << 20)), 10) == bytes(11)


@pytest.mark.parametrize("place", [10, 5_000, 200_000])
def test_a_damaged_block_is_an_error(tmp_path: Path, place: int) -> None:
    packed = bytearray(bz2.compress(NOISE, 1))
    packed[place] ^= 4
    path = tmp_path / "x.bz2"
    path.write_bytes(packed)
    with pytest.raises((DamagedError, TruncatedError)):
        unpack_file(path, "x", len(NOISE))


def test_files_are_unpacked_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "x.bz2"
    path.write_bytes(bz2.compress(NOISE, 1))
    assert unpack_file(path, "x", len(NOISE)) == NOISE
    assert unpack_file(path, "x", len(NOISE) + 1) == NOISE
    with pytest.raises(TooMuchError):
        unpack_file(path, "x", len(NOISE) - 1)
    path.write_bytes(bz2.compress(NOISE, 1)[:-3])
    with pytest.raises(TruncatedError):
        unpack_file(path, "x", len(NOISE))
