"""Real data for the peers, parsed once into plain NumPy files and mapped into memory after that.

``python -m benchmarks.data DATA CACHE`` parses what it finds in the folder DATA. The peers read
the same published files as Ceteris does, and owe nothing to its readers.
"""

import bz2
import gzip
import io
import lzma
import os
import pickle
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]


class Parts(NamedTuple):
    """A set in its two parts: uint8 images (N, H, W, C) and int64 labels (N,)."""

    train_images: Images
    train_labels: Labels
    test_images: Images
    test_labels: Labels


def load(name: str, cache: Path, num_train: int | None = None) -> Parts:
    """Map a set that :func:`parse` has written; of the training images only the first so many."""
    arrays = [np.load(cache / name / f"{field}.npy", mmap_mode="r") for field in Parts._fields]
    parts = Parts(*arrays)
    return parts._replace(
        train_images=parts.train_images[:num_train], train_labels=parts.train_labels[:num_train]
    )


def parse(name: str, folder: Path | None, cache: Path) -> bool:
    """Write a set to the cache unless it is there; False if its files are missing.

    Args:
        name: of the set.
        folder: the folder of the published data sets; None if there is none.
        cache: where parsed sets are kept.
    """
    place = cache / name
    if place.exists():
        return True
    where, read = SETS[name]
    if where and (folder is None or not (folder / where).is_dir()):
        return False
    parts = read(folder / where if folder else Path())
    building = cache / f"{name}.building-{os.getpid()}"
    building.mkdir(parents=True)
    for field, array in zip(Parts._fields, parts, strict=True):
        np.save(building / f"{field}.npy", np.ascontiguousarray(array))
    try:
        building.rename(place)  # whole or not there at all
    except OSError:
        shutil.rmtree(building)
        if not place.exists():
            raise
    return True


def _fashion(folder: Path) -> Parts:
    def idx(name: str, head: int) -> NDArray[np.uint8]:
        with gzip.open(folder / name) as file:
            return np.frombuffer(file.read(), np.uint8, offset=head)

    return Parts(
        idx("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1),
        idx("train-labels-idx1-ubyte.gz", 8).astype(np.int64),
        idx("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28, 1),
        idx("t10k-labels-idx1-ubyte.gz", 8).astype(np.int64),
    )


class _ArraysOnly(pickle.Unpickler):
    """Reads the published batches and refuses anything but NumPy arrays."""

    _allowed: Mapping[tuple[str, str], Any] = {
        ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        """What the pickle may name."""
        if (module, name) not in self._allowed:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a batch of CIFAR-10")
        return self._allowed[module, name]


def _cifar10(folder: Path) -> Parts:
    def batch(name: str) -> tuple[Images, Labels]:
        with lzma.open(folder / f"{name}.xz") as file:
            table = _ArraysOnly(io.BytesIO(file.read()), encoding="bytes").load()
        planes = table[b"data"].reshape(-1, 3, 32, 32)
        return planes.transpose(0, 2, 3, 1), np.array(table[b"labels"], np.int64)

    train = [batch(f"data_batch_{number}") for number in range(1, 6)]
    return Parts(
        np.concatenate([images for images, _ in train]),
        np.concatenate([labels for _, labels in train]),
        *batch("test_batch"),
    )


def _fer2013(folder: Path) -> Parts:
    images: dict[str, list[Images]] = {"Training": [], "PublicTest": [], "PrivateTest": []}
    labels: dict[str, list[int]] = {usage: [] for usage in images}
    with bz2.open(folder / "fer2013.csv.bz2", "rt", encoding="ascii") as file:
        next(file)  # emotion,pixels,Usage
        for line in file:
            label, pixels, usage = line.rstrip().split(",")
            images[usage].append(np.array(pixels.split(), np.uint8))
            labels[usage].append(int(label))
    return Parts(
        np.stack(images["Training"]).reshape(-1, 48, 48, 1),
        np.array(labels["Training"]),
        np.stack(images["PrivateTest"]).reshape(-1, 48, 48, 1),
        np.array(labels["PrivateTest"]),
    )


def _digits(_: Path) -> Parts:
    from sklearn.datasets import load_digits

    bundle = load_digits()
    order = np.random.default_rng(0).permutation(len(bundle.target))
    images = bundle.images.astype(np.uint8)[order, :, :, np.newaxis]
    labels = bundle.target.astype(np.int64)[order]
    return Parts(images[:1437], labels[:1437], images[1437:], labels[1437:])


# name -> its folder within the data folder (empty: no files are needed), and its reader
SETS: Mapping[str, tuple[str, Callable[[Path], Parts]]] = {
    "fashion-mnist": ("fashion_mnist", _fashion),
    "digits": ("", _digits),
    "cifar10": ("cifar10", _cifar10),
    "fer2013": ("fer2013", _fer2013),
}


if __name__ == "__main__":
    for name in SETS:
        done = parse(name, Path(sys.argv[1]), Path(sys.argv[2]))
        print(f"{name}: {'parsed' if done else 'its files are not there'}")
