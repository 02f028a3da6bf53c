"""Bad data files, all in one table: each a clear error with file and row, in bounded memory.

Nothing is written, nothing is executed. What downloads can do wrong is in test_fetching.py; what
pictures given to `predict` can be is in test_own_pictures.py.
"""

import gzip
import io
import os
import pickle
import struct
import tarfile
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.data.conftest import Toy, idx_bytes

from ceteris.data import DATA_SETS, DataSet, DataSource, open_data
from ceteris.data.cifar_formats import parse_pickle, parse_records
from ceteris.data.idx import parse_idx
from ceteris.data.pixel_csv import Columns, parse_pixel_csv
from ceteris.data.published import Form
from ceteris.errors import CeterisError

IMAGES = np.random.default_rng(2).integers(0, 256, (4, 2, 2), dtype=np.uint8)
LABELS = np.array([0, 1, 0, 1])
MOST_BYTES = 48 << 20  # liblzma's dictionary and Pillow's tables are some of it


def load(tmp_path: Path, source: DataSource) -> DataSet:
    return open_data(source, cache=tmp_path / "cache", data_folder=tmp_path / "data")[0]


def picture(array: np.ndarray | None = None, kind: str = "PNG", **options: Any) -> bytes:
    box = io.BytesIO()
    pixels = np.zeros((4, 4, 3), np.uint8) if array is None else array
    Image.fromarray(pixels).save(box, kind, **options)
    return box.getvalue()


def png_of(width: int, height: int) -> bytes:
    """A PNG of some bytes that declares so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def folder(tmp_path: Path, **files: bytes) -> Path:
    """A folder of two classes of good pictures, and these files in class ``cat``."""
    for name in ("cat/good.png", "dog/good.png"):
        (tmp_path / "pets" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pets" / name).write_bytes(picture())
    for name, content in files.items():
        (tmp_path / "pets" / "cat" / name.replace("_", ".")).write_bytes(content)
    return tmp_path / "pets"


def with_file(name: str, content: bytes) -> Callable[[Path], object]:
    def act(tmp_path: Path) -> object:
        root = folder(tmp_path, **{name: content})
        return load(tmp_path, DataSource("folder", path=str(root), size=(4, 4)))

    return act


def one_class(tmp_path: Path) -> object:
    root = folder(tmp_path)
    (root / "dog" / "good.png").unlink()
    (root / "dog").rmdir()
    return load(tmp_path, DataSource("folder", path=str(root)))


def link_loop(tmp_path: Path) -> object:
    root = folder(tmp_path)
    (root / "cat" / "loop").symlink_to(root)
    return load(tmp_path, DataSource("folder", path=str(root), skip_broken=True))


def fer(*rows: str, head: str = "emotion,pixels,Usage") -> Callable[[Path], object]:
    def act(tmp_path: Path) -> object:
        return parse_pixel_csv(
            "\n".join((head, *rows)).encode(),
            columns=Columns("emotion", "pixels", "Usage"),
            num_pixels=2304,
            num_classes=7,
            parts=("Training", "PublicTest", "PrivateTest"),
            where="fer2013.csv",
        )

    return act


def row(pixels: int = 2304, value: int = 0, label: str = "0") -> str:
    return f"{label},{' '.join([str(value)] * pixels)},Training"


def csv_of(text: bytes) -> Callable[[Path], object]:
    def act(tmp_path: Path) -> object:
        (tmp_path / "a.csv").write_bytes(text)
        return load(tmp_path, DataSource("csv", path=str(tmp_path / "a.csv")))

    return act


def huge_line(tmp_path: Path) -> object:
    with (tmp_path / "a.csv").open("wb") as stream:
        stream.write(b"label,pixels\n0,1\n1,")
        stream.truncate(1 << 26)  # sparse: it takes no disk
    return load(tmp_path, DataSource("csv", path=str(tmp_path / "a.csv")))


def npz_of(**arrays: Any) -> Callable[[Path], object]:
    def act(tmp_path: Path) -> object:
        np.savez(tmp_path / "a.npz", **arrays)
        return load(tmp_path, DataSource("npz", path=str(tmp_path / "a.npz")))

    return act


def npz_that_is(change: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    def act(tmp_path: Path) -> object:
        np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
        (tmp_path / "a.npz").write_bytes(change((tmp_path / "a.npz").read_bytes()))
        return load(tmp_path, DataSource("npz", path=str(tmp_path / "a.npz")))

    return act


def idx_of(images: bytes, labels: bytes) -> Callable[[Path], object]:
    def act(tmp_path: Path) -> object:
        (tmp_path / "i.idx").write_bytes(images)
        (tmp_path / "l.idx").write_bytes(labels)
        paths = {"path": str(tmp_path / "i.idx"), "labels": str(tmp_path / "l.idx")}
        return load(tmp_path, DataSource("idx", **paths))

    return act


class Runs:
    """A pickle of it makes a file when it is opened."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.system, ("touch it-ran",))


def pickle_that_runs(tmp_path: Path) -> object:
    content = pickle.dumps({b"data": Runs(), b"labels": [0]})
    return parse_pickle(content, shape=(2, 2, 1), num_classes=7, where="data_batch_1")


def record_7_of_7(tmp_path: Path) -> object:
    return parse_records(b"\x07abcd", shape=(2, 2, 1), num_classes=7, where="data_batch_1.bin")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
GIF = picture(np.zeros((4, 4), np.uint8), "GIF")
ZEROS = gzip.compress(idx_bytes(IMAGES) + bytes(1 << 27))

# What is wrong -> what is done, and what the message must say: the file, and where in it.
TABLE: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "a truncated picture": (with_file("a_png", picture()[:45]), ("cat/a.png",)),
    "an empty picture": (with_file("a_png", b""), ("cat/a.png", "no format we know")),
    "a GIF that is called PNG": (with_file("a_png", GIF), ("cat/a.png", "PNG, JPEG, WebP or BMP")),
    "a web page that is called JPEG": (with_file("a_jpg", b"<html>"), ("cat/a.jpg",)),
    "SVG": (with_file("a_svg", SVG), ("cat/a.svg", "a .svg file")),
    "SVG that is called PNG": (with_file("a_png", SVG), ("cat/a.png", "no format we know")),
    "14,000 x 14,000": (with_file("a_png", png_of(14_000, 14_000)), ("cat/a.png", "at most")),
    "a picture that is a bomb": (with_file("a_png", png_of(2**31 - 1, 2**31 - 1)), ("cat/a.png",)),
    "a folder with one class": (one_class, ("pets", "has 1 class folder")),
    "a loop of links": (link_loop, ("cat/loop", "symbolic link")),
    "2,303 pixels": (fer(row(), row(2303)), ("fer2013.csv, line 3", "2,303 pixels")),
    "pixel 256": (fer(row(value=256)), ("fer2013.csv, line 2", "pixel 1 is '256'")),
    "a bad label": (fer(row(label="happy")), ("fer2013.csv, line 2", "label 'happy'")),
    "label 7 of 7": (fer(row(label="7")), ("fer2013.csv, line 2", "label '7'", "0 to 6")),
    "no Usage": (fer(row(), head="emotion,pixels"), ("fer2013.csv", "Usage")),
    "a Usage that is none": (fer(row()[:-1]), ("fer2013.csv, line 2", "Trainin")),
    "a line without an end": (huge_line, ("a.csv, line 3", "more than 4,194,304 characters")),
    "CSV of one's own, pixel 256": (csv_of(b"0,1\n1,256\n"), ("a.csv, line 2", "pixel 1 is '256'")),
    "CSV of one's own, a short row": (csv_of(b"0,1\n1\n"), ("a.csv, line 2", "1 columns")),
    "an empty CSV": (csv_of(b""), ("a.csv", "an empty file")),
    "a CSV that is a picture": (csv_of(picture()), ("a.csv",)),
    "IDX with wrong magic": (idx_of(b"\0\0\x07\3" + bytes(28), b""), ("i.idx", "00 00 07 03")),
    "IDX with wrong counts": (
        idx_of(idx_bytes(IMAGES)[:-1], idx_bytes(LABELS)),
        ("i.idx", "31 bytes", "32 bytes"),
    ),
    "IDX with fewer labels": (
        idx_of(idx_bytes(IMAGES), idx_bytes(LABELS[:3])),
        ("l.idx", "(3,) for 4 images"),
    ),
    "published IDX with wrong magic": (
        lambda _: parse_idx(bytes(16), shape=(2, 2, 2), where="t10k-images-idx3-ubyte"),
        ("t10k-images-idx3-ubyte", "00 00 00 00", "00 00 08 03"),
    ),
    "a gz bomb": (idx_of(ZEROS, idx_bytes(LABELS)), ("i.idx", "more than that")),
    "a CIFAR pickle that runs a command": (pickle_that_runs, ("data_batch_1", "posix.system")),
    "label 7 of 7 in CIFAR": (record_7_of_7, ("data_batch_1.bin", "label 7 in row 1", "0 to 6")),
    "npz of Python objects": (
        npz_of(images=np.array([Runs()] * 4, dtype=object), labels=LABELS),
        ("images in", "a.npz", "Python objects"),
    ),
    "npz of other lengths": (
        npz_of(images=IMAGES, labels=LABELS[:3]),
        ("labels in", "a.npz", "(3,) for 4 images"),
    ),
    "npz that declares a huge shape": (
        npz_that_is(lambda b: b.replace(b"(4, 2, 2)", b"(4, 2, 2000000000)".ljust(9)[:9])),
        ("a.npz",),
    ),
    "a truncated npz": (npz_that_is(lambda b: b[: len(b) // 2]), ("a.npz",)),
    "an empty npz": (npz_that_is(lambda b: b""), ("a.npz",)),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_it_is_said_clearly_and_costs_nothing(
    name: str,
    tmp_path: Path,
    four_parts: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    act, said = TABLE[name]
    tracemalloc.start()
    try:
        with pytest.raises(CeterisError) as caught:
            act(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    four_parts(caught.value)
    for words in said:
        assert words in str(caught.value)
    assert peak < MOST_BYTES
    assert not (tmp_path / "it-ran").exists()
    assert not list(tmp_path.glob("cache/parsed/*"))


def test_an_archive_with_dots_writes_nothing_elsewhere(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = io.BytesIO()
    with tarfile.open(fileobj=box, mode="w:gz") as archive:
        for name, content in {**toy.contents, "evil": b"x"}.items():
            member = tarfile.TarInfo(f"../../../{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    entry, (form,) = DATA_SETS["toy"], toy.published.forms
    published = replace(toy.published, forms=(Form(form.files, form.parse, archive="t.tar.gz"),))
    from ceteris.data.reading import finder

    monkeypatch.setitem(
        DATA_SETS, "toy", replace(entry, published=published, find=finder(published))
    )
    (tmp_path / "data" / "toy").mkdir(parents=True)
    (tmp_path / "data" / "toy" / "t.tar.gz").write_bytes(box.getvalue())
    data = load(tmp_path, DataSource("toy"))  # what counts is what is inside, and it is right
    assert (data.images == toy.images).all()
    assert not [path for path in tmp_path.rglob("*") if path.name in ("evil", *toy.contents)]


@pytest.mark.parametrize("bad", [b"", b"half", gzip.compress(bytes(1 << 24)), picture()])
def test_a_mislabelled_published_file(toy: Toy, tmp_path: Path, bad: bytes) -> None:
    toy.write(tmp_path / "data" / "toy", train_labels=bad)
    with pytest.raises(CeterisError, match=r"train-labels-idx1-ubyte\.gz"):
        load(tmp_path, DataSource("toy"))
    assert not list(tmp_path.glob("cache/parsed/*"))


def test_crlf_is_no_mistake(tmp_path: Path) -> None:
    assert csv_of(b"label,a\r\n0,1\r\n1,2\r\n")(tmp_path)
    assert fer(row() + "\r", head="emotion,pixels,Usage\r")(tmp_path)


class TestPicturesThatAreUnusualAndRight:
    """16 bits, CMYK, animated, turned: read as a person would see them."""

    def test_each_is_read(self, tmp_path: Path) -> None:
        wide = np.zeros((2, 4, 3), np.uint8)
        wide[:, 2:] = 255
        turned = Image.Exif()
        turned[0x0112] = 3  # upside down
        cmyk = io.BytesIO()
        Image.new("CMYK", (4, 2), (0, 0, 0, 255)).save(cmyk, "JPEG")
        frames = io.BytesIO()
        first, second = (Image.new("L", (4, 2), value) for value in (10, 200))
        first.save(frames, "WEBP", save_all=True, append_images=[second], lossless=True)
        files = {
            "a_png": picture(np.full((2, 4), 0x80FF, np.uint16)),
            "b_jpg": cmyk.getvalue(),
            "c_webp": frames.getvalue(),
            "d_png": picture(wide, exif=turned),
        }
        root = folder(tmp_path, **files)
        data = load(tmp_path, DataSource("folder", path=str(root), size=(2, 4), colour="grey"))
        of_cat = {
            name: image[..., 0]
            for name, image in zip("abcd", data.images[data.labels == 0], strict=False)
        }
        assert (of_cat["a"] == 0x80).all()
        assert (of_cat["b"] < 10).all()
        assert (abs(of_cat["c"].astype(int) - 10) <= 1).all()
        assert (of_cat["d"][:, :2] == 255).all()
        assert (of_cat["d"][:, 2:] == 0).all()


class TestSkipping:
    """A broken file among good ones is left out where the user asked for that, and is listed."""

    def source(self, tmp_path: Path, **more: bytes) -> DataSource:
        broken = {"a_png": picture()[:45], "b_png": SVG, "notes_txt": b"x", **more}
        root = folder(tmp_path, **broken)
        return DataSource("folder", path=str(root), skip_broken=True)

    def test_they_are_left_out_and_listed(self, tmp_path: Path) -> None:
        source = self.source(tmp_path)
        for _ in range(2):  # parsed, and then mapped
            data = load(tmp_path, source)
            assert len(data.images) == 2
            (note,) = data.notes
            assert note.startswith("3 of 5 files were left out")
            for name in ("'cat/a.png' (", "'cat/b.png' (", "'cat/notes.txt' (a .txt file)"):
                assert name in note

    def test_without_asking_the_first_is_an_error_that_says_how_to_ask(
        self, tmp_path: Path, four_parts: Callable[..., None]
    ) -> None:
        source = replace(self.source(tmp_path), skip_broken=False)
        with pytest.raises(CeterisError) as caught:
            load(tmp_path, source)
        four_parts(caught.value, what="cat/notes.txt", fix="skip_broken = true")
        (tmp_path / "pets" / "cat" / "notes.txt").unlink()
        with pytest.raises(CeterisError) as caught:
            load(tmp_path, source)
        four_parts(caught.value, what="cat/", fix="skip_broken = true")

    def test_a_whole_folder_has_no_note(self, tmp_path: Path) -> None:
        root = folder(tmp_path)
        data = load(tmp_path, DataSource("folder", path=str(root), skip_broken=True))
        assert data.notes == ()

    def test_of_many_the_number_is_said(self, tmp_path: Path) -> None:
        many = {f"x{number:02}_png": b"" for number in range(30)}
        data = load(tmp_path, self.source(tmp_path, **many))
        assert "33 of 35 files" in data.notes[0]
        assert data.notes[0].endswith("and 13 more.")

    def test_a_class_that_has_none_left_is_an_error(self, tmp_path: Path) -> None:
        source = self.source(tmp_path)
        (tmp_path / "pets" / "cat" / "good.png").write_bytes(b"")
        with pytest.raises(CeterisError, match="class 'cat' has no pictures"):
            load(tmp_path, source)
