"""Listing, setting aside and removing the studies of a home."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from ceteris.errors import CeterisError
from ceteris.store import (
    Home,
    Store,
    list_studies,
    open_home,
    remove_study,
    set_aside,
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


def test_studies_are_listed_by_what_they_hold(home: Home) -> None:
    for name in ("b", "a"):
        add_study(home, name)
    (home.studies / "empty").mkdir()
    (home.studies / "file").write_text("")
    foreign = home.studies / "foreign"
    foreign.mkdir()
    with sqlite3.connect(foreign / "study.sqlite") as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    set_aside(add_study(home, "c"))
    assert list_studies(home) == ["a", "b"]
    assert list_studies(home, aside=True) == ["c~1"]


def test_setting_aside_takes_the_next_free_number_and_keeps_everything(home: Home) -> None:
    folders = []
    for number in (1, 2):
        folder = add_study(home, "lr")
        (folder / "note").write_text(str(number))
        folders.append(set_aside(folder))
        assert not folder.exists()
    assert [f.name for f in folders] == ["lr~1", "lr~2"]
    assert [(f / "note").read_text() for f in folders] == ["1", "2"]
    Store.open(folders[0], write=False).close()


def test_removing_a_study(home: Home) -> None:
    add_study(home, "a")
    set_aside(add_study(home, "b"))
    add_study(home, "c")
    remove_study(home, "a")
    remove_study(home, "b~1")
    assert os.listdir(home.studies) == ["c"]


def test_a_removal_cut_short_leaves_no_study_and_is_done_by_the_next(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_study(home, "a")
    add_study(home, "b")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_study(home, "a")
    assert list_studies(home) == ["b"]
    remove_study(home, "b")
    assert os.listdir(home.studies) == []


@pytest.mark.parametrize("change", [set_aside, lambda f: remove_study(Home(f.parent.parent), "a")])
def test_a_study_in_use_is_neither_removed_nor_set_aside(
    home: Home, change: Callable[[Path], object]
) -> None:
    with Store.create(study_folder(home, "a")) as store:
        with pytest.raises(CeterisError, match="the study is in use by another process"):
            change(store.folder)
        store.freeze({"threads": 1})
    assert list_studies(home) == ["a"]


def test_removing_what_is_not_a_study(home: Home) -> None:
    folder = home.studies / "mine"
    folder.mkdir()
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(CeterisError) as caught:
        remove_study(home, "mine")
    assert str(caught.value) == (
        "there is no study 'mine'\n"
        f"  received: {folder}\n"
        "  expected: a folder with a study.sqlite that Ceteris wrote\n"
        "  fix:      see the names with: ceteris list"
    )
    with pytest.raises(CeterisError, match="there is no study 'mine'"):
        set_aside(folder)
    assert tree(folder) == {"thesis.tex": b"years of work"}
    for name in ("..", "../studies/mine", "", "missing", "~1", "../x~1"):
        with pytest.raises(CeterisError):
            remove_study(home, name)


def test_a_link_to_a_study_is_not_followed(home: Home, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    Store.create(elsewhere).close()
    link = home.studies / "link"
    link.symlink_to(elsewhere, target_is_directory=True)
    for change in (set_aside, lambda f: remove_study(home, f.name)):
        with pytest.raises(CeterisError) as caught:
            change(link)
        assert str(caught.value) == (
            "the study's folder is a link\n"
            f"  received: {link}\n"
            "  expected: the folder itself, so that nothing elsewhere is changed\n"
            "  fix:      do it by hand to the folder that the link leads to"
        )
    assert (elsewhere / "study.sqlite").exists()


def test_links_inside_a_study_are_removed_and_not_followed(home: Home, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("")
    (add_study(home, "a") / "link").symlink_to(elsewhere, target_is_directory=True)
    remove_study(home, "a")
    assert (elsewhere / "kept").exists()


def test_a_damaged_study_can_be_removed(home: Home) -> None:
    folder = add_study(home, "a")
    database = folder / "study.sqlite"
    database.write_bytes(database.read_bytes()[:5000])
    remove_study(home, "a")
    assert not folder.exists()
