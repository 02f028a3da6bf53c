"""What is the same for all files of one's own: names, numbers, pixels, and that nothing changes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ceteris.data import DataSet, DataSource, open_data
from ceteris.data.own import image_shape
from ceteris.errors import CeterisError

IMAGES = np.random.default_rng(0).integers(0, 256, (6, 3, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 0, 1, 2])
Open = Callable[..., DataSet]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Saves arrays as one .npz file and opens it."""

    def make(arrays: dict[str, Any] | None = None, **said: Any) -> DataSet:
        np.savez(tmp_path / "a.npz", **{"images": IMAGES, "labels": LABELS, **(arrays or {})})
        source = DataSource("npz", path=str(tmp_path / "a.npz"), **said)
        return open_data(source, cache=tmp_path / "cache", data_folder=None)[0]

    return make


class TestLabels:
    def test_numbers_name_themselves(self, opened: Open) -> None:
        data = opened()
        assert (data.classes, data.labels.tolist()) == (("0", "1", "2"), LABELS.tolist())

    def test_they_may_be_named(self, opened: Open) -> None:
        assert opened(classes=("cat", "dog", "owl", "emu")).classes == ("cat", "dog", "owl", "emu")

    def test_texts_are_numbered_by_name(self, opened: Open) -> None:
        data = opened({"labels": np.array(["cat", "dog", "ape"] * 2)})
        assert (data.classes, data.labels.tolist()) == (("ape", "cat", "dog"), [1, 2, 0, 1, 2, 0])

    def test_texts_are_numbered_as_named(self, opened: Open) -> None:
        texts = np.array(["cat", "dog", "ape"] * 2)
        data = opened({"labels": texts}, classes=("dog", "cat", "ape"))
        assert data.labels.tolist() == [1, 0, 2, 1, 0, 2]

    @pytest.mark.parametrize(
        ("labels", "said", "received", "expected"),
        [
            ([0, 1, 7, 0, 1, 2], {"classes": tuple("abcdefg")}, "label 7 of image 3", "0 to 6"),
            ([0, 1, -1, 0, 1, 2], {}, "label -1 of image 3", "0 to 2"),
            (list("abcabd"), {"classes": tuple("abc")}, "label 'd' of image 6", "a, b, c"),
            ([1, 2, 3, 1, 2, 3], {}, "labels from 1 to 3, 3 of them different", "0 to 3"),
            ([0, 2, 2, 0, 2, 2], {}, "labels from 0 to 2, 2 of them", "0 to 2"),
            ([0, 10**15, 0, 0, 0, 0], {}, "label 1000000000000000 of image 2", "0 to 100000000"),
            ([0] * 6, {}, "the label '0' alone", "two or more"),
            (["a"] * 6, {}, "the label 'a' alone", "two or more"),
        ],
    )  # fmt: skip
    def test_wrong_ones(
        self,
        opened: Open,
        four_parts: Callable[..., None],
        labels: list[Any],
        said: dict[str, Any],
        received: str,
        expected: str,
    ) -> None:
        with pytest.raises(CeterisError) as caught:
            opened({"labels": np.array(labels)}, **said)
        four_parts(caught.value, received=received, expected=expected)


class TestPixels:
    @pytest.mark.parametrize("kind", [np.uint8, np.int64, ">u2", np.float32, np.float64])
    def test_any_kind_of_number_that_is_a_whole_one(self, opened: Open, kind: Any) -> None:
        data = opened({"images": IMAGES.astype(kind)})
        assert (data.images == IMAGES[..., None]).all()
        assert data.pixel_max == 255

    def test_the_largest_may_be_said(self, opened: Open) -> None:
        assert opened({"images": IMAGES % 17}, pixel_max=16).pixel_max == 16

    @pytest.mark.parametrize(
        ("value", "said", "fix"),
        [
            (256.0, {}, "scale the pixels"),
            (-1.0, {}, "scale the pixels"),
            (0.25, {}, "(255 * images).round()"),
            (np.nan, {}, "scale the pixels"),
            (np.inf, {}, "scale the pixels"),
            (17.0, {"pixel_max": 16}, "write pixel_max"),
        ],
    )
    def test_any_other_is_refused_with_its_image(
        self,
        opened: Open,
        four_parts: Callable[..., None],
        tmp_path: Path,
        value: float,
        said: dict[str, Any],
        fix: str,
    ) -> None:
        images = (IMAGES % 17).astype(np.float64)
        images[4, 2, 1] = value
        with pytest.raises(CeterisError) as caught:
            opened({"images": images}, **said)
        four_parts(caught.value, what="no pixel", received=f"{value} in image 5", fix=fix)
        assert not list((tmp_path / "cache" / "parsed").glob("*"))


class TestParts:
    def test_a_test_part_comes_last(self, opened: Open) -> None:
        data = opened({"test_images": IMAGES[:2] // 2, "test_labels": LABELS[:2]})
        assert (data.num_train, len(data.images)) == (6, 8)
        assert (data.images[6:, ..., 0] == IMAGES[:2] // 2).all()

    def test_its_images_must_have_the_same_shape(
        self, opened: Open, four_parts: Callable[..., None]
    ) -> None:
        with pytest.raises(CeterisError) as caught:
            opened({"test_images": IMAGES[:2, :2], "test_labels": LABELS[:2]})
        four_parts(caught.value, what="different shapes", received="2 x 4 x 1 in test_images in")

    def test_its_labels_must_be_those_of_training(self, opened: Open) -> None:
        with pytest.raises(CeterisError, match="a label that is none"):
            opened({"test_images": IMAGES[:1], "test_labels": np.array([3])})

    def test_a_label_beyond_the_classes_names_where_it_is(
        self, opened: Open, four_parts: Callable[..., None]
    ) -> None:
        with pytest.raises(CeterisError) as caught:
            opened(classes=("a", "b"))
        row = int(np.argmax(LABELS > 1)) + 1
        four_parts(
            caught.value,
            what="holds a label that is none of the classes",
            received=f"label 2 of image {row}",
            expected="labels from 0 to 1, for 2 classes",
        )
        assert caught.value.what.startswith("labels in ")


def test_what_is_said_of_a_file_is_part_of_what_is_kept(opened: Open) -> None:
    first, second = opened(), opened(classes=("a", "b", "c"))
    assert first.digest != second.digest
    assert opened().digest == first.digest


def test_a_file_that_changes_while_it_is_read(
    tmp_path: Path, four_parts: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
    from ceteris.data import own_arrays

    read = own_arrays.array_part

    def touch(*arguments: Any) -> Any:
        os.utime(tmp_path / "a.npz", ns=(1, 1))
        return read(*arguments)

    monkeypatch.setattr(own_arrays, "array_part", touch)
    with pytest.raises(CeterisError) as caught:
        open_data(DataSource("npz", path=str(tmp_path / "a.npz")), cache=tmp_path, data_folder=None)
    four_parts(caught.value, what="changed while it was read", fix="again")


@pytest.mark.parametrize("name", ["there is none", "a folder", "a pipe"])
def test_a_path_that_is_no_file(tmp_path: Path, four_parts: Callable[..., None], name: str) -> None:
    path = tmp_path / "x.npz"
    if name == "a folder":
        path.mkdir()
    if name == "a pipe":
        os.mkfifo(path)
    with pytest.raises(CeterisError) as caught:
        open_data(DataSource("npz", path=str(path)), cache=tmp_path / "cache", data_folder=None)
    four_parts(caught.value, what="x.npz", fix="[data]")
    assert not (tmp_path / "cache").exists()


class TestShapesOfRows:
    def test_they_are_square_unless_a_size_is_said(self) -> None:
        assert image_shape(9, DataSource("csv"), "x") == (3, 3, 1)
        assert image_shape(27, DataSource("csv", colour="rgb"), "x") == (3, 3, 3)
        assert image_shape(6, DataSource("csv", size=(2, 3)), "x") == (2, 3, 1)

    @pytest.mark.parametrize(
        ("count", "said"), [(8, {}), (0, {}), (9, {"size": (2, 4)}), (9, {"colour": "rgb"})]
    )
    def test_another_number_is_refused(
        self, four_parts: Callable[..., None], count: int, said: dict[str, Any]
    ) -> None:
        with pytest.raises(CeterisError) as caught:
            image_shape(count, DataSource("csv", **said), "x.csv")
        four_parts(caught.value, what="x.csv", received=f"{count} numbers", fix="size = [")
