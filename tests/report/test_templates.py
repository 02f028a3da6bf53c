"""Starter studies resolve as they are written."""

import tomllib

import pytest

from ceteris.report import images_study, starter_study
from ceteris.study import Study


def test_the_starter_resolves() -> None:
    text = starter_study(name="mine", file="mine.toml")
    study = Study(**tomllib.loads(text))
    assert [arm.name for arm in study.arms] == ["learning_rate=0.01", "learning_rate=0.001"]
    assert max(len(line) for line in text.splitlines()) <= 100


@pytest.mark.parametrize("has_test", [False, True])
@pytest.mark.parametrize("path", ["pets", 'a "quoted" \\ folder', "사진"])
def test_a_study_of_images_resolves(path: str, has_test: bool) -> None:
    text = images_study(
        name="pets", file="pets.toml", path=path, size=(20, 30), colour="rgb",
        batch_size=16, has_test=has_test,
    )  # fmt: skip
    table = tomllib.loads(text)
    assert table["data"]["path"] == path
    assert ("test" in table["data"]) is not has_test
    assert "drop" not in table["data"]
    commented = text.replace('# drop = ["leaked"', 'drop = ["leaked"')
    assert tomllib.loads(commented)["data"]["drop"] == ["leaked", "conflicting"]
    assert max(map(len, text.splitlines())) <= 100
    assert Study(**table).arms[0].recipe.data.source.size == (20, 30)
