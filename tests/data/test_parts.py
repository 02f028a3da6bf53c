import numpy as np
import pytest

from ceteris.data import DATA_SETS, DataSet, SplitRecipe, check_parts, make_split
from ceteris.errors import CeterisError

FER = DATA_SETS["fer2013"]


@pytest.fixture(scope="module")
def faces() -> DataSet:
    """As many rows as FER-2013 has, of one pixel each."""
    number = sum(count for _, count in FER.parts)
    images = (np.arange(number) % 251).astype(np.uint8).reshape(number, 1, 1, 1)
    return DataSet("fer2013", images, np.arange(number) % 7, FER.classes, 28_709, 255, "")


@pytest.mark.parametrize(
    ("recipe", "validation", "test"),
    [
        (SplitRecipe(), (0, 0), (32_298, 35_887)),
        (SplitRecipe(test_part="PublicTest"), (0, 0), (28_709, 32_298)),
        (SplitRecipe(validation_part="PublicTest"), (28_709, 32_298), (32_298, 35_887)),
        (
            SplitRecipe(test_part="PublicTest", validation_part="PrivateTest"),
            (32_298, 35_887),
            (28_709, 32_298),
        ),
    ],
)
def test_parts_are_chosen_by_name(
    faces: DataSet, recipe: SplitRecipe, validation: tuple[int, int], test: tuple[int, int]
) -> None:
    split = make_split(faces, recipe)
    assert np.array_equal(split.train, np.arange(28_709))
    assert np.array_equal(split.validation, np.arange(*validation))
    assert np.array_equal(split.test, np.arange(*test))
    assert recipe.has_validation == (validation != (0, 0))
    together = np.concatenate([split.train, split.validation, split.test, split.unused])
    assert np.array_equal(np.sort(together), np.arange(len(faces.images)))


@pytest.mark.parametrize(
    ("name", "asked", "what", "fix"),
    [
        ("fer2013", {"test_part": "publictest"}, "there is no part of FER-2013", "'PublicTest'"),
        ("fer2013", {"validation_part": "PublicTst"}, "there is no part", "'PublicTest'"),
        ("fer2013", {"test_part": "Training"}, "is the part that is trained on", "another part"),
        ("digits", {"test_part": "test"}, "'digits' has no published parts", "test = 0.2"),
        ("folder", {"validation_part": "x"}, "'folder' has no published", "validation = 0.2"),
        (
            "fer2013",
            {"validation_part": "PublicTest", "validation": 0.1},
            "the validation part is said twice",
            "take one of them out",
        ),
        (
            "fer2013",
            {"validation_part": "PrivateTest"},
            "'PrivateTest' cannot be the validation part and the test part",
            "choose another of PublicTest, PrivateTest",
        ),
        (
            "mnist",
            {"validation_part": "test"},
            "cannot be the validation part and the test part",
            "validation = 0.1",
        ),
    ],
)
def test_an_impossible_part_is_refused(
    name: str, asked: dict[str, str], what: str, fix: str
) -> None:
    with pytest.raises(CeterisError) as caught:
        check_parts(
            DATA_SETS[name], **{"test_part": None, "validation_part": None, **asked}, where="a.toml"
        )
    assert what in caught.value.what
    assert fix in caught.value.fix
    assert "a.toml" in caught.value.received
