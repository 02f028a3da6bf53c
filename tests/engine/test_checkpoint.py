"""A checkpoint is there whole or not at all; a damaged one falls back to the one before."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.atomic import UNFINISHED
from ceteris.engine.checkpoint import (
    Keeper,
    is_whole,
    list_checkpoints,
    read_checkpoint,
    remove_checkpoints,
    write_checkpoint,
)
from ceteris.errors import CeterisError


def _state(value: float) -> dict[str, np.ndarray]:
    return {"weights": np.full(40, value, dtype=np.float32), "done": np.array([value])}


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"))


def test_the_newest_is_read_and_two_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "with space ü"
    assert read_checkpoint(folder) is None
    for step in (9, 10, 100):
        write_checkpoint(folder, step, _state(step))
    found = read_checkpoint(folder)
    assert found is not None
    assert found["done"][0] == 100
    assert len(_files(folder)) == 2
    remove_checkpoints(folder)
    assert not folder.exists()


@settings(deadline=None, max_examples=40)
@given(data=st.data(), flip=st.booleans())
def test_any_damage_falls_back(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, flip: bool
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    write_checkpoint(folder, 1, _state(1))
    write_checkpoint(folder, 2, _state(2))
    newest = _files(folder)[-1]
    content = bytearray(newest.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if flip:
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del content[at:]
    newest.write_bytes(content)
    with pytest.warns(RuntimeWarning, match="is damaged; the one before it is used"):
        found = read_checkpoint(folder)
    assert found is not None
    assert found["done"][0] == 1


def test_a_file_still_being_written_is_not_read(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, 1, _state(1))
    whole = _files(tmp_path)[0]
    (tmp_path / f".{whole.name.replace('1', '2', 1)}.77{UNFINISHED}").write_bytes(b"half")
    found = read_checkpoint(tmp_path)
    assert found is not None
    assert found["done"][0] == 1


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_is_said_and_the_older_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    write_checkpoint(tmp_path, 1, _state(1))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(CeterisError, match="No space left on device") as caught:
            write_checkpoint(tmp_path, 2, _state(2))
    assert "resumes" in caught.value.fix
    assert [p.name[:12] for p in tmp_path.iterdir()] == ["000000000001"]


def test_if_all_are_damaged_the_run_begins_anew(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, 1, _state(1))
    (only,) = list_checkpoints(tmp_path)
    assert is_whole(only)
    only.write_bytes(b"")
    assert not is_whole(only)
    with pytest.warns(RuntimeWarning, match="is damaged; the run begins anew"):
        assert read_checkpoint(tmp_path) is None


def test_one_that_cannot_be_read_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (1, 2):
        write_checkpoint(tmp_path, step, _state(step))
    newest, whole = list_checkpoints(tmp_path)[0], Path.read_bytes

    def broken(path: Path) -> bytes:
        if path == newest:
            raise OSError(5, "Input/output error")
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", broken)
    with pytest.warns(RuntimeWarning, match="is damaged; the one before it is used"):
        found = read_checkpoint(tmp_path)
    assert found is not None
    assert found["done"][0] == 1


def test_what_a_killed_worker_left_unfinished_is_swept(tmp_path: Path) -> None:
    (tmp_path / f".half.77{UNFINISHED}").write_bytes(b"half")
    write_checkpoint(tmp_path, 1, _state(1))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_study_that_was_moved_is_not_begun_anew_at_its_old_place(tmp_path: Path) -> None:
    with pytest.raises(CeterisError, match="No such file or directory"):
        write_checkpoint(tmp_path / "gone" / "run", 1, _state(1))
    assert list(tmp_path.iterdir()) == []


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_checkpoints_cost_two_percent_at_most() -> None:
    clock = Clock()
    keeper = Keeper(30.0, clock)
    spent = 0.0

    def write() -> None:
        nonlocal spent
        clock.now += 4.0  # a slow disk
        spent += 4.0

    while clock.now < 100_000.0:
        clock.now += 0.5
        if keeper.due(clock.now, epoch_ended=True):
            keeper.keep(0, write)
    assert 0.019 < spent / clock.now < 0.021


def test_an_interval_of_zero_is_as_often_as_that_allows() -> None:
    clock = Clock()
    keeper = Keeper(0.0, clock)
    assert keeper.due(0.0, epoch_ended=False)
    keeper.keep(0, lambda: setattr(clock, "now", clock.now + 0.01))
    assert not keeper.due(clock.now + 0.49, epoch_ended=True)
    assert keeper.due(clock.now + 0.51, epoch_ended=False)


def test_a_disk_that_takes_none_is_said_once_and_again_at_a_stop(tmp_path: Path) -> None:
    keeper, gone = Keeper(30.0), tmp_path / "gone" / "run"

    def write(folder: Path) -> None:
        write_checkpoint(folder, 1, _state(1))

    with pytest.warns(RuntimeWarning, match=r"step 1,500 \(No such file or directory\); if it"):
        keeper.keep(1500, lambda: write(gone))
    keeper.keep(1600, lambda: write(gone))  # a second warning would be an error here
    with pytest.warns(RuntimeWarning, match="at step 1,700"):
        keeper.keep_at_stop(1700, lambda: write(gone))
    keeper.keep(1800, lambda: write(tmp_path))
    with pytest.warns(RuntimeWarning, match="at step 1,900"):
        keeper.keep(1900, lambda: write(gone))


def test_a_mistake_of_ours_is_not_hidden() -> None:
    def write() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Keeper(30.0).keep(1, write)


def test_a_single_number_comes_back_without_an_axis(tmp_path: Path) -> None:
    """PyTorch's batch normalisation counts its batches in one: with an axis it fits no more."""
    (tmp_path / "run").mkdir()
    write_checkpoint(tmp_path / "run", 1, {"buffer.1.num_batches_tracked": np.array(3)})
    found = read_checkpoint(tmp_path / "run")
    assert found is not None
    assert found["buffer.1.num_batches_tracked"].shape == ()
