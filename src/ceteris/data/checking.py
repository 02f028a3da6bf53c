"""What must be known of a data set before it is believed: counts, copies, conflicts, flat images.

Numbers first: everything here is rows, and :mod:`ceteris.cli` prints them.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ceteris.data.dataset import DataSet, Rows
from ceteris.data.near import NearPairs, near_pairs
from ceteris.data.registry import DATA_SETS
from ceteris.errors import CeterisError


@dataclass(frozen=True)
class PartCheck:
    """One part of a set.

    Args:
        name: of the part.
        first: its first row; its rows follow one another.
        images: how many.
        by_class: how many of each class, by label.
        copies: rows whose pixels occur earlier in the same part.
        flat: rows of one colour from corner to corner.
    """

    name: str
    first: int
    images: int
    by_class: tuple[int, ...]
    copies: tuple[int, ...]
    flat: tuple[int, ...]

    @property
    def balance(self) -> float:
        """Images of the largest class for one of the smallest; infinite where a class has none."""
        smallest = min(self.by_class)
        return max(self.by_class) / smallest if smallest else float("inf")


@dataclass(frozen=True)
class Shared:
    """What two parts have in common.

    Args:
        part: the part that comes later, the test part above all.
        other: the part before.
        rows: rows of ``part`` whose pixels occur in ``other``.
        near: rows of ``part``, not among these, that have a near duplicate in ``other``.
    """

    part: str
    other: str
    rows: tuple[int, ...]
    near: tuple[int, ...]


@dataclass(frozen=True)
class Conflict:
    """Identical images with different labels.

    Args:
        rows: all that hold these pixels.
        labels: theirs, in the same order.
    """

    rows: tuple[int, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class DataCheck:
    """All that was found.

    Args:
        name, shape, digest, classes: of the set.
        known: the digest is that of the published set; None where none is known.
        distinct: different images.
        parts: in the order of their rows.
        shared: each later part with each earlier one.
        conflicts: groups of identical images with different labels, by their first row.
        near: pairs of near duplicates, anywhere in the set.
        notes: what reading the set left out, and what is known of it.
    """

    name: str
    shape: tuple[int, int, int]
    digest: str
    known: bool | None
    classes: tuple[str, ...]
    distinct: int
    parts: tuple[PartCheck, ...]
    shared: tuple[Shared, ...]
    conflicts: tuple[Conflict, ...]
    near: NearPairs
    notes: tuple[str, ...]

    @property
    def images(self) -> int:
        """How many, over all parts."""
        return sum(part.images for part in self.parts)

    @property
    def flat(self) -> tuple[int, ...]:
        """Rows of one colour, over all parts."""
        return tuple(row for part in self.parts for row in part.flat)


def check_data(data: DataSet, *, near: bool = True) -> DataCheck:
    """Check an opened set. Half a minute for 70,000 images, a second without near duplicates.

    Args:
        data: what :func:`ceteris.data.open_data` gave, which checked its digest.
        near: look for near duplicates too.

    Raises:
        CeterisError: the set is not of the size it is known to have.

    Example:
        >>> data = DataSet("toy", np.array([1, 2, 1], np.uint8).reshape(3, 1, 1, 1),
        ...                np.array([0, 1, 1]), ("a", "b"), num_train=2, pixel_max=255, digest="")
        >>> found = check_data(data)
        >>> found.distinct, found.shared[0].rows, found.conflicts[0].rows
        (2, (2,), (0, 2))
    """
    bounds = _bounds(data)
    pairs = near_pairs(data) if near else NearPairs((), "it was not asked for")
    entry = DATA_SETS.get(data.name)
    known = None if entry is None or entry.digest is None else entry.digest == data.digest
    return DataCheck(
        name=data.name,
        shape=data.shape,
        digest=data.digest,
        known=known,
        classes=data.classes,
        distinct=len(np.unique(data.first_copies)),
        parts=tuple(_part(data, *bound) for bound in bounds),
        shared=tuple(
            _shared(data, pairs, later, earlier)
            for earlier, later in sorted(combinations(bounds, 2), key=lambda two: -two[1][1])
        ),
        conflicts=_conflicts(data),
        near=pairs,
        notes=(*data.notes, *((entry.note,) if entry is not None and entry.note else ())),
    )


def _bounds(data: DataSet) -> tuple[tuple[str, int, int], ...]:
    """Name, first row and length of each part."""
    entry, number = DATA_SETS.get(data.name), len(data.images)
    if entry is not None and entry.parts:
        counts = [count for _, count in entry.parts]
        if sum(counts) != number or counts[0] != data.num_train:
            raise CeterisError(
                f"{data.name} has another number of images than it is known to have",
                received=f"{number:,} images, {data.num_train:,} of them to train on",
                expected=", ".join(f"{count:,} in {name}" for name, count in entry.parts),
                fix=f"get {entry.title} again from {entry.published_at}",
            )
        firsts = np.cumsum([0, *counts])
        return tuple(
            (name, int(first), count)
            for (name, count), first in zip(entry.parts, firsts, strict=False)
        )
    if data.num_train == number:
        return (("all images", 0, number),)
    return (("train", 0, data.num_train), ("test", data.num_train, number - data.num_train))


def _part(data: DataSet, name: str, first: int, count: int) -> PartCheck:
    copies = data.first_copies[first : first + count]
    _, kept = np.unique(copies, return_index=True)
    flat = data.flat[(data.flat >= first) & (data.flat < first + count)]
    labels = data.labels[first : first + count]
    return PartCheck(
        name=name,
        first=first,
        images=count,
        by_class=_plain(np.bincount(labels, minlength=data.num_classes)),
        copies=_plain(np.delete(np.arange(first, first + count), kept)),
        flat=_plain(flat),
    )


def _shared(
    data: DataSet, pairs: NearPairs, later: tuple[str, int, int], earlier: tuple[str, int, int]
) -> Shared:
    copies = data.first_copies
    here = np.arange(later[1], later[1] + later[2])
    there = np.arange(earlier[1], earlier[1] + earlier[2])
    same = np.isin(copies[here], copies[there])
    # A pair speaks of distinct images, each by the first row that holds it: compare those.
    marks = {int(mark) for mark in copies[there]}
    near = {a for pair in pairs.pairs for a, b in _both(pair.first, pair.second) if b in marks}
    close = np.isin(copies[here], np.array(sorted(near), dtype=np.int64)) & ~same
    return Shared(later[0], earlier[0], rows=_plain(here[same]), near=_plain(here[close]))


def _both(first: int, second: int) -> tuple[tuple[int, int], tuple[int, int]]:
    return (first, second), (second, first)


def _conflicts(data: DataSet) -> tuple[Conflict, ...]:
    copies, labels = data.first_copies, data.labels
    labelled = np.unique(copies * data.num_classes + labels)
    images, num_labels = np.unique(labelled // data.num_classes, return_counts=True)
    rows = np.flatnonzero(np.isin(copies, images[num_labels > 1]))
    rows = rows[np.argsort(copies[rows], kind="stable")]
    groups = np.split(rows, np.flatnonzero(np.diff(copies[rows])) + 1) if len(rows) else []
    return tuple(Conflict(_plain(group), _plain(labels[group])) for group in groups)


def _plain(numbers: Rows) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)
