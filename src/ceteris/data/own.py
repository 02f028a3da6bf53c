"""A user's own files of images, whatever their format: found by their bytes, checked, put together.

A format says what a part holds (:class:`Part`): its shape, its labels, and its images block after
block. What follows is the same for all: labels become 0..K-1, pixels are held against
``pixel_max``, training and test images must have one shape.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ceteris.data.dataset import Content, Images, Labels
from ceteris.data.source import DataSource, Found
from ceteris.errors import CeterisError, shown

LARGEST_SIDE = 4096  # pixels; larger than any network here is given, and a guard against slips
LARGEST_COUNT = 100_000_000  # images: their labels then take 800 MB
_PIXEL_MAX = 255
_VERSION = 1  # of how files become pixels; part of the key of the parsed form
_SAID = ("name", "size", "colour", "label_column", "classes", "pixel_max")


@dataclass(frozen=True, eq=False)
class Part:
    """The images of one part, before they are in memory.

    Args:
        where: the file, and what in it, for messages.
        shape: (n, H, W, C).
        blocks: called once; yields arrays (m, H, W, C) of any kind of number, the m adding up to n.
        labels: (n,), whole numbers or texts.
        labels_where: the file of the labels, and what in it; empty where they are in ``where``.
    """

    where: str
    shape: tuple[int, int, int, int]
    blocks: Callable[[], Iterator[NDArray[Any]]]
    labels: NDArray[Any]
    labels_where: str = ""

    @property
    def of_labels(self) -> str:
        """Where the labels are."""
        return self.labels_where or self.where


def find_files(
    source: DataSource, paths: tuple[Path, ...], read: Callable[[], tuple[Part, Part | None]]
) -> Found:
    """Return what the register needs of files of one's own: hash them, and parse nothing.

    Args:
        source: what the study declares.
        paths: all files it is read from.
        read: the training part, and the test part if there is one.

    Raises:
        CeterisError: a file is missing or cannot be read.
    """
    states = {path: _state(path) for path in paths}
    asked = [_VERSION, *(getattr(source, key) for key in _SAID), *map(_sha256, paths)]
    key = hashlib.sha256(repr(asked).encode()).hexdigest()[:32]

    def content() -> Content:
        train, test = read()

        def unchanged() -> None:
            # What is parsed must be what the key of the parsed form was made from.
            for path, state in states.items():
                if _state(path) != state:
                    raise CeterisError(
                        f"{path} changed while it was read",
                        received="another size or time than a moment ago",
                        expected="a file that nothing writes to meanwhile",
                        fix="run the same command again when the file is complete",
                    )

        return _put_together(source, train, test, unchanged)

    return Found(f"{source.name}-{key}", None, content)


def image_shape(num_pixels: int, source: DataSource, where: str) -> tuple[int, int, int]:
    """The shape (H, W, C) of images that are rows of numbers.

    Args:
        num_pixels: numbers in a row.
        source: whose ``size`` and ``colour`` say how they are laid out: row by row, and the
            channels of a pixel together. Without a size they are square.
        where: the file, for messages.

    Raises:
        CeterisError: there are more or fewer numbers than the size says, or no square has so many.

    Example:
        >>> image_shape(784, DataSource("csv"), "a.csv")
        (28, 28, 1)
    """
    channels = 3 if source.colour == "rgb" else 1
    if source.size is not None:
        shape = (*source.size, channels)
        said = f"size = {list(source.size)}" + (' and colour = "rgb"' if channels == 3 else "")
    else:
        side = round((num_pixels / channels) ** 0.5)
        shape, said = (side, side, channels), f"square images of {channels} channel(s)"
    if shape[0] * shape[1] * channels != num_pixels or not num_pixels:
        raise CeterisError(
            f"the images in {where} do not have the size they should",
            received=f"{num_pixels:,} numbers for each image",
            expected=f"{shape[0] * shape[1] * channels:,} numbers, since {said}"
            if source.size is not None
            else f"a square number of them, or a size: {said}",
            fix='write size = [height, width] in [data], and colour = "rgb" for three channels',
        )
    return shape


def own_paths(source: DataSource, *keys: str) -> tuple[Path, ...]:
    """The paths that these fields name, those that are given."""
    given = (getattr(source, key) for key in keys)
    return tuple(Path(path).expanduser().absolute() for path in given if path is not None)


def _put_together(
    source: DataSource, train: Part, test: Part | None, unchanged: Callable[[], None]
) -> Content:
    if test is not None and test.shape[1:] != train.shape[1:]:
        raise CeterisError(
            "the training images and the test images have different shapes",
            received=f"{_text(train)} and {_text(test)}",
            expected="one height, one width and one number of channels",
            fix="resize the images of one of them",
        )
    parts = (train,) if test is None else (train, test)
    classes, labels = _numbered(source, parts)
    top = source.pixel_max or _PIXEL_MAX

    def blocks() -> Iterator[Images]:
        for part in parts:
            yield from _checked(part, top)
        unchanged()

    return Content(
        name=source.name,
        shape=(len(labels), *train.shape[1:]),
        blocks=blocks,
        labels=labels,
        classes=classes,
        num_train=train.shape[0],
        pixel_max=top,
    )


def _checked(part: Part, top: int) -> Iterator[Images]:
    first = 0
    for block in part.blocks():
        with np.errstate(invalid="ignore"):  # of NaN, which is refused below
            pixels = block.astype(np.uint8)
        # Whatever is cut, wrapped or rounded by the cast is no whole number of 0..255.
        wrong = (pixels != block) | (pixels > top)
        if wrong.any():
            place = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
            value = block[place]
            fraction = np.issubdtype(block.dtype, np.floating) and 0 <= value <= 1
            raise CeterisError(
                f"{part.where} holds a number that is no pixel",
                received=f"{value!s} in image {first + int(place[0]) + 1:,}",
                expected=f"whole numbers from 0 to {top}",
                fix="save (255 * images).round().astype('uint8') instead"
                if fraction
                else "scale the pixels to 0..255 before they are saved, or write pixel_max",
            )
        first += len(block)
        yield np.ascontiguousarray(pixels)


def _numbered(source: DataSource, parts: tuple[Part, ...]) -> tuple[tuple[str, ...], Labels]:
    """The names of the classes, and all labels as numbers."""
    texts = [part.labels.dtype.kind == "U" for part in parts]
    if any(texts):
        names = source.classes or tuple(sorted({str(label) for label in parts[0].labels}))
        numbers = {name: number for number, name in enumerate(names)}
        for part in parts:
            for row, label in enumerate(part.labels, 1):
                if str(label) not in numbers:
                    raise _bad_label(part, row, str(label), f"one of {', '.join(names)}")
        found = [[numbers[str(label)] for label in part.labels] for part in parts]
        labels = np.array([number for part in found for number in part], dtype=np.int64)
    else:
        names, labels = _of_numbers(source, parts)
    if len(names) < 2:
        raise CeterisError(
            f"{parts[0].of_labels} has one class",
            received=f"the label {shown(names[0])} alone",
            expected="images of two or more classes",
            fix="add images of another class, or check where the labels are",
        )
    return names, labels


def _of_numbers(source: DataSource, parts: tuple[Part, ...]) -> tuple[tuple[str, ...], Labels]:
    train = parts[0].labels
    count = len(source.classes) if source.classes else int(min(train.max(), LARGEST_COUNT)) + 1
    for part in parts:
        wrong = (part.labels < 0) | (part.labels >= count)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise _bad_label(
                part,
                row + 1,
                part.labels[row].item(),
                f"labels from 0 to {count - 1}, for {count} classes",
            )
    labels = np.concatenate([part.labels.astype(np.int64) for part in parts])
    if source.classes:
        return source.classes, labels
    seen = np.unique(labels[: len(train)])
    if len(seen) < count:
        missing = int(np.flatnonzero(seen != np.arange(len(seen)))[0])
        raise CeterisError(
            f"no training image in {parts[0].of_labels} has the label {missing}",
            received=f"labels from {seen[0]} to {seen[-1]}, {len(seen)} of them different",
            expected=f"labels from 0 to {count - 1}, each with an image",
            fix="number the classes from 0 on, or name them all: classes = [...]",
        )
    return tuple(str(number) for number in range(count)), labels


def _bad_label(part: Part, row: int, label: object, expected: str) -> CeterisError:
    return CeterisError(
        f"{part.of_labels} holds a label that is none of the classes",
        received=f"label {shown(label)} of image {row:,}",
        expected=expected,
        fix="mend the label, or write classes = [...] with the name of every class",
    )


def _text(part: Part) -> str:
    return f"{' x '.join(map(str, part.shape[1:]))} in {part.where}"


def _state(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise CeterisError(
                f"{path} is no file",
                received="a folder" if path.is_dir() else "no ordinary file",
                expected="a file that holds images",
                fix="check the paths in [data]",
            )
        return found.st_ino, found.st_size, found.st_mtime_ns
    except OSError as error:
        raise _unreadable(path, error) from error


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> CeterisError:
    missing = isinstance(error, FileNotFoundError)
    return CeterisError(
        f"there is no file {shown(str(path))}" if missing else f"{path} cannot be read",
        received=shown(os.strerror(error.errno) if error.errno else str(error)),
        expected="a file you are allowed to read",
        fix="check the paths in [data]: they are relative to the study's file",
    )
