import numpy as np
import pytest

from ceteris.data.copies import first_copies, flat_rows


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 5, 1), (4, 4, 3)])
def test_copies_are_found_as_comparing_all_with_all_finds_them(shape: tuple[int, int, int]) -> None:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 3, (40, *shape), dtype=np.uint8)
    images[7], images[30], images[12] = images[3], images[3], images[39]
    expected = [
        next(first for first in range(40) if np.array_equal(images[first], image))
        for image in images
    ]
    assert first_copies(images).tolist() == expected


def test_one_pixel_of_one_channel_makes_another_image() -> None:
    images = np.zeros((2, 8, 8, 3), np.uint8)
    images[1, 7, 7, 2] = 1
    assert first_copies(images).tolist() == [0, 1]


def test_flat_is_one_colour_from_corner_to_corner() -> None:
    images = np.zeros((5, 6, 6, 3), np.uint8)
    images[1] = (10, 20, 30)  # one colour, though the channels differ
    images[2, 3, 1, 0] = 1  # one pixel, none of those that are looked at first
    images[3, 5, 5] = 9
    images[4] = np.arange(36, dtype=np.uint8).reshape(6, 6, 1)
    assert flat_rows(images).tolist() == [0, 1]


def test_a_single_pixel_is_flat() -> None:
    assert flat_rows(np.array([3, 4], np.uint8).reshape(2, 1, 1, 1)).tolist() == [0, 1]
