import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ceteris.data.unpacking import (
    DamagedError,
    TooMuchError,
    TruncatedError,
    unpack_archive,
    unpack_file,
)

CONTENT = bytes(range(256)) * 4
ALL_ERRORS = (TruncatedError, DamagedError, TooMuchError)


def zipped(content: bytes, name: str = "f.csv") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def tarred(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members.items():
            head = tarfile.TarInfo(name)
            head.size = len(content)
            archive.addfile(head, io.BytesIO(content))
    return stream.getvalue()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
}
COMPRESS = {name: pack for name, pack in PACK.items() if name != "zip"}


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("name", ["f.csv", "f.csv.gz"])
def test_the_first_bytes_tell_and_not_the_name(tmp_path: Path, kind: str, name: str) -> None:
    (tmp_path / name).write_bytes(PACK[kind](CONTENT))
    assert unpack_file(tmp_path / name, "f.csv", len(CONTENT)) == CONTENT


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=3000), kind=st.sampled_from(sorted(PACK)), less=st.integers(0, 9))
def test_whatever_is_packed_comes_out_if_it_is_allowed_to(
    tmp_path: Path, content: bytes, kind: str, less: int
) -> None:
    content = b"x" + content  # never one of the formats itself
    (tmp_path / "f").write_bytes(PACK[kind](content))
    limit = max(0, len(content) - less)
    if limit == len(content):
        assert unpack_file(tmp_path / "f", "f.csv", limit) == content
    else:
        with pytest.raises(TooMuchError) as caught:
            unpack_file(tmp_path / "f", "f.csv", limit)
        assert caught.value.limit == limit


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_every_truncation_is_seen(tmp_path: Path, kind: str) -> None:
    packed = PACK[kind](CONTENT)
    for length in range(6, len(packed)):
        (tmp_path / "f").write_bytes(packed[:length])
        with pytest.raises(TruncatedError):
            unpack_file(tmp_path / "f", "f.csv", len(CONTENT))


def test_a_truncated_zip_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(zipped(CONTENT)[:-5])
    with pytest.raises(DamagedError):
        unpack_file(tmp_path / "f", "f.csv", len(CONTENT))


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zip", "tar"])
def test_every_changed_byte_gives_the_content_or_one_of_three_errors(
    tmp_path: Path, kind: str
) -> None:
    content = b"abc" * 40
    packed = PACK[kind](content) if kind != "tar" else tarred(f=content, other=content)
    refused = 0
    for place in range(min(len(packed), 600)):  # of the tar: a head, and a content
        changed = bytearray(packed)
        changed[place] ^= 1 << place % 8
        (tmp_path / "f").write_bytes(changed)
        try:
            if kind == "tar":
                unpack_archive(tmp_path / "f", {"f": 120, "other": 120})
            else:
                unpack_file(tmp_path / "f", "f.csv", 2 * len(packed) + len(content))
        except ALL_ERRORS:
            refused += 1
    assert refused


def test_a_zip_without_the_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(zipped(CONTENT, "other.csv"))
    with pytest.raises(DamagedError, match=r"no f\.csv in it"):
        unpack_file(tmp_path / "f", "f.csv", len(CONTENT))


def test_a_zip_that_needs_a_password(tmp_path: Path) -> None:
    packed = bytearray(zipped(CONTENT))
    packed[6] |= 1  # flag "encrypted" of the member's head
    packed[packed.index(b"PK\x01\x02") + 8] |= 1  # and of the table's
    (tmp_path / "f").write_bytes(packed)
    with pytest.raises(DamagedError, match="encrypted"):
        unpack_file(tmp_path / "f", "f.csv", len(CONTENT))


def peak_bytes(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(TooMuchError):
            work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz", "zip"])
def test_a_bomb_takes_no_memory(tmp_path: Path, kind: str) -> None:
    bomb = PACK[kind](bytes(2**26))
    assert len(bomb) < 2**17
    (tmp_path / "f").write_bytes(bomb)
    peak = peak_bytes(lambda: unpack_file(tmp_path / "f", "f.csv", 1024))
    assert peak < 2**24  # liblzma's dictionary alone is 8 MB


def test_a_bomb_in_an_archive_takes_no_memory(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(gzip.compress(tarred(other=bytes(2**26), f=CONTENT)))
    assert peak_bytes(lambda: unpack_archive(tmp_path / "f", {"f": 1024})) < 2**23
    (tmp_path / "f").write_bytes(gzip.compress(tarred(f=bytes(2**26))))
    assert peak_bytes(lambda: unpack_archive(tmp_path / "f", {"f": 1024})) < 2**23


@pytest.mark.parametrize("kind", COMPRESS)
def test_members_are_found_by_the_last_part_of_their_path(tmp_path: Path, kind: str) -> None:
    members = {"dir/readme": b"no", "cifar/a.bin": CONTENT, "../../b.bin": b"b", "/a.bin": b"no"}
    (tmp_path / "f").write_bytes(COMPRESS[kind](tarred(**members)))
    before = sorted(tmp_path.rglob("*"))
    found = unpack_archive(tmp_path / "f", {"a.bin": 1024, "b.bin": 9, "c.bin": 9})
    assert found == {"a.bin": CONTENT, "b.bin": b"b"}
    assert sorted(tmp_path.rglob("*")) == before


def test_members_of_a_zip(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(zipped(CONTENT, "dir/a.bin"))
    assert unpack_archive(tmp_path / "f", {"a.bin": 1024}) == {"a.bin": CONTENT}


def test_links_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    with tarfile.open(tmp_path / "f", "w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            head = tarfile.TarInfo("a.bin")
            head.type, head.linkname = kind, str(tmp_path / "secret")
            archive.addfile(head)
    assert unpack_archive(tmp_path / "f", {"a.bin": 1024}) == {}


def test_a_truncated_archive(tmp_path: Path) -> None:
    packed = gzip.compress(tarred(a=CONTENT * 9, b=CONTENT))
    (tmp_path / "f").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(TruncatedError):
        unpack_archive(tmp_path / "f", {"a": 9 * 1024, "b": 1024})
    (tmp_path / "f").write_bytes(tarred(a=CONTENT * 9)[:4000])
    with pytest.raises((DamagedError, TruncatedError)):
        unpack_archive(tmp_path / "f", {"a": 9 * 1024})


def test_no_archive_at_all(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"<html>not found</html>" * 50)
    with pytest.raises(DamagedError):
        unpack_archive(tmp_path / "f", {"a": 1024})


def test_errors_of_the_disk_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        unpack_file(tmp_path / "away", "f.csv", 1024)
    with pytest.raises(FileNotFoundError):
        unpack_archive(tmp_path / "away", {"a": 1024})
