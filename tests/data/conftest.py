"""Small made-up data sets, and what several tests of the room look at."""

import gzip
import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ceteris.data import DATA_SETS, DataEntry, DataSet
from ceteris.data.dataset import content_digest
from ceteris.data.idx_sets import IdxFile, idx_form
from ceteris.data.published import PublishedSet
from ceteris.data.reading import finder, known_files
from ceteris.errors import CeterisError

TOY_CLASSES = ("a", "b", "c")


def idx_bytes(array: np.ndarray) -> bytes:
    """The IDX form, written from the format's description and not with our own code."""
    head = b"\x00\x00\x08" + bytes([array.ndim])
    return head + struct.pack(f">{array.ndim}I", *array.shape) + array.astype(np.uint8).tobytes()


@dataclass(frozen=True)
class Toy:
    """A set of 12 training and 5 test images of 3x2, published as four files."""

    published: PublishedSet
    contents: dict[str, bytes]
    images: np.ndarray
    labels: np.ndarray

    def write(self, folder: Path, **replaced: bytes) -> Path:
        """The four .gz files in ``folder``; ``train_labels=...`` and the like put other bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        short = ("train_images", "train_labels", "test_images", "test_labels")
        for key, (name, content) in zip(short, self.contents.items(), strict=True):
            data = replaced.get(key, gzip.compress(content))
            (folder / f"{name}.gz").write_bytes(data)
        return folder


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    """The set above, put into the register as ``toy``."""
    return make_toy(monkeypatch)


def make_toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    """The same for tests of other rooms."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (17, 3, 2), dtype=np.uint8)
    labels = np.arange(17, dtype=np.int64) % 3
    arrays = {
        "train-images-idx3-ubyte": images[:12],
        "train-labels-idx1-ubyte": labels[:12],
        "t10k-images-idx3-ubyte": images[12:],
        "t10k-labels-idx1-ubyte": labels[12:],
    }
    contents = {name: idx_bytes(array) for name, array in arrays.items()}
    files = (
        IdxFile(
            name,
            shape=arrays[name].shape,
            content_sha256=hashlib.sha256(content).hexdigest(),
            gz_bytes=len(gzip.compress(content)),
            gz_sha256="",
        )
        for name, content in contents.items()
    )
    digest = content_digest(
        images[..., None], labels, classes=TOY_CLASSES, num_train=12, pixel_max=255
    )
    published = PublishedSet(
        name="toy",
        title="Toy",
        forms=(idx_form(*files),),
        folders=("toy", "Toy/raw"),
        classes=TOY_CLASSES,
        published_at="https://example.org/toy/",
        digest=digest,
    )
    entry = DataEntry(
        name="toy",
        title="Toy",
        find=finder(published, known_files(published)),
        digest=digest,
        published=published,
    )
    monkeypatch.setitem(DATA_SETS, "toy", entry)
    return Toy(published, contents, images[..., None], labels)


@pytest.fixture
def four_parts() -> Callable[..., None]:
    """Checks that an error has something to say in each part, and says what is expected of it."""

    def check(error: CeterisError, **said: str) -> None:
        parts = {name: getattr(error, name) for name in ("what", "received", "expected", "fix")}
        for name, text in parts.items():
            assert text.strip(), f"nothing in {name}"
            assert "\n" not in text
            assert said.get(name, "") in text, f"{name}: {text}"

    return check


@pytest.fixture
def make_data() -> Callable[..., DataSet]:
    """A data set of one black pixel an image, with these labels."""

    def make(labels: np.ndarray, *, num_train: int | None = None, name: str = "folder") -> DataSet:
        labels = np.asarray(labels, dtype=np.int64)
        return DataSet(
            name=name,
            images=np.zeros((len(labels), 1, 1, 1), np.uint8),
            labels=labels,
            classes=tuple(f"c{label}" for label in range(int(labels.max()) + 1)),
            num_train=len(labels) if num_train is None else num_train,
            pixel_max=255,
            digest="",
        )

    return make


@pytest.fixture
def paint(tmp_path: Path) -> Callable[..., Path]:
    """Writes a picture below ``tmp_path / "pictures"`` and returns the path of that folder."""
    root = tmp_path / "pictures"

    def write(name: str, array: np.ndarray | int = 0, **options: object) -> Path:
        pixels = np.full((4, 4), array, np.uint8) if isinstance(array, int) else array
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path, **options)
        return root

    return write


def tree(folder: Path) -> dict[str, bytes]:
    """Everything below a folder, to see that nothing changed."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"<folder>"
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def snapshot() -> Callable[[Path], dict[str, bytes]]:
    return tree


@pytest.fixture
def as_idx() -> Callable[[np.ndarray], bytes]:
    return idx_bytes
