import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ceteris.data import DATA_SETS, DataSource, open_data
from ceteris.data.idx_sets import FASHION_MNIST, MNIST
from ceteris.data.published import PublishedSet
from ceteris.errors import CeterisError

MNIST_COUNTS = (
    [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
)
FASHION_COUNTS = ([6000] * 10, [1000] * 10)


def test_published_files_become_one_set(toy, tmp_path: Path) -> None:
    toy.write(tmp_path / "data" / "toy")
    data, _ = open_data(DataSource("toy"), cache=tmp_path / "cache", data_folder=tmp_path / "data")
    assert np.array_equal(data.images, toy.images)
    assert np.array_equal(data.labels, toy.labels)
    assert (data.name, data.classes, data.num_train) == ("toy", ("a", "b", "c"), 12)
    assert (data.pixel_max, data.digest) == (255, toy.published.digest)


def test_two_files_in_each_others_place_are_told(
    toy, tmp_path: Path, four_parts: Callable[..., None]
) -> None:
    images = toy.contents["train-images-idx3-ubyte"]
    labels = toy.contents["t10k-labels-idx1-ubyte"]
    assert len(labels) < len(toy.contents["train-labels-idx1-ubyte"]) < len(images)
    toy.write(tmp_path / "data" / "toy", train_labels=gzip.compress(labels))
    with pytest.raises(CeterisError) as caught:
        open_data(DataSource("toy"), cache=tmp_path / "cache", data_folder=tmp_path / "data")
    four_parts(caught.value, received="which is the t10k-labels-idx1-ubyte of Toy")


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("published", "folder", "counts"),
    [(MNIST, "mnist", MNIST_COUNTS), (FASHION_MNIST, "fashion_mnist", FASHION_COUNTS)],
    ids=["mnist", "fashion-mnist"],
)
class TestReal:
    def test_the_real_files_open(
        self,
        real_data: Path,
        tmp_path: Path,
        published: PublishedSet,
        folder: str,
        counts: tuple[list[int], list[int]],
    ) -> None:
        source = DataSource(published.name)
        data, _ = open_data(source, cache=tmp_path, data_folder=real_data)
        assert data.images.shape == (70_000, 28, 28, 1)
        assert data.num_train == 60_000
        assert data.digest == DATA_SETS[published.name].digest
        assert data.classes == published.classes
        assert np.bincount(data.labels[:60_000]).tolist() == counts[0]
        assert np.bincount(data.labels[60_000:]).tolist() == counts[1]
        assert (data.images.min(), data.images.max()) == (0, 255)

    def test_the_register_knows_the_published_gz(
        self, real_data: Path, published: PublishedSet, folder: str, counts: object
    ) -> None:
        for file in published.forms[0].files:
            packed = (real_data / folder / f"{file.name}.gz").read_bytes()
            assert len(packed) == file.gz_bytes
            assert hashlib.sha256(packed).hexdigest() == file.gz_sha256

    def test_unpacked_and_packed_again_is_the_same_set(
        self, real_data: Path, tmp_path: Path, published: PublishedSet, folder: str, counts: object
    ) -> None:
        copy = tmp_path / "downloads" / published.folders[-1]
        copy.mkdir(parents=True)
        for number, file in enumerate(published.forms[0].files):
            content = gzip.decompress((real_data / folder / f"{file.name}.gz").read_bytes())
            if number % 2:
                (copy / f"{file.name}.gz").write_bytes(gzip.compress(content, 1))
            else:
                (copy / file.name).write_bytes(content)
        data, _ = open_data(DataSource(published.name), cache=tmp_path, data_folder=None)
        assert data.digest == published.digest

    def test_a_truncated_real_file_is_refused(
        self, real_data: Path, tmp_path: Path, published: PublishedSet, folder: str, counts: object
    ) -> None:
        data = tmp_path / "data" / published.folders[0]
        data.mkdir(parents=True)
        for file in published.forms[0].files:
            packed = (real_data / folder / f"{file.name}.gz").read_bytes()
            (data / f"{file.name}.gz").write_bytes(packed[: len(packed) // 2])
        with pytest.raises(CeterisError, match=r"train-images-idx3-ubyte\.gz is truncated"):
            open_data(DataSource(published.name), cache=tmp_path, data_folder=tmp_path / "data")
        assert not (tmp_path / "parsed").exists()
