"""The register of data sets. A new one is one entry and one function that finds it."""

from collections.abc import Callable
from dataclasses import dataclass, fields

from ceteris.data.cifar_sets import CIFAR10
from ceteris.data.digits import DIGITS_CLASSES, DIGITS_DIGEST, find_digits
from ceteris.data.fer2013 import FER2013
from ceteris.data.folder import find_folder
from ceteris.data.idx_sets import FASHION_MNIST, MNIST
from ceteris.data.own import LARGEST_SIDE
from ceteris.data.own_arrays import find_idx, find_npy, find_npz
from ceteris.data.own_csv import find_csv
from ceteris.data.published import Form, Places, PublishedSet
from ceteris.data.reading import finder, known_files
from ceteris.data.source import DataSource, Found
from ceteris.errors import CeterisError, shown, unknown_name


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
        num_images: in all, where no parts are published; None where the files tell.
        published: its files, and where they are; None where it has none of its own.
        published_at: the address it comes from; empty where it is the user's own.
        licence, citation: likewise.
        default_test: the test part where none is published: a count, or a fraction below 1; None
            where the test part is published.
        of_folder: it is a folder of pictures, which can be looked at before it is parsed.
        needs, takes: fields of :class:`DataSource` besides the name, which must and may be given;
            whatever needs one is the user's own.
        note: what whoever uses it must know; empty where there is nothing.
    """

    name: str
    title: str
    find: Callable[[DataSource, Places], Found]
    classes: tuple[str, ...] = ()
    digest: str | None = None
    shape: tuple[int, int, int] | None = None
    parts: tuple[tuple[str, int], ...] = ()
    num_images: int | None = None
    published: PublishedSet | None = None
    published_at: str = ""
    licence: str = ""
    citation: str = ""
    default_test: float | int | None = None
    of_folder: bool = False
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    note: str = ""

    @property
    def own(self) -> bool:
        """Whether it is read from a path that the user gives."""
        return bool(self.needs)

    @property
    def num_between(self) -> int:
        """Rows between the part that may be trained on and the test part."""
        return sum(count for _, count in self.parts[1:-1])

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms its files are published in; empty where it has none."""
        return () if self.published is None else self.published.forms


KNOWN_FILES = known_files(MNIST, FASHION_MNIST, CIFAR10, FER2013)


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
        find=finder(of, KNOWN_FILES),
        classes=of.classes,
        digest=of.digest,
        shape=shape,
        parts=parts,
        published=of,
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
        num_images=1_797,
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
        needs=("path",),
        takes=("size", "colour", "skip_broken"),
    ),
    DataEntry(
        name="npz",
        title="one .npz file: images and labels, or x_train, y_train, x_test, y_test",
        find=find_npz,
        default_test=0.2,
        needs=("path",),
        takes=("size", "colour", "classes", "pixel_max"),
    ),
    DataEntry(
        name="npy",
        title="two .npy files, images and labels; two more for the test part",
        find=find_npy,
        default_test=0.2,
        needs=("path", "labels"),
        takes=("test_path", "test_labels", "size", "colour", "classes", "pixel_max"),
    ),
    DataEntry(
        name="idx",
        title="two IDX files, as MNIST's; two more for the test part",
        find=find_idx,
        default_test=0.2,
        needs=("path", "labels"),
        takes=("test_path", "test_labels", "size", "colour", "classes", "pixel_max"),
    ),
    DataEntry(
        name="csv",
        title="a CSV file, a row for each image; one more for the test part",
        find=find_csv,
        default_test=0.2,
        needs=("path",),
        takes=("test_path", "label_column", "size", "colour", "classes", "pixel_max"),
    ),
)

DATA_SETS: dict[str, DataEntry] = {entry.name: entry for entry in _ENTRIES}


def check_source(source: DataSource, *, where: str = "") -> DataEntry:
    """Return the entry of ``source``, if it is declared rightly. Touches no disk.

    Args:
        source: what a study declares.
        where: file and table, for error messages.

    Raises:
        CeterisError: there is no such set; a field is missing, does not belong or is no possible
            value.

    Example:
        >>> check_source(DataSource("digits")).default_test
        360
    """
    entry = DATA_SETS.get(source.name) if isinstance(source.name, str) else None
    if entry is None:
        raise unknown_name("data set", source.name, DATA_SETS, where=where)
    place = f"  ({where})" if where else ""
    for field in fields(source):
        if field.name != "name":
            _check_given(entry, field.name, getattr(source, field.name), field.default, place)
    if (source.test_path is None) != (source.test_labels is None) and "labels" in entry.needs:
        lacking = "test_path" if source.test_path is None else "test_labels"
        raise CeterisError(
            "the test part has one of its two files",
            received=f"no {lacking}{place}",
            expected="test_path and test_labels, or neither",
            fix=f"write {lacking} = ..., or take the other one out",
        )
    _check_size(source, place)
    if source.colour not in (None, "grey", "rgb"):
        raise unknown_name("colour", source.colour, ("grey", "rgb"), where=where)
    _check_classes(source, place)
    return entry


def _check_given(entry: DataEntry, key: str, value: object, default: object, place: str) -> None:
    if (value == default and key in entry.needs) or value == "":
        raise CeterisError(
            f"'{entry.name}' needs {'a path' if key == 'path' else key}: it is {entry.title}",
            received=f"{key} = {shown(value)}{place}",
            expected=f"{' and '.join(entry.needs)}, relative to the study's file",
            fix=f'write {key} = "..." in [data]',
        )
    if value != default and key not in (*entry.needs, *entry.takes):
        theirs = [e.name for e in DATA_SETS.values() if key in (*e.needs, *e.takes)]
        raise CeterisError(
            f"'{key}' is only for data of one's own, not for '{entry.name}'"
            if not entry.own
            else f"'{key}' is not for '{entry.name}'",
            received=f"{key} = {shown(value)}{place}",
            expected=f"no {key}, or one of the names {', '.join(theirs)}",
            fix=f"take out {key}, or write name = {theirs[0]!r}".replace("'", '"'),
        )


def _check_size(source: DataSource, place: str) -> None:
    size = source.size
    if size is not None and not (
        isinstance(size, tuple)
        and len(size) == 2
        and all(type(side) is int and 1 <= side <= LARGEST_SIDE for side in size)
    ):
        raise CeterisError(
            "the size of images is not possible",
            received=f"size = {shown(size)}{place}",
            expected=f"[height, width], each a whole number from 1 to {LARGEST_SIDE}",
            fix="write size = [64, 64]",
        )


def _check_classes(source: DataSource, place: str) -> None:
    names, top = source.classes, source.pixel_max
    if names is not None and not (
        2 <= len(set(names)) == len(names) and all(name and name.isprintable() for name in names)
    ):
        raise CeterisError(
            "the names of the classes are not possible",
            received=f"classes = {shown(list(names))}{place}",
            expected="two or more different names, in the order of the labels",
            fix='write for example classes = ["cat", "dog"], or take it out',
        )
    if top is not None and not (type(top) is int and 1 <= top <= 255):
        raise CeterisError(
            "the largest value of a pixel is not possible",
            received=f"pixel_max = {shown(top)}{place}",
            expected="a whole number from 1 to 255",
            fix="write pixel_max = 255, or take it out",
        )
