"""A checkpoint is there whole or not at all; a damaged one falls back to the one before."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.atomic import UNFINISHED
from ceteris.engine.checkpoint import read_checkpoint, remove_checkpoints, write_checkpoint
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
