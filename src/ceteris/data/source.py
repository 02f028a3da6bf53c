"""Which data set a study learns from, and what a reader says it found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ceteris.data.dataset import Content


@dataclass(frozen=True)
class DataSource:
    """A data set by its registered name, and where and what it is if it is the user's own.

    Which of these a set needs and takes, its entry in the register says.

    Args:
        name: a name in the register.
        path: the folder of pictures by class, or the file that holds the images.
        size: the height and width (H, W) that pictures are resized to, or of images that a file
            holds as rows of numbers; None where they have one size already.
        colour: one channel or three; None takes grey where every picture of a folder is grey, and
            rgb otherwise; of rows of numbers grey.
        labels: the file of labels, where they are in one of their own.
        test_path, test_labels: the same files of the test part; None splits one off.
        label_column: the label's column in a CSV file: a name in line 1, ``"first"`` or ``"last"``.
        classes: names by label; None takes the labels themselves.
        pixel_max: the largest value a pixel can have; None is 255.
        skip_broken: leave out pictures of a folder that cannot be read, and say which.

    Example:
        >>> DataSource("digits").path is None
        True
    """

    name: str
    path: str | None = None
    size: tuple[int, int] | None = None
    colour: Literal["grey", "rgb"] | None = None
    labels: str | None = None
    test_path: str | None = None
    test_labels: str | None = None
    label_column: str | None = None
    classes: tuple[str, ...] | None = None
    pixel_max: int | None = None
    skip_broken: bool = False


@dataclass(frozen=True)
class Found:
    """What a reader can give, before anything is parsed.

    Args:
        key: names the parsed form: the same key, the same content.
        digest: the digest the content must have; None where only reading it can tell.
        read: reads and checks it all.
    """

    key: str
    digest: str | None
    read: Callable[[], Content]
