from collections.abc import Callable

import numpy as np
import pytest

from ceteris.data import DataSet, SplitRecipe, count_dropped, drop_words, make_split
from ceteris.errors import CeterisError


@pytest.fixture
def small() -> DataSet:
    """Rows 0 to 7 may be trained on, 8 and 9 are the test part."""
    values = [1, 2, 3, 3, 4, 4, 5, 2, 1, 9]
    labels = [0, 0, 0, 0, 0, 1, 0, 0, 1, 0]
    images = np.array(values, np.uint8).repeat(2).reshape(10, 1, 2, 1)
    images[:, 0, 1] += 100  # none is flat
    images[6] = 5
    return DataSet("made-up", images, np.array(labels), ("a", "b"), 8, 255, "")


@pytest.mark.parametrize(
    ("drop", "left"),
    [
        (("leaked",), [1, 2, 3, 4, 5, 6, 7]),
        (("conflicting",), [0, 1, 2, 3, 6, 7]),
        (("duplicates",), [0, 1, 2, 4, 5, 6]),
        (("flat",), [0, 1, 2, 3, 4, 5, 7]),
        (("leaked", "conflicting", "duplicates", "flat"), [1, 2]),
    ],
)
def test_each_word_leaves_out_what_it_says(
    small: DataSet, drop: tuple[str, ...], left: list[int]
) -> None:
    split = make_split(small, SplitRecipe(drop=drop))
    assert split.train.tolist() == left
    assert split.test.tolist() == [8, 9]


def test_a_conflict_with_a_test_label_is_none(small: DataSet) -> None:
    assert 0 in make_split(small, SplitRecipe(drop=("conflicting",))).train  # as row 8, labelled 1


def test_leaked_is_also_what_validation_holds(small: DataSet) -> None:
    recipe = SplitRecipe(validation=1, validation_by="last", drop=("leaked",))
    split = make_split(small, recipe)
    assert split.validation.tolist() == [7]
    assert split.train.tolist() == [2, 3, 4, 5, 6]
    assert split.unused.tolist() == [0, 1]


def test_images_are_counted_once_and_by_each_word(small: DataSet) -> None:
    labels = small.labels.copy()
    labels[7] = 1
    data = DataSet("made-up", small.images, labels, ("a", "b"), 8, 255, "")
    found = count_dropped(data, SplitRecipe(drop=("conflicting", "flat")))
    assert (found.by_word, found.images, found.of) == ({"conflicting": 4, "flat": 1}, 5, 8)
    assert count_dropped(data, SplitRecipe()).images == 0


def test_dropping_everything_is_refused(make_data: Callable[..., DataSet]) -> None:
    data = make_data(np.array([0, 1, 0]), num_train=2, name="black")
    with pytest.raises(CeterisError) as caught:
        make_split(data, SplitRecipe(drop=("leaked",)))
    assert caught.value.what == "every training image of black would be dropped"
    assert caught.value.received == "drop = ['leaked'], 2 training images: 2 leaked"


def test_a_misspelt_word_suggests_the_right_one() -> None:
    with pytest.raises(CeterisError, match="there is no kind of images to drop 'leekd'") as caught:
        drop_words(["leekd"], where="a.toml, data.drop")
    assert caught.value.fix == "did you mean 'leaked'?"
    assert "a.toml" in caught.value.received
