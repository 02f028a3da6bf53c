import gzip
import hashlib
import io
import lzma
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ceteris.data import DATA_SETS, DataEntry, DataSet, DataSource, open_data
from ceteris.data.cifar_formats import parse_pickle, parse_records
from ceteris.data.cifar_sets import CIFAR10, cifar_parser
from ceteris.data.dataset import content_digest
from ceteris.data.published import Form, PublishedFile, PublishedSet
from ceteris.data.reading import finder, known_files
from ceteris.errors import CeterisError

SHAPE = (4, 3, 3)
CLASSES = ("a", "b", "c")
BATCHES = ("data_batch_1", "data_batch_2", "test_batch")


def as_pickle(images: np.ndarray, labels: np.ndarray) -> bytes:
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    batch = {b"data": planes, b"labels": labels.tolist(), b"batch_label": b"some"}
    return pickle.dumps(batch, protocol=4)


def as_records(images: np.ndarray, labels: np.ndarray) -> bytes:
    planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
    return np.concatenate([labels[:, None].astype(np.uint8), planes], axis=1).tobytes()


class Toy:
    """Two training batches of 5 images and a test batch, in both formats."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self.images = rng.integers(0, 256, (15, *SHAPE), dtype=np.uint8)
        self.labels = np.arange(15, dtype=np.int64) % 3
        parts = [(self.images[i : i + 5], self.labels[i : i + 5]) for i in (0, 5, 10)]
        self.pickles = {n: as_pickle(*part) for n, part in zip(BATCHES, parts, strict=True)}
        self.records = {
            f"{n}.bin": as_records(*part) for n, part in zip(BATCHES, parts, strict=True)
        }
        self.published = PublishedSet(
            name="toy-cifar",
            title="Toy CIFAR",
            forms=(
                Form(published(self.records), cifar_parser(parse_records, SHAPE), "toy-bin.tar.gz"),
                Form(published(self.pickles), cifar_parser(parse_pickle, SHAPE), "toy-py.tar.gz"),
            ),
            folders=("toy",),
            classes=CLASSES,
            published_at="https://example.org/",
            digest=content_digest(
                self.images, self.labels, classes=CLASSES, num_train=10, pixel_max=255
            ),
        )


def published(contents: dict[str, bytes]) -> tuple[PublishedFile, ...]:
    return tuple(
        PublishedFile(name, len(content), hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    )


def write(folder: Path, contents: dict[str, bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return folder


def packed(contents: dict[str, bytes], folder: str, mode: str = "w:gz") -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode=mode) as archive:
        for name, content in {**contents, "readme.html": b"read me"}.items():
            head = tarfile.TarInfo(f"{folder}/{name}")
            head.size = len(content)
            archive.addfile(head, io.BytesIO(content))
    return stream.getvalue()


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    made = Toy()
    known = known_files(made.published)
    entry = DataEntry(name="toy-cifar", title="Toy CIFAR", find=finder(made.published, known))
    monkeypatch.setitem(DATA_SETS, "toy-cifar", entry)
    return made


def opened(tmp_path: Path) -> DataSet:
    source = DataSource("toy-cifar")
    return open_data(source, cache=tmp_path / "cache", data_folder=tmp_path / "data")[0]


FORMS: dict[str, Callable[[Toy], dict[str, bytes]]] = {
    "pickles": lambda toy: toy.pickles,
    "pickles .xz": lambda toy: {f"{n}.xz": lzma.compress(c) for n, c in toy.pickles.items()},
    "records": lambda toy: toy.records,
    "records .gz": lambda toy: {f"{n}.gz": gzip.compress(c) for n, c in toy.records.items()},
    "python tarball": lambda toy: {"toy-py.tar.gz": packed(toy.pickles, "cifar-py")},
    "binary tarball": lambda toy: {"toy-bin.tar.gz": packed(toy.records, "cifar-bin")},
    "unpacked tarball": lambda toy: {"toy-bin.tar": packed(toy.records, "cifar-bin", "w")},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_the_same_set(toy: Toy, tmp_path: Path, form: str) -> None:
    write(tmp_path / "data" / "toy", FORMS[form](toy))
    data = opened(tmp_path)
    assert np.array_equal(data.images, toy.images)
    assert np.array_equal(data.labels, toy.labels)
    assert (data.classes, data.num_train, data.pixel_max) == (CLASSES, 10, 255)
    assert (data.shape, data.digest) == (SHAPE, toy.published.digest)


def test_two_batches_in_each_others_place_are_told(
    toy: Toy, tmp_path: Path, four_parts: Callable[..., None]
) -> None:
    first, second, _ = BATCHES
    assert len(toy.pickles[first]) == len(toy.pickles[second])
    swapped = {**toy.pickles, first: toy.pickles[second]}
    write(tmp_path / "data" / "toy", swapped)
    with pytest.raises(CeterisError) as caught:
        opened(tmp_path)
    four_parts(caught.value, received="which is the data_batch_2 of Toy CIFAR")


def test_a_pickle_that_would_run_something_is_refused_before_it_is_opened(
    toy: Toy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "ceteris.data.cifar_formats._ArraysOnly.load", lambda self: pytest.fail("opened")
    )
    content = b"cos\nsystem\n(S'touch ran'\ntR."
    write(tmp_path / "data" / "toy", {**toy.pickles, "test_batch": content})
    with pytest.raises(CeterisError, match="test_batch is not the published file"):
        opened(tmp_path)
    assert not (tmp_path / "cache").exists()


def test_a_torn_archive(toy: Toy, tmp_path: Path, four_parts: Callable[..., None]) -> None:
    archive = packed(toy.pickles, "cifar-py")
    write(tmp_path / "data" / "toy", {"toy-py.tar.gz": archive[: len(archive) // 2]})
    with pytest.raises(CeterisError) as caught:
        opened(tmp_path)
    four_parts(caught.value, what="toy-py.tar.gz is truncated", fix="get toy-py.tar.gz again")
    assert not (tmp_path / "cache").exists()


def test_where_to_put_which_file(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    with pytest.raises(CeterisError) as caught:
        open_data(DataSource("cifar10"), cache=tmp_path, data_folder=None)
    four_parts(
        caught.value,
        what="the files of CIFAR-10 are not here",
        expected="data_batch_5, test_batch, or cifar-10-python.tar.gz with all of it",
        fix="get cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/ into "
        f"{tmp_path / 'downloads' / 'cifar10'}",
    )


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> DataSet:
    cache = tmp_path_factory.mktemp("cache")
    return open_data(DataSource("cifar10"), cache=cache, data_folder=real_data)[0]


@pytest.mark.realdata
class TestReal:
    def test_counts_and_digest(self, real: DataSet) -> None:
        entry = DATA_SETS["cifar10"]
        assert real.images.shape == (60_000, 32, 32, 3)
        assert (real.shape, real.num_train) == (entry.shape, entry.parts[0][1])
        assert (real.digest, real.classes) == (entry.digest, CIFAR10.classes)
        assert np.bincount(real.labels[:50_000]).tolist() == [5000] * 10
        assert np.bincount(real.labels[50_000:]).tolist() == [1000] * 10

    def test_colours_and_rows_are_in_their_place(self, real: DataSet) -> None:
        """The first image is a frog on brown ground: its upper left pixel is (59, 62, 63)."""
        assert real.classes[real.labels[0]] == "frog"
        assert real.images[0, 0, 0].tolist() == [59, 62, 63]
        assert real.classes[real.labels[50_000]] == "cat"

    def test_the_published_records_are_these_images(self, real: DataSet) -> None:
        """Their digests come from elsewhere, so this proves both formats the same."""
        for place, file in enumerate(CIFAR10.forms[0].files):
            rows = slice(10_000 * place, 10_000 * (place + 1))
            content = as_records(real.images[rows], real.labels[rows])
            assert len(content) == file.content_bytes
            assert hashlib.sha256(content).hexdigest() == file.content_sha256
