"""``data check`` in plain sentences, worst first."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
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
        "1 of 4 test images is in train too, pixel by pixel.",
        "2 groups of identical images have different labels: 4 images.",
        "1 image is one colour from corner to corner.",
        "1 of 12 images of train is a copy of another one there.",
        'write drop = ["leaked", "conflicting", "flat", "duplicates"] in [data]',
    ]
    places = [text.find(sentence) for sentence in sentences]
    assert -1 not in places, text
    assert places == sorted(places)


def test_rows_are_listed_where_asked_for(own: Path) -> None:
    lines = check(str(own), "--list").splitlines()
    assert "  test[1] (row 13) = train[3] (row 3)" in lines
    assert "  train[3] (row 3) = test[1] (row 13)" in lines
    assert "  train[7] (row 7) = train[6] (row 6)" in lines
    assert "  train[9] (row 9)" in lines
    assert "row 13" not in check(str(own))


def test_json_is_complete(own: Path) -> None:
    found = json.loads(check(str(own), "--json"))
    assert (found["images"], found["distinct"], found["as_published"]) == (16, 14, None)
    assert [part["first_row"] for part in found["parts"]] == [0, 12]
    assert found["shared"] == [
        {
            "part": "test",
            "other": "train",
            "rows": [13],
            "originals": [3],
            "near": [],
            "twins": [],
        }
    ]
    assert (found["parts"][0]["copies"], found["parts"][0]["originals"]) == ([7], [6])
    assert found["places"]["13"] == {"part": "test", "row": 1, "file": None}
    assert sorted(map(int, found["places"])) == [3, 6, 7, 9, 13]
    assert found["study"] is found["dropped"] is None
    assert found["conflicts"][0] == {"rows": [3, 13], "labels": [1, 0]}
    assert found["near"] == {"searched": True, "why_not": "", "pairs": []}
    assert found["findings"][0]["drop"] == "leaked"


def test_digits_are_clean_and_small() -> None:
    text = " ".join(check("digits").split())
    assert "1,797 images, all different" in text
    assert "No copies, no conflicting labels, no flat images." in text
    assert "Near duplicates were not looked for: images of 8 x 8 pixels are too small" in text
    assert "check larger versions of them" in text


def test_near_duplicates_are_left_out_where_not_wanted(own: Path) -> None:
    assert json.loads(check(str(own), "--exact", "--json"))["near"]["searched"] is False


def test_an_unknown_name_suggests_the_nearest() -> None:
    done = CliRunner().invoke(app, ["data", "check", "fer2031"])
    assert done.exit_code != 0
    assert "fer2013" in str(done.exception)


def test_near_duplicates_are_announced_only_where_they_are_looked_for(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ceteris.cli.checking_data._SAID_BEFORE", 1)
    said = {
        words: CliRunner().invoke(app, ["data", "check", *words]).stderr
        for words in ((str(own),), (str(own), "--exact"), ("digits",))
    }
    assert "looking for near duplicates" in said[(str(own),)]
    assert said[(str(own), "--exact")] == said[("digits",)] == ""


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Twelve training pictures and four of the test part; one of these is a training picture."""
    generator = np.random.default_rng(1)
    root = tmp_path / "pictures"
    for part, count in (("train", 6), ("test", 2)):
        for label in ("circle", "square"):
            (root / part / label).mkdir(parents=True)
            for number in range(1, count + 1):
                pixels = generator.integers(0, 256, (16, 16), dtype=np.uint8)
                Image.fromarray(pixels).save(root / part / label / f"{number}.png")
    copy = (root / "train" / "circle" / "1.png").read_bytes()
    (root / "test" / "circle" / "dup1.png").write_bytes(copy)
    return root


def test_pictures_are_named_by_their_files(pictures: Path) -> None:
    lines = check(str(pictures), "--list").splitlines()
    assert "  test/circle/dup1.png = train/circle/1.png" in lines
    found = json.loads(check(str(pictures), "--json"))
    (row,) = found["shared"][0]["rows"]
    (original,) = found["shared"][0]["originals"]
    assert found["places"][str(row)]["file"] == "test/circle/dup1.png"
    assert found["places"][str(original)] == {
        "part": "train",
        "row": original,
        "file": "train/circle/1.png",
    }


def write_study(pictures: Path, **data: object) -> str:
    table = {"name": "folder", "path": str(pictures), "size": [16, 16], **data}
    lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
    path = pictures.parent / "own.toml"
    path.write_text(
        'name = "own"\nseeds = 1\n[data]\n' + "\n".join(lines) + '\n[network]\nname = "mlp"\n'
        'hidden = [4]\n[train]\nsteps = 2\noptimizer = "sgd"\nlearning_rate = 0.1\n'
    )
    return str(path)


def test_files_are_right_where_broken_ones_are_left_out(pictures: Path) -> None:
    (pictures / "train" / "circle" / "0.png").write_bytes(b"broken")
    study = write_study(pictures, skip_broken=True)
    assert "  test/circle/dup1.png = train/circle/1.png" in check(study, "--list").splitlines()


def test_a_study_is_checked_as_it_splits_and_drops(pictures: Path) -> None:
    text = " ".join(
        check(write_study(pictures, validation=4, validation_by="last", images=10)).split()
    )
    assert "own (folder): 15 images" in text
    assert "class train validation test circle 3 2 3 square 3 2 2 together 6 4 5" in text
    assert "2 other images are in no part." in text
    assert 'write drop = ["leaked"]' in text
    found = json.loads(check(write_study(pictures, drop="leaked"), "--json"))
    assert found["study"] == {"name": "own", "arm": "own"}
    assert found["dropped"] == {"by_word": {"leaked": 1}, "images": 1, "of": 12}
    assert [part["images"] for part in found["parts"]] == [11, 5]


def test_a_drop_that_is_there_is_not_advised(pictures: Path) -> None:
    (pictures / "train" / "circle" / "6.png").write_bytes(
        (pictures / "train" / "circle" / "5.png").read_bytes()
    )
    text = " ".join(check(write_study(pictures, drop="leaked")).split())
    assert "1 of 12 training images is left out: 1 leaked." in text
    assert "in train too" not in text
    assert 'write drop = ["leaked", "duplicates"]' in text
    text = " ".join(check(write_study(pictures, drop=["leaked", "duplicates"])).split())
    assert "2 of 12 training images are left out: 1 leaked, 1 duplicate." in text
    assert "To leave these out" not in text


def test_validation_images_that_stay_in_the_test_part_are_said(pictures: Path) -> None:
    study = write_study(pictures, drop="leaked", validation=6, validation_by="first")
    text = " ".join(check(study).split())
    assert "1 of 5 test images is in validation too, pixel by pixel. They stay" not in text
    assert "1 of 5 test images is in validation too, pixel by pixel. It stays" in text
    assert "the best epoch or an arm" in text
    assert "To leave these out" not in text


def test_arms_and_seeds_that_take_other_images_are_said(pictures: Path) -> None:
    path = Path(write_study(pictures, validation=4, resample_split=True))
    path.write_text(path.read_text() + '[factors]\ndrop = [[], ["leaked"]]\n')
    text = " ".join(check(str(path)).split())
    assert "These are the images of arm drop=none; others take other images." in text
    assert "These are the images of seed 0; every seed takes others." in text
