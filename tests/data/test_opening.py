import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ceteris.data import DATA_SETS, DataSource, open_data, open_parsed
from ceteris.errors import CeterisError

Snapshot = Callable[[Path], dict[str, bytes]]


def test_digits_need_no_file(tmp_path: Path) -> None:
    data, folder = open_data(DataSource("digits"), cache=tmp_path, data_folder=None)
    assert data.images.shape == (1797, 8, 8, 1)
    assert folder.parent == tmp_path / "parsed"
    assert np.array_equal(open_parsed(folder).images, data.images)
    assert data.digest == DATA_SETS["digits"].digest


def test_a_second_time_nothing_is_parsed_or_written(
    toy, tmp_path: Path, snapshot: Snapshot
) -> None:
    cache, place = tmp_path / "cache", tmp_path / "data"
    toy.write(place / "toy")
    first, folder = open_data(DataSource("toy"), cache=cache, data_folder=place)
    before = snapshot(cache)
    inode = (folder / "images.npy").stat().st_ino
    for path in (place / "toy").iterdir():  # parsed once, the files are needed no more
        path.unlink()
    again, same = open_data(DataSource("toy"), cache=cache, data_folder=None)
    assert (same, again.digest) == (folder, first.digest)
    assert snapshot(cache) == before
    assert (folder / "images.npy").stat().st_ino == inode


@pytest.mark.parametrize("damage", ["missing", "short", "changed", "half-written"])
def test_a_damaged_cache_is_rebuilt(toy, tmp_path: Path, snapshot: Snapshot, damage: str) -> None:
    cache, place = tmp_path / "cache", tmp_path / "data"
    toy.write(place / "toy")
    _, folder = open_data(DataSource("toy"), cache=cache, data_folder=place)
    before = snapshot(cache)
    images = folder / "images.npy"
    if damage == "missing":
        (folder / "labels.npy").unlink()
    elif damage == "short":
        images.write_bytes(images.read_bytes()[:-3])
    elif damage == "changed":
        images.write_bytes(images.read_bytes()[:-1] + bytes([images.read_bytes()[-1] ^ 1]))
    else:
        (folder / "about.json").unlink()
        (folder / "labels.npy").unlink()
    data, _ = open_data(DataSource("toy"), cache=cache, data_folder=place)
    assert np.array_equal(data.images, toy.images)
    assert snapshot(cache) == before


def test_a_set_that_agrees_with_itself_but_is_another_is_rebuilt(
    toy, tmp_path: Path, paint: Callable[..., Path]
) -> None:
    cache, place = tmp_path / "cache", tmp_path / "data"
    toy.write(place / "toy")
    _, folder = open_data(DataSource("toy"), cache=cache, data_folder=place)
    paint("a/1.png")
    source = DataSource("folder", path=str(paint("b/1.png")))
    _, other = open_data(source, cache=cache, data_folder=None)
    for path in other.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    data, _ = open_data(DataSource("toy"), cache=cache, data_folder=place)
    assert data.digest == toy.published.digest


def test_the_downloads_of_the_cache_are_found(toy, tmp_path: Path) -> None:
    toy.write(tmp_path / "downloads" / "Toy" / "raw")
    data, _ = open_data(DataSource("toy"), cache=tmp_path, data_folder=None)
    assert np.array_equal(data.labels, toy.labels)


@pytest.mark.parametrize(
    ("replaced", "said"),
    [
        (lambda c: gzip.compress(c)[:-9], "is truncated"),
        (lambda c: gzip.compress(c)[:-8] + bytes(8), "is damaged"),
        (lambda c: gzip.compress(c[:-1] + b"\x09"), "is not the published file"),
        (lambda c: gzip.compress(bytes(2**22)), "holds more than it should"),
    ],
    ids=["truncated", "corrupt", "digest", "bomb"],
)
@pytest.mark.parametrize("part", ["train_images", "test_labels"])
def test_wrong_files_change_nothing(
    toy,
    tmp_path: Path,
    snapshot: Snapshot,
    replaced: Callable[[bytes], bytes],
    said: str,
    part: str,
) -> None:
    names = {"train_images": "train-images-idx3-ubyte", "test_labels": "t10k-labels-idx1-ubyte"}
    data = replaced(toy.contents[names[part]])
    toy.write(tmp_path / "data" / "toy", **{part: data})
    before = snapshot(tmp_path)
    with pytest.raises(CeterisError, match=said):
        open_data(DataSource("toy"), cache=tmp_path / "cache", data_folder=tmp_path / "data")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_missing_files_change_nothing(
    tmp_path: Path, snapshot: Snapshot, four_parts: Callable[..., None], name: str
) -> None:
    with pytest.raises(CeterisError) as caught:
        open_data(DataSource(name), cache=tmp_path / "cache", data_folder=None)
    entry = DATA_SETS[name]
    four_parts(
        caught.value,
        what=f"the files of {entry.title} are not here",
        received="CETERIS_DATA is not set",
        expected="train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
        "t10k-images-idx3-ubyte.gz, t10k-labels-idx1-ubyte.gz; each unpacked, .gz, ",
        fix=f"{entry.published_at} into {tmp_path / 'cache' / 'downloads' / name}",
    )
    assert snapshot(tmp_path) == {}


def test_a_wrong_declaration_is_refused_first(tmp_path: Path) -> None:
    with pytest.raises(CeterisError, match="there is no data set 'digit'"):
        open_data(DataSource("digit"), cache=tmp_path, data_folder=None)
