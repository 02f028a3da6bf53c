"""Ten pictures as people have them, through a digits run and a run on coloured pictures of 32 x 32.

Drawn here: ink on paper, chalk, a photograph on its side, a scan of 16 bits, a picture for print, a
see-through one, a tiny one, scenes. What is asked: does a person get the right class, or else a
reason to doubt it?
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.predict.conftest import trained_once
from tests.predict.own_pictures import write_ten

from ceteris.cli import main

WRITTEN = {
    "paper_0.png": "0",
    "paper_1.png": "1",
    "paper_4.png": "4",
    "photo_7.jpg": "7",
    "chalk_3.webp": "3",
    "clear_2.png": "2",
    "deep_0.png": "0",
    "tiny_4.bmp": "4",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CETERIS_HOME", str(trained_once().home))
    write_ten(tmp_path / "ten")
    return tmp_path


def told(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str
) -> dict[str, dict[str, Any]]:
    """What ``ceteris predict WORDS --json`` says, by the picture's name."""
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "argv", ["ceteris", "predict", *words, "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    found = json.loads(capsys.readouterr().out)
    return {Path(picture["name"]).name: picture for picture in found["pictures"]}


def kinds(picture: dict[str, Any]) -> set[str]:
    return {doubt["kind"] for doubt in picture["doubts"]}


def test_digits_on_paper(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    as_they_are = told(root, monkeypatch, capsys, "digits", "ten")
    for name in set(WRITTEN) - {"chalk_3.webp"}:
        assert {"unlike", "inverted"} <= kinds(as_they_are[name]), name
    turned = told(root, monkeypatch, capsys, "digits", "ten", "--invert", "auto")
    right = [name for name, digit in WRITTEN.items() if turned[name]["label"] == digit]
    for name in set(WRITTEN) - set(right):
        assert kinds(turned[name]), f"{name} is wrong and nothing is said"
    assert len(right) >= 6, right
    assert "turned upright (EXIF orientation 6)" in turned["photo_7.jpg"]["steps"]
    assert "16 bits cut to the upper 8" in turned["deep_0.png"]["steps"]
    assert "laid on white where transparent" in turned["clear_2.png"]["steps"]
    assert "tiny" in kinds(turned["tiny_4.bmp"])
    assert turned["chalk_3.webp"]["steps"] == as_they_are["chalk_3.webp"]["steps"]
    # What is no digit is called unlike, whichever way round.
    for name in ("sea.jpg", "wood_print.jpg"):
        assert "unlike" in kinds(as_they_are[name])
        assert "unlike" in kinds(turned[name])


def test_scenes_in_colour(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(root, monkeypatch, capsys, "scenes", "ten", "--sheet", "sheet.html")
    assert found["sea.jpg"]["label"] == "sea"
    assert found["wood_print.jpg"]["label"] == "wood"
    assert "CMYK to RGB" in found["wood_print.jpg"]["steps"]
    assert "squeezed" in kinds(found["wood_print.jpg"])
    assert all("unlike" in kinds(found[name]) for name in WRITTEN)
    assert (root / "sheet.html").read_text("utf-8").count("data:image/png") == 20


def test_lying_on_its_side_is_the_same_picture(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Image.open(root / "ten" / "paper_1.png") as image:
        upright = np.asarray(image)
    folder = root / "two"
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 8
    Image.fromarray(upright).save(folder / "upright.png")
    Image.fromarray(np.rot90(upright, k=-1).copy()).save(folder / "lying.png", exif=exif.tobytes())
    found = told(root, monkeypatch, capsys, "digits", "two", "--no-likeness")
    assert found["lying.png"]["probabilities"] == pytest.approx(
        found["upright.png"]["probabilities"], abs=1e-6
    )
