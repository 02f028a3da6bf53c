"""``data check`` in plain sentences, worst first."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ceteris.cli.app import app


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A .npz file whose second test image is a training image, with another label."""
    generator = np.random.default_rng(0)
    train = generator.integers(0, 256, (12, 16, 16), dtype=np.uint8)
    test = generator.integers(0, 256, (4, 16, 16), dtype=np.uint8)
    test[1] = train[3]
    train[7] = train[6]
    train[9] = 50
    labels = np.arange(16) % 2
    labels[13] = 0
    path = tmp_path / "own.npz"
    np.savez(path, x_train=train, y_train=labels[:12], x_test=test, y_test=labels[12:])
    return path


def check(*words: str) -> str:
    done = CliRunner().invoke(app, ["data", "check", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_sentences_worst_first_and_what_to_do(own: Path) -> None:
    text = " ".join(check(str(own)).split())
    sentences = [
        "16 images, 14 of them distinct; 16x16x1, 2 classes",
        "1 of 4 test images are in train too, pixel by pixel.",
        "2 groups of identical images have different labels: 4 images.",
        "1 image is one colour from corner to corner.",
        "1 of 12 images of train are copies of another one there.",
        'write drop = ["leaked", "conflicting", "flat", "duplicates"] in [data]',
    ]
    places = [text.find(sentence) for sentence in sentences]
    assert -1 not in places, text
    assert places == sorted(places)


def test_rows_are_listed_where_asked_for(own: Path) -> None:
    assert "3=13" in check(str(own), "--list")
    assert "3=13" not in check(str(own))


def test_json_is_complete(own: Path) -> None:
    found = json.loads(check(str(own), "--json"))
    assert (found["images"], found["distinct"], found["as_published"]) == (16, 14, None)
    assert [part["first_row"] for part in found["parts"]] == [0, 12]
    assert found["shared"] == [{"part": "test", "other": "train", "rows": [13], "near": []}]
    assert found["conflicts"][0] == {"rows": [3, 13], "labels": [1, 0]}
    assert found["near"] == {"searched": True, "why_not": "", "pairs": []}
    assert found["findings"][0]["drop"] == "leaked"


def test_digits_are_clean_and_small() -> None:
    text = " ".join(check("digits").split())
    assert "1,797 images, all different" in text
    assert "No copies, no conflicting labels, no flat images." in text
    assert "Near duplicates were not looked for: images of 8 x 8 pixels" in text


def test_near_duplicates_are_left_out_where_not_wanted(own: Path) -> None:
    assert json.loads(check(str(own), "--exact", "--json"))["near"]["searched"] is False


def test_an_unknown_name_suggests_the_nearest() -> None:
    done = CliRunner().invoke(app, ["data", "check", "fer2031"])
    assert done.exit_code != 0
    assert "fer2013" in str(done.exception)
