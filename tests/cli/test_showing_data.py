"""``ceteris data show``: what is written where, what is said, and every way to ask wrongly."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from ceteris.cli.app import app
from ceteris.errors import CeterisError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and a home beside it."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CETERIS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CETERIS_DATA", raising=False)
    return folder


def show(*words: str) -> Result:
    found = CliRunner().invoke(app, ["data", "show", *words])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


def test_a_picture_is_written_here_and_never_over_another(here: Path) -> None:
    first = show("digits", "--rows", "2", "--columns", "3")
    assert first.stdout == "wrote digits.png\ndigits: 6 of 1,437 training images, seed 0\n"
    content = (here / "digits.png").read_bytes()
    again = show("digits", "--rows", "2", "--columns", "3")
    assert again.stdout.startswith("the same as before: digits.png\n")
    with pytest.raises(CeterisError, match="is there already, and is another picture"):
        show("digits", "--rows", "2", "--columns", "3", "--seed", "1")
    assert (here / "digits.png").read_bytes() == content
    show("digits", "--rows", "2", "--columns", "3", "--seed", "1", "--overwrite")
    assert (here / "digits.png").read_bytes() != content
    assert sorted(path.name for path in here.iterdir()) == ["digits.png"]


def test_each_kind_of_picture_has_a_name_of_its_own(here: Path) -> None:
    show("digits", "--by-class", "1")
    augmented = show("digits", "--augment", "rotation=10,flip", "--rows", "1", "--columns", "2")
    assert "1 of 1,437 training images, seed 0; rotation 10, flip true" in augmented.stdout
    names = sorted(path.name for path in here.iterdir())
    assert names == ["digits-augmented.png", "digits-by-class.png"]


def test_test_images_are_shown_only_where_asked_and_that_is_said(here: Path) -> None:
    table = json.loads(show("digits", "--rows", "3", "--json", "--out", "a.png").stdout)
    shown = {image["row"] for image in table["images"]}
    assert len(shown) == 30
    found = show("digits", "--part", "test", "--rows", "3", "--json")
    assert "this is a look at the test part" in found.stderr
    table = json.loads(found.stdout)
    assert (table["file"], table["part"]) == ("digits-test.png", "test")
    assert shown.isdisjoint(image["row"] for image in table["images"])


def test_pictures_of_ones_own_are_shown_by_folder_and_by_study(here: Path) -> None:
    for name, value in (("dark", 10), ("light", 240)):
        (here / "mine" / name).mkdir(parents=True)
        for number in range(5):
            pixels = np.full((10 + number, 12), value, np.uint8)
            Image.fromarray(pixels).save(here / "mine" / name / f"{number}.png")
    table = json.loads(show("mine", "--by-class", "2", "--json").stdout)
    assert table["file"] == "mine-by-class.png"
    assert [image["class"] for image in table["images"]] == ["dark"] * 2 + ["light"] * 2
    study = (
        'name = "asked"\ndata = { name = "folder", path = "mine", size = [8, 8], images = 4 }\n'
        'network = "mlp"\ntrain = { steps = 1, optimizer = "sgd" }\n'
    )
    (here / "asked.toml").write_text(study)
    assert "asked: 4 of 4 training images" in show("asked.toml").stdout
    assert (here / "asked.png").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("digts",), "did you mean 'digits'"),
        (("labels.npy",), "name the study's .toml file instead"),
        (("digits", "--rows", "0"), "--rows is not a number of pictures"),
        (("digits", "--columns", "51"), "1 to 50"),
        (("digits", "--by-class", "0"), "--by-class is not a number of pictures"),
        (("digits", "--augment", "flip", "--columns", "1"), "2 to 50"),
        (("digits", "--by-class", "2", "--rows", "2"), "--rows has nothing to say"),
        (("digits", "--by-class", "2", "--augment", "flip"), "--augment has nothing to say"),
        (("digits", "--seed", "-1"), "--seed is not a seed"),
        (("digits", "--part", "tset"), "did you mean 'test'"),
        (("digits", "--part", "test", "--augment", "flip"), "test images are never augmented"),
        (("digits", "--augment", "crop=8"), "would crop images away whole"),
        (("digits", "--augment", "flip=no"), "'flip' cannot be 'no'"),
        (("digits", "--out", "digits.jpg"), "a file that ends in .png"),
        (("digits", "--out", "no/where.png"), "in a folder that exists"),
    ],
)
def test_what_cannot_be_shown_is_said_and_nothing_is_written(
    here: Path, words: tuple[str, ...], message: str
) -> None:
    (here / "labels.npy").write_bytes(b"not looked at")
    with pytest.raises(CeterisError) as error:
        show(*words)
    assert message in str(error.value)
    assert [path.name for path in here.iterdir()] == ["labels.npy"]
