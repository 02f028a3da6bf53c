"""Which names a study may have."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.store import (
    Home,
    check_name,
    study_folder,
)

GOOD = ["a", "digits-optimizers", "A_1.b", "x" * 100, "con-test", "console", "com", "a.con", "7"]


@pytest.mark.parametrize("name", GOOD)
def test_good_names(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path)
    assert study_folder(home, name) == tmp_path / "studies" / name


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("", "is empty"),
        ("x" * 101, "has 101 characters"),
        ("../x", "is a path"),
        ("a/b", "is a path"),
        ("a\\b", "is a path"),
        ("/etc", "is a path"),
        ("a..b", "is a path"),
        ("..", "is a path"),
        ("a\n", "holds control characters"),
        ("a\x1b[31m", "holds control characters"),
        ("a\x00", "holds control characters"),
        ("a\u202e", "holds control characters"),
        (".", "begins with a dot"),
        (".hidden", "begins with a dot"),
        ("-rf", "begins with '-', as options do"),
        ("a.", "ends with a dot or a space"),
        ("a ", "ends with a dot or a space"),
        ("a b", "holds a character that is not allowed"),
        ("ä", "holds a character that is not allowed"),
        ("a~1", "holds a character that is not allowed"),
        ("a:b", "holds a character that is not allowed"),
        ("con", "is reserved by Windows"),
        ("NUL", "is reserved by Windows"),
        ("aux.txt", "is reserved by Windows"),
        ("Com1", "is reserved by Windows"),
        ("lpt9.a.b", "is reserved by Windows"),
        (7, "is not text"),
        (None, "is not text"),
    ],
)
def test_bad_names(name: object, wrong: str) -> None:
    with pytest.raises(CeterisError) as caught:
        check_name(name)
    assert caught.value.what == f"the study's name {wrong}"
    assert caught.value.expected == "1 to 100 letters (a-z), digits, '-', '_' or '.'"
    assert caught.value.fix == "choose a name such as digits-optimizers"
    assert caught.value.received.startswith("name = ")
    assert str(caught.value).count("\n") == 3  # nothing of it moves the cursor


@given(st.text(max_size=120) | st.from_regex(r"[a-z0-9._~/\\ -]{0,12}", fullmatch=True))
def test_a_name_that_is_accepted_is_a_plain_folder_name(name: str) -> None:
    try:
        check_name(name)
    except CeterisError:
        return
    assert Path(name).parts == (name,)
    assert 1 <= len(name) <= 100
    assert name.isascii()
    assert name.isprintable()
    assert not set(name) & set(' /\\:*?"<>|~')
    assert name[0] not in ".-"
    assert name[-1] != "."
