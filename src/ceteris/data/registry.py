"""The register of data sets. A new one is one entry and one function that finds it."""

from collections.abc import Callable
from dataclasses import dataclass

from ceteris.data.digits import DIGITS_CLASSES, DIGITS_DIGEST, find_digits
from ceteris.data.folder import find_folder
from ceteris.data.idx_sets import FASHION_MNIST, MNIST, finder, known_files
from ceteris.data.published import Places, PublishedFile
from ceteris.data.source import DataSource, Found
from ceteris.errors import CeterisError, shown, unknown_name

_LARGEST_SIDE = 4096  # pixels; larger than any network here is given, and a guard against slips


@dataclass(frozen=True)
class DataEntry:
    """What is known of a data set before it is opened.

    Args:
        name: what a study calls it.
        title: what people call it.
        find: finds it; parses nothing.
        classes: names by label; empty where the files tell.
        digest: of its content; None where the files tell.
        files: its published files; empty where it has none.
        published_at: the address it comes from; empty where it is the user's own.
        licence, citation: likewise.
        default_test: the test part where none is published: a count, or a fraction below 1; None
            where the test part is published.
        of_folder: it is read from a path that the user gives.
    """

    name: str
    title: str
    find: Callable[[DataSource, Places], Found]
    classes: tuple[str, ...] = ()
    digest: str | None = None
    files: tuple[PublishedFile, ...] = ()
    published_at: str = ""
    licence: str = ""
    citation: str = ""
    default_test: float | int | None = None
    of_folder: bool = False


_KNOWN_FILES = known_files(MNIST, FASHION_MNIST)

_ENTRIES = (
    DataEntry(
        name="digits",
        title="scikit-learn's digits",
        find=find_digits,
        classes=DIGITS_CLASSES,
        digest=DIGITS_DIGEST,
        published_at="https://archive.ics.uci.edu/dataset/80",
        licence="CC BY 4.0",
        citation="E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, "
        "UCI Machine Learning Repository, 1998 (its test part, as scikit-learn ships it)",
        default_test=360,  # the reports' printed accuracies are multiples of 1/360
    ),
    DataEntry(
        name="mnist",
        title=MNIST.title,
        find=finder(MNIST, _KNOWN_FILES),
        classes=MNIST.classes,
        digest=MNIST.digest,
        files=MNIST.files,
        published_at=MNIST.published_at,
        licence="CC BY-SA 3.0, as it is usually given",
        citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to "
        "document recognition, Proceedings of the IEEE 86(11), 1998",
    ),
    DataEntry(
        name="fashion-mnist",
        title=FASHION_MNIST.title,
        find=finder(FASHION_MNIST, _KNOWN_FILES),
        classes=FASHION_MNIST.classes,
        digest=FASHION_MNIST.digest,
        files=FASHION_MNIST.files,
        published_at=FASHION_MNIST.published_at,
        licence="MIT, (c) 2017 Zalando SE",
        citation="H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a novel image dataset for "
        "benchmarking machine learning algorithms, arXiv:1708.07747, 2017",
    ),
    DataEntry(
        name="folder",
        title="a folder of pictures by class",
        find=find_folder,
        default_test=0.2,
        of_folder=True,
    ),
)

DATA_SETS: dict[str, DataEntry] = {entry.name: entry for entry in _ENTRIES}


def check_source(source: DataSource, *, where: str = "") -> DataEntry:
    """Return the entry of ``source``, if it is declared rightly. Touches no disk.

    Args:
        source: what a study declares.
        where: file and table, for error messages.

    Raises:
        CeterisError: there is no such set; ``path``, ``size`` or ``colour`` is missing, does not
            belong or is no possible value.

    Example:
        >>> check_source(DataSource("digits")).default_test
        360
    """
    place = f"  ({where})" if where else ""
    entry = DATA_SETS.get(source.name) if isinstance(source.name, str) else None
    if entry is None:
        raise unknown_name("data set", source.name, DATA_SETS, where=where)
    if entry.of_folder:
        _check_folder_keys(source, place)
        return entry
    for key in ("path", "size", "colour"):
        if getattr(source, key) is not None:
            raise CeterisError(
                f"'{key}' is only for a folder of pictures, not for '{source.name}'",
                received=f"{key} = {shown(getattr(source, key))}{place}",
                expected=f"no {key}, or the name 'folder'",
                fix=f'take out {key}, or write name = "folder"',
            )
    return entry


def _check_folder_keys(source: DataSource, place: str) -> None:
    if not source.path:
        raise CeterisError(
            "a folder of pictures needs a path",
            received=f"path = {shown(source.path)}{place}",
            expected="the folder that holds one folder of pictures for each class",
            fix='write path = "my_pictures"',
        )
    size = source.size
    if size is not None and not (
        isinstance(size, tuple)
        and len(size) == 2
        and all(type(side) is int and 1 <= side <= _LARGEST_SIDE for side in size)
    ):
        raise CeterisError(
            "the size that pictures are resized to is not possible",
            received=f"size = {shown(size)}{place}",
            expected=f"[height, width], each a whole number from 1 to {_LARGEST_SIDE}",
            fix="write size = [64, 64]",
        )
    if source.colour not in (None, "grey", "rgb"):
        raise unknown_name("colour", source.colour, ("grey", "rgb"), where=place.strip(" ()"))
