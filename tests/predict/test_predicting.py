"""From files to rows, through two small studies that were run."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.predict.conftest import Trained
from tests.predict.own_pictures import digit, write_ten

from ceteris.conduct import open_trained, training_data
from ceteris.errors import CeterisError
from ceteris.predict import Predictions, Wanted, predict


@pytest.fixture(scope="module")
def ten(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ten") / "pictures"
    write_ten(folder)
    return folder


def labels(found: Predictions) -> dict[str, str]:
    return {Path(row.name).name: row.label for row in found.rows}


def doubts(found: Predictions, name: str) -> set[str]:
    (row,) = [row for row in found.rows if Path(row.name).name == name]
    return {doubt.kind for doubt in row.doubts}


def test_all_seeds_vote_and_probabilities_are_shares(here: Trained, ten: Path) -> None:
    found = predict("digits", [ten], home=here.home)
    assert (found.seeds, found.num_seeds, found.arm) == ((0, 1, 2), 3, "digits")
    assert len(found.rows) == 10
    for row in found.rows:
        assert sum(row.probabilities.values()) == pytest.approx(1)
        assert sum(row.votes.values()) == 3
        assert row.label == next(iter(row.probabilities))
        assert row.view.shape == (8, 8, 1)
        assert row.original.size == 0


def test_ink_on_paper_is_doubted_and_inverted_if_asked(here: Trained, ten: Path) -> None:
    found = predict("digits", [ten], home=here.home)
    assert {"unlike", "inverted"} <= doubts(found, "paper_0.png")
    assert "inverted" not in doubts(found, "chalk_3.webp")
    turned = predict("digits", [ten], home=here.home, wanted=Wanted(invert="auto"))
    assert "inverted" not in doubts(turned, "paper_0.png")
    assert labels(turned)["paper_0.png"] == labels(turned)["deep_0.png"] == "0"
    assert labels(turned)["chalk_3.webp"] == labels(found)["chalk_3.webp"]
    steps = {Path(row.name).name: row.steps for row in turned.rows}
    assert steps["paper_0.png"][-1] == "inverted, as its border suggests"
    assert not any("inverted" in step for step in steps["chalk_3.webp"])
    every = predict("digits", [ten], home=here.home, wanted=Wanted(invert="yes"))
    assert all(row.steps[-1] == "inverted, as asked" for row in every.rows)
    assert "inverted" in doubts(every, "chalk_3.webp")


def test_held_out_digits_are_told_apart_from_noise(here: Trained, tmp_path: Path) -> None:
    run = open_trained(here.home, "digits")[0]
    data = training_data(run, home=here.home, data_folder=None)
    rng = np.random.default_rng(0)
    for place, row in enumerate(run.split.test[:60]):
        light = np.rint(data.images[row, :, :, 0] * (255 / 16)).astype(np.uint8)
        Image.fromarray(light).save(tmp_path / f"own_{place:02d}.png")
        noise = rng.integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(noise).save(tmp_path / f"noise_{place:02d}.png")
    found = predict("digits", [tmp_path], home=here.home)
    unlike = {
        kind: np.mean([
            any(doubt.kind == "unlike" for doubt in row.doubts)
            for row in found.rows
            if Path(row.name).name.startswith(kind)
        ])
        for kind in ("own", "noise")
    }  # fmt: skip
    assert unlike["own"] < 0.1
    assert unlike["noise"] > 0.9
    right = [
        row.label == str(data.labels[image])
        for row, image in zip(found.rows[60:], run.split.test[:60], strict=True)
    ]
    assert np.mean(right) > 0.85
    assert found.likeness is not None
    assert (found.likeness.held_out, found.likeness.num_held_out) == ("validation", 287)


def test_a_picture_that_is_a_training_image_is_known(here: Trained, tmp_path: Path) -> None:
    run = open_trained(here.home, "digits")[0]
    data = training_data(run, home=here.home, data_folder=None)
    rows = {"train": run.split.train[-1], "test": run.split.test[0]}
    for part, row in rows.items():
        light = np.rint(data.images[row, :, :, 0] * (255 / 16)).astype(np.uint8)
        Image.fromarray(light).save(tmp_path / f"{part}.png")
        light[3, 3] = 255 - light[3, 3]
        Image.fromarray(light).save(tmp_path / f"{part}_changed.png")
    found = predict("digits", [tmp_path], home=here.home)
    said = {
        Path(row.name).stem: [d.sentence for d in row.doubts if d.kind == "known"]
        for row in found.rows
    }
    number, label = rows["train"], data.labels[rows["train"]]
    assert said["train"] == [f"it is training image {number}, class {label}"]
    assert said["test"][0].startswith(f"it is test image {rows['test']}, class")
    assert said["train_changed"] == said["test_changed"] == []
    assert "nothing of new pictures" in found.meanings["known"]


def test_white_on_nothing_is_flat_and_the_other_ground_is_named(
    here: Trained, tmp_path: Path
) -> None:
    drawn = Image.new("RGBA", (60, 60), (255, 255, 255, 0))
    drawn.paste((255, 255, 255, 255), (20, 10, 40, 50))
    drawn.save(tmp_path / "white.png")
    (row,) = predict("digits", [tmp_path], home=here.home).rows
    (said,) = [doubt.sentence for doubt in row.doubts if doubt.kind == "flat"]
    assert said.endswith("on black: use --ground black")
    black = predict("digits", [tmp_path], home=here.home, wanted=Wanted(ground="black"))
    assert "flat" not in doubts(black, "white.png")


def test_the_arm_is_the_baseline_where_nothing_was_validated(here: Trained, ten: Path) -> None:
    found = predict("scenes", [ten / "sea.jpg"], home=here.home)
    assert found.arm == "plain"
    assert found.reason == "the baseline of 2 arms, for there is no validation part"
    assert "measured on training images" in found.notes[1]
    named = predict("scenes:slow:0", [ten / "sea.jpg"], home=here.home)
    assert (named.arm, named.reason, named.seeds) == ("slow", "", (0,))


def test_scenes_are_known_and_stretched_as_their_folder_was(here: Trained, ten: Path) -> None:
    found = predict("scenes", [ten], home=here.home, wanted=Wanted(originals=True))
    assert labels(found)["sea.jpg"] == "sea"
    assert labels(found)["wood_print.jpg"] == "wood"
    assert "squeezed" in doubts(found, "wood_print.jpg")
    steps = {Path(row.name).name: row.steps for row in found.rows}
    assert steps["sea.jpg"] == ("resized 200 x 150 to 32 x 32, aspect ratio not kept",)
    assert found.normalisation.startswith("less ")
    assert found.normalisation.endswith("(by channel)")
    kept = predict("scenes", [ten / "sea.jpg"], home=here.home, wanted=Wanted(fit="pad"))
    assert "filled up" in kept.rows[0].steps[0]
    assert {row.original.shape[2] for row in found.rows} == {3}


def test_without_the_training_images_the_rest_works(
    here: Trained, ten: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(here.home, home)
    before = predict("scenes", [ten], home=home, wanted=Wanted(likeness=False))
    shutil.rmtree(home / "cache")
    moved = here.scenes.with_name("moved")
    here.scenes.rename(moved)
    try:
        found = predict("scenes", [ten], home=home)
    finally:
        moved.rename(here.scenes)
    assert found.likeness is None
    assert "not judged, for the training images are not here" in found.notes[0]
    assert [r.probabilities for r in found.rows] == [r.probabilities for r in before.rows]
    assert all("unlike" not in doubts(found, Path(row.name).name) for row in found.rows)


def test_a_broken_picture_among_good_ones_is_listed(here: Trained, tmp_path: Path) -> None:
    digit("1").save(tmp_path / "a.png")
    whole = (tmp_path / "a.png").read_bytes()
    for name, content in {
        "cut.png": whole[: len(whole) // 2],
        "empty.jpg": b"",
        "words.png": b"no picture",
        "drawing.png": b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    }.items():
        (tmp_path / name).write_bytes(content)
    found = predict("digits", [tmp_path], home=here.home)
    assert [Path(row.name).name for row in found.rows] == ["a.png"]
    said = {Path(item.name).name: item.reason for item in found.left_out}
    assert set(said) == {"cut.png", "empty.jpg", "words.png", "drawing.png"}
    assert "SVG" in said["drawing.png"]
    assert all("save it" in said[name] for name in ("cut.png", "empty.jpg", "words.png"))


def test_where_no_picture_can_be_read_nothing_is_predicted(here: Trained, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    found = predict("digits", [tmp_path / "a.png"], home=here.home)
    assert found.rows == ()
    assert len(found.left_out) == 1


def test_a_folder_without_pictures_is_an_error(here: Trained, tmp_path: Path) -> None:
    with pytest.raises(CeterisError, match="holds no pictures"):
        predict("digits", [tmp_path], home=here.home)


def test_nothing_is_written(here: Trained, ten: Path) -> None:
    def everything(folder: Path) -> dict[str, tuple[int, int]]:
        return {
            str(path): (path.stat().st_size, path.stat().st_mtime_ns)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    before = [everything(folder) for folder in (here.home, ten)]
    predict("digits", [ten], home=here.home)
    assert [everything(folder) for folder in (here.home, ten)] == before
