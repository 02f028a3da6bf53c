import gzip
import hashlib
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from ceteris.data.published import Places, PublishedFile, find_files, read_published
from ceteris.errors import CeterisError

CONTENT = bytes(range(256)) * 4  # 8 bytes of header and 1,016 values
FILE = PublishedFile(
    "train-labels-idx1-ubyte",
    shape=(1016,),
    content_sha256=hashlib.sha256(CONTENT).hexdigest(),
    gz_bytes=len(gzip.compress(CONTENT)),
    gz_sha256="",
)
OTHER = PublishedFile("t10k-labels-idx1-ubyte", (1,), "", 0, "")


def read(path: Path, known: dict[str, str] | None = None) -> bytearray:
    return read_published(FILE, path, published_at="https://example.org/", known=known or {})


def refused(path: Path, data: bytes, known: dict[str, str] | None = None) -> CeterisError:
    path.write_bytes(data)
    with pytest.raises(CeterisError) as caught:
        read(path, known)
    assert path.read_bytes() == data
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(CONTENT),
        gzip.compress(CONTENT, compresslevel=1, mtime=1),
        gzip.compress(CONTENT[:100]) + gzip.compress(CONTENT[100:]),
        CONTENT,
    ],
    ids=["as published", "packed again", "packed in two members", "unpacked"],
)
@pytest.mark.parametrize("name", ["f.gz", "f"])
def test_what_counts_is_the_content(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert read(tmp_path / name) == CONTENT


def test_every_truncation_is_named(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    packed = gzip.compress(CONTENT)
    for length in range(2, len(packed)):
        error = refused(tmp_path / "f.gz", packed[:length])
        four_parts(error, what="f.gz is truncated", received=f"{length:,} bytes")
        four_parts(error, expected=f"{len(packed):,} bytes", fix="train-labels-idx1-ubyte.gz again")


def test_every_flipped_byte_is_seen(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    packed = gzip.compress(CONTENT)
    kinds = set()
    for place in range(10, len(packed)):  # the 10 bytes before say nothing of the content
        data = bytearray(packed)
        data[place] ^= 0xFF
        error = refused(tmp_path / "f.gz", bytes(data))
        four_parts(error)
        kinds.add(error.what.removeprefix(str(tmp_path)))
    assert "/f.gz is damaged and cannot be decompressed".replace("/", os.sep) in kinds


def test_another_content_is_named_with_both_digests(
    tmp_path: Path, four_parts: Callable[..., None]
) -> None:
    wrong = CONTENT[:-1] + b"x"
    error = refused(tmp_path / "f.gz", gzip.compress(wrong))
    four_parts(
        error,
        what="f.gz is not the published file",
        received=f"1,024 bytes with sha256 {hashlib.sha256(wrong).hexdigest()}",
        expected=f"{FILE.content_sha256} once decompressed",
        fix="https://example.org/",
    )
    assert "decompressed" not in refused(tmp_path / "f", wrong).expected


def test_a_mixed_up_file_is_recognised(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    other = CONTENT[::-1]
    known = {hashlib.sha256(other).hexdigest(): "the t10k-labels of MNIST"}
    error = refused(tmp_path / "f.gz", gzip.compress(other), known)
    four_parts(error, received="which is the t10k-labels of MNIST")


@pytest.mark.parametrize("length", [0, 1, 7, 1023])
def test_too_little_is_not_the_published_file(tmp_path: Path, length: int) -> None:
    error = refused(tmp_path / "f", CONTENT[:length])
    assert "is not the published file" in error.what
    assert f"{length:,} bytes" in error.received


def test_a_bomb_takes_no_memory(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    bomb = gzip.compress(bytes(2**26))
    assert len(bomb) < 2**17
    tracemalloc.start()
    try:
        error = refused(tmp_path / "f.gz", bomb)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2**20
    four_parts(
        error,
        what="f.gz holds more than it should",
        received="more than 1,024 bytes decompressed",
        expected="1,024 bytes",
    )


def test_one_byte_too_many_is_too_many(tmp_path: Path) -> None:
    for data in (CONTENT + b"x", gzip.compress(CONTENT + b"x")):
        assert "holds more than it should" in refused(tmp_path / "f", data).what


def test_what_cannot_be_read_is_named(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    with pytest.raises(CeterisError) as caught:
        read(tmp_path / "away.gz")
    four_parts(caught.value, what="away.gz cannot be read", received="No such file")


class TestFindFiles:
    def find(self, places: Places) -> tuple[Path, ...]:
        return find_files(
            "Toy",
            (FILE, OTHER),
            folders=("toy", "Toy/raw"),
            places=places,
            published_at="https://example.org/",
        )

    def put(self, folder: Path, *names: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / name).touch()
        return folder

    @pytest.mark.parametrize("folder", ["toy", "Toy/raw"])
    @pytest.mark.parametrize("place", ["data", "downloads"])
    def test_every_place_and_folder(self, tmp_path: Path, place: str, folder: str) -> None:
        at = self.put(
            tmp_path / place / folder, "train-labels-idx1-ubyte.gz", "t10k-labels.idx1-ubyte"
        )
        found = self.find(Places(tmp_path / "data", tmp_path / "downloads"))
        assert found == (at / "train-labels-idx1-ubyte.gz", at / "t10k-labels.idx1-ubyte")

    def test_the_data_folder_comes_first(self, tmp_path: Path) -> None:
        names = [file.spellings[0] for file in (FILE, OTHER)]
        self.put(tmp_path / "downloads" / "toy", *names)
        at = self.put(tmp_path / "data" / "toy", *names)
        assert self.find(Places(tmp_path / "data", tmp_path / "downloads"))[0].parent == at

    def test_a_whole_folder_comes_before_a_part_of_one(self, tmp_path: Path) -> None:
        self.put(tmp_path / "data" / "toy", FILE.name)
        at = self.put(tmp_path / "downloads" / "toy", FILE.name, OTHER.name)
        assert self.find(Places(tmp_path / "data", tmp_path / "downloads"))[0].parent == at

    def test_a_missing_file_is_named(self, tmp_path: Path, four_parts: Callable[..., None]) -> None:
        at = self.put(tmp_path / "data" / "toy", FILE.name)
        (at / "t10k-labels-idx1-ubyte.gz").mkdir()  # a folder of that name is no file
        with pytest.raises(CeterisError) as caught:
            self.find(Places(tmp_path / "data", tmp_path / "downloads"))
        four_parts(
            caught.value,
            what="some files of Toy are missing",
            received=f"no t10k-labels-idx1-ubyte.gz in {at}",
            expected="all 2 files",
            fix=f"t10k-labels-idx1-ubyte.gz from https://example.org/ into {at}",
        )

    def test_no_files_at_all(self, tmp_path: Path, four_parts: Callable[..., None]) -> None:
        (tmp_path / "data").mkdir()
        with pytest.raises(CeterisError) as caught:
            self.find(Places(tmp_path / "data", tmp_path / "downloads"))
        four_parts(
            caught.value,
            what="the files of Toy are not here",
            received=f"in {tmp_path / 'data'} or {tmp_path / 'downloads'}",
            expected="train-labels-idx1-ubyte.gz, t10k-labels-idx1-ubyte.gz",
            fix="get them from https://example.org/ and put them into "
            f"{tmp_path / 'data' / 'toy'} or {tmp_path / 'downloads' / 'toy'}",
        )

    def test_no_data_folder_set(self, tmp_path: Path, four_parts: Callable[..., None]) -> None:
        with pytest.raises(CeterisError) as caught:
            self.find(Places(None, tmp_path / "downloads"))
        four_parts(caught.value, received="CETERIS_DATA is not set", fix="or set CETERIS_DATA")

    def test_a_data_folder_that_is_none(
        self, tmp_path: Path, four_parts: Callable[..., None]
    ) -> None:
        with pytest.raises(CeterisError) as caught:
            self.find(Places(tmp_path / "away", tmp_path / "downloads"))
        received = f"CETERIS_DATA names {tmp_path / 'away'}, which is not a folder"
        four_parts(caught.value, received=received)
