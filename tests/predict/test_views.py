"""Predictions averaged over views: as the run was evaluated, or as asked, and said."""

from pathlib import Path

import pytest
from PIL import Image, ImageOps
from tests.predict.conftest import Trained
from tests.predict.own_pictures import scene

from ceteris.errors import CeterisError
from ceteris.predict import Predictions, Wanted, predict
from ceteris.study import ViewsSpec


def test_views_that_show_less_than_half_are_refused(here: Trained, tmp_path: Path) -> None:
    scene("sea", (48, 40)).save(tmp_path / "sea.png")
    wanted = Wanted(likeness=False, views=ViewsSpec(shift_pixels=1000))
    with pytest.raises(CeterisError, match="--views would move images out of sight"):
        predict("scenes:slow", [tmp_path], home=here.home, wanted=wanted)


def test_views_are_averaged_where_asked_for_and_that_is_said(here: Trained, tmp_path: Path) -> None:
    sea, wood = scene("sea", (48, 40)), scene("wood", (48, 40)).rotate(30)
    for tenth in range(10):  # from one to the other: somewhere between the network is not sure
        picture = Image.blend(sea, wood, tenth / 10)
        picture.save(tmp_path / f"{tenth} as it is.png")
        ImageOps.mirror(picture).save(tmp_path / f"{tenth} mirrored.png")

    def of(views: ViewsSpec | None) -> Predictions:
        wanted = Wanted(likeness=False, views=views)
        return predict("scenes:slow", [tmp_path], home=here.home, wanted=wanted)

    plain, flipped = of(None), of(ViewsSpec(flip=True))
    alone = [row.probabilities["sea"] for row in plain.rows]
    means = [row.probabilities["sea"] for row in flipped.rows]
    assert len(alone) == 20
    pairs = list(zip(alone[::2], alone[1::2], strict=True))
    assert max(abs(one - other) for one, other in pairs) > 1e-4
    # An image and its mirror image have the same two views.
    expected = [(one + other) / 2 for one, other in pairs for _ in range(2)]
    assert means == pytest.approx(expected, abs=1e-6)
    sentence = "Probabilities are averaged over 2 views of each image: as it is, mirrored."
    assert sentence in flipped.notes
    assert not any("averaged" in note for note in (*plain.notes, *of(ViewsSpec()).notes))
