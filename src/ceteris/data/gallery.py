"""Which images are shown and what stands beside them: rows, before they are drawn."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceteris.data.dataset import DataSet, Images, Rows
from ceteris.seeds import Purpose, Streams

MOST_CLASSES = 50  # rows of a picture that can still be read


@dataclass(frozen=True, eq=False)
class Gallery:
    """A table of pictures.

    Args:
        title: one line above it.
        cells: uint8 (R, C, H, W, channels), 0 black and 255 white.
        filled: bool (R, C), False where a cell holds no picture.
        headings: one for each column, or none.
        names: one for each row, or none.
        captions: one below each cell, R x C of them, or none.
        shown: int64 (R, C), rows of the data set; -1 where it is none.
        notes: lines below it, or none.
    """

    title: str
    cells: Images
    filled: NDArray[np.bool_]
    shown: Rows
    headings: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    captions: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()


def in_chance_order(rows: Rows, seed: int) -> Rows:
    """The rows in an order of their own seed; asking for more keeps those there were.

    Args:
        rows: int64, of the part that is shown.
        seed: another number, another order.

    Example:
        >>> sorted(in_chance_order(np.arange(5), 0).tolist())
        [0, 1, 2, 3, 4]
    """
    if not len(rows):
        return rows
    generator = Streams(root=0, seed=seed).generator(Purpose.SAMPLE)
    # One number for each row of the set up to the last: raw bits, which NumPy never changes.
    drawn = generator.bit_generator.random_raw(int(rows.max()) + 1)
    return rows[np.argsort(drawn[rows], kind="stable")]


def grid(data: DataSet, rows: Rows, *, num_rows: int, num_columns: int, title: str) -> Gallery:
    """The first images of ``rows``, line by line, each with its class below it.

    Args:
        data: the set.
        rows: int64, in the order in which they are shown.
        num_rows, num_columns: of the table; fewer rows where there are fewer images.
        title: one line.

    Example:
        >>> images = np.zeros((3, 2, 2, 1), np.uint8)
        >>> data = DataSet("toy", images, np.array([0, 1, 1]), ("a", "b"), 3, 255, digest="")
        >>> grid(data, np.arange(3), num_rows=2, num_columns=2, title="").captions
        (('a', 'b'), ('b', ''))
    """
    chosen = rows[: num_rows * num_columns]
    lines = -(-len(chosen) // num_columns)
    shown = np.full(lines * num_columns, -1, dtype=np.int64)
    shown[: len(chosen)] = chosen
    found = _gallery(data, shown.reshape(lines, num_columns), title)
    captions = tuple(
        tuple(data.classes[data.labels[row]] if row >= 0 else "" for row in line)
        for line in found.shown.tolist()
    )
    return Gallery(title, found.cells, found.filled, found.shown, captions=captions)


def by_class(data: DataSet, rows: Rows, *, num_columns: int, title: str) -> Gallery:
    """A line for each class, its name and how many images of it there are, and the first of them.

    Args:
        data: the set.
        rows: int64, in the order in which they are shown.
        num_columns: images of a class; empty cells where it has fewer.
        title: one line. Of more classes than can be read the first are shown.
    """
    classes = range(min(data.num_classes, MOST_CLASSES))
    shown = np.full((len(classes), num_columns), -1, dtype=np.int64)
    labels = data.labels[rows]
    counts = np.bincount(labels, minlength=data.num_classes)
    for label in classes:
        own = rows[labels == label][:num_columns]
        shown[label, : len(own)] = own
    names = tuple(f"{data.classes[label]}\n{counts[label]:,}" for label in classes)
    found = _gallery(data, shown, title)
    return Gallery(title, found.cells, found.filled, found.shown, names=names)


def beside(
    data: DataSet, rows: Rows, changed: Images, *, headings: Sequence[str], title: str
) -> Gallery:
    """Each image, and beside it what became of it.

    Args:
        data: the set.
        rows: int64 (R,).
        changed: uint8 (R, n, H, W, channels), 0 black and 255 white.
        headings: n + 1 of them.
        title: one line.
    """
    cells = np.concatenate([to_light(data.images[rows], data.pixel_max)[:, None], changed], axis=1)
    shown = np.repeat(rows[:, None], cells.shape[1], axis=1)
    names = tuple(data.classes[data.labels[row]] for row in rows.tolist())
    filled = np.ones(shown.shape, dtype=np.bool_)
    return Gallery(title, cells, filled, shown, headings=tuple(headings), names=names)


def to_light(images: Images, pixel_max: int) -> Images:
    """Pixels of 0..``pixel_max`` as 0..255.

    Example:
        >>> to_light(np.array([0, 4, 16], np.uint8), 16).tolist()
        [0, 64, 255]
    """
    table = np.rint(np.arange(256) * (255 / pixel_max)).clip(0, 255).astype(np.uint8)
    return np.asarray(table[images])


def _gallery(data: DataSet, shown: Rows, title: str) -> Gallery:
    filled = shown >= 0
    cells = np.zeros((*shown.shape, *data.shape), dtype=np.uint8)
    cells[filled] = to_light(data.images[shown[filled]], data.pixel_max)
    return Gallery(title, cells, filled, shown)
