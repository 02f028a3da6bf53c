"""A gallery drawn: pixels enlarged by whole numbers and never blurred, words around them."""

import io
import warnings
from dataclasses import dataclass

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ceteris.data.gallery import Gallery

# All in pixels of the picture.
_LARGEST_CELL = 96  # what small images are enlarged towards
_LARGEST_PICTURE_CELL = 256  # what large images are made smaller than
_LARGEST_SIDE = 3000
_GAP = 6
_MARGIN = 12
_LINE = 16  # height of a line of text
_LETTER = 6.2  # width of a letter on average, at the size below
_WIDEST_NAMES = 200
_WIDEST_NOTES = 720
_DPI = 100
_POINTS = 7.5
_WHITE = 255
_BETWEEN = 232  # a light grey, so that a white picture ends somewhere


@dataclass(frozen=True)
class Layout:
    """Where everything of a gallery stands, in pixels from the top left.

    Args:
        enlarged: what a pixel is drawn as, so many on a side.
        every: of larger pictures only every so many pixels is drawn.
        cell: height and width of a picture as drawn.
        first: down and to the right, where the first picture begins.
        step: from one picture to the next, down and to the right.
        size: height and width of it all.
    """

    enlarged: int
    every: int
    cell: tuple[int, int]
    first: tuple[int, int]
    step: tuple[int, int]
    size: tuple[int, int]


def lay_out(gallery: Gallery) -> Layout:
    """Where a gallery's pictures stand."""
    num_rows, num_columns, height, width = gallery.cells.shape[:4]
    side, room = max(height, width), _LARGEST_SIDE // max(num_rows, num_columns, 1)
    enlarged = max(1, min(_LARGEST_CELL, room) // side)
    every = max(1, -(-side // max(1, min(_LARGEST_PICTURE_CELL, room))))
    cell = (-(-height // every) * enlarged, -(-width // every) * enlarged)
    longest = max((len(line) for name in gallery.names for line in name.split("\n")), default=0)
    left = _MARGIN + (min(_WIDEST_NAMES, round(longest * _LETTER) + _GAP) if longest else 0)
    top = _MARGIN + 2 * _LINE + (_LINE if gallery.headings else 0)
    step = (cell[0] + _GAP + (_LINE if gallery.captions else 0), cell[1] + _GAP)
    noted = min(_WIDEST_NOTES, max((len(note) for note in gallery.notes), default=0) * _LETTER)
    words = round(max(len(gallery.title) * _LETTER, noted)) + 2 * _MARGIN
    size = (
        top + num_rows * step[0] - _GAP + _MARGIN + len(gallery.notes) * _LINE,
        max(left + num_columns * step[1] - _GAP + _MARGIN, words),
    )
    return Layout(enlarged, every, cell, (top, left), step, size)


def paint(gallery: Gallery, layout: Layout) -> np.ndarray:
    """The pictures without words: uint8 (height, width, 3).

    Example:
        >>> cells = np.zeros((1, 1, 2, 2, 1), np.uint8)
        >>> one = Gallery("", cells, np.ones((1, 1), bool), np.zeros((1, 1), np.int64))
        >>> bool((paint(one, lay_out(one)) == 0).sum() == 96 * 96 * 3)
        True
    """
    canvas = np.full((*layout.size, 3), _WHITE, dtype=np.uint8)
    height, width = layout.cell
    for i, j in np.ndindex(*gallery.filled.shape):
        top = layout.first[0] + i * layout.step[0]
        left = layout.first[1] + j * layout.step[1]
        place = canvas[top : top + height, left : left + width]
        if not gallery.filled[i, j]:
            place[:] = _BETWEEN
            continue
        pixels = gallery.cells[i, j, :: layout.every, :: layout.every]
        large = pixels.repeat(layout.enlarged, axis=0).repeat(layout.enlarged, axis=1)
        place[:] = large  # one channel is written to all three
    return canvas


def draw_gallery(gallery: Gallery) -> bytes:
    """A PNG of the gallery: the same gallery and library versions, the same bytes."""
    with matplotlib.style.context("default", after_reset=True):  # whatever a user's own style is
        return _draw(gallery, lay_out(gallery))


def _draw(gallery: Gallery, layout: Layout) -> bytes:
    height, width = layout.size
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor="white")
    FigureCanvasAgg(figure)
    # Pixel by pixel: figimage never resamples.
    figure.figimage(paint(gallery, layout), xo=0, yo=0, origin="upper")

    def write(text: str, x: float, y: float, *, room: float, align: str, weight: str) -> None:
        """Text whose middle is y from the top; what has no room is cut, and says so."""
        figure.text(
            x / width,
            1 - y / height,
            "\n".join(_fitted(line, room) for line in text.split("\n")),
            ha=align,
            va="center",
            fontsize=_POINTS,
            fontweight=weight,
            family="DejaVu Sans",
            parse_math=False,  # a class may be called $a$
        )

    (top, left), (down, right) = layout.first, layout.step
    write(gallery.title, _MARGIN, _MARGIN + _LINE / 2, room=width, align="left", weight="bold")
    for j, heading in enumerate(gallery.headings):
        middle = left + j * right + layout.cell[1] / 2
        write(heading, middle, top - _LINE / 2, room=right, align="center", weight="normal")
    for i, name in enumerate(gallery.names):
        middle = top + i * down + layout.cell[0] / 2
        write(name, _MARGIN, middle, room=left - _MARGIN, align="left", weight="normal")
    for i, line in enumerate(gallery.captions):
        below = top + i * down + layout.cell[0] + _LINE / 2
        for j, caption in enumerate(line):
            middle = left + j * right + layout.cell[1] / 2
            write(caption, middle, below, room=right, align="center", weight="normal")
    for i, note in enumerate(reversed(gallery.notes)):
        from_below = height - _MARGIN - (i + 0.5) * _LINE
        write(note, _MARGIN, from_below, room=width, align="left", weight="normal")
    found = io.BytesIO()
    with warnings.catch_warnings():
        # A class may be named in a script that the font does not have; boxes are drawn then.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(found, format="png", dpi=_DPI, metadata={"Software": None})
    return found.getvalue()


def _fitted(line: str, room: float) -> str:
    """As much of a line as there is room for, in printable characters."""
    line = "".join(letter if letter.isprintable() else "?" for letter in line)
    most = max(2, int(room / _LETTER))
    return line if len(line) <= most else line[: most - 1] + "…"
