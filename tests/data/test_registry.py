import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields

import pytest

from ceteris.data import DATA_SETS, DataSource, check_source
from ceteris.errors import CeterisError


@pytest.mark.parametrize("name", sorted(DATA_SETS))
class TestEveryEntry:
    def test_it_says_what_it_is(self, name: str) -> None:
        entry = DATA_SETS[name]
        assert entry.name == name
        assert entry.title
        if not entry.own:
            assert entry.licence
            assert entry.citation
            assert entry.published_at.startswith("https://")
            assert entry.digest is not None
            assert len(entry.digest) == 64
            assert len(set(entry.classes)) == len(entry.classes) >= 2
            assert entry.shape is not None

    def test_it_has_a_test_part_or_a_default_for_one(self, name: str) -> None:
        entry = DATA_SETS[name]
        assert (entry.default_test is None) == bool(entry.forms) == bool(entry.parts)
        assert len(entry.parts) != 1
        assert all(count > 0 for _, count in entry.parts)
        assert entry.num_between == 0 or entry.note

    def test_its_files_can_be_told_apart(self, name: str) -> None:
        forms = DATA_SETS[name].forms
        spellings = [s for form in forms for file in form.files for s in file.spellings]
        spellings += [s for form in forms for s in form.archive_spellings]
        assert len(set(spellings)) == len(spellings)
        for form in forms:
            assert form.files
            assert all(len(file.content_sha256) == 64 for file in form.files)

    def test_it_is_accepted(self, name: str) -> None:
        needed = dict.fromkeys(DATA_SETS[name].needs, "a")
        assert check_source(DataSource(name, **needed)) is DATA_SETS[name]  # type: ignore[arg-type]

    def test_it_takes_only_fields_that_there_are(self, name: str) -> None:
        known = {field.name for field in fields(DataSource)} - {"name"}
        entry = DATA_SETS[name]
        assert {*entry.needs, *entry.takes} <= known
        assert set(entry.needs).isdisjoint(entry.takes)
        assert entry.own or not entry.takes


def test_the_names() -> None:
    published = ["digits", "mnist", "fashion-mnist", "cifar10", "fer2013"]
    assert list(DATA_SETS) == [*published, "folder", "npz", "npy", "idx", "csv"]


def test_a_misspelt_name_gets_the_nearest(four_parts: Callable[..., None]) -> None:
    with pytest.raises(CeterisError) as caught:
        check_source(DataSource("fashion_mnist"), where="a.toml, data")
    four_parts(
        caught.value,
        what="there is no data set 'fashion_mnist'",
        received="(a.toml, data)",
        expected="cifar10, csv, digits, fashion-mnist, fer2013, folder, idx, mnist, npy, npz",
        fix="'fashion-mnist'",
    )


@pytest.mark.parametrize("name", [None, 3, ["digits"], ""])
def test_a_name_that_is_none(name: object) -> None:
    with pytest.raises(CeterisError, match="there is no data set"):
        check_source(DataSource(name))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "value"), [("path", "pictures"), ("size", (8, 8)), ("colour", "grey")]
)
def test_what_is_only_for_folders(four_parts: Callable[..., None], key: str, value: object) -> None:
    source = DataSource("digits", **{key: value})  # type: ignore[arg-type]
    with pytest.raises(CeterisError) as caught:
        check_source(source, where="a.toml, data")
    four_parts(
        caught.value,
        what=f"'{key}' is only for data of one's own, not for 'digits'",
        received=f"{key} = {value!r}  (a.toml, data)",
        fix=f"take out {key}",
    )


@pytest.mark.parametrize("path", [None, ""])
def test_a_folder_without_a_path(four_parts: Callable[..., None], path: str | None) -> None:
    with pytest.raises(CeterisError) as caught:
        check_source(DataSource("folder", path=path))
    four_parts(caught.value, what="needs a path", received="path =", fix="write path")


@pytest.mark.parametrize(
    "size", [(0, 8), (8, -1), (8,), (8, 8, 3), (8.0, 8), (True, 8), (8, 4097), [8, 8], "8x8", 8]
)
def test_a_size_that_is_not_possible(four_parts: Callable[..., None], size: object) -> None:
    with pytest.raises(CeterisError) as caught:
        check_source(DataSource("folder", path="x", size=size))  # type: ignore[arg-type]
    four_parts(caught.value, what="the size", expected="[height, width]", fix="size = [64, 64]")


def test_a_colour_that_is_none(four_parts: Callable[..., None]) -> None:
    with pytest.raises(CeterisError) as caught:
        check_source(DataSource("folder", path="x", colour="gray"), where="a.toml")  # type: ignore[arg-type]
    four_parts(caught.value, what="colour 'gray'", received="(a.toml)", fix="'grey'")


def test_importing_the_room_imports_nothing_heavy() -> None:
    heavy = ("torch", "sklearn", "PIL", "scipy", "pandas", "matplotlib")
    code = f"import sys, ceteris.data; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
