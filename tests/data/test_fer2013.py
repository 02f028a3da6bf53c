import bz2
import gzip
import hashlib
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ceteris.data import (
    DATA_SETS,
    DataEntry,
    DataSet,
    DataSource,
    SplitRecipe,
    count_dropped,
    make_split,
    open_data,
)
from ceteris.data.checking import check_data
from ceteris.data.dataset import content_digest
from ceteris.data.fer2013 import FER2013, PARTS, fer_parser
from ceteris.data.published import Form, PublishedFile, PublishedSet
from ceteris.data.reading import finder
from ceteris.errors import CeterisError

CLASSES = ("Angry", "Happy", "Neutral")
COUNTS = (6, 2, 3)  # of the three parts


class Toy:
    """Eleven faces of 2x2, in both spellings; the rows' parts are mixed."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.images = rng.integers(0, 256, (11, 2, 2, 1), dtype=np.uint8)
        self.labels = np.arange(11, dtype=np.int64) % 3
        parts = rng.permutation(np.repeat(np.arange(3), COUNTS))
        # Row by row the next image of its part: the parts are mixed, each keeps its order.
        order = np.argsort(np.argsort(parts, kind="stable"))
        rows = [
            (str(self.labels[i]), " ".join(map(str, self.images[i].ravel())), PARTS[part])
            for i, part in zip(order, parts, strict=True)
        ]
        first = [",".join(row) for row in rows]
        second = [f"{label},{part},{pixels}" for label, pixels, part in rows]
        self.csv = "\n".join(["emotion,pixels,Usage", *first, ""]).encode()
        self.icml = "\n".join(["emotion, Usage, pixels", *second, ""]).encode()
        contents = {"fer2013.csv": self.csv, "icml_face_data.csv": self.icml}
        self.published = PublishedSet(
            name="toy-fer",
            title="Toy FER",
            forms=tuple(
                Form(
                    (PublishedFile(name, len(content), hashlib.sha256(content).hexdigest()),),
                    fer_parser(2),
                )
                for name, content in contents.items()
            ),
            folders=("toy",),
            classes=CLASSES,
            published_at="https://example.org/",
            digest=content_digest(
                self.images, self.labels, classes=CLASSES, num_train=6, pixel_max=255
            ),
        )


def zipped(name: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    made = Toy()
    entry = DataEntry(
        name="toy-fer",
        title="Toy FER",
        find=finder(made.published),
        parts=tuple(zip(PARTS, COUNTS, strict=True)),
    )
    monkeypatch.setitem(DATA_SETS, "toy-fer", entry)
    return made


def opened(tmp_path: Path, name: str, content: bytes) -> DataSet:
    path = tmp_path / "data" / "toy" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    source = DataSource("toy-fer")
    return open_data(source, cache=tmp_path / "cache", data_folder=tmp_path / "data")[0]


FORMS: dict[str, Callable[[Toy], bytes]] = {
    "fer2013.csv": lambda toy: toy.csv,
    "fer2013.csv.bz2": lambda toy: bz2.compress(toy.csv),
    "fer2013.csv.xz": lambda toy: lzma.compress(toy.csv),
    "fer2013.csv.gz": lambda toy: gzip.compress(toy.csv),
    "fer2013.csv.zip": lambda toy: zipped("fer2013/fer2013.csv", toy.csv),
    "icml_face_data.csv": lambda toy: toy.icml,
    "icml_face_data.csv.zip": lambda toy: zipped("icml_face_data.csv", toy.icml),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_the_same_set_its_parts_in_order(toy: Toy, tmp_path: Path, name: str) -> None:
    data = opened(tmp_path, name, FORMS[name](toy))
    assert np.array_equal(data.images, toy.images)
    assert np.array_equal(data.labels, toy.labels)
    assert (data.classes, data.num_train, data.pixel_max) == (CLASSES, 6, 255)
    assert data.digest == toy.published.digest


def test_the_last_part_is_the_test_part_and_the_one_between_is_unused(
    toy: Toy, tmp_path: Path
) -> None:
    data = opened(tmp_path, "fer2013.csv", toy.csv)
    split = make_split(data, SplitRecipe(validation=2, validation_by="first"))
    assert split.validation.tolist() == [0, 1]
    assert split.train.tolist() == [2, 3, 4, 5]
    assert split.unused.tolist() == [6, 7]
    assert split.test.tolist() == [8, 9, 10]
    fewer = make_split(data, SplitRecipe(images=4, images_by="last"))
    assert fewer.unused.tolist() == [0, 1, 6, 7]
    assert fewer.test.tolist() == [8, 9, 10]


def test_a_changed_row_is_another_file(
    toy: Toy, tmp_path: Path, four_parts: Callable[..., None]
) -> None:
    changed = toy.csv.replace(b"PublicTest", b"PublicTesT", 1)
    with pytest.raises(CeterisError) as caught:
        opened(tmp_path, "fer2013.csv.gz", gzip.compress(changed))
    four_parts(caught.value, what="fer2013.csv.gz is not the published file", fix="get fer2013.csv")
    assert not (tmp_path / "cache").exists()


def test_where_to_put_which_file(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    with pytest.raises(CeterisError) as caught:
        open_data(DataSource("fer2013"), cache=tmp_path, data_folder=None)
    four_parts(
        caught.value,
        what="the files of FER-2013 are not here",
        expected="or icml_face_data.csv; each unpacked, .gz, .bz2, .xz or .zip",
        fix=f"into {tmp_path / 'downloads' / 'fer2013'}",
    )


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> DataSet:
    cache = tmp_path_factory.mktemp("cache")
    return open_data(DataSource("fer2013"), cache=cache, data_folder=real_data)[0]


@pytest.mark.realdata
class TestReal:
    def test_counts_and_digest(self, real: DataSet) -> None:
        entry = DATA_SETS["fer2013"]
        assert real.images.shape == (35_887, 48, 48, 1)
        assert (real.shape, real.digest, real.classes) == (
            entry.shape,
            entry.digest,
            FER2013.classes,
        )
        ends = np.cumsum([count for _, count in entry.parts])
        assert (real.num_train, ends[-1]) == (ends[0], len(real.images))
        parts = np.split(real.labels, ends[:-1])
        assert [np.bincount(part).tolist() for part in parts] == [
            [3995, 436, 4097, 7215, 4830, 3171, 4965],
            [467, 56, 496, 895, 653, 415, 607],
            [491, 55, 528, 879, 594, 416, 626],
        ]

    def test_the_published_faults_are_in_it(self, real: DataSet) -> None:
        """What the note says, found in the pixels: so rows and parts are in their place."""
        images = [image.tobytes() for image in real.images]
        train, public, private = set(images[:28_709]), images[28_709:32_298], images[32_298:]
        assert len(set(images)) == 34_034
        assert [sum(image in train for image in part) for part in (public, private)] == [280, 288]

    def test_the_split_of_the_report(self, real: DataSet) -> None:
        split = make_split(real, SplitRecipe(validation=5_000, validation_by="first"))
        assert split.validation.tolist() == list(range(5_000))
        assert len(split.train) == 23_709
        assert [len(split.unused), len(split.test)] == [3_589, 3_589]
        assert split.test[0] == 32_298

    def test_the_other_spelling_is_the_same_rows(self, real: DataSet) -> None:
        """Its digest is of a file with the published MD5, so this proves both files the same."""
        texts = np.array([list(f"{value} ".ljust(4, "\0").encode()) for value in range(256)], "u1")
        names = np.repeat(PARTS, [28_709, 3_589, 3_589])
        digest = hashlib.sha256(b"emotion, Usage, pixels\n")
        for image, label, name in zip(real.images, real.labels, names, strict=True):
            written = texts[image.ravel()]  # (2304, 4), short numbers filled up with zeros
            pixels = written[written > 0][:-1].tobytes()
            digest.update(f"{label},{name},".encode() + pixels + b"\n")
        assert digest.hexdigest() == FER2013.forms[1].files[0].content_sha256

    def test_data_check_finds_the_faults(self, real: DataSet) -> None:
        found = check_data(real, near=False)
        assert (found.images, found.distinct, found.known) == (35_887, 34_034, True)
        assert {(item.part, item.other): len(item.rows) for item in found.shared} == {
            ("PrivateTest", "Training"): 288,
            ("PrivateTest", "PublicTest"): 44,
            ("PublicTest", "Training"): 280,
        }
        assert (len(found.conflicts), len(found.flat)) == (57, 12)

    def test_dropping_leaves_nothing_shared(self, real: DataSet) -> None:
        recipe = SplitRecipe(test_part="PublicTest", drop=("leaked", "conflicting"))
        split = make_split(real, recipe)
        train = {real.images[row].tobytes() for row in split.train}
        assert not any(real.images[row].tobytes() in train for row in split.test)
        dropped = count_dropped(real, recipe)
        assert len(split.train) == 28_709 - dropped.images == 28_275
