"""The register of data sets. A new one is one entry and one function that finds it."""

from collections.abc import Callable
from dataclasses import dataclass

from ceteris.data.cifar_sets import CIFAR10
from ceteris.data.digits import DIGITS_CLASSES, DIGITS_DIGEST, find_digits
from ceteris.data.fer2013 import FER2013
from ceteris.data.folder import find_folder
from ceteris.data.idx_sets import FASHION_MNIST, MNIST
from ceteris.data.published import Form, Places, PublishedSet
from ceteris.data.reading import finder, known_files
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
        shape: (H, W, C) of an image; None where the files tell.
        parts: the published parts in the order of the rows, name and number of images. The first
            may be trained on and the last is the test part; what lies between is in no part of a
            split. Empty where no test part is published.
        forms: the forms its files are published in; empty where it has none.
        published_at: the address it comes from; empty where it is the user's own.
        licence, citation: likewise.
        default_test: the test part where none is published: a count, or a fraction below 1; None
            where the test part is published.
        of_folder: it is read from a path that the user gives.
        note: what whoever uses it must know; empty where there is nothing.
    """

    name: str
    title: str
    find: Callable[[DataSource, Places], Found]
    classes: tuple[str, ...] = ()
    digest: str | None = None
    shape: tuple[int, int, int] | None = None
    parts: tuple[tuple[str, int], ...] = ()
    forms: tuple[Form, ...] = ()
    published_at: str = ""
    licence: str = ""
    citation: str = ""
    default_test: float | int | None = None
    of_folder: bool = False
    note: str = ""

    @property
    def num_between(self) -> int:
        """Rows between the part that may be trained on and the test part."""
        return sum(count for _, count in self.parts[1:-1])


_KNOWN_FILES = known_files(MNIST, FASHION_MNIST, CIFAR10, FER2013)


def _published(
    of: PublishedSet,
    *,
    shape: tuple[int, int, int],
    parts: tuple[tuple[str, int], ...],
    licence: str,
    citation: str,
    note: str = "",
) -> DataEntry:
    return DataEntry(
        name=of.name,
        title=of.title,
        find=finder(of, _KNOWN_FILES),
        classes=of.classes,
        digest=of.digest,
        shape=shape,
        parts=parts,
        forms=of.forms,
        published_at=of.published_at,
        licence=licence,
        citation=citation,
        note=note,
    )


_ENTRIES = (
    DataEntry(
        name="digits",
        title="scikit-learn's digits",
        find=find_digits,
        classes=DIGITS_CLASSES,
        digest=DIGITS_DIGEST,
        shape=(8, 8, 1),
        published_at="https://archive.ics.uci.edu/dataset/80",
        licence="CC BY 4.0",
        citation="E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, "
        "UCI Machine Learning Repository, 1998 (its test part, as scikit-learn ships it)",
        default_test=360,  # the reports' printed accuracies are multiples of 1/360
    ),
    _published(
        MNIST,
        shape=(28, 28, 1),
        parts=(("train", 60_000), ("test", 10_000)),
        licence="CC BY-SA 3.0, as it is usually given",
        citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to "
        "document recognition, Proceedings of the IEEE 86(11), 1998",
    ),
    _published(
        FASHION_MNIST,
        shape=(28, 28, 1),
        parts=(("train", 60_000), ("test", 10_000)),
        licence="MIT, (c) 2017 Zalando SE",
        citation="H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a novel image dataset for "
        "benchmarking machine learning algorithms, arXiv:1708.07747, 2017",
    ),
    _published(
        CIFAR10,
        shape=(32, 32, 3),
        parts=(("train", 50_000), ("test", 10_000)),
        licence="none stated",
        citation="A. Krizhevsky, Learning multiple layers of features from tiny images, "
        "technical report, University of Toronto, 2009",
    ),
    _published(
        FER2013,
        shape=(48, 48, 1),
        parts=(("Training", 28_709), ("PublicTest", 3_589), ("PrivateTest", 3_589)),
        licence="none clearly stated; photographs of people found on the web, for research only",
        citation="I. Goodfellow et al., Challenges in representation learning: a report on three "
        "machine learning contests, arXiv:1307.0414, 2013",
        note="The test part is PrivateTest, which decided the contest. PublicTest is kept in the "
        "set and used in no part of a split. 280 images of PublicTest and 288 of PrivateTest are "
        "in Training too, pixel by pixel.",
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
