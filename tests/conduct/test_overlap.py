"""What a study's parts share is said once, and what is left out is counted."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ceteris.cli.running import run_study
from ceteris.cli.tables import print_plan
from ceteris.conduct import Overlap, dropped_of, dropped_sentences, overlap_of, prepare
from ceteris.data import Dropped
from ceteris.engine.forecast import Forecast
from ceteris.study import Study


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Ten training pictures of two classes; two of the six test pictures are among them."""
    generator = np.random.default_rng(0)
    for part, count in (("train", 5), ("test", 3)):
        for label in ("a", "b"):
            folder = tmp_path / "pictures" / part / label
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = generator.integers(0, 256, (4, 4), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    root = tmp_path / "pictures"
    for label in ("a", "b"):
        copy = (root / "train" / label / "1.png").read_bytes()
        (root / "test" / label / "0.png").write_bytes(copy)
    (root / "train" / "b" / "0.png").write_bytes((root / "train" / "a" / "0.png").read_bytes())
    return root


def study(pictures: Path, **data: object) -> Study:
    return Study(
        name="own",
        seeds=1,
        data={"name": "folder", "path": str(pictures), **data},
        network={"name": "mlp", "hidden": [4]},
        train={"steps": 2, "optimizer": "sgd", "learning_rate": 0.1},
    )


def test_overlap_is_counted_and_said_with_what_to_do(pictures: Path) -> None:
    found = overlap_of(prepare(study(pictures)))
    assert found == Overlap(2, 0, 6, 0, 2, ())
    (sentence,) = found.sentences
    assert sentence == (
        "2 of 6 test images are training images too, pixel by pixel, and 2 training images are "
        'there with another label too; drop = ["leaked", "conflicting"] in [data] leaves them out '
        "of training"
    )


def test_what_is_dropped_is_not_said_again(pictures: Path) -> None:
    plan = prepare(study(pictures, drop=["conflicting", "leaked"]))
    assert overlap_of(plan).sentences == ()
    (dropped,) = dropped_of(plan).values()
    assert dropped.by_word == {"leaked": 2, "conflicting": 2}
    assert (dropped.images, dropped.of) == (4, 10)
    assert len(plan.runs[0].rows.train) == 6
    assert len(plan.runs[0].rows.test) == 6


def test_dropping_nothing_that_is_there_keeps_the_run(pictures: Path) -> None:
    plain, asked = prepare(study(pictures)), prepare(study(pictures, drop=["flat"]))
    assert plain.runs[0].run_id == asked.runs[0].run_id
    leaked = prepare(study(pictures, drop=["leaked"]))
    assert leaked.runs[0].run_id != plain.runs[0].run_id


def test_one_image_is_and_many_are() -> None:
    said = " ".join(Overlap(1, 0, 50, 0, 1, (), validation_in_test=0).sentences)
    assert "1 of 50 test images is a training image too" in said
    assert "1 training image is there with another label too" in said
    assert " are training images too" in " ".join(Overlap(1, 1, 50, 9, 0, ()).sentences)
    (left_out,) = dropped_sentences({"a": Dropped({"duplicates": 1}, images=1, of=9)}, num_arms=1)
    assert left_out == "1 of 9 training images is left out: 1 duplicate"


def test_kinds_are_named_in_one_order_however_they_are_stored() -> None:
    stored = Dropped({"conflicting": 3, "duplicates": 2, "leaked": 4}, images=9, of=20)
    (sentence,) = dropped_sentences({"a": stored}, num_arms=1)
    assert sentence.endswith("4 leaked, 3 conflicting, 2 duplicates")


def test_validation_images_in_the_test_part_are_said(pictures: Path) -> None:
    plan = prepare(study(pictures, drop="leaked", validation=8, validation_by="first"))
    found = overlap_of(plan)
    assert found.validation_in_test == 2
    (sentence,) = (text for text in found.sentences if "validation images are" in text)
    assert sentence.startswith("2 of 8 validation images are test images too, pixel by pixel")
    assert "they stay" in sentence
    one = Overlap(0, 0, 6, 5, 0, (), validation_in_test=1).sentences
    assert one[0].startswith("1 of 5 validation images is a test image too")


def test_a_dry_run_says_both(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = prepare(study(pictures, drop="leaked"))
    forecast = Forecast(seconds=1.0, bytes_kept=10)
    print_plan(plan, forecast, 1, json=False)
    text = " ".join(capsys.readouterr().out.split())
    assert "2 of 10 training images are left out: 2 leaked" in text
    assert '2 training images are there with another label too; drop = ["conflicting"]' in text
    print_plan(plan, forecast, 1, json=True)
    said = json.loads(capsys.readouterr().out)
    assert said["dropped"] == {"own": {"by_word": {"leaked": 2}, "images": 2, "of": 10}}
    assert said["overlap"]["test"] == 0
    assert said["overlap"]["conflicting"] == 2


def test_a_run_says_it_at_its_beginning_and_in_its_answer(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_study(
        study(pictures, drop="leaked"),
        home=None,
        data_folder=None,
        workers=1,
        max_time=None,
        checkpoint_every_s=30,
        dry_run=False,
        fresh=False,
        allow_code=False,
        json=True,
    )
    out, err = capsys.readouterr()
    assert err.count("2 of 10 training images are left out: 2 leaked") == 1
    assert err.count("2 training images are there with another label too") == 1
    answer = json.loads(out)
    assert answer["dropped"] == {"own": {"by_word": {"leaked": 2}, "images": 2, "of": 10}}
    assert "2 of 10 training images are left out: 2 leaked." in answer["notes"]
