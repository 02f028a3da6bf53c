"""Telling that a picture is one of the run's own images."""

import numpy as np

from ceteris.data import DataSet, Split
from ceteris.predict.known import OwnImages

IMAGES = np.arange(5 * 4, dtype=np.uint8).reshape(5, 2, 2, 1)
IMAGES[4] = IMAGES[0]  # a test image that is a training image too
NONE = np.empty(0, np.int64)
OWN = OwnImages(
    DataSet("toy", IMAGES, np.array([0, 1, 0, 1, 0]), ("cat", "dog"), 4, 255, digest=""),
    Split(train=np.array([3, 0]), validation=np.array([1]), test=np.array([2, 4]), unused=NONE),
)


def test_the_part_the_row_and_the_class_are_said() -> None:
    pictures = IMAGES[[1, 2, 3]]
    assert OWN.find(pictures) == {
        0: "validation image 1, class dog",
        1: "test image 2, class cat",
        2: "training image 3, class dog",
    }


def test_of_several_parts_training_is_said() -> None:
    assert OWN.find(IMAGES[[4, 0]]) == dict.fromkeys((0, 1), "training image 0, class cat")


def test_one_pixel_of_one_level_is_another_picture() -> None:
    other = IMAGES[[3]].copy()
    other[0, 1, 1, 0] += 1
    assert OWN.find(other) == {}
