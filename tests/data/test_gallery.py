"""Rows of a picture: which images, in which order, under which words."""

import numpy as np
import pytest

from ceteris.data import DataSet
from ceteris.data.gallery import MOST_CLASSES, beside, by_class, grid, in_chance_order, to_light


def made(num_images: int = 30, num_classes: int = 3, pixel_max: int = 255) -> DataSet:
    """Images whose first pixel is their row number."""
    images = np.zeros((num_images, 2, 3, 1), np.uint8)
    images[:, 0, 0, 0] = np.arange(num_images)
    labels = np.arange(num_images) % num_classes
    classes = tuple(f"class {label}" for label in range(num_classes))
    return DataSet("toy", images, labels, classes, num_images, pixel_max, digest="")


def test_the_order_is_of_the_seed_and_keeps_what_was_there() -> None:
    rows = np.arange(100)
    one, again, two = (in_chance_order(rows, seed) for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, two)
    assert sorted(one.tolist()) == rows.tolist()
    fewer = in_chance_order(rows[:60], 0)
    assert fewer.tolist() == [row for row in one.tolist() if row < 60]
    assert not len(in_chance_order(rows[:0], 0))


def test_a_grid_is_filled_line_by_line() -> None:
    data, rows = made(), np.array([7, 2, 9, 4, 29])
    found = grid(data, rows, num_rows=2, num_columns=2, title="t")
    assert found.shown.tolist() == [[7, 2], [9, 4]]
    assert found.cells[:, :, 0, 0, 0].tolist() == [[7, 2], [9, 4]]
    assert found.captions == (("class 1", "class 2"), ("class 0", "class 1"))
    assert found.filled.all()


def test_a_grid_of_fewer_images_ends_where_they_end() -> None:
    found = grid(made(), np.array([7, 2, 9]), num_rows=5, num_columns=2, title="")
    assert found.shown.tolist() == [[7, 2], [9, -1]]
    assert found.filled.tolist() == [[True, True], [True, False]]
    assert found.captions[1] == ("class 0", "")


def test_by_class_has_a_line_for_each_class_and_counts_all_its_images() -> None:
    data = made()
    rows = np.array([3, 4, 0, 6, 29])
    found = by_class(data, rows, num_columns=2, title="")
    assert found.shown.tolist() == [[3, 0], [4, -1], [29, -1]]
    assert found.names == ("class 0\n3", "class 1\n1", "class 2\n1")
    assert found.filled.tolist() == [[True, True], [True, False], [True, False]]


def test_of_very_many_classes_the_first_are_shown() -> None:
    data = made(num_images=120, num_classes=60)
    found = by_class(data, np.arange(120), num_columns=1, title="")
    assert len(found.names) == MOST_CLASSES == len(found.cells)


def test_what_became_of_an_image_stands_beside_it() -> None:
    data = made()
    changed = np.full((2, 3, 2, 3, 1), 99, np.uint8)
    found = beside(data, np.array([5, 8]), changed, headings=["as it is", *"abc"], title="")
    assert found.cells.shape == (2, 4, 2, 3, 1)
    assert found.cells[:, 0, 0, 0, 0].tolist() == [5, 8]
    assert (found.cells[:, 1:] == 99).all()
    assert found.names == ("class 2", "class 2")


@pytest.mark.parametrize("pixel_max", [1, 16, 255])
def test_light_goes_from_black_to_white(pixel_max: int) -> None:
    light = to_light(np.arange(pixel_max + 1, dtype=np.uint8), pixel_max)
    assert (light[0], light[-1]) == (0, 255)
    assert (np.diff(light.astype(int)) > 0).all()
