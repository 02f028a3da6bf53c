import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ceteris.data.layout import read_layout
from ceteris.errors import CeterisError


def put(root: Path, *names: str) -> Path:
    """Files whose content is their name; a name that ends in / is an empty folder."""
    for name in names:
        path = root / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())
    return root


def refused(root: Path) -> CeterisError:
    with pytest.raises(CeterisError) as caught:
        read_layout(root)
    return caught.value


def test_one_folder_for_each_class(tmp_path: Path) -> None:
    layout = read_layout(put(tmp_path, "dog/b.JPG", "cat/2.png", "cat/10.jpeg", "dog/a.webp"))
    assert layout.classes == ("cat", "dog")
    assert [(picture.name, picture.label) for picture in layout.train] == [
        ("cat/10.jpeg", 0),
        ("cat/2.png", 0),
        ("dog/a.webp", 1),
        ("dog/b.JPG", 1),
    ]
    assert layout.test == ()
    assert layout.train[1].digest == hashlib.sha256(b"cat/2.png").hexdigest()


def test_train_and_test(tmp_path: Path) -> None:
    put(tmp_path, "train/cat/a.png", "train/dog/a.png", "test/dog/b.bmp", "README.txt")
    layout = read_layout(tmp_path)
    assert layout.classes == ("cat", "dog")
    assert [picture.name for picture in layout.train] == ["train/cat/a.png", "train/dog/a.png"]
    assert [(picture.name, picture.label) for picture in layout.test] == [("test/dog/b.bmp", 1)]


def test_train_without_test(tmp_path: Path) -> None:
    layout = read_layout(put(tmp_path, "train/cat/a.png", "train/dog/a.png"))
    assert layout.classes == ("cat", "dog")
    assert layout.test == ()


def test_train_and_test_may_be_classes(tmp_path: Path) -> None:
    layout = read_layout(put(tmp_path, "train/engine.png", "test/exam.png", "bus/a.png"))
    assert layout.classes == ("bus", "test", "train")


def test_hidden_files_and_what_systems_leave_are_ignored(tmp_path: Path) -> None:
    put(tmp_path, "cat/a.png", "dog/a.png")
    digest = read_layout(tmp_path).digest()
    put(tmp_path, ".DS_Store", ".git/x.png", "cat/.a.png", "cat/._a.png", "dog/Thumbs.db")
    put(tmp_path, "__MACOSX/cat/a.png", "dog/desktop.ini", "notes.txt", "dog/.thumbs/a.png")
    layout = read_layout(tmp_path)
    assert [picture.name for picture in layout.train] == ["cat/a.png", "dog/a.png"]
    assert layout.digest() == digest


class TestDigest:
    def test_it_is_of_paths_and_contents(self, tmp_path: Path) -> None:
        first = put(tmp_path / "first", "dog/a.png", "cat/a.png", "cat/b.png")
        second = put(tmp_path / "second", "cat/b.png", "cat/a.png", "dog/a.png")
        assert read_layout(first).digest() == read_layout(second).digest()

    @pytest.mark.parametrize(
        "change",
        [
            lambda root: (root / "cat/a.png").write_bytes(b"other"),
            lambda root: (root / "cat/a.png").rename(root / "cat/c.png"),
            lambda root: (root / "cat/a.png").rename(root / "dog/b.png"),
            lambda root: (root / "cat/b.png").unlink(),
            lambda root: (root / "cat").rename(root / "cow"),
        ],
        ids=["content", "name", "class", "fewer", "class name"],
    )
    def test_every_change_changes_it(
        self, tmp_path: Path, change: Callable[[Path], object]
    ) -> None:
        put(tmp_path, "cat/a.png", "cat/b.png", "dog/a.png")
        before = read_layout(tmp_path).digest()
        change(tmp_path)
        assert read_layout(tmp_path).digest() != before

    def test_two_files_that_swap_contents_change_it(self, tmp_path: Path) -> None:
        put(tmp_path, "cat/a.png", "dog/a.png")
        before = read_layout(tmp_path).digest()
        (tmp_path / "cat/a.png").write_bytes(b"dog/a.png")
        (tmp_path / "dog/a.png").write_bytes(b"cat/a.png")
        assert read_layout(tmp_path).digest() != before


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], {"what": "has 0 class folders", "received": "no folders", "fix": "of its own"}),
        (["b.png"], {"what": "has no class folders", "received": "'b.png' directly in it"}),
        (
            ["c.bmp", "b.png", "a.txt"],
            {"received": "'b.png' and 1 more directly in it", "fix": "into a folder of its own"},
        ),
        (["cat/a.png"], {"what": "has 1 class folder", "received": "'cat'"}),
        (["train/cat/a.png"], {"what": "has 1 class folder", "received": "'cat'"}),
        (["cat/a.png", "dog/"], {"what": "class 'dog' has no pictures", "fix": "take the folder"}),
        (
            ["train/cat/a.png", "train/dog/", "test/dog/a.png"],
            {"what": "class 'dog' has no pictures"},
        ),
        (
            ["cat/a.png", "dog/a.png", "b.jpg"],
            {"what": "picture 'b.jpg' is in no class folder", "fix": "move it into the folder"},
        ),
        (
            ["train/cat/a.png", "train/dog/a.png", "test/b.gif"],
            {"what": "test' has no class folders", "received": "'b.gif' directly in it"},
        ),
        (
            ["train/cat/a.png", "train/dog/a.png", "b.png"],
            {"what": "picture 'b.png' is in no class folder"},
        ),
        (
            ["cat/a.png", "cat/b.gif", "dog/a.png"],
            {"what": "'cat/b.gif' is among the pictures", "received": "a .gif file"},
        ),
        (
            ["cat/a.png", "cat/labels", "dog/a.png"],
            {"what": "'cat/labels' is among the pictures", "received": "a file without a suffix"},
        ),
        (
            ["training/cat/a.png", "testing/cat/a.png"],
            {"what": "'testing/cat' is among the pictures of its class", "received": "a folder"},
        ),
        (
            ["train/cat/a.png", "train/dog/a.png", "test/", "valid/cat/a.png"],
            {"what": "beside train/ there is a folder 'valid'", "fix": "move its pictures"},
        ),
        (
            ["train/cat/a.png", "train/dog/a.png", "test/cow/a.png"],
            {"what": "class 'cow' is in test/ only", "expected": "'cat', 'dog'"},
        ),
    ],
)
def test_what_does_not_fit_is_named(
    tmp_path: Path,
    four_parts: Callable[..., None],
    snapshot: Callable[[Path], dict[str, bytes]],
    names: list[str],
    said: dict[str, str],
) -> None:
    root = put(tmp_path / "root", "x/")
    (root / "x").rmdir()
    put(root, *names)
    before = snapshot(root)
    four_parts(refused(root), **said)
    assert snapshot(root) == before


def test_no_folder(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    four_parts(
        refused(tmp_path / "away"), what="there is no folder", received="nothing there", fix="path"
    )
    (tmp_path / "file").touch()
    four_parts(refused(tmp_path / "file"), received="a file")


@pytest.mark.parametrize("place", ["link", "cat/link.png", "dog/link"])
def test_links_are_not_followed(
    tmp_path: Path, four_parts: Callable[..., None], place: str
) -> None:
    root = put(tmp_path / "root", "cat/a.png", "dog/a.png")
    outside = put(tmp_path / "outside", "secret.png")
    (root / place).symlink_to(outside / "secret.png" if place.endswith(".png") else outside)
    four_parts(refused(root), what="is a symbolic link, and links are not followed", fix="copy")


def test_a_pipe_is_not_waited_for(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    put(tmp_path, "cat/a.png", "dog/a.png")
    os.mkfifo(tmp_path / "cat/b.png")
    four_parts(refused(tmp_path), what="'cat/b.png' is among", received="no ordinary file")


def test_a_class_name_that_cannot_be_printed(
    tmp_path: Path, four_parts: Callable[..., None]
) -> None:
    put(tmp_path, "cat/a.png", "d\x1b[31mog/a.png")
    error = refused(tmp_path)
    four_parts(error, what="has a name that cannot be printed", fix="rename")
    assert "\x1b" not in str(error)


def test_a_file_of_absurd_size_is_not_read(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    put(tmp_path, "cat/a.png", "dog/a.png")
    with (tmp_path / "cat/a.png").open("wb") as stream:
        stream.truncate(512 * 2**20 + 1)  # takes no room: the file is one hole
    four_parts(
        refused(tmp_path), what="'cat/a.png' is too large a file", received="536,870,913 bytes"
    )
