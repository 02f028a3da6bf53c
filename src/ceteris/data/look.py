"""A first look at a user's folder of pictures: enough to write a study for it."""

from dataclasses import dataclass
from pathlib import Path

from ceteris.data.layout import read_layout
from ceteris.data.pictures import Colour, is_grey, read_picture


@dataclass(frozen=True)
class FolderLook:
    """What a folder of pictures by class holds.

    Args:
        classes: names of the class folders, sorted.
        num_train, num_test: pictures; ``num_test`` is 0 without a ``test`` folder.
        num_leaked: test pictures whose file is among the training pictures too, byte by byte.
        num_conflicting: training pictures whose file is there under another class too.
        size: height and width of the first picture.
        colour: of the first picture, ``"grey"`` or ``"rgb"``.
    """

    classes: tuple[str, ...]
    num_train: int
    num_test: int
    num_leaked: int
    num_conflicting: int
    size: tuple[int, int]
    colour: Colour


def look_at_folder(root: Path) -> FolderLook:
    """Look at a folder of pictures by class.

    Raises:
        CeterisError: it is not one: no folder, fewer than two classes, a class without pictures,
            a first picture that cannot be read.
    """
    layout = read_layout(root)
    first = layout.train[0]
    labels: dict[str, set[int]] = {}
    for picture in layout.train:
        labels.setdefault(picture.digest, set()).add(picture.label)
    with (layout.root / first.name).open("rb") as stream:
        colour: Colour = "grey" if is_grey(stream, first.name) else "rgb"
        stream.seek(0)
        pixels = read_picture(stream.read(), first.name, size=None, colour=colour)
    return FolderLook(
        classes=layout.classes,
        num_train=len(layout.train),
        num_test=len(layout.test),
        num_leaked=sum(picture.digest in labels for picture in layout.test),
        num_conflicting=sum(len(labels[picture.digest]) > 1 for picture in layout.train),
        size=(pixels.shape[0], pixels.shape[1]),
        colour=colour,
    )
