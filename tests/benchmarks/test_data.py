import pickle
from pathlib import Path

import numpy as np
import pytest
from benchmarks.data import SETS, _ArraysOnly, load, parse

SHAPES = {
    "fashion-mnist": ((60_000, 28, 28, 1), (10_000, 28, 28, 1), 10),
    "cifar10": ((50_000, 32, 32, 3), (10_000, 32, 32, 3), 10),
}


def test_digits_are_parsed_once_and_then_mapped(tmp_path: Path) -> None:
    assert parse("digits", None, tmp_path)
    parts = load("digits", tmp_path)
    assert parts.train_images.shape == (1437, 8, 8, 1)
    assert parts.test_images.shape == (360, 8, 8, 1)
    assert isinstance(parts.train_images, np.memmap)
    assert len(load("digits", tmp_path, 100).train_labels) == 100
    before = (tmp_path / "digits" / "train_images.npy").stat().st_mtime_ns
    assert parse("digits", None, tmp_path)
    assert (tmp_path / "digits" / "train_images.npy").stat().st_mtime_ns == before


def test_a_set_whose_files_are_missing_is_said(tmp_path: Path) -> None:
    assert not parse("cifar10", tmp_path, tmp_path / "cache")
    assert not parse("cifar10", None, tmp_path / "cache")


def test_a_pickle_that_names_anything_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "batch").write_bytes(pickle.dumps(print))
    with (
        (tmp_path / "batch").open("rb") as file,
        pytest.raises(pickle.UnpicklingError, match="has no place"),
    ):
        _ArraysOnly(file).load()


@pytest.mark.realdata
@pytest.mark.parametrize("name", SHAPES)
def test_published_sets_are_whole(name: str, real_data: Path, tmp_path: Path) -> None:
    train, test, classes = SHAPES[name]
    assert parse(name, real_data, tmp_path)
    parts = load(name, tmp_path)
    assert (parts.train_images.shape, parts.test_images.shape) == (train, test)
    for labels in (parts.train_labels, parts.test_labels):
        assert len(set(np.bincount(labels, minlength=classes))) == 1  # as many of each class
    assert set(SETS) >= set(SHAPES)
