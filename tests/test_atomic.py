import errno
import os
from pathlib import Path

import pytest

from ceteris.atomic import make_folder, sweep, sync_folder, unmake_folders, write_whole


def test_written_whole_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for data in (b"first", b"", b"x" * 100_000):
        write_whole(path, data)
        assert path.read_bytes() == data
    assert os.listdir(tmp_path) == ["file"]


def test_a_write_that_takes_only_a_part_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda opened, data: write(opened, bytes(data)[:7]))
    write_whole(tmp_path / "file", b"0123456789" * 10)
    assert (tmp_path / "file").read_bytes() == b"0123456789" * 10


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("broken", ["open", "write", "fsync", "replace"])
def test_a_failure_keeps_the_old_file_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, number: int
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(number, "broken")

    with monkeypatch.context() as patched:
        patched.setattr(os, broken, fail)
        with pytest.raises(OSError, match="broken"):
            write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    for name in ("write", "fsync", "replace"):
        real = getattr(os, name)

        def spy(*given: object, name: str = name, real: object = real) -> object:
            calls.append(name)
            return real(*given)  # type: ignore[operator]

        monkeypatch.setattr(os, name, spy)
    write_whole(tmp_path / "file", b"data")
    assert calls == ["write", "fsync", "replace", "fsync"]


def test_file_systems_that_cannot_sync_a_folder_are_let_be_and_broken_ones_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(number: int) -> None:
        def fsync(_: int) -> None:
            raise OSError(number, "broken")

        monkeypatch.setattr(os, "fsync", fsync)

    fail(errno.EINVAL)
    sync_folder(tmp_path)
    fail(errno.EIO)
    with pytest.raises(OSError, match="broken"):
        sync_folder(tmp_path)


def test_folders_are_made_and_unmade(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    made = make_folder(deep)
    assert made == [deep, tmp_path / "a"]
    assert make_folder(deep) == []
    (tmp_path / "a" / "file").write_text("")
    unmake_folders(made)
    assert sorted(os.listdir(tmp_path / "a")) == ["file"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file")
    with pytest.raises(NotADirectoryError):
        make_folder(tmp_path / "file" / "below")


def test_sweeping_removes_only_unfinished_files(tmp_path: Path) -> None:
    for name in ("kept", "kept.new", ".kept", ".file.12.new"):
        (tmp_path / name).write_text("")
    sweep(tmp_path)
    sweep(tmp_path / "missing")
    assert sorted(os.listdir(tmp_path)) == [".kept", "kept", "kept.new"]
