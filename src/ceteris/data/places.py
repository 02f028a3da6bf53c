"""Where an image of a set comes from: its part, its row there, and its file if it has one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ceteris.data.dataset import DataSet
from ceteris.data.registry import DATA_SETS
from ceteris.errors import CeterisError, shown

ALL = "all images"


@dataclass(frozen=True)
class Place:
    """Where one image is.

    Args:
        part: of the set as it is published, or :data:`ALL` where it has none.
        row: in the part, from 0.
        whole: in the whole set, its parts one after another, from 0.
        file: its path below the folder, with ``/``; empty where it has no file of its own.
    """

    part: str
    row: int
    whole: int
    file: str = ""

    def __str__(self) -> str:
        """As a list names it.

        Example:
            >>> print(Place("test", 6, 60_006), Place(ALL, 7, 7), Place("test", 0, 9, "test/a.png"))
            test[6] (row 60006) row 7 test/a.png
        """
        if self.file:
            return self.file if self.file.isprintable() else shown(self.file)
        if self.part == ALL:
            return f"row {self.whole}"
        return f"{self.part}[{self.row}] (row {self.whole})"


def bounds(data: DataSet) -> tuple[tuple[str, int, int], ...]:
    """Name, first row and length of each part, as the set is published.

    Raises:
        CeterisError: the set is not of the size it is known to have.
    """
    entry, number = DATA_SETS.get(data.name), len(data.images)
    if entry is not None and entry.parts:
        counts = [count for _, count in entry.parts]
        if sum(counts) != number or counts[0] != data.num_train:
            raise CeterisError(
                f"{data.name} has another number of images than it is known to have",
                received=f"{number:,} images, {data.num_train:,} of them to train on",
                expected=", ".join(f"{count:,} in {name}" for name, count in entry.parts),
                fix=f"get {entry.title} again from {entry.published_at}",
            )
        firsts = np.cumsum([0, *counts])
        return tuple(
            (name, int(first), count)
            for (name, count), first in zip(entry.parts, firsts, strict=False)
        )
    if data.num_train == number:
        return ((ALL, 0, number),)
    return (("train", 0, data.num_train), ("test", data.num_train, number - data.num_train))


def place_of(data: DataSet, row: int, files: Sequence[str] = ()) -> Place:
    """Where the image of a row is.

    Args:
        data: the set.
        row: in the whole set.
        files: of :func:`ceteris.data.parsed.file_names`; empty where the images have none.

    Example:
        >>> data = DataSet("toy", np.zeros((5, 1, 1, 1), np.uint8), np.zeros(5, np.int64), ("a",),
        ...                num_train=3, pixel_max=255, digest="")
        >>> print(place_of(data, 4))
        test[1] (row 4)
    """
    name, first, _ = next(part for part in reversed(bounds(data)) if part[1] <= row)
    return Place(name, row - first, row, files[row] if files else "")
