"""Which data set a study learns from, and what a reader says it found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ceteris.data.dataset import Content


@dataclass(frozen=True)
class DataSource:
    """A data set by its registered name, and for ``"folder"`` where and what it is.

    Args:
        name: a name in the register.
        path: for ``"folder"`` only: the folder of pictures by class.
        size: for ``"folder"`` only: the height and width (H, W) that pictures are resized to; None
            where all have one size already.
        colour: for ``"folder"`` only: one channel or three; None takes grey where every picture is
            grey, and rgb otherwise.

    Example:
        >>> DataSource("digits").path is None
        True
    """

    name: str
    path: str | None = None
    size: tuple[int, int] | None = None
    colour: Literal["grey", "rgb"] | None = None


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
