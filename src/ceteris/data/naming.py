"""From the words a user names data with, a set's name or a path, to a source."""

from pathlib import Path

from ceteris.data.look import look_at_folder
from ceteris.data.registry import DATA_SETS
from ceteris.data.source import DataSource
from ceteris.errors import CeterisError, nearest, shown

_LARGEST_SIDE = 64  # pixels proposed for one's own pictures, as `ceteris init` proposes them


def named_source(words: str) -> DataSource:
    """The data that ``NAME``, ``FOLDER`` or ``FILE`` names.

    Pictures of a folder are resized to the size of its first one, 64 pixels a side at most.

    Raises:
        CeterisError: it is neither a set's name nor a path that can be learned from.

    Example:
        >>> named_source("digits") == DataSource("digits")
        True
    """
    names = [name for name, entry in DATA_SETS.items() if not entry.own]
    if words in names:
        return DataSource(words)
    path = Path(words)
    if words.isprintable() and path.is_dir():
        look = look_at_folder(path)
        scale = min(1.0, _LARGEST_SIDE / max(look.size))
        height, width = (max(1, round(side * scale)) for side in look.size)
        return DataSource("folder", str(path.absolute()), (height, width), look.colour)
    kind = path.suffix.lower().removeprefix(".")
    own = DATA_SETS.get(kind)
    if words.isprintable() and path.is_file() and own is not None and own.own:
        if own.needs == ("path",):
            return DataSource(kind, str(path.absolute()))
        raise CeterisError(
            f"images in .{kind} files have their labels in another file",
            received=shown(words),
            expected=f"a study whose [data] says {' and '.join(own.needs)}",
            fix="name the study's .toml file instead",
        )
    guess = nearest(words, names)
    raise CeterisError(
        f"there is no data set, folder or file {shown(words)} that can be learned from",
        received=shown(words),
        expected=f"one of {', '.join(names)}, a folder of pictures by class, a .npz or .csv file",
        fix=f"did you mean '{guess}'?" if guess else "`ceteris data list` shows what there is",
    )
