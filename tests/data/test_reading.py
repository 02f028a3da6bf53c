import bz2
import gzip
import hashlib
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ceteris.data.dataset import Content
from ceteris.data.finding import FoundForm
from ceteris.data.published import Form, PublishedFile, PublishedSet, Unpacked
from ceteris.data.reading import known_files, read_form
from ceteris.errors import CeterisError

CONTENT = bytes(range(256)) * 4


def no_parser(of: PublishedSet, files: tuple[Unpacked, ...]) -> Content:
    raise NotImplementedError


def published(*contents: bytes, archive: str | None = None) -> PublishedSet:
    """A set of files f0, f1 and so on."""
    files = tuple(
        PublishedFile(
            f"f{number}",
            content_bytes=len(content),
            content_sha256=hashlib.sha256(content).hexdigest(),
            gz_bytes=len(gzip.compress(content)),
        )
        for number, content in enumerate(contents)
    )
    form = Form(files, no_parser, archive=archive, archive_bytes=12_345)
    return PublishedSet("toy", "Toy", (form,), ("toy",), ("a", "b"), "https://example.org/", "")


TOY = published(CONTENT)


def read(path: Path, known: dict[str, str] | None = None) -> bytearray:
    (file,) = read_form(TOY, FoundForm(TOY.forms[0], (path,), archived=False), known or {})
    assert file.where == str(path)
    return file.content


def refused(path: Path, data: bytes, known: dict[str, str] | None = None) -> CeterisError:
    path.write_bytes(data)
    with pytest.raises(CeterisError) as caught:
        read(path, known)
    assert path.read_bytes() == data
    return caught.value


def zipped(content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/f0", content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(CONTENT),
        gzip.compress(CONTENT, compresslevel=1, mtime=1),
        gzip.compress(CONTENT[:100]) + gzip.compress(CONTENT[100:]),
        CONTENT,
        bz2.compress(CONTENT, 1),
        lzma.compress(CONTENT),
        zipped(CONTENT),
    ],
    ids=["as published", "packed again", "packed in two members", "unpacked", "bz2", "xz", "zip"],
)
@pytest.mark.parametrize("name", ["f0.gz", "f0"])
def test_what_counts_is_the_content(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert read(tmp_path / name) == CONTENT


def test_a_truncation_is_named(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    packed = gzip.compress(CONTENT)
    for length in range(6, len(packed)):
        error = refused(tmp_path / "f0.gz", packed[:length])
        four_parts(error, what="f0.gz is truncated", received=f"{length:,} bytes")
        four_parts(error, expected=f"{len(packed):,} bytes", fix="get f0.gz again")


def test_every_flipped_byte_is_seen(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    packed = gzip.compress(CONTENT)
    kinds = set()
    for place in range(10, len(packed)):  # the 10 bytes before say nothing of the content
        data = bytearray(packed)
        data[place] ^= 0xFF
        error = refused(tmp_path / "f0.gz", bytes(data))
        four_parts(error)
        kinds.add(error.what.removeprefix(str(tmp_path)))
    assert "/f0.gz is damaged and cannot be unpacked".replace("/", os.sep) in kinds


def test_another_content_is_named_with_both_digests(
    tmp_path: Path, four_parts: Callable[..., None]
) -> None:
    wrong = CONTENT[:-1] + b"x"
    error = refused(tmp_path / "f0.gz", gzip.compress(wrong))
    four_parts(
        error,
        what="f0.gz is not the published file",
        received=f"1,024 bytes with sha256 {hashlib.sha256(wrong).hexdigest()}",
        expected=TOY.forms[0].files[0].content_sha256,
        fix="https://example.org/",
    )


def test_a_mixed_up_file_is_recognised(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    other = published(CONTENT[::-1])
    error = refused(tmp_path / "f0", gzip.compress(CONTENT[::-1]), known_files(other))
    four_parts(error, received="which is the f0 of Toy")


@pytest.mark.parametrize("length", [0, 1, 7, 1023])
def test_too_little_is_not_the_published_file(tmp_path: Path, length: int) -> None:
    error = refused(tmp_path / "f0", CONTENT[:length])
    assert "is not the published file" in error.what
    assert f"{length:,} bytes" in error.received


def test_one_byte_too_many_is_too_many(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    for data in (CONTENT + b"x", gzip.compress(CONTENT + b"x"), gzip.compress(bytes(2**24))):
        four_parts(
            refused(tmp_path / "f0", data),
            what="f0 holds more than it should",
            received="more than 1,024 bytes unpacked",
            expected="1,024 bytes",
        )


def test_what_cannot_be_read_is_named(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    with pytest.raises(CeterisError) as caught:
        read(tmp_path / "away.gz")
    four_parts(caught.value, what="away.gz cannot be read", received="No such file")


class TestArchive:
    of = published(b"first", b"second", archive="toy.tar.gz")

    def read(self, path: Path, **members: bytes) -> tuple[Unpacked, ...]:
        with tarfile.open(path, "w:gz") as archive:
            for name, content in members.items():
                head = tarfile.TarInfo(f"toy/{name}")
                head.size = len(content)
                archive.addfile(head, io.BytesIO(content))
        return read_form(self.of, FoundForm(self.of.forms[0], (path,), archived=True), {})

    def test_files_come_in_the_order_of_the_form(self, tmp_path: Path) -> None:
        path = tmp_path / "toy.tar.gz"
        first, second = self.read(path, f1=b"second", readme=b"x", f0=b"first")
        assert (first, second) == ((b"first", f"f0 in {path}"), (b"second", f"f1 in {path}"))

    def test_a_file_that_is_not_in_it(
        self, tmp_path: Path, four_parts: Callable[..., None]
    ) -> None:
        with pytest.raises(CeterisError) as caught:
            self.read(tmp_path / "toy.tar.gz", f0=b"first")
        four_parts(
            caught.value,
            what="some files of Toy are missing in",
            received="no f1",
            expected="f0, f1",
            fix="get toy.tar.gz again from https://example.org/",
        )

    def test_a_file_that_is_another(self, tmp_path: Path, four_parts: Callable[..., None]) -> None:
        with pytest.raises(CeterisError) as caught:
            self.read(tmp_path / "toy.tar.gz", f0=b"first", f1=b"secand")
        four_parts(caught.value, what="toy.tar.gz is not the published file")
        assert caught.value.what.startswith("f1 in ")

    def test_a_torn_one(self, tmp_path: Path, four_parts: Callable[..., None]) -> None:
        path = tmp_path / "toy.tar.gz"
        self.read(path, f0=b"first", f1=b"second")
        path.write_bytes(path.read_bytes()[:80])
        with pytest.raises(CeterisError) as caught:
            read_form(self.of, FoundForm(self.of.forms[0], (path,), archived=True), {})
        four_parts(
            caught.value,
            what="toy.tar.gz is truncated",
            expected="12,345 bytes, as published",
            fix="get toy.tar.gz again",
        )
