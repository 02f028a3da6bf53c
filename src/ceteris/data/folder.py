"""A user's own folder of pictures, one folder for each class, as a data set.

Rows are ordered so that any run of neighbouring rows holds the classes in nearly their proportions:
picture j of the n_c of class c stands at (j + 1/2) / n_c. Sorted by class instead, "the first 500
images" would be one class.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from ceteris.data.dataset import Content, Images
from ceteris.data.layout import Layout, PictureFile, read_layout, refuse_empty_class
from ceteris.data.pictures import CHANNELS, Colour, is_grey, read_picture
from ceteris.data.published import Places
from ceteris.data.source import DataSource, Found
from ceteris.errors import CeterisError, shown

_VERSION = 2  # of how pictures become pixels, and what is kept; part of the parsed form's key
_NAMED = 20  # pictures that are left out and named; of more the number is said


def find_folder(source: DataSource, places: Places) -> Found:
    """List and hash the folder ``source.path``; ``places`` is not looked at."""
    import PIL

    root = Path(source.path or "").expanduser().absolute()
    layout = read_layout(root, skip=source.skip_broken)
    # Decoders and resizing may differ from one Pillow to the next, so its version is part of it.
    asked = f"{_VERSION} {layout.digest()} {source.size} {source.colour} {PIL.__version__}"
    if source.skip_broken:
        asked += f" without {layout.skipped}"
    key = hashlib.sha256(asked.encode()).hexdigest()[:32]
    return Found(f"{source.name}-{key}", None, partial(_read, source, layout))


def _read(source: DataSource, layout: Layout) -> Content:
    if source.skip_broken:
        layout = _without_broken(layout)
    train, test = _interleaved(layout.train), _interleaved(layout.test)
    pictures = train + test
    colour = source.colour or _colour_of_all(layout.root, pictures)
    height, width, _ = _pixels(layout.root, pictures[0], source.size, colour).shape
    return Content(
        name=source.name,
        shape=(len(pictures), height, width, CHANNELS[colour]),
        blocks=partial(_blocks, layout.root, pictures, source.size, colour),
        labels=np.array([picture.label for picture in pictures], dtype=np.int64),
        classes=layout.classes,
        num_train=len(train),
        pixel_max=255,
        notes=_notes(layout),
        files=tuple(picture.name for picture in pictures),
    )


def _without_broken(layout: Layout) -> Layout:
    """Decode every picture once, and leave out those that cannot be.

    Raises:
        CeterisError: a class has none left; or a picture changed meanwhile.
    """
    skipped = list(layout.skipped)

    def whole(pictures: tuple[PictureFile, ...]) -> tuple[PictureFile, ...]:
        kept = []
        for picture in pictures:
            content = _content(layout.root, picture)
            try:
                read_picture(content, picture.name, size=None, colour="rgb")
            except CeterisError as error:
                skipped.append((picture.name, error.received))
            else:
                kept.append(picture)
        return tuple(kept)

    train, test = whole(layout.train), whole(layout.test)
    left = replace(layout, train=train, test=test, skipped=tuple(sorted(skipped)))
    refuse_empty_class(left)
    return left


def _notes(layout: Layout) -> tuple[str, ...]:
    if not layout.skipped:
        return ()
    number, of = len(layout.skipped), len(layout.train) + len(layout.test) + len(layout.skipped)
    named = [f"{shown(name)} ({why})" for name, why in layout.skipped[:_NAMED]]
    more = f" and {number - _NAMED:,} more" if number > _NAMED else ""
    why = "being no pictures that can be read"
    return (f"{number:,} of {of:,} files were left out, {why}: {', '.join(named)}{more}.",)


def _interleaved(pictures: tuple[PictureFile, ...]) -> tuple[PictureFile, ...]:
    """Put them in the order described at the top; ties by class, and within a class by name."""
    labels = np.array([picture.label for picture in pictures], dtype=np.int64)
    place = np.zeros(len(labels))
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        place[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
    return tuple(pictures[row] for row in np.lexsort((labels, place)))


def _colour_of_all(root: Path, pictures: tuple[PictureFile, ...]) -> Colour:
    for picture in pictures:
        try:
            with (root / picture.name).open("rb") as stream, _how_to_skip():
                if not is_grey(stream, picture.name):
                    return "rgb"
        except OSError as error:
            raise _changed(picture, error.strerror or str(error)) from error
    return "grey"


def _blocks(
    root: Path, pictures: tuple[PictureFile, ...], size: tuple[int, int] | None, colour: Colour
) -> Iterator[Images]:
    """One picture after another, (1, H, W, C), so that a folder of any size fits in memory."""
    shape: tuple[int, ...] | None = None
    for picture in pictures:
        pixels = _pixels(root, picture, size, colour)
        shape = shape or pixels.shape
        if pixels.shape != shape:
            raise CeterisError(
                "the pictures have different sizes, and no size to resize them to is given",
                received=f"{shown(pictures[0].name)} is {shape[0]} x {shape[1]}, "
                f"{shown(picture.name)} is {pixels.shape[0]} x {pixels.shape[1]} (height x width)",
                expected="one size for all pictures, or a size in [data]",
                fix=f"write size = [{shape[0]}, {shape[1]}] in [data]",
            )
        yield pixels[np.newaxis]  # (H, W, C) -> (1, H, W, C)


def _pixels(
    root: Path, picture: PictureFile, size: tuple[int, int] | None, colour: Colour
) -> Images:
    content = _content(root, picture)
    with _how_to_skip():
        return read_picture(content, picture.name, size=size, colour=colour)


@contextlib.contextmanager
def _how_to_skip() -> Iterator[None]:
    """Add to what is said of a picture that broken ones can be left out."""
    try:
        yield
    except CeterisError as error:
        raise CeterisError(
            error.what,
            received=error.received,
            expected=error.expected,
            fix=f"{error.fix}, or write skip_broken = true in [data]",
        ) from error


def _content(root: Path, picture: PictureFile) -> bytes:
    try:
        content = (root / picture.name).read_bytes()
    except OSError as error:
        raise _changed(picture, error.strerror or str(error)) from error
    # What is decoded must be what the key of the parsed form was made from.
    if hashlib.sha256(content).hexdigest() != picture.digest:
        raise _changed(picture, "another content than a moment ago")
    return content


def _changed(picture: PictureFile, received: str) -> CeterisError:
    return CeterisError(
        f"picture {shown(picture.name)} changed while the folder was read",
        received=shown(received),
        expected="a folder that nothing writes to meanwhile",
        fix="run the same command again when the folder is complete",
    )
