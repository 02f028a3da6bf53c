"""Arrays of one's own: .npz, .npy and IDX, packed or not, whole or not."""

import bz2
import contextlib
import gzip
import io
import lzma
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ceteris.data import DataSet, DataSource, open_data
from ceteris.errors import CeterisError

IMAGES = np.random.default_rng(1).integers(0, 256, (5, 3, 4), dtype=np.uint8)
LABELS = np.array([0, 1, 0, 1, 0])


def load(tmp_path: Path, **said: Any) -> DataSet:
    source = DataSource(**{key: _place(tmp_path, key, value) for key, value in said.items()})
    return open_data(source, cache=tmp_path / "cache", data_folder=None)[0]


def _place(tmp_path: Path, key: str, value: Any) -> Any:
    paths = ("path", "labels", "test_path", "test_labels")
    return str(tmp_path / value) if key in paths else value


def both(**arrays: Any) -> dict[str, Any]:
    return {"images": IMAGES, "labels": LABELS, **arrays}


def npy(array: Any) -> bytes:
    box = io.BytesIO()
    np.save(box, array)
    return box.getvalue()


def idx(array: Any) -> bytes:
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return head + array.astype(np.uint8).tobytes()


class TestNpz:
    @pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
    @pytest.mark.parametrize(
        "names",
        [
            ("images", "labels", "test_images", "test_labels"),
            ("x_train", "y_train", "x_test", "y_test"),
            ("train_images", "train_labels", "test_images", "test_labels"),
        ],
    )
    @pytest.mark.parametrize("has_test", [True, False])
    def test_it_is_read(
        self, tmp_path: Path, save: Callable[..., None], names: tuple[str, ...], has_test: bool
    ) -> None:
        arrays = (IMAGES[:3], LABELS[:3], IMAGES[3:], LABELS[3:])
        count = 4 if has_test else 2
        save(tmp_path / "a.npz", **dict(zip(names[:count], arrays[:count], strict=True)))
        data = load(tmp_path, name="npz", path="a.npz")
        kept = IMAGES if has_test else IMAGES[:3]
        assert (data.images == kept[..., None]).all()
        assert data.num_train == 3

    @pytest.mark.parametrize("shape", [(5, 3, 4), (5, 3, 4, 1), (5, 2, 2, 3)])
    def test_shapes_of_images(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        images = np.arange(60, dtype=np.uint8).reshape(shape)
        np.savez(tmp_path / "a.npz", images=images, labels=LABELS[:, None])
        data = load(tmp_path, name="npz", path="a.npz")
        assert data.images.shape == (*shape, 1)[:4]
        assert data.labels.tolist() == LABELS.tolist()

    def test_rows_of_numbers_are_laid_out(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "a.npz", images=IMAGES.reshape(5, 12), labels=LABELS)
        data = load(tmp_path, name="npz", path="a.npz", size=(3, 4))
        assert (data.images[..., 0] == IMAGES).all()

    @pytest.mark.parametrize(
        ("arrays", "what", "said"),
        [
            ({"images": IMAGES}, "does not hold images and labels", "images"),
            ({"a": IMAGES, "b": LABELS}, "does not hold images and labels", "a, b"),
            (both(more=LABELS), "holds more than is read", "more"),
            (both(test_labels=LABELS), "half of a test part", "test_labels"),
            (both(labels=LABELS[:4]), "one label for each image", "(4,) for 5"),
            (both(labels=np.eye(5)), "one label for each image", "(5, 5) for 5"),
            (both(labels=LABELS / 2), "holds no labels", "float64"),
            (both(images=IMAGES[:, 0, :3]), "the size they should", "3 numbers"),
            (both(images=IMAGES[:, 0, 0]), "holds no images", "(5,)"),
            (both(images=np.zeros((5, 3, 8, 8))), "holds no images", "(5, 3, 8, 8)"),
            (both(images=np.zeros((5, 3, 4), bool)), "holds no images", "bool"),
            (both(images=np.zeros((5, 3, 4), complex)), "holds no images", "complex"),
            (both(images=np.array(list("abcde"))), "holds no images", "<U1"),
            (both(images=np.zeros((0, 3, 4))), "impossible number", "(0, 3, 4)"),
            (both(images=np.zeros((5, 1, 4097))), "impossible number", "4097"),
            (both(images=np.asfortranarray(IMAGES)), "column by column", "Fortran"),
            (both(images=IMAGES.astype(object)), "Python objects", "object"),
            (both(labels=LABELS.astype(object)), "Python objects", "object"),
            (both(images=np.zeros(5, "u1,u1")), "Python objects or records", "f0"),
        ],
    )  # fmt: skip
    def test_arrays_that_are_no_images(
        self,
        tmp_path: Path,
        four_parts: Callable[..., None],
        arrays: dict[str, Any],
        what: str,
        said: str,
    ) -> None:
        np.savez(tmp_path / "a.npz", **arrays)
        with pytest.raises(CeterisError) as caught:
            load(tmp_path, name="npz", path="a.npz")
        four_parts(caught.value, what=what, received=said)
        assert not list(tmp_path.glob("cache/parsed/*"))

    def test_fix_of_one_hot_and_of_channels_first(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "a.npz", images=IMAGES, labels=np.eye(5))
        with pytest.raises(CeterisError) as caught:
            load(tmp_path, name="npz", path="a.npz")
        assert caught.value.fix == "save labels.argmax(axis=1)"
        np.savez(tmp_path / "a.npz", images=np.zeros((5, 3, 8, 8)), labels=LABELS)
        with pytest.raises(CeterisError) as caught:
            load(tmp_path, name="npz", path="a.npz")
        assert caught.value.fix == "save images.transpose(0, 2, 3, 1)"

    def test_a_pickle_inside_is_never_opened(self, tmp_path: Path) -> None:
        class Bomb:
            def __reduce__(self) -> tuple[Any, ...]:
                return (Path.write_text, (tmp_path / "it ran", "x"))

        objects = np.array([Bomb()] * 5, dtype=object)
        np.savez(tmp_path / "a.npz", images=objects, labels=LABELS)
        with pytest.raises(CeterisError, match="Python objects"):
            load(tmp_path, name="npz", path="a.npz")
        assert not (tmp_path / "it ran").exists()

    def test_a_huge_declared_shape_costs_nothing(
        self, tmp_path: Path, four_parts: Callable[..., None]
    ) -> None:
        head = npy(np.zeros((5, 3, 4), np.uint8)).replace(b"(5, 3, 4)", b"(5, 3, 4000000000)", 1)
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
            archive.writestr("images.npy", head)
            archive.writestr("labels.npy", npy(LABELS))
        tracemalloc.start()
        with pytest.raises(CeterisError) as caught:
            load(tmp_path, name="npz", path="a.npz")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10_000_000
        assert "images in" in caught.value.what

    @pytest.mark.parametrize("cut", [0, 1, 30, 200, -30, -1])
    def test_a_file_that_is_cut_off(self, tmp_path: Path, cut: int) -> None:
        np.savez(tmp_path / "a.npz", images=IMAGES, labels=LABELS)
        (tmp_path / "a.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:cut])
        with pytest.raises(CeterisError, match=r"a\.npz"):
            load(tmp_path, name="npz", path="a.npz")

    def test_every_changed_byte_gives_a_set_or_an_error(self, tmp_path: Path) -> None:
        np.savez_compressed(tmp_path / "whole.npz", images=IMAGES, labels=LABELS)
        whole = (tmp_path / "whole.npz").read_bytes()
        for place in range(0, len(whole), 29):
            changed = bytearray(whole)
            changed[place] ^= 0xFF
            (tmp_path / "a.npz").write_bytes(changed)
            with contextlib.suppress(CeterisError):
                load(tmp_path, name="npz", path="a.npz")


PACKED = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize(("name", "form"), [("npy", npy), ("idx", idx)])
class TestPairs:
    @pytest.mark.parametrize("packing", PACKED)
    @pytest.mark.parametrize("has_test", [True, False])
    def test_they_are_read(
        self,
        tmp_path: Path,
        name: str,
        form: Callable[[Any], bytes],
        packing: str,
        has_test: bool,
    ) -> None:
        pack = PACKED[packing]
        said = {"path": IMAGES[:3], "labels": LABELS[:3]}
        if has_test:
            said |= {"test_path": IMAGES[3:], "test_labels": LABELS[3:]}
        for key, array in said.items():
            (tmp_path / f"{key}{packing}").write_bytes(pack(form(array)))
        data = load(tmp_path, name=name, **{key: f"{key}{packing}" for key in said})
        assert (data.images[..., 0] == IMAGES[: len(data.images)]).all()
        assert data.labels.tolist() == LABELS[: len(data.images)].tolist()
        assert data.num_train == 3

    @pytest.mark.parametrize("packing", PACKED)
    @pytest.mark.parametrize("change", ["more", "less", "no header", "empty"])
    def test_files_that_are_not_what_they_declare(
        self,
        tmp_path: Path,
        four_parts: Callable[..., None],
        name: str,
        form: Callable[[Any], bytes],
        packing: str,
        change: str,
    ) -> None:
        whole = form(IMAGES)
        bad = {"more": whole + b"x", "less": whole[:-1], "no header": whole[:7], "empty": b""}
        (tmp_path / "x").write_bytes(PACKED[packing](bad[change]))
        (tmp_path / "y").write_bytes(form(LABELS))
        with pytest.raises(CeterisError) as caught:
            load(tmp_path, name=name, path="x", labels="y")
        four_parts(caught.value, what=str(tmp_path / "x"))
        assert not list(tmp_path.glob("cache/parsed/*"))

    def test_images_and_labels_exchanged(
        self, tmp_path: Path, name: str, form: Callable[[Any], bytes]
    ) -> None:
        (tmp_path / "x").write_bytes(form(LABELS))
        (tmp_path / "y").write_bytes(form(IMAGES))
        with pytest.raises(CeterisError, match="holds no images"):
            load(tmp_path, name=name, path="x", labels="y")

    def test_a_bomb_is_stopped(
        self, tmp_path: Path, name: str, form: Callable[[Any], bytes]
    ) -> None:
        (tmp_path / "x").write_bytes(gzip.compress(form(IMAGES) + bytes(1 << 26)))
        (tmp_path / "y").write_bytes(form(LABELS))
        tracemalloc.start()
        with pytest.raises(CeterisError, match="does not hold what its header declares"):
            load(tmp_path, name=name, path="x", labels="y")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 10_000_000


def test_idx_of_other_kinds_of_number(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(
        struct.pack(">HBB3I", 0, 0x0C, 3, *IMAGES.shape) + IMAGES.astype(">i4").tobytes()
    )
    (tmp_path / "y").write_bytes(idx(LABELS))
    data = load(tmp_path, name="idx", path="x", labels="y")
    assert (data.images[..., 0] == IMAGES).all()


def test_a_missing_half_of_a_test_part(four_parts: Callable[..., None], tmp_path: Path) -> None:
    with pytest.raises(CeterisError) as caught:
        load(tmp_path, name="npy", path="x", labels="y", test_path="z")
    four_parts(caught.value, received="no test_labels", fix="write test_labels")
