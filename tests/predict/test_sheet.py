"""The contact sheet: numbers and words from rows, whatever they are called."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ceteris.predict import Doubt, LeftOut, Prediction, Predictions
from ceteris.predict.sheet import CELL, MOST_DRAWN, as_gallery, as_html
from ceteris.predict.tables import as_csv, as_json
from ceteris.report.pictures import draw_gallery

EVIL = "<script>alert('1')</script>\x1b[31m.png"
VIEW = np.arange(64, dtype=np.uint8).reshape(8, 8, 1)
ROW = Prediction(
    name=f"folder/{EVIL}",
    label="cat & dog",
    probabilities={"cat & dog": 0.75, "=owl": 0.25},
    low=0.5,
    high=1.0,
    spread=0.1,
    margin=0.5,
    votes={"cat & dog": 2, "=owl": 1},
    size=(60, 40),
    steps=("resized 40 x 60 to 8 x 8",),
    doubts=(Doubt("seeds_disagree", "2 for cat & dog, 1 for =owl"),),
    view=VIEW,
    original=np.full((60, 40, 3), 9, np.uint8),
)
FOUND = Predictions(
    study="pets",
    variant="quick",
    arm="plain",
    reason="the baseline",
    seeds=(0, 1, 2),
    num_seeds=4,
    classes=("cat & dog", "=owl"),
    input_shape=(8, 8, 1),
    normalisation="divided by 255",
    validation_accuracy=0.875,
    rows=(ROW,),
    left_out=(LeftOut("<b>.png", "picture '<b>.png' cannot be read"),),
    meanings={"seeds_disagree": "not all say <the same>"},
    likeness=None,
    notes=("A note.",),
)


def test_html_is_one_file_that_asks_for_nothing_and_runs_nothing() -> None:
    text = as_html(FOUND, top=3).decode("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;alert(&#x27;1&#x27;)&lt;/script&gt;?[31m.png" in text
    assert "<b>.png" not in text
    assert re.findall(r'(?:src|href)="([^"]{5})', text) == ["data:", "data:"]
    assert "default-src 'none'" in text
    assert not re.search(r"https?:|@import|url\(", text)


def test_html_says_what_the_row_says() -> None:
    text = as_html(FOUND, top=3).decode("utf-8")
    for words in ("cat &amp; dog</span> 75.0%  [50.0%, 100.0%]", "=owl 25.0%", "2 for cat",
                  "? seeds disagree: 2 for cat", "resized 40 x 60", "3 of 4 seeds vote", "A note.",
                  "divided by 255", "pets@quick, plain: 1 picture<",
                  "probabilities are their means",
                  "Arm plain (the baseline), validation accuracy 0.875.",
                  "<dt>seeds disagree</dt><dd>not all say &lt;the same&gt;</dd>"):  # fmt: skip
        assert words in text
    pictures = re.findall(r"base64,([^\"]+)", text)
    with Image.open(io.BytesIO(base64.b64decode(pictures[1]))) as image:
        assert np.array_equal(np.asarray(image), VIEW[..., 0])


def test_of_one_seed_nothing_is_said_of_votes_and_means() -> None:
    row = replace(ROW, votes={"=owl": 1}, low=None, high=None, spread=None, doubts=())
    one = replace(FOUND, rows=(row,), seeds=(3,), num_seeds=1, meanings={})
    text = as_html(one, top=3).decode("utf-8")
    assert "Seed 3 alone." in text
    for words in ("vote", "means", "seeds:", "What the doubts mean"):
        assert words not in text


def test_an_accuracy_that_chose_the_arm_is_said_once() -> None:
    chosen = replace(FOUND, reason="best of 2 arms on validation, accuracy 0.875")
    text = as_html(chosen, top=3).decode("utf-8")
    assert "Arm plain (best of 2 arms on validation, accuracy 0.875). 3 of 4 seeds" in text
    assert text.count("0.875") == 1


def test_files_of_one_name_are_told_apart_on_a_drawn_sheet() -> None:
    rows = tuple(replace(ROW, name=f"x/{folder}/1.png") for folder in ("june", "july"))
    names = [text.split("\n")[0] for text in as_gallery(replace(FOUND, rows=rows)).names]
    assert names == ["june/1.png", "july/1.png"]


def test_a_drawn_sheet_lists_what_was_left_out() -> None:
    assert as_gallery(FOUND).notes == (
        "", "Left out: 1", "<b>.png: picture '<b>.png' cannot be read"
    )  # fmt: skip
    many = replace(FOUND, left_out=tuple(LeftOut(f"{i}.png", "broken") for i in range(30)))
    notes = as_gallery(many).notes
    assert len(notes) == 11
    assert (notes[2], notes[-1]) == ("0.png: broken", "and 22 more")
    assert as_gallery(replace(FOUND, left_out=())).notes == ()

    def height(found: Predictions) -> int:
        with Image.open(io.BytesIO(draw_gallery(as_gallery(found)))) as image:
            return image.size[1]

    assert height(many) - height(FOUND) == 8 * 16


def test_a_drawn_sheet_shows_the_pixels_of_both() -> None:
    gallery = as_gallery(FOUND)
    assert gallery.cells.shape == (1, 2, CELL, CELL, 3)
    view = gallery.cells[0, 1, :: CELL // 8, :: CELL // 8, 0]
    assert np.array_equal(view, VIEW[..., 0])
    original = gallery.cells[0, 0]
    assert (original[4:-4, 24:-24] == 9).all()  # twice as large would not fit
    assert gallery.names[0].split("\n")[1:] == ["cat & dog  75.0%", "2 of 3 seeds",
                                                 "? seeds disagree"]  # fmt: skip
    with Image.open(io.BytesIO(draw_gallery(gallery))) as image:
        assert image.size[0] > 2 * CELL


def test_a_drawn_sheet_is_bounded_and_says_so() -> None:
    many = replace(FOUND, rows=(ROW,) * (MOST_DRAWN + 5))
    gallery = as_gallery(many)
    assert len(gallery.cells) == MOST_DRAWN
    assert gallery.title.endswith(f"the first {MOST_DRAWN} of {MOST_DRAWN + 5} pictures")


@pytest.mark.parametrize("side", [1, 3, 128, 250, 1000])
def test_every_size_of_view_fits_its_cell(side: int) -> None:
    row = replace(ROW, view=np.full((side, side, 1), 3, np.uint8))
    cell = as_gallery(replace(FOUND, rows=(row,))).cells[0, 1]
    assert (cell[CELL // 2, CELL // 2] == 3).all()
    assert (cell == 3).all(axis=2).mean() > 0.7


def test_json_has_the_keys_that_are_promised() -> None:
    found = as_json(FOUND)
    text = (Path(__file__).parents[2] / "docs" / "json.md").read_text("utf-8")
    section = text[text.index("ceteris predict") :]
    for key in found:
        assert f"`{key}`" in section, key
    for key in found["pictures"][0]:
        assert f"`pictures[].{key}`" in section, key
    assert found["pictures"][0]["doubts"] == [
        {"kind": "seeds_disagree", "sentence": "2 for cat & dog, 1 for =owl"}
    ]


def test_csv_has_a_column_for_every_class_and_no_formula() -> None:
    import csv

    rows = list(csv.reader(io.StringIO(as_csv(FOUND).decode("utf-8"))))
    assert rows[0][-2:] == ["p(cat & dog)", "p(=owl)"]
    assert rows[1][-2:] == ["0.75", "0.25"]
    assert rows[1][7] == "cat & dog: 2; =owl: 1"
    formula = replace(ROW, name="=1+1.png", label="=owl", low=None, high=None, spread=None)
    (_, line) = csv.reader(io.StringIO(as_csv(replace(FOUND, rows=(formula,))).decode("utf-8")))
    assert line[:2] == ["'=1+1.png", "'=owl"]
    assert line[3:6] == ["", "", ""]


def test_a_name_that_is_no_text_is_written_all_the_same() -> None:
    odd = replace(FOUND, rows=(replace(ROW, name="a\udcff.png"),))
    assert b"a?.png" in as_html(odd, top=3)
    assert b".png" in as_csv(odd)
