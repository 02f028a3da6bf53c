import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ceteris.errors import CeterisError
from ceteris.store import read_arrays, write_arrays
from ceteris.store.arrays import LONGEST_HEADER_BYTES, array_path, sweep_arrays

KINDS = [np.dtype(c) for c in "?bBhHiIlLqQefd"]
REASON = (
    "  expected: the file as it was written, which its name is the digest of\n"
    "  fix:      put back a copy of the folder, or run the study again with --fresh"
)


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return (
        a.dtype == b.dtype.newbyteorder("=")
        and a.shape == b.shape
        and a.tobytes() == b.astype(b.dtype.newbyteorder("<")).tobytes()
    )


def plant(folder: Path, data: bytes) -> str:
    """A file with the right name for its content, whatever that is."""
    digest = hashlib.sha256(data).hexdigest()
    path = array_path(folder, digest)
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return digest


@given(
    st.dictionaries(
        st.text(max_size=10).filter(lambda name: name != "__metadata__"),
        st.sampled_from(KINDS).flatmap(
            lambda kind: hnp.arrays(kind, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
        ),
        max_size=4,
    )
)
@settings(deadline=None, max_examples=60)
def test_what_is_written_comes_back(arrays: dict[str, np.ndarray]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        digest = write_arrays(folder, arrays)
        for verify in (True, False):
            back = read_arrays(folder, digest, verify=verify)
            assert back.keys() == arrays.keys()
            assert all(same(back[key], arrays[key]) for key in arrays)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12.0).reshape(3, 4).T,
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(12)[::-2],
        np.broadcast_to(np.float32(7), (2, 3)),
        np.arange(5, dtype=">i4"),
        np.array(3.5),
        np.zeros((0, 3)),
        np.array([np.nan, np.inf, -np.inf, -0.0]),
    ],
    ids=["transposed", "fortran", "strided", "broadcast", "big-endian", "scalar", "empty", "odd"],
)
def test_memory_that_lies_otherwise_comes_back_the_same(folder: Path, array: np.ndarray) -> None:
    back = read_arrays(folder, write_arrays(folder, {"x": array}))["x"]
    assert same(back, array)
    np.testing.assert_array_equal(back, array)


def test_what_is_read_can_be_changed_without_changing_the_file(folder: Path) -> None:
    digest = write_arrays(folder, {"x": np.zeros(3)})
    read_arrays(folder, digest)["x"][:] = 1
    assert read_arrays(folder, digest)["x"].tolist() == [0, 0, 0]


def test_files_are_named_by_their_content(folder: Path) -> None:
    first = write_arrays(folder, {"a": np.zeros(2), "b": np.ones(1)})
    again = write_arrays(folder, {"b": np.ones(1), "a": np.zeros(2)})  # order is no content
    other = write_arrays(folder, {"a": np.zeros(2), "b": np.zeros(1)})
    assert first == again != other
    path = folder / "arrays" / first[:2] / f"{first}.safetensors"
    assert path == array_path(folder, first)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == first
    assert len([p for p in (folder / "arrays").rglob("*") if p.is_file()]) == 2


def test_what_is_there_is_not_written_again_and_what_is_damaged_is(folder: Path) -> None:
    arrays = {"x": np.arange(9.0)}
    path = array_path(folder, write_arrays(folder, arrays))
    inode = path.stat().st_ino
    write_arrays(folder, arrays)
    assert path.stat().st_ino == inode
    whole = path.read_bytes()
    for broken in (whole[:-1], whole[:-1] + b"x"):
        path.write_bytes(broken)
        write_arrays(folder, arrays)
        assert path.read_bytes() == whole


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.array([object()])}, "array 'x' is of type object; it must be bool, int or float"),
        ({"x": np.zeros(2, "D")}, "array 'x' is of type complex128"),
        ({"x": np.array(["a"])}, "array 'x' is of type <U1"),
        ({"x": [1.0]}, "array 'x' is of type list"),
        ({"__metadata__": np.zeros(1)}, "keeps the name '__metadata__' for itself"),
        ({f"{n:01000}": np.zeros(0) for n in range(1100)}, "1100 arrays are too many for one set"),
    ],
)
def test_what_the_format_cannot_hold_is_our_mistake(
    folder: Path, arrays: dict[str, Any], message: str
) -> None:
    with pytest.raises((TypeError, ValueError), match=message):
        write_arrays(folder, arrays)
    assert not folder.exists()


@pytest.mark.parametrize("digest", ["", "../../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n"])
def test_only_digests_become_paths(folder: Path, digest: str) -> None:
    with pytest.raises(CeterisError) as caught:
        read_arrays(folder, digest)
    assert caught.value.what == "the name of an array file is not a digest"
    assert caught.value.received == f"{digest!r}  ({folder})"
    assert caught.value.expected == "64 characters of 0-9 and a-f"


def damaged(folder: Path, digest: str, reason: str, *, verify: bool = True) -> None:
    with pytest.raises(CeterisError) as caught:
        read_arrays(folder, digest, verify=verify)
    assert str(caught.value) == (
        f"an array file of the study is damaged: {reason}\n"
        f"  received: {array_path(folder, digest)}\n" + REASON
    )


def test_a_missing_file(folder: Path) -> None:
    damaged(folder, "0" * 64, "it is missing")


@pytest.mark.parametrize("verify", [True, False])
def test_a_file_cut_short_anywhere(folder: Path, verify: bool) -> None:
    digest = write_arrays(folder, {"x": np.arange(3.0)})
    path = array_path(folder, digest)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(CeterisError, match="an array file of the study is damaged: ") as caught:
            read_arrays(folder, digest, verify=verify)
        assert caught.value.received == str(path)
    path.write_bytes(whole[:7])
    damaged(folder, digest, "it is cut short", verify=verify)


def test_every_flipped_bit_is_found(folder: Path) -> None:
    digest = write_arrays(folder, {"x": np.arange(3.0)})
    path = array_path(folder, digest)
    whole = path.read_bytes()
    for bit in range(len(whole) * 8):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        with pytest.raises(CeterisError, match="an array file of the study is damaged: "):
            read_arrays(folder, digest)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    damaged(folder, digest, "its content has changed")


def test_without_verifying_a_flipped_bit_is_an_error_or_a_value(folder: Path) -> None:
    digest = write_arrays(folder, {"x": np.arange(3.0), "y": np.zeros((2, 2), np.uint8)})
    path = array_path(folder, digest)
    whole = path.read_bytes()
    outcomes = set()
    for bit in range(0, len(whole) * 8, 3):
        content = bytearray(whole)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        try:
            read_arrays(folder, digest, verify=False)
            outcomes.add("value")
        except CeterisError:
            outcomes.add("error")
    assert outcomes == {"value", "error"}


@pytest.mark.parametrize("verify", [True, False])
def test_a_header_that_is_too_long_is_not_parsed(folder: Path, verify: bool) -> None:
    size = LONGEST_HEADER_BYTES + 8
    header = b"{}".ljust(size)
    digest = plant(folder, size.to_bytes(8, "little") + header)
    damaged(folder, digest, f"its header has {size} bytes", verify=verify)


def test_a_header_that_claims_more_than_there_is(folder: Path) -> None:
    digest = plant(folder, (1 << 62).to_bytes(8, "little") + b"{}")
    damaged(folder, digest, "it is cut short")


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F64", "shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F64", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 8]},
        {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]},
        {"dtype": "pickle", "shape": [1], "data_offsets": [0, 8]},
    ],
)
def test_a_header_that_does_not_fit(folder: Path, entry: dict[str, object]) -> None:
    header = json.dumps({"x": entry}).encode()
    digest = plant(folder, len(header).to_bytes(8, "little") + header + bytes(8))
    with pytest.raises(CeterisError, match="an array file of the study is damaged: "):
        read_arrays(folder, digest)


@pytest.mark.parametrize(
    ("number", "what"),
    [
        (errno.ENOSPC, "the disk is full while writing arrays"),
        (errno.EIO, "the disk reports an error while writing arrays"),
        (errno.EROFS, "access was denied while writing arrays"),
    ],
)
@pytest.mark.parametrize("broken", ["mkdir", "open", "write", "fsync", "replace"])
def test_a_failing_disk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    number: int,
    what: str,
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, "broken")

    with monkeypatch.context() as patched:
        patched.setattr(os, broken, fail)
        with pytest.raises(CeterisError) as caught:
            write_arrays(tmp_path, {"x": np.arange(9.0)})
    assert caught.value.what == what
    assert str(tmp_path) in caught.value.received
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    read_arrays(tmp_path, write_arrays(tmp_path, {"x": np.arange(9.0)}))


def test_a_disk_that_is_full_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[int], Callable[..., int]]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", spoil(1000))
        with pytest.raises(CeterisError, match="the disk is full while writing arrays"):
            write_arrays(tmp_path, {"x": np.arange(999.0)})
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


@pytest.fixture
def spoil() -> Callable[[int], Callable[..., int]]:
    """``os.write`` on a disk with room for so many bytes."""

    def spoil(room: int) -> Callable[..., int]:
        write = os.write

        def nearly_full(opened: int, data: bytes) -> int:
            nonlocal room
            if room == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            written = write(opened, bytes(data)[:room])
            room -= written
            return written

        return nearly_full

    return spoil


def test_sweeping_leaves_finished_files(folder: Path) -> None:
    digest = write_arrays(folder, {"x": np.arange(9.0)})
    path = array_path(folder, digest)
    left = path.with_name(f".{path.name}.77.new")
    left.write_bytes(b"half")
    sweep_arrays(folder)
    assert not left.exists()
    read_arrays(folder, digest)
