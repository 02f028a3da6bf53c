"""A gallery drawn: every pixel where the layout says, enlarged and unblurred, the same bytes."""

import io

import matplotlib
import numpy as np
import pytest
from PIL import Image

from ceteris.data.gallery import Gallery
from ceteris.report.pictures import draw_gallery, lay_out, paint


def made(
    num_rows: int = 2,
    num_columns: int = 3,
    shape: tuple[int, int, int] = (5, 4, 3),
    **words: object,
) -> Gallery:
    generator = np.random.default_rng(0)
    cells = generator.integers(0, 256, (num_rows, num_columns, *shape), dtype=np.uint8)
    filled = np.ones((num_rows, num_columns), dtype=np.bool_)
    shown = np.arange(num_rows * num_columns).reshape(num_rows, num_columns)
    return Gallery("a title", cells, filled, shown, **words)  # type: ignore[arg-type]


def decoded(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("shape", [(5, 4, 3), (8, 8, 1), (28, 28, 1), (48, 48, 1), (97, 30, 3)])
@pytest.mark.parametrize(
    "words",
    [
        {},
        {"captions": (("one", "two", "three"),) * 2},
        {"names": ("first\n1", "second\n2"), "headings": ("a", "b", "c")},
    ],
)
def test_every_pixel_is_a_square_of_its_own_colour(
    shape: tuple[int, int, int], words: dict[str, object]
) -> None:
    gallery = made(shape=shape, **words)
    layout = lay_out(gallery)
    drawn = decoded(draw_gallery(gallery))
    assert drawn.shape == (*layout.size, 3)
    side = layout.enlarged
    assert side == max(1, 96 // max(shape[:2]))
    for i, j in np.ndindex(2, 3):
        top = layout.first[0] + i * layout.step[0]
        left = layout.first[1] + j * layout.step[1]
        place = drawn[top : top + layout.cell[0], left : left + layout.cell[1]]
        for corner in ((0, 0), (side - 1, side - 1), (side // 2, 0)):
            sampled = place[corner[0] :: side, corner[1] :: side]
            assert np.array_equal(sampled, np.broadcast_to(gallery.cells[i, j], sampled.shape))


def test_words_are_drawn_beside_and_never_over_the_pictures() -> None:
    plain = made(num_rows=1, captions=(("", "", ""),))
    said = made(num_rows=1, captions=(("a", "b" * 99, "$c_$"),))
    one, two = (decoded(draw_gallery(gallery)) for gallery in (plain, said))
    layout = lay_out(said)
    changed = np.argwhere((one != two).any(axis=2))
    assert len(changed)
    assert changed[:, 0].min() >= layout.first[0] + layout.cell[0]
    third = (changed[:, 1] - layout.first[1]) // layout.step[1]
    assert set(third.tolist()) == {0, 1, 2}, "each caption stays below its picture"


def test_an_empty_cell_is_neither_black_nor_white() -> None:
    gallery = made(num_rows=1, num_columns=2)
    gallery.filled[0, 1] = False
    layout = lay_out(gallery)
    top, left = layout.first[0], layout.first[1] + layout.step[1]
    place = paint(gallery, layout)[top : top + layout.cell[0], left : left + layout.cell[1]]
    assert set(place.ravel().tolist()) == {232}


def test_large_pictures_are_thinned_and_large_tables_stay_within_bounds() -> None:
    gallery = made(num_rows=1, num_columns=2, shape=(1000, 700, 1))
    layout = lay_out(gallery)
    assert (layout.enlarged, layout.every) == (1, 4)
    top, left = layout.first
    place = paint(gallery, layout)[top : top + 250, left : left + 175, 0]
    assert np.array_equal(place, gallery.cells[0, 0, ::4, ::4, 0])
    cells, filled = np.zeros((50, 50, 300, 300, 1), np.uint8), np.ones((50, 50), dtype=np.bool_)
    assert max(lay_out(Gallery("", cells, filled, np.zeros((50, 50), np.int64))).size) < 4000


def test_the_same_gallery_gives_the_same_bytes_and_says_no_date() -> None:
    gallery = made(captions=(("a", "b", "c"),) * 2)
    png = draw_gallery(gallery)
    with matplotlib.rc_context({"savefig.bbox": "tight", "font.size": 30, "text.color": "red"}):
        assert draw_gallery(gallery) == png, "whatever a user's own style is"
    with Image.open(io.BytesIO(png)) as picture:
        assert set(picture.info) <= {"dpi"}


@pytest.mark.parametrize("name", ["$a_{$", "猫", "a\tb", "\\frac", "x" * 500, "$"])
def test_any_class_name_can_be_drawn(name: str) -> None:
    assert decoded(draw_gallery(made(num_rows=1, names=(f"{name}\n3",)))).shape[2] == 3
