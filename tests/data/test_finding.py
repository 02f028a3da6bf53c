from collections.abc import Callable
from pathlib import Path

import pytest

from ceteris.data.dataset import Content
from ceteris.data.finding import find_form
from ceteris.data.published import Form, Places, PublishedFile, PublishedSet, Unpacked
from ceteris.errors import CeterisError

LABELS = PublishedFile("train-labels-idx1-ubyte", 8, "", gz_bytes=20, gz_sha256="")
OTHER = PublishedFile("t10k-labels-idx1-ubyte", 8, "", gz_bytes=20, gz_sha256="")
RECORDS = PublishedFile("all.bin", 8, "")


def no_parser(of: PublishedSet, files: tuple[Unpacked, ...]) -> Content:
    raise NotImplementedError


PAIR = Form((LABELS, OTHER), no_parser)
ONE = Form((RECORDS,), no_parser, archive="toy-binary.tar.gz")


def toy(*forms: Form) -> PublishedSet:
    folders = ("toy", "Toy/raw", ".")
    return PublishedSet("toy", "Toy", forms, folders, ("a", "b"), "https://example.org/", "")


def put(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "data", tmp_path / "downloads")


@pytest.mark.parametrize("folder", ["toy", "Toy/raw", "."])
@pytest.mark.parametrize("place", ["data", "downloads"])
def test_every_place_and_folder(tmp_path: Path, places: Places, place: str, folder: str) -> None:
    at = put(tmp_path / place / folder, "train-labels-idx1-ubyte.gz", "t10k-labels.idx1-ubyte")
    found = find_form(toy(PAIR), places)
    assert found.paths == (at / "train-labels-idx1-ubyte.gz", at / "t10k-labels.idx1-ubyte")
    assert (found.form, found.archived) == (PAIR, False)


def test_the_folder_of_the_set_itself_one_level_too_deep(tmp_path: Path) -> None:
    at = put(tmp_path / "toy", *LABELS.spellings[:1], *OTHER.spellings[:1])
    assert find_form(toy(PAIR), Places(at, tmp_path / "downloads")).paths[0].parent == at


@pytest.mark.parametrize("packing", ["", ".gz", ".bz2", ".xz", ".zip"])
def test_every_packing(tmp_path: Path, places: Places, packing: str) -> None:
    at = put(tmp_path / "data" / "toy", f"all.bin{packing}")
    assert find_form(toy(ONE), places).paths == (at / f"all.bin{packing}",)


@pytest.mark.parametrize("name", ["toy-binary.tar.gz", "toy-binary.tar"])
def test_an_archive_in_place_of_the_files(tmp_path: Path, places: Places, name: str) -> None:
    at = put(tmp_path / "data" / "toy", name)
    found = find_form(toy(PAIR, ONE), places)
    assert (found.form, found.paths, found.archived) == (ONE, (at / name,), True)


def test_files_that_are_unpacked_come_before_their_archive(tmp_path: Path, places: Places) -> None:
    at = put(tmp_path / "data" / "toy", "toy-binary.tar.gz", "all.bin")
    assert find_form(toy(ONE), places).paths == (at / "all.bin",)


def test_the_data_folder_comes_first(tmp_path: Path, places: Places) -> None:
    names = [LABELS.published_name, OTHER.published_name]
    put(tmp_path / "downloads" / "toy", *names)
    at = put(tmp_path / "data" / "toy", *names)
    assert find_form(toy(PAIR), places).paths[0].parent == at


def test_a_whole_folder_comes_before_a_part_of_one(tmp_path: Path, places: Places) -> None:
    put(tmp_path / "data" / "toy", LABELS.name)
    at = put(tmp_path / "downloads" / "toy", LABELS.name, OTHER.name)
    assert find_form(toy(PAIR), places).paths[0].parent == at
    (at / OTHER.name).unlink()
    whole = put(tmp_path / "downloads" / "toy", "all.bin")
    assert find_form(toy(PAIR, ONE), places).paths == (whole / "all.bin",)


def test_a_missing_file_is_named(
    tmp_path: Path, places: Places, four_parts: Callable[..., None]
) -> None:
    at = put(tmp_path / "data" / "toy", LABELS.name)
    (at / "t10k-labels-idx1-ubyte.gz").mkdir()  # a folder of that name is no file
    with pytest.raises(CeterisError) as caught:
        find_form(toy(PAIR, ONE), places)
    four_parts(
        caught.value,
        what="some files of Toy are missing",
        received=f"no t10k-labels-idx1-ubyte.gz in {at}",
        expected="all 2 files",
        fix=f"t10k-labels-idx1-ubyte.gz from https://example.org/ into {at}",
    )


def test_a_file_missing_that_an_archive_holds(
    tmp_path: Path, places: Places, four_parts: Callable[..., None]
) -> None:
    put(tmp_path / "data" / "toy", "a.bin")
    a, b = PublishedFile("a.bin", 8, ""), PublishedFile("b.bin", 8, "")
    form = Form((a, b), no_parser, archive="toy-binary.tar.gz")
    with pytest.raises(CeterisError) as caught:
        find_form(toy(form), places)
    fix = "put b.bin from toy-binary.tar.gz from https://example.org/"
    four_parts(caught.value, received="no b.bin in", fix=fix)


def test_no_files_at_all(tmp_path: Path, places: Places, four_parts: Callable[..., None]) -> None:
    (tmp_path / "data").mkdir()
    with pytest.raises(CeterisError) as caught:
        find_form(toy(ONE, PAIR), places)
    four_parts(
        caught.value,
        what="the files of Toy are not here",
        received=f"in {tmp_path / 'data'} or {tmp_path / 'downloads'}",
        expected="all.bin, or toy-binary.tar.gz with all of it; or "
        "train-labels-idx1-ubyte.gz, t10k-labels-idx1-ubyte.gz; each unpacked, .gz, .bz2",
        fix="get toy-binary.tar.gz from https://example.org/ into "
        f"{tmp_path / 'data' / 'toy'} or {tmp_path / 'downloads' / 'toy'}",
    )


def test_no_data_folder_set(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    with pytest.raises(CeterisError) as caught:
        find_form(toy(PAIR), Places(None, tmp_path / "downloads"))
    four_parts(caught.value, received="CETERIS_DATA is not set", fix="or set CETERIS_DATA")


def test_a_data_folder_that_is_none(tmp_path: Path, four_parts: Callable[..., None]) -> None:
    with pytest.raises(CeterisError) as caught:
        find_form(toy(PAIR), Places(tmp_path / "away", tmp_path / "downloads"))
    received = f"CETERIS_DATA names {tmp_path / 'away'}, which is not a folder"
    four_parts(caught.value, received=received)
