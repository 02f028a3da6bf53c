"""Which training images a study may leave out, and why: the words of ``drop`` in ``[data]``.

Only training images are ever left out. They are judged by their pixels and by the labels of the
training part; no word looks at a label of the validation or the test part, for that would let those
labels choose what is learned from.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ceteris.data.dataset import DataSet, Rows
from ceteris.errors import unknown_name


@dataclass(frozen=True)
class Drop:
    """One reason to leave a training image out.

    Args:
        name: as a study writes it.
        title: which images these are, for a table and a sentence.
        find: from the set, the rows trained on and the rows held out (validation and test part),
            all sorted, those of the rows trained on that the reason speaks of, sorted.
    """

    name: str
    title: str
    find: Callable[[DataSet, Rows, Rows], Rows]


def _leaked(data: DataSet, train: Rows, held: Rows) -> Rows:
    copies = data.first_copies
    return train[np.isin(copies[train], copies[held])]


def _conflicting(data: DataSet, train: Rows, held: Rows) -> Rows:
    copies = data.first_copies
    labelled = np.unique(_with_label(data, train))
    images, num_labels = np.unique(labelled // data.num_classes, return_counts=True)
    return train[np.isin(copies[train], images[num_labels > 1])]


def _duplicates(data: DataSet, train: Rows, held: Rows) -> Rows:
    _, first = np.unique(_with_label(data, train), return_index=True)
    return np.delete(train, first)


def _flat(data: DataSet, train: Rows, held: Rows) -> Rows:
    return train[np.isin(train, data.flat)]


def _with_label(data: DataSet, rows: Rows) -> Rows:
    """One number for each pair of pixels and label."""
    numbers: Rows = data.first_copies[rows] * data.num_classes + data.labels[rows]
    return numbers


DROPS: dict[str, Drop] = {
    drop.name: drop
    for drop in (
        Drop("leaked", "also in the validation or test part, pixel by pixel", _leaked),
        Drop("conflicting", "there again with another label, pixel by pixel", _conflicting),
        Drop("duplicates", "there again with the same label; one of each is kept", _duplicates),
        Drop("flat", "one colour from corner to corner", _flat),
    )
}


@dataclass(frozen=True)
class Dropped:
    """What is left out of one training part.

    Args:
        by_word: word of ``drop`` -> number of training images it speaks of; an image that two
            words speak of counts for both.
        images: left out in all.
        of: training images before.
    """

    by_word: Mapping[str, int]
    images: int
    of: int


def drop_words(words: Iterable[str], *, where: str = "") -> tuple[str, ...]:
    """Return each word once and in the register's order, so that one request has one form.

    Args:
        words: as a study writes them.
        where: file and table, for error messages.

    Raises:
        CeterisError: a word is not in the register.

    Example:
        >>> drop_words(["flat", "leaked", "flat"])
        ('leaked', 'flat')
    """
    given = tuple(words)
    for word in given:
        if word not in DROPS:
            raise unknown_name("kind of images to drop", word, DROPS, where=where)
    return tuple(word for word in DROPS if word in given)


def rows_to_drop(
    data: DataSet, words: Iterable[str], *, train: Rows, held: Rows
) -> dict[str, Rows]:
    """Return the rows of the training part that each word speaks of, sorted.

    Each word judges the part as it was drawn, whatever the other words say.

    Args:
        data: the set.
        words: in the register.
        train: rows trained on, sorted.
        held: rows of the validation and the test part.

    Example:
        >>> data = DataSet("toy", np.array([1, 2, 1, 2, 1], np.uint8).reshape(5, 1, 1, 1),
        ...                np.array([0, 0, 1, 0, 0]), ("a", "b"), num_train=4, pixel_max=255,
        ...                digest="")
        >>> found = rows_to_drop(data, DROPS, train=np.arange(4), held=np.array([4]))
        >>> {word: rows.tolist() for word, rows in found.items()}
        {'leaked': [0, 2], 'conflicting': [0, 2], 'duplicates': [3], 'flat': [0, 1, 2, 3]}
    """
    return {word: DROPS[word].find(data, train, held) for word in words}
