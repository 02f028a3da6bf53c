"""Every doubt, at the place where it begins and just before it."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ceteris.data.own_pictures import Prepared
from ceteris.predict.doubts import DOUBTS, Measured, Seen, doubts_of, meanings_of
from ceteris.predict.likeness import Likeness, Reference
from ceteris.predict.polarity import Borders
from ceteris.predict.votes import Vote

NOTHING = np.empty((0, 0, 3), np.uint8)
UNEVEN = np.arange(16, dtype=np.uint8).reshape(4, 4, 1)


def seen(
    pixels: np.ndarray = UNEVEN,
    shares: tuple[float, ...] = (0.9, 0.1, 0.0),
    votes: dict[int, int] | None = None,
    distances: dict[str, float] | None = None,
    **facts: Any,
) -> Seen:
    prepared = Prepared(
        **{"pixels": pixels, "size": (40, 60), "steps": (), "enlarged": 0.5, "squeezed": 1.0,
           "original": NOTHING, **facts}
    )  # fmt: skip
    vote = Vote(int(np.argmax(shares)), shares, None, None, None, votes or {0: 3})
    return Seen(prepared, vote, distances or {}, ("cat", "dog", "owl"), 15)


def kinds(one: Seen, measured: Measured = Measured()) -> list[str]:  # noqa: B008
    return [doubt.kind for doubt in doubts_of(one, measured)]


def sentence(one: Seen, measured: Measured = Measured()) -> str:  # noqa: B008
    (doubt,) = doubts_of(one, measured)
    return doubt.sentence


def meaning(kind: str, measured: Measured) -> str:
    (said,) = meanings_of({kind}, measured).values()
    return said


LIKENESS = Measured(
    likeness=Likeness(
        Reference(np.empty((0, 0), np.float32), {}),
        {"pixels": 2.0, "features": 0.5, "statistics": 7.0},
        1000,
        9,
        "validation",
    )
)


def test_an_ordinary_picture_has_none() -> None:
    assert kinds(seen()) == []
    assert kinds(seen(distances={"pixels": 2.0, "features": 0.5}), LIKENESS) == []


def test_unlike_in_either_space() -> None:
    assert sentence(seen(distances={"pixels": 3.0, "features": 0.1}), LIKENESS) == (
        "1.50 times the limit in pixels"
    )
    both = seen(distances={"pixels": 3.0, "features": 100.0})
    assert sentence(both, LIKENESS) == "1.50 times the limit in pixels, 200 in features"


def test_unlike_says_once_what_its_limit_is_and_of_few_images_that_it_is_their_maximum() -> None:
    assert meaning("unlike", LIKENESS).startswith(
        "farther from the training images than 99.7% of 1,000 validation images each, in pixels"
    )
    assert LIKENESS.likeness is not None
    few = Measured(likeness=replace(LIKENESS.likeness, num_held_out=90, called=0))
    assert "than any of 90 validation images, in pixels" in meaning("unlike", few)
    assert "%" not in meaning("unlike", few)


def test_inverted() -> None:
    light = np.full((4, 4, 1), 15, np.uint8)
    light[1:3, 1:3] = 0
    measured = Measured(borders=Borders(0.0, 0.2))
    assert sentence(seen(light), measured) == "looks dark on light: its border is 1.00 of white"
    assert meaning("inverted", measured) == (
        "perhaps: the borders of the training images are 0.00 to 0.20 of white; --invert auto "
        "turns such pictures"
    )
    assert kinds(seen(15 - light), measured) == []
    other = Measured(borders=Borders(0.8, 1.0))
    assert "light on dark" in sentence(seen(15 - light), other)


def test_low_margin_with_what_such_leads_are_worth() -> None:
    close = seen(shares=(0.4, 0.35, 0.25))
    assert sentence(close) == "cat is only 0.05 ahead of dog"
    assert meaning("low_margin", Measured()) == "the first class leads by less than 0.2"
    margins = (np.array([0.1, 0.15, 0.19, 0.2, 0.9]), np.array([True, False, False, True, True]))
    assert meaning("low_margin", Measured(margins=margins)) == (
        "the first class leads by less than 0.2; of 3 held-out images with so small a lead 33% "
        "were right"
    )
    assert kinds(seen(shares=(0.61, 0.39, 0.0))) == []
    assert kinds(seen(shares=(0.59, 0.41, 0.0))) == ["low_margin"]


def test_seeds_disagree() -> None:
    assert sentence(seen(votes={0: 3, 2: 1})) == "3 for cat, 1 for owl"


def test_tiny() -> None:
    assert kinds(seen(enlarged=1.0)) == []
    assert sentence(seen(enlarged=2.0, size=(2, 3))) == (
        "3 x 2 pixels, enlarged 2.0 times to the network's 4 x 4"
    )


def test_squeezed() -> None:
    assert kinds(seen(squeezed=1.4)) == []
    assert sentence(seen(squeezed=3.0)) == ("one side was made 3.0 times shorter than the other")


def test_flat() -> None:
    flat = np.full((4, 4, 1), 7, np.uint8)
    assert sentence(seen(flat)) == "its pixels differ by 0.0% of the whole range"


def test_flat_says_which_ground_shows_something() -> None:
    flat = np.full((4, 4, 1), 15, np.uint8)
    assert sentence(seen(flat, other_ground=0.25)) == (
        "its pixels differ by 0.0% of the whole range on white, 25.0% on black: use --ground black"
    )
    black = replace(seen(flat, other_ground=0.25), ground="black")
    assert sentence(black).endswith("on black, 25.0% on white: use --ground white")
    assert sentence(seen(flat, other_ground=0.0)).endswith("neither ground shows anything")
    assert kinds(seen(other_ground=0.25)) == []


def test_known() -> None:
    assert sentence(replace(seen(), known="training image 3, class cat")) == (
        "it is training image 3, class cat"
    )


def test_every_doubt_is_tried_here() -> None:
    tried = {name.removeprefix("test_") for name in globals() if name.startswith("test_")}
    for kind in DOUBTS:
        assert any(name.startswith(kind) for name in tried), kind


@pytest.mark.parametrize("kind", DOUBTS)
def test_a_doubt_says_one_line(kind: str) -> None:
    light = np.full((4, 4, 1), 15, np.uint8)
    all_of_them = seen(
        light, (0.4, 0.35, 0.25), {0: 1, 1: 1}, {"pixels": 9.0, "features": 9.0},
        enlarged=2.0, squeezed=2.0,
    )  # fmt: skip
    all_of_them = replace(all_of_them, known="training image 3, class cat")
    measured = Measured(likeness=LIKENESS.likeness, borders=Borders(0.0, 0.2))
    said = {doubt.kind: doubt.sentence for doubt in doubts_of(all_of_them, measured)}
    assert said[kind]
    assert said[kind].isprintable()
    assert meaning(kind, measured).isprintable()
    assert meaning(kind, measured) not in said[kind]
