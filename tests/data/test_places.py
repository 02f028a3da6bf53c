"""Where an image of a set is."""

import numpy as np

from ceteris.data import DataSet
from ceteris.data.places import Place, bounds, place_of


def made(num_train: int, name: str = "made-up") -> DataSet:
    images = np.zeros((5, 1, 1, 1), np.uint8)
    return DataSet(name, images, np.zeros(5, np.int64), ("a",), num_train, 255, "")


def test_a_row_is_named_by_its_part_and_in_the_whole_set() -> None:
    assert [str(place_of(made(3), row)) for row in (0, 2, 3, 4)] == [
        "train[0] (row 0)",
        "train[2] (row 2)",
        "test[0] (row 3)",
        "test[1] (row 4)",
    ]


def test_a_set_without_parts_has_rows() -> None:
    assert str(place_of(made(5), 4)) == "row 4"
    assert bounds(made(5)) == (("all images", 0, 5),)


def test_a_file_is_its_name_and_never_a_control_character() -> None:
    files = ("a/1.png", "a/2.png", "a/3.png", "b/\x1b[31m.png", "b/5 é.png")
    assert [str(place_of(made(3), row, files)) for row in (0, 3, 4)] == [
        "a/1.png",
        r"'b/\x1b[31m.png'",
        "b/5 é.png",
    ]
    assert place_of(made(3), 4, files) == Place("test", 1, 4, "b/5 é.png")
