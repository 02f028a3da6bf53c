from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ceteris.data import DataSet, DataSource, SplitRecipe, make_split, open_data
from ceteris.data.folder import find_folder
from ceteris.data.published import Places
from ceteris.errors import CeterisError

Paint = Callable[..., Path]


def opened(root: Path, cache: Path, **options: object) -> DataSet:
    source = DataSource("folder", path=str(root), **options)  # type: ignore[arg-type]
    return open_data(source, cache=cache, data_folder=None)[0]


def test_pictures_become_rows(paint: Paint, tmp_path: Path) -> None:
    for number in range(3):
        paint(f"cat/{number}.png", 10 + number)
        root = paint(f"dog/{number}.bmp", 20 + number)
    data = opened(root, tmp_path / "cache")
    assert data.images.shape == (6, 4, 4, 1)
    assert data.classes == ("cat", "dog")
    assert data.labels.tolist() == [0, 1, 0, 1, 0, 1]
    assert data.images[:, 0, 0, 0].tolist() == [10, 20, 11, 21, 12, 22]
    assert (data.num_train, data.pixel_max) == (6, 255)


def test_train_and_test_keep_their_rows_apart(paint: Paint, tmp_path: Path) -> None:
    for name, value in {"train/a/1.png": 1, "train/b/1.png": 2, "test/b/1.png": 3}.items():
        root = paint(name, value)
    data = opened(root, tmp_path / "cache")
    assert data.num_train == 2
    assert data.images[:, 0, 0, 0].tolist() == [1, 2, 3]
    assert data.labels.tolist() == [0, 1, 1]
    assert make_split(data, SplitRecipe()).test.tolist() == [2]


def test_neighbouring_rows_hold_the_classes_in_proportion(paint: Paint, tmp_path: Path) -> None:
    for name, count in {"a": 40, "b": 10, "c": 20}.items():
        for number in range(count):
            root = paint(f"{name}/{number:02}.png", np.full((1, 1), number, np.uint8))
    data = opened(root, tmp_path / "cache")
    for start in range(0, 70, 7):
        assert np.bincount(data.labels[start : start + 7]).tolist() == [4, 1, 2]
    for label, count in enumerate((40, 10, 20)):  # within a class by name
        assert data.images[data.labels == label, 0, 0, 0].tolist() == list(range(count))


class TestColour:
    grey = np.full((2, 2), 7, np.uint8)
    colour = np.full((2, 2, 3), (200, 0, 0), np.uint8)

    def test_all_grey_is_grey(self, paint: Paint, tmp_path: Path) -> None:
        paint("a/1.png", self.grey)
        assert opened(paint("b/1.png", self.grey), tmp_path / "cache").shape == (2, 2, 1)

    def test_one_in_colour_makes_all_rgb(self, paint: Paint, tmp_path: Path) -> None:
        paint("a/1.png", self.grey)
        data = opened(paint("b/1.png", self.colour), tmp_path / "cache")
        assert data.shape == (2, 2, 3)
        assert data.images[0].tolist() == [[[7, 7, 7]] * 2] * 2

    def test_it_can_be_said(self, paint: Paint, tmp_path: Path) -> None:
        paint("a/1.png", self.grey)
        root = paint("b/1.png", self.colour)
        assert opened(root, tmp_path / "cache", colour="grey").shape == (2, 2, 1)
        assert opened(root, tmp_path / "cache", colour="rgb").shape == (2, 2, 3)


class TestSize:
    def test_different_sizes_need_one(
        self, paint: Paint, tmp_path: Path, four_parts: Callable[..., None]
    ) -> None:
        paint("a/1.png", np.zeros((2, 3), np.uint8))
        root = paint("b/1.png", np.zeros((3, 2), np.uint8))
        with pytest.raises(CeterisError) as caught:
            opened(root, tmp_path / "cache")
        four_parts(
            caught.value,
            what="different sizes, and no size",
            received="'a/1.png' is 2 x 3, 'b/1.png' is 3 x 2",
            expected="one size",
            fix="size = [2, 3]",
        )
        assert not (tmp_path / "cache").exists()

    def test_with_a_size_they_are_resized(self, paint: Paint, tmp_path: Path) -> None:
        paint("a/1.png", np.full((2, 3), 9, np.uint8))
        root = paint("b/1.png", np.full((30, 20), 9, np.uint8))
        data = opened(root, tmp_path / "cache", size=(5, 4))
        assert data.shape == (5, 4, 1)
        assert set(data.images.ravel()) == {9}


@pytest.mark.parametrize("options", [{}, {"colour": "grey"}, {"size": (2, 2), "colour": "rgb"}])
@pytest.mark.parametrize("name", ["a/0.png", "b/9.png"])
def test_a_broken_picture_is_named_and_nothing_is_left(
    paint: Paint,
    tmp_path: Path,
    four_parts: Callable[..., None],
    snapshot: Callable[[Path], dict[str, bytes]],
    name: str,
    options: dict[str, object],
) -> None:
    for number in range(3):
        paint(f"a/{number + 1}.png")
        root = paint(f"b/{number + 1}.png")
    (root / name).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    before = snapshot(tmp_path)
    with pytest.raises(CeterisError) as caught:
        opened(root, tmp_path / "cache", **options)
    four_parts(caught.value, what=f"picture '{name}' cannot be read", fix="take it out")
    assert snapshot(tmp_path) == before


def test_a_picture_that_changes_meanwhile_is_seen(
    paint: Paint, tmp_path: Path, four_parts: Callable[..., None]
) -> None:
    paint("a/1.png", 1)
    root = paint("b/1.png", 2)
    found = find_folder(DataSource("folder", path=str(root)), Places(None, tmp_path))
    paint("b/1.png", 3)
    with pytest.raises(CeterisError) as caught:
        list(found.read().blocks())
    four_parts(caught.value, what="'b/1.png' changed while", fix="run the same command again")
    (root / "b/1.png").unlink()
    with pytest.raises(CeterisError, match="changed while the folder was read"):
        found.read()


def test_the_key_is_of_pictures_and_what_is_asked_of_them(paint: Paint, tmp_path: Path) -> None:
    paint("a/1.png", 1)
    root = paint("b/1.png", 2)

    def key(**options: object) -> str:
        source = DataSource("folder", path=str(root), **options)  # type: ignore[arg-type]
        return find_folder(source, Places(None, tmp_path)).key

    keys = [key(), key(size=(4, 4)), key(size=(4, 5)), key(colour="grey"), key(colour="rgb")]
    assert len(set(keys)) == 5
    assert key() == keys[0]
    paint("b/2.png", 2)
    assert key() not in keys


def test_the_same_pictures_elsewhere_are_the_same_set(paint: Paint, tmp_path: Path) -> None:
    paint("a/1.png", 1)
    root = paint("b/1.png", 2)
    first = opened(root, tmp_path / "cache")
    root.rename(tmp_path / "moved")
    assert opened(tmp_path / "moved", tmp_path / "cache").digest == first.digest


def test_a_changed_picture_is_another_set(paint: Paint, tmp_path: Path) -> None:
    paint("a/1.png", 1)
    root = paint("b/1.png", 2)
    first = opened(root, tmp_path / "cache")
    paint("b/1.png", 3)
    second = opened(root, tmp_path / "cache")
    assert second.digest != first.digest
    assert second.images.max() == 3


def test_a_fifth_is_the_test_part_by_default(paint: Paint, tmp_path: Path) -> None:
    for number in range(10):
        paint(f"a/{number}.png", number)
        root = paint(f"b/{number}.png", number)
    data = opened(root, tmp_path / "cache")
    assert np.bincount(data.labels[make_split(data, SplitRecipe()).test]).tolist() == [2, 2]
