"""Which files are pictures, and what is said of the others."""

import os
from pathlib import Path

import pytest

from ceteris.errors import CeterisError
from ceteris.predict.files import list_pictures, read_content


def test_a_folder_is_searched_to_the_bottom_in_order(tmp_path: Path) -> None:
    for name in ("b/2.PNG", "b/1.jpeg", "a.webp", "c.bmp", ".hidden.png", "b/.git/3.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "notes.txt").touch()
    found, left_out = list_pictures([tmp_path])
    names = [path.relative_to(tmp_path).as_posix() for path in found]
    assert names == ["a.webp", "b/1.jpeg", "b/2.PNG", "c.bmp"]
    assert left_out == ()


def test_a_picture_named_twice_is_one(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    found, _ = list_pictures([tmp_path / "a.png", tmp_path, tmp_path / "a.png"])
    assert found == (tmp_path / "a.png",)


def test_links_and_other_kinds_are_listed_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    (tmp_path / "b.svg").touch()
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "c.png").symlink_to(tmp_path / "a.png")
    found, left_out = list_pictures([tmp_path])
    assert found == (tmp_path / "a.png",)
    said = {Path(item.name).name: item.reason for item in left_out}
    assert "not a PNG, JPEG, WebP or BMP" in said["b.svg"]
    assert "symbolic link" in said["loop"]
    assert "symbolic link" in said["c.png"]


def test_a_link_that_is_named_is_meant(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    (path,), _ = list_pictures([tmp_path / "link.png"])
    assert read_content(path) == b"x"


def test_a_folder_without_pictures(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(CeterisError) as caught:
        list_pictures([tmp_path])
    assert "holds no pictures" in caught.value.what
    assert caught.value.fix == "check the path"


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(CeterisError, match="there is no file or folder") as caught:
        list_pictures([tmp_path / "a.png"])
    assert caught.value.received == "nothing there"


def test_a_file_that_is_not_there_is_left_out_and_the_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    found, left_out = list_pictures([tmp_path / "no.png", tmp_path / "a.png"])
    assert found == (tmp_path / "a.png",)
    assert [(Path(item.name).name, item.reason) for item in left_out] == [
        ("no.png", "there is no such file or folder")
    ]


def test_what_is_no_ordinary_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(CeterisError, match="no ordinary file"):
        read_content(tmp_path / "pipe.png")


def test_a_loop_of_links_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "b.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "a.png")
    with pytest.raises(CeterisError, match="cannot be read"):
        read_content(tmp_path / "a.png")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as stream:
        stream.truncate(600 * 2**20)  # a hole: nothing is written
    with pytest.raises(CeterisError, match="too large a file") as caught:
        read_content(tmp_path / "a.png")
    assert "629,145,600 bytes" in caught.value.received
