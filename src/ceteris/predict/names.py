"""What files are called where there is little room: still told apart, and with their ending."""

from collections.abc import Sequence
from pathlib import PurePath


def short_names(paths: Sequence[str]) -> tuple[str, ...]:
    """Each path's last parts, as few as tell it from every other one.

    Example:
        >>> short_names(["a/b/1.png", "a/c/1.png", "a/2.png"])
        ('b/1.png', 'c/1.png', '2.png')
    """
    parts = [PurePath(path).parts for path in paths]
    kept = [min(1, len(own)) for own in parts]
    while True:
        names = [str(PurePath(*own[len(own) - n :])) for own, n in zip(parts, kept, strict=True)]
        counts: dict[str, set[str]] = {}
        for name, path in zip(names, paths, strict=True):
            counts.setdefault(name, set()).add(path)
        longer = [
            n + (len(counts[name]) > 1 and n < len(own))
            for name, own, n in zip(names, parts, kept, strict=True)
        ]
        if longer == kept:
            return tuple(names)
        kept = longer


def in_room(name: str, room: int) -> str:
    """A name of at most ``room`` letters: what is too much is left out of its middle.

    More of the end is kept than of the beginning: cameras count there, and the ending is there.

    Example:
        >>> in_room("holiday-at-the-sea-0017.jpg", 16)
        'holida…-0017.jpg'
        >>> in_room("a.png", 16)
        'a.png'
    """
    if len(name) <= room:
        return name
    end = max(1, (room * 3) // 5)
    return f"{name[: max(0, room - end - 1)]}…{name[-end:]}"
