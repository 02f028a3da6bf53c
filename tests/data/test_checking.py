from pathlib import Path

import numpy as np
import pytest

from ceteris.data import DataSet, DataSource, open_data
from ceteris.data.checking import check_data
from ceteris.errors import CeterisError


def small(num_train: int = 5) -> DataSet:
    values = [1, 2, 3, 3, 5, 1, 2, 9]
    images = np.array(values, np.uint8).repeat(2).reshape(8, 1, 2, 1)
    images[:, 0, 1] += 100
    images[4] = 5
    return DataSet(
        "made-up", images, np.array([0, 0, 1, 1, 0, 0, 1, 0]), ("a", "b"), num_train, 255, "d"
    )


def test_everything_is_a_row() -> None:
    found = check_data(small())
    assert (found.images, found.distinct, found.known) == (8, 5, None)
    train, test = found.parts
    assert (train.name, train.first, train.images, train.by_class) == ("train", 0, 5, (3, 2))
    assert (train.copies, train.flat) == ((3,), (4,))
    assert (test.name, test.first, test.by_class, test.copies) == ("test", 5, (2, 1), ())
    (shared,) = found.shared
    assert (shared.part, shared.other, shared.rows, shared.near) == ("test", "train", (5, 6), ())
    assert (train.originals, shared.originals) == ((2,), (0, 1))
    (conflict,) = found.conflicts
    assert (conflict.rows, conflict.labels) == ((1, 6), (0, 1))
    assert found.flat == (4,)


def test_a_set_without_a_test_part_has_one_part() -> None:
    found = check_data(small(num_train=8))
    assert [part.name for part in found.parts] == ["all images"]
    assert found.shared == ()


def test_balance_is_the_largest_class_by_the_smallest() -> None:
    found = check_data(small())
    assert found.parts[0].balance == 1.5
    empty = DataSet("x", small().images, np.zeros(8, np.int64), ("a", "b"), 8, 255, "")
    assert check_data(empty).parts[0].balance == float("inf")


def test_near_duplicates_across_parts_are_told_from_copies() -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 200, (30, 32, 32, 1), dtype=np.uint8)
    images[25] = images[4] + 20  # near, across
    images[26] = images[5]  # a copy, across
    images[27] = images[6] + 20  # near and ...
    images[28] = images[27]  # ... there twice
    labels = np.arange(30) % 3
    found = check_data(DataSet("x", images, labels, ("a", "b", "c"), 20, 255, ""))
    (shared,) = found.shared
    assert shared.rows == (26,)
    assert (shared.near, shared.twins) == ((25, 27, 28), (4, 6, 6))
    assert shared.originals == (5,)
    assert check_data(
        DataSet("x", images, labels, ("a", "b", "c"), 20, 255, ""), near=False
    ).near.not_searched


def test_parts_of_ones_own_are_checked_and_nothing_else() -> None:
    """Rows 0 and 5, 1 and 6, 2 and 3 are equal; 1 and 6 have different labels."""
    parts = [("train", np.array([1, 5, 7])), ("validation", np.array([3])), ("test", np.array([0]))]
    found = check_data(small(), parts=parts)
    assert (found.images, found.distinct, found.conflicts, found.flat) == (5, 4, (), ())
    shared = {(one.part, one.other): (one.rows, one.originals) for one in found.shared}
    assert shared["test", "train"] == ((0,), (5,))
    assert shared["test", "validation"] == shared["validation", "train"] == ((), ())
    assert [part.first for part in found.parts] == [None, 3, 0]


def test_conflicts_in_training_are_told_from_those_with_test() -> None:
    assert not check_data(small()).conflicts_in_training
    assert check_data(small(num_train=7)).conflicts_in_training


def test_near_duplicates_of_a_part_are_rows_of_that_part() -> None:
    images = np.random.default_rng(0).integers(0, 200, (30, 32, 32, 1), dtype=np.uint8)
    images[11] = images[0]  # row 0, in no part, is the first that holds it
    images[12] = images[0] + 20
    data = DataSet("x", images, np.arange(30) % 3, ("a", "b", "c"), 30, 255, "")
    found = check_data(data, parts=[("train", np.arange(10, 30))])
    assert found.parts[0].near == ((11, 12),)


def test_a_known_set_of_another_size_is_refused() -> None:
    data = DataSet("mnist", small().images, small().labels, ("a", "b"), 5, 255, "")
    with pytest.raises(CeterisError) as caught:
        check_data(data)
    assert caught.value.what == "mnist has another number of images than it is known to have"
    assert caught.value.received == "8 images, 5 of them to train on"
    assert "60,000 in train" in caught.value.expected


@pytest.mark.realdata
def test_mnist_has_no_copies(real_data: Path, tmp_path: Path) -> None:
    data, _ = open_data(DataSource("mnist"), cache=tmp_path, data_folder=real_data)
    found = check_data(data, near=False)
    assert found.distinct == found.images == 70_000
    assert found.conflicts == found.flat == found.shared[0].rows == ()
    assert found.parts[1].by_class == (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009)
