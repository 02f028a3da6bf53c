import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ceteris.data import open_parsed
from ceteris.data.dataset import Content, content_digest
from ceteris.data.parsed import file_names, open_intact, write_parsed
from ceteris.errors import CeterisError

Snapshot = Callable[[Path], dict[str, bytes]]
IMAGES = np.random.default_rng(0).integers(0, 256, (40, 5, 3, 2), dtype=np.uint8)
LABELS = np.arange(40) % 4
FRAME = {"classes": ("a", "b", "c", "d"), "num_train": 30, "pixel_max": 255}
CONTENT = Content.of_arrays("made-up", [IMAGES[:7], IMAGES[7:]], LABELS, **FRAME)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cache" / "parsed" / "key"
    write_parsed(CONTENT, folder)
    return folder


def test_what_was_written_is_read(folder: Path) -> None:
    data = open_parsed(folder)
    assert np.array_equal(data.images, IMAGES)
    assert np.array_equal(data.labels, LABELS)
    assert (data.name, data.classes) == ("made-up", ("a", "b", "c", "d"))
    assert (data.num_train, data.pixel_max) == (30, 255)
    assert data.digest == content_digest(IMAGES, LABELS, **FRAME)
    assert sorted(os.listdir(folder)) == ["about.json", "images.npy", "labels.npy"]
    assert os.listdir(folder.parent) == ["key"]


def test_the_files_of_images_are_kept_where_they_have_any(tmp_path: Path) -> None:
    write_parsed(CONTENT, tmp_path / "without")
    assert file_names(tmp_path / "without", 40) == ()
    files = ("a/\udcff.png", *(f"b/ü{number}.png" for number in range(39)))
    write_parsed(replace(CONTENT, files=files), tmp_path / "with")
    assert file_names(tmp_path / "with", 40) == files
    assert file_names(tmp_path / "with", 41) == ()
    assert open_parsed(tmp_path / "with").digest == open_parsed(tmp_path / "without").digest
    for damaged in (json.dumps([1] * 40), "{", json.dumps(dict.fromkeys(map(str, range(40))))):
        (tmp_path / "with" / "files.json").write_text(damaged)
        assert file_names(tmp_path / "with", 40) == ()


def test_writing_into_the_map_reaches_no_file(folder: Path, snapshot: Snapshot) -> None:
    before = snapshot(folder)
    data = open_parsed(folder)
    data.images[:] = 0
    data.labels[:] = 1
    assert np.array_equal(open_parsed(folder).images, IMAGES)
    assert np.array_equal(open_parsed(folder).labels, LABELS)
    assert snapshot(folder) == before


def test_torch_takes_it_without_a_copy(folder: Path) -> None:
    torch = pytest.importorskip("torch")
    data = open_parsed(folder)
    tensor = torch.from_numpy(data.images)  # warns, which is an error here, if not writable
    assert tensor.data_ptr() == data.images.__array_interface__["data"][0]


def test_the_pages_are_those_of_the_file(folder: Path) -> None:
    first, second = open_parsed(folder).images, open_parsed(folder).images
    with (folder / "images.npy").open("r+b") as stream:  # seen by both: neither holds a copy
        stream.seek(-1, os.SEEK_END)
        stream.write(bytes([IMAGES[-1, -1, -1, -1] ^ 0xFF]))
    assert first[-1, -1, -1, -1] == second[-1, -1, -1, -1] == IMAGES[-1, -1, -1, -1] ^ 0xFF


def change_about(folder: Path, **changed: object) -> None:
    about = json.loads((folder / "about.json").read_text())
    (folder / "about.json").write_text(json.dumps({**about, **changed}))


def save(path: Path, array: np.ndarray) -> None:
    np.save(path, array, allow_pickle=True)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "no about": lambda folder: (folder / "about.json").unlink(),
    "no images": lambda folder: (folder / "images.npy").unlink(),
    "no labels": lambda folder: (folder / "labels.npy").unlink(),
    "empty images": lambda folder: (folder / "images.npy").write_bytes(b""),
    "short images": lambda folder: os.truncate(folder / "images.npy", 1000),
    "images cut by one byte": lambda folder: os.truncate(
        folder / "images.npy", (folder / "images.npy").stat().st_size - 1
    ),
    "long images": lambda folder: (folder / "images.npy").open("ab").write(b"x"),
    "other images": lambda folder: save(folder / "images.npy", IMAGES[:39]),
    "images of another type": lambda folder: save(folder / "images.npy", IMAGES.astype(np.int8)),
    "images in Fortran order": lambda folder: save(
        folder / "images.npy", np.asfortranarray(IMAGES)
    ),
    "objects": lambda folder: save(folder / "images.npy", np.array([{}], dtype=object)),
    "labels out of range": lambda folder: save(folder / "labels.npy", LABELS + 1),
    "labels of another type": lambda folder: save(folder / "labels.npy", LABELS.astype(np.int32)),
    "about is no JSON": lambda folder: (folder / "about.json").write_text("{"),
    "about is no table": lambda folder: (folder / "about.json").write_text("[]"),
    "about is empty": lambda folder: (folder / "about.json").write_bytes(b""),
    "about is no text": lambda folder: (folder / "about.json").write_bytes(b"\xff\xfe"),
    "about lacks a key": lambda folder: (folder / "about.json").write_text('{"shape": [1]}'),
    "another version": lambda folder: change_about(folder, version=3),
    "another format": lambda folder: change_about(folder, format="x"),
    "another key": lambda folder: change_about(folder, extra=1),
    "another shape": lambda folder: change_about(folder, shape=[40, 3, 5, 2]),
    "a shape of words": lambda folder: change_about(folder, shape=["a"]),
    "num_train too large": lambda folder: change_about(folder, num_train=41),
    "num_train is a word": lambda folder: change_about(folder, num_train="all"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_a_damaged_folder_is_an_error_and_is_rebuilt(
    folder: Path,
    snapshot: Snapshot,
    four_parts: Callable[..., None],
    damage: Callable[[Path], object],
) -> None:
    before = snapshot(folder.parent)
    damage(folder)
    assert snapshot(folder.parent) != before
    with pytest.raises(CeterisError) as caught:
        open_parsed(folder)
    four_parts(
        caught.value, what=f"the parsed data set in {folder} is damaged", fix="run the same command"
    )
    assert open_intact(folder) is None
    write_parsed(CONTENT, folder)
    assert snapshot(folder.parent) == before


def test_a_changed_pixel_is_seen_by_the_digest(folder: Path) -> None:
    with (folder / "images.npy").open("r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(bytes([IMAGES[-1, -1, -1, -1] ^ 1]))
    open_parsed(folder)  # cheap, so it does not look
    assert open_intact(folder) is None


@pytest.mark.parametrize("changed", [{"classes": ["a", "b", "d", "c"]}, {"num_train": 29}])
def test_a_changed_frame_is_seen_by_the_digest(folder: Path, changed: dict[str, object]) -> None:
    change_about(folder, **changed)
    assert open_intact(folder) is None


def test_intact_can_ask_for_one_digest(folder: Path) -> None:
    assert open_intact(folder) is not None
    assert open_intact(folder, content_digest(IMAGES, LABELS, **FRAME)) is not None
    assert open_intact(folder, "0" * 64) is None


@pytest.mark.parametrize("there", ["nothing", "a file", "an empty folder", "other files"])
def test_whatever_is_in_its_place_is_replaced(tmp_path: Path, there: str) -> None:
    folder = tmp_path / "parsed" / "key"
    folder.parent.mkdir()
    if there == "a file":
        folder.touch()
    elif there != "nothing":
        folder.mkdir()
        if there == "other files":
            (folder / "images.npy").touch()
    write_parsed(CONTENT, folder)
    assert np.array_equal(open_parsed(folder).images, IMAGES)
    assert os.listdir(tmp_path / "parsed") == ["key"]


def test_another_content_than_known_is_refused(
    tmp_path: Path, four_parts: Callable[..., None], snapshot: Snapshot
) -> None:
    with pytest.raises(CeterisError) as caught:
        write_parsed(CONTENT, tmp_path / "cache" / "key", digest="0" * 64)
    four_parts(
        caught.value,
        what="'made-up' is not the one that is known",
        received=content_digest(IMAGES, LABELS, **FRAME),
        expected="0" * 64,
    )
    assert snapshot(tmp_path) == {}


class _StopError(Exception):
    pass


@pytest.mark.parametrize("there", ["nothing", "an older cache"])
def test_stopped_half_way_nothing_is_left(tmp_path: Path, snapshot: Snapshot, there: str) -> None:
    if there == "an older cache":
        write_parsed(CONTENT, tmp_path / "cache" / "parsed" / "other")
    before = snapshot(tmp_path)

    def blocks() -> Iterator[np.ndarray]:
        yield IMAGES[:7]
        raise _StopError

    with pytest.raises(_StopError):
        write_parsed(replace(CONTENT, blocks=blocks), tmp_path / "cache" / "parsed" / "key")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("blocks", [[IMAGES[:39]], [IMAGES, IMAGES[:1]], [IMAGES[:, :4]]])
def test_blocks_that_do_not_add_up_are_our_mistake(
    tmp_path: Path, blocks: list[np.ndarray]
) -> None:
    with pytest.raises(ValueError, match="images"):
        write_parsed(replace(CONTENT, blocks=lambda: iter(blocks)), tmp_path / "key")


def test_of_two_at_once_the_first_to_finish_wins(tmp_path: Path) -> None:
    folder = tmp_path / "parsed" / "key"

    def blocks() -> Iterator[np.ndarray]:
        yield IMAGES[:7]
        write_parsed(CONTENT, folder)  # another process, faster
        inodes.append((folder / "images.npy").stat().st_ino)
        yield IMAGES[7:]

    inodes: list[int] = []
    write_parsed(replace(CONTENT, blocks=blocks), folder)
    assert (folder / "images.npy").stat().st_ino == inodes[0]
    assert os.listdir(folder.parent) == ["key"]


def test_what_a_killed_process_left_is_swept_after_a_day(tmp_path: Path) -> None:
    old, new = tmp_path / "key.building-1-aa", tmp_path / "key.building-2-bb"
    for left in (old, new):
        left.mkdir()
        (left / "images.npy").touch()
    now_s = new.stat().st_mtime
    os.utime(old, (now_s - 25 * 3600, now_s - 25 * 3600))
    write_parsed(CONTENT, tmp_path / "key")
    assert sorted(os.listdir(tmp_path)) == ["key", "key.building-2-bb"]


def test_a_full_disk(tmp_path: Path, four_parts: Callable[..., None], snapshot: Snapshot) -> None:
    # A limit on file size gives the same kind of error in the same place as a full disk.
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (800, hard))
    try:
        with pytest.raises(CeterisError) as caught:
            write_parsed(CONTENT, tmp_path / "cache" / "parsed" / "key")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    four_parts(
        caught.value,
        what="there is no room on the disk",
        received="File too large",
        expected="room for the data set",
        fix="make room",
    )
    assert snapshot(tmp_path) == {}


def test_a_cache_that_cannot_be_written(
    tmp_path: Path, four_parts: Callable[..., None], snapshot: Snapshot
) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(CeterisError) as caught:
        write_parsed(CONTENT, tmp_path / "cache" / "parsed" / "key")
    four_parts(
        caught.value,
        what=f"cannot be written to {tmp_path / 'cache' / 'parsed'}",
        received="Not a directory",
        fix="another home",
    )
    assert snapshot(tmp_path) == {"cache": b""}
