"""A first look at a folder of pictures."""

from pathlib import Path

import pytest
from PIL import Image

from ceteris.data import look_at_folder
from ceteris.errors import CeterisError


def _folder(root: Path, mode: str, parts: tuple[str, ...] = ("",)) -> Path:
    for part in parts:
        for name in ("a", "b"):
            (root / part / name).mkdir(parents=True)
            for i in range(3):
                Image.new(mode, (20, 10)).save(root / part / name / f"{i}.png")
    return root


def test_what_a_folder_holds(tmp_path: Path) -> None:
    found = look_at_folder(_folder(tmp_path / "x", "RGB"))
    assert (found.classes, found.num_train, found.num_test) == (("a", "b"), 6, 0)
    assert (found.size, found.colour) == ((10, 20), "rgb")


def test_grey_and_a_test_part(tmp_path: Path) -> None:
    found = look_at_folder(_folder(tmp_path / "x", "L", ("train", "test")))
    assert (found.num_train, found.num_test, found.colour) == (6, 6, "grey")


def test_equal_files_are_counted(tmp_path: Path) -> None:
    root = _folder(tmp_path / "x", "L", ("train", "test"))
    for number, picture in enumerate(sorted(root.rglob("*.png"))):
        picture.write_bytes(picture.read_bytes() + bytes([number]))  # all different, all readable
    assert (look_at_folder(root).num_leaked, look_at_folder(root).num_conflicting) == (0, 0)
    same = (root / "train/a/0.png").read_bytes()
    for name in ("train/b/1.png", "test/a/2.png", "test/b/0.png"):
        (root / name).write_bytes(same)
    found = look_at_folder(root)
    assert (found.num_leaked, found.num_conflicting) == (2, 2)


def test_a_first_picture_that_is_none(tmp_path: Path) -> None:
    root = _folder(tmp_path / "x", "L")
    for picture in root.rglob("*.png"):
        picture.write_bytes(b"no picture")
    with pytest.raises(CeterisError, match=r"\.png"):
        look_at_folder(root)
