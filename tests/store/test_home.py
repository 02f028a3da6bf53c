import errno
import json
import os
from pathlib import Path

import pytest

from ceteris.errors import CeterisError
from ceteris.store import (
    Home,
    Store,
    list_studies,
    making_home,
    open_home,
    study_folder,
)


def tree(path: Path) -> dict[str, bytes | None]:
    return {
        str(p.relative_to(path)): p.read_bytes() if p.is_file() else None for p in path.rglob("*")
    }


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "my home ü", create=True)


def add_study(home: Home, name: str) -> Path:
    folder = study_folder(home, name)
    Store.create(folder).close()
    return folder


def test_a_new_home_has_a_marker_and_its_two_folders(home: Home) -> None:
    assert sorted(tree(home.root)) == ["cache", "ceteris-home.json", "studies"]
    about = json.loads((home.root / "ceteris-home.json").read_text())
    assert about == {"format": "ceteris home", "version": 1}
    assert (home.studies, home.cache) == (home.root / "studies", home.root / "cache")


def test_an_empty_folder_becomes_a_home(tmp_path: Path) -> None:
    (tmp_path / ".DS_Store").write_bytes(b"")  # macOS puts it into any folder one looks at
    assert open_home(tmp_path, create=True).studies.is_dir()


def test_a_marker_that_was_never_finished_is_no_content(tmp_path: Path) -> None:
    (tmp_path / ".ceteris-home.json.123.new").write_bytes(b"{")
    assert open_home(tmp_path, create=True).studies.is_dir()


def test_a_home_can_be_opened_again(home: Home) -> None:
    before = tree(home.root)
    assert open_home(home.root, create=True) == home
    assert open_home(home.root, create=False) == home
    assert tree(home.root) == before


def test_folders_that_went_missing_are_made_again(home: Home) -> None:
    home.cache.rmdir()
    open_home(home.root, create=True)
    assert home.cache.is_dir()


def test_without_create_nothing_is_written(tmp_path: Path) -> None:
    missing, empty = tmp_path / "missing", tmp_path / "empty"
    empty.mkdir()
    for root in (missing, empty):
        assert list_studies(open_home(root, create=False)) == []
    assert tree(tmp_path) == {"empty": None}


def test_the_default_is_the_environment_variable_then_the_users_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "user"))
    monkeypatch.setenv("CETERIS_HOME", str(tmp_path / "set"))
    assert open_home(None, create=False).root == tmp_path / "set"
    assert open_home(tmp_path / "given", create=False).root == tmp_path / "given"
    monkeypatch.setenv("CETERIS_HOME", "~/mine")
    assert open_home(None, create=False).root == tmp_path / "user" / "mine"
    monkeypatch.setenv("CETERIS_HOME", "")
    assert open_home(None, create=False).root == tmp_path / "user" / ".ceteris"


def test_a_relative_home_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_home(Path("here"), create=True).root == tmp_path / "here"


def test_a_user_without_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CETERIS_HOME", raising=False)

    def fail(_: Path) -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "expanduser", fail)
    with pytest.raises(CeterisError) as caught:
        open_home(None, create=True)
    assert str(caught.value) == (
        "your own folder cannot be found\n"
        "  received: ~/.ceteris\n"
        "  expected: a user with a home folder\n"
        "  fix:      name a folder with --home or CETERIS_HOME"
    )


@pytest.mark.parametrize("create", [True, False])
def test_a_home_that_holds_something_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, create: bool
) -> None:
    for name in ("a.txt", "b.txt", "c.txt", "d\n.txt"):
        (tmp_path / name).write_text("mine")
    monkeypatch.setenv("CETERIS_HOME", str(tmp_path))
    before = tree(tmp_path)
    with pytest.raises(CeterisError) as caught:
        open_home(None, create=create)
    assert str(caught.value) == (
        "the home folder holds something else\n"
        f"  received: {tmp_path}  (CETERIS_HOME), which holds 'a.txt', 'b.txt', 'c.txt', ...\n"
        "  expected: a folder that Ceteris made (it holds ceteris-home.json), an empty or a new"
        " one\n"
        "  fix:      choose another folder with --home or CETERIS_HOME"
    )
    assert tree(tmp_path) == before


@pytest.mark.parametrize("create", [True, False])
def test_a_home_that_is_a_file(tmp_path: Path, create: bool) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(CeterisError) as caught:
        open_home(file, create=create)
    assert str(caught.value) == (
        "the home folder is not a folder\n"
        f"  received: {file}  (--home)\n"
        "  expected: a folder that Ceteris made, an empty or a new one\n"
        "  fix:      choose another folder with --home or CETERIS_HOME"
    )
    with pytest.raises(CeterisError, match="the home folder is not a folder"):
        open_home(file / "below", create=create)
    assert tree(tmp_path) == {"file": b"mine"}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"format": "other", "version": 1}', '{"format": "ceteris home"}', "\xff"],
)
def test_a_damaged_marker(home: Home, text: str) -> None:
    marker = home.root / "ceteris-home.json"
    marker.write_bytes(text.encode("latin-1"))
    with pytest.raises(CeterisError) as caught:
        open_home(home.root, create=True)
    assert str(caught.value) == (
        "the home folder's marker is damaged\n"
        f"  received: {marker}\n"
        '  expected: {"format": "ceteris home", "version": 1}\n'
        "  fix:      if the folder is a home of Ceteris, write that line into ceteris-home.json"
    )


def test_a_home_of_a_newer_ceteris(home: Home) -> None:
    marker = home.root / "ceteris-home.json"
    marker.write_text('{"format": "ceteris home", "version": 2}')
    with pytest.raises(CeterisError) as caught:
        open_home(home.root, create=False)
    assert str(caught.value) == (
        "the home folder belongs to a newer Ceteris\n"
        f"  received: {marker}, version 2\n"
        "  expected: version 1 or older\n"
        "  fix:      update Ceteris, or choose another folder with --home or CETERIS_HOME"
    )


def test_a_new_home_on_a_read_only_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, mode: int = 0o777) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(os, "mkdir", refuse)
    with pytest.raises(CeterisError) as caught:
        open_home(tmp_path / "home", create=True)
    assert str(caught.value) == (
        "access was denied while opening the home folder\n"
        f"  received: {tmp_path / 'home'}  (Read-only file system)\n"
        "  expected: a folder that you may read and write\n"
        "  fix:      change the folder's permissions, or choose another with --home or CETERIS_HOME"
    )
    assert tree(tmp_path) == {}


def test_a_home_on_a_read_only_disk_can_be_read_but_not_used(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_study(home, "digits")
    before = tree(home.root)
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert list_studies(open_home(home.root, create=False)) == ["digits"]
    with pytest.raises(CeterisError) as caught:
        open_home(home.root, create=True)
    assert caught.value.what == "access was denied while opening the home folder"
    assert caught.value.received == str(home.root)
    assert tree(home.root) == before


@pytest.mark.parametrize("broken", ["open", "write", "fsync", "replace"])
def test_a_full_disk_leaves_no_half_of_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    root = tmp_path / "new" / "home"
    with monkeypatch.context() as patched:
        patched.setattr(os, broken, fail)
        with pytest.raises(CeterisError) as caught:
            open_home(root, create=True)
    assert caught.value.what == "the disk is full while opening the home folder"
    assert caught.value.received == f"no space left for {root}"
    assert tree(tmp_path) == {}


def test_a_home_made_for_work_that_fails_is_taken_back(tmp_path: Path) -> None:
    seen = []

    def work(home: Home) -> None:
        seen.append(home.studies.is_dir())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), making_home(tmp_path / "new" / "home") as home:
        work(home)
    assert seen == [True]
    assert tree(tmp_path) == {}


def test_a_home_made_for_work_that_succeeds_or_has_put_something_there_stays(
    tmp_path: Path,
) -> None:
    with making_home(tmp_path / "a") as home:
        pass
    assert open_home(home.root, create=False) == home

    def work(home: Home) -> None:
        add_study(home, "digits")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), making_home(tmp_path / "b") as home:
        work(home)
    assert list_studies(open_home(tmp_path / "b", create=False)) == ["digits"]


def test_a_home_that_was_there_is_never_taken_back(home: Home) -> None:
    before = tree(home.root)
    with pytest.raises(ZeroDivisionError), making_home(home.root):
        raise ZeroDivisionError
    assert tree(home.root) == before
