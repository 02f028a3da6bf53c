"""What ``[data]`` says of parts and of dropping, from the table to the recipe."""

from typing import Any

import pytest

from ceteris.errors import CeterisError
from ceteris.study import Study


def study(metric: str = "test_accuracy", factors: Any = None, **data: Any) -> Study:
    return Study(
        name="faces",
        primary_metric=metric,
        data={"name": "fer2013", **data},
        network="mlp",
        train={"steps": 5, "optimizer": "sgd"},
        factors=factors or {},
    )


def test_words_are_kept_once_and_in_one_order() -> None:
    for words in (["flat", "leaked"], ["leaked", "flat", "leaked"]):
        assert study(drop=words).arms[0].recipe.data.split.drop == ("leaked", "flat")
    assert study(drop="leaked").arms[0].recipe.data.split.drop == ("leaked",)
    assert study(drop=False).arms[0].recipe == study().arms[0].recipe


def test_dropping_can_be_varied() -> None:
    arms = study(factors={"drop": [[], ["leaked", "conflicting"]]}).arms
    assert [arm.name for arm in arms] == ["drop=none", "drop=leaked+conflicting"]


def test_a_named_validation_part_can_be_measured() -> None:
    split = study("validation_accuracy", validation_part="PublicTest").arms[0].recipe.data.split
    assert split.validation_part == "PublicTest"


@pytest.mark.parametrize(
    ("data", "what", "received", "fix"),
    [
        ({"drop": ["leek"]}, "there is no kind of images to drop", "data.drop", "'leaked'"),
        ({"drop": 3}, "'data.drop' cannot be 3", "drop = 3", 'write drop = ["leaked"]'),
        ({"test_part": "PublcTest"}, "there is no part of FER-2013", "data", "'PublicTest'"),
    ],
)
def test_a_mistake_is_said_when_the_study_is_declared(
    data: dict[str, Any], what: str, received: str, fix: str
) -> None:
    with pytest.raises(CeterisError) as caught:
        study(**data)
    assert what in caught.value.what
    assert received in caught.value.received
    assert fix in caught.value.fix
