"""Runs by the beginning of their ids, in stores whose ids are made up."""

from pathlib import Path

import pytest

from ceteris.conduct import find_runs
from ceteris.errors import CeterisError
from ceteris.store import Store, open_home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    opened = open_home(tmp_path / "home", create=True)
    for name, ids in {
        "first": ["abcdef00", "abcdef01"],
        "second": ["abcdef00", "fedcba99"],
    }.items():
        with Store.create(opened.studies / name) as store:
            runs = [("a", seed, run_id, {"id": run_id}, 0) for seed, run_id in enumerate(ids)]
            store.add_design("", {}, "", [("a", {}, 1)], runs)
    return tmp_path / "home"


def test_the_beginning_of_one_id(home: Path) -> None:
    found = find_runs("fedcba", home)
    assert [run.run_id for run in found.chosen] == ["fedcba99"]
    assert (found.folder.name, found.arm, len(found.runs)) == ("second", "a", 2)


def test_one_run_in_two_studies_is_one_run(home: Path) -> None:
    assert [run.run_id for run in find_runs("abcdef00", home).chosen] == ["abcdef00"]


def test_the_beginning_of_two_ids(home: Path) -> None:
    with pytest.raises(CeterisError) as caught:
        find_runs("abcdef", home)
    assert caught.value.what == "2 runs begin with 'abcdef'"
    assert "abcdef00, abcdef01" in caught.value.expected
    assert "more of its characters" in caught.value.fix


def test_fewer_than_six_characters_are_a_name(home: Path) -> None:
    with pytest.raises(CeterisError, match="no study 'fedcb'"):
        find_runs("fedcb", home)


def test_no_study_of_this_name_says_what_there_is(home: Path) -> None:
    with pytest.raises(CeterisError) as caught:
        find_runs("frist:a", home)
    assert caught.value.fix == "did you mean 'first'?"
    assert "first, second" in caught.value.expected
