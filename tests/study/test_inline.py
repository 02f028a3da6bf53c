"""Options on one line, and every way to write them wrongly."""

from pathlib import Path

import pytest

from ceteris.errors import CeterisError
from ceteris.study.inline import read_augment, read_views

STUDY = """
name = "moves"
data = {{ name = "digits" }}
network = {{ name = "mlp" }}
train = {{ steps = 5, optimizer = "sgd" }}
{rest}
"""


def test_values_are_read_as_in_toml_and_a_bare_word_is_true() -> None:
    table, where = read_augment(" rotation = 10, flip ,fill=zero,shift=0.5,crop=4")
    assert table.identity() == {
        "rotation": 10,
        "shift": 0.5,
        "flip": True,
        "crop": 4,
        "fill": "zero",
    }
    assert where == ""
    assert read_views("flip=true").identity() == {"flip": True}
    assert read_views("shift_pixels=2").count == 5


@pytest.mark.parametrize("text", ["", ",", "rotation=", "=10", "flip,flip", "flip,"])
def test_a_line_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CeterisError, match="--augment takes options and their values"):
        read_augment(text)


def test_other_keys_and_values_are_refused() -> None:
    for text in ("rotaton=10", "rot=10"):
        with pytest.raises(CeterisError, match="did you mean 'rotation'") as error:
            read_augment(text)
        assert error.value.what == f"there is no option '{text[:-3]}' of augment"
        assert "--augment" in error.value.received
    with pytest.raises(CeterisError, match="no option 'flips' of views") as error:
        read_views("flips=true")
    assert error.value.fix == "did you mean 'flip'?"
    with pytest.raises(CeterisError, match=r"expected: 180.0 or less"):
        read_augment("rotation=200")
    with pytest.raises(CeterisError, match="no option 'rotation' of views"):
        read_views("rotation=10")
    with pytest.raises(CeterisError, match="0 or more"):
        read_views("shift_pixels=-1")


def test_nothing_switched_on_is_refused() -> None:
    with pytest.raises(CeterisError, match="no image would be changed"):
        read_augment("flip=false,rotation=0")


def test_a_study_gives_what_it_trains_with(tmp_path: Path) -> None:
    path = tmp_path / "moves.toml"
    path.write_text(STUDY.format(rest="[factors]\naugment = [false, { flip = true }]"))
    table, where = read_augment(str(path))
    assert table.identity() == {"flip": True}
    assert where == "moves"
    path.write_text(STUDY.format(rest="[factors]\n'train.augment.rotation' = [0, 5, 9]"))
    table, where = read_augment(str(path))
    assert table.rotation == 5
    assert where == "moves, arm train.augment.rotation=5"


def test_a_study_without_augmentation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "moves.toml"
    path.write_text(STUDY.format(rest=""))
    with pytest.raises(CeterisError, match="trains on images as they are"):
        read_augment(str(path))
    with pytest.raises(CeterisError, match="cannot be read"):
        read_augment("nowhere.toml")
