"""What must be known of a data set before it is believed: counts, copies, conflicts, flat images.

Numbers first: everything here is rows, and :mod:`ceteris.cli` prints them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ceteris.data.dataset import DataSet, Rows
from ceteris.data.near import NearPairs, near_pairs
from ceteris.data.places import bounds
from ceteris.data.registry import DATA_SETS


@dataclass(frozen=True)
class PartCheck:
    """One part of a set.

    Args:
        name: of the part.
        first: its first row; None where its rows do not follow one another.
        images: how many.
        by_class: how many of each class, by label.
        copies: rows whose pixels occur earlier in the same part.
        originals: of each the first row there that holds them.
        flat: rows of one colour from corner to corner.
        near: pairs of rows of the part that hold nearly the same picture.
    """

    name: str
    first: int | None
    images: int
    by_class: tuple[int, ...]
    copies: tuple[int, ...]
    originals: tuple[int, ...]
    flat: tuple[int, ...]
    near: tuple[tuple[int, int], ...]

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
        originals: of each the first row of ``other`` that holds them.
        near: rows of ``part``, not among these, that have a near duplicate in ``other``.
        twins: of each the first row of ``other`` that holds one.
    """

    part: str
    other: str
    rows: tuple[int, ...]
    originals: tuple[int, ...]
    near: tuple[int, ...]
    twins: tuple[int, ...]


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
        parts: as published, in the order of their rows, or those that were asked for.
        shared: each later part with each earlier one.
        conflicts: groups of identical images with different labels, by their first row.
        conflicts_in_training: there are such groups in the first part alone, the training part.
        near: pairs of near duplicates, anywhere in what was looked at, each image by the first
            row of the set that holds it.
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
    conflicts_in_training: bool
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


def check_data(
    data: DataSet,
    *,
    near: bool = True,
    parts: Sequence[tuple[str, Rows]] | None = None,
    begins: Callable[[int], None] = lambda images: None,
) -> DataCheck:
    """Check an opened set. Half a minute for 70,000 images, a second without near duplicates.

    Args:
        data: what :func:`ceteris.data.open_data` gave, which checked its digest.
        near: look for near duplicates too.
        parts: names and sorted rows of the parts to check, disjoint, the training part first; None
            for those that are published.
        begins: is told how many images are compared once near duplicates are looked for.

    Raises:
        CeterisError: the set is not of the size it is known to have.

    Example:
        >>> data = DataSet("toy", np.array([1, 2, 1], np.uint8).reshape(3, 1, 1, 1),
        ...                np.array([0, 1, 1]), ("a", "b"), num_train=2, pixel_max=255, digest="")
        >>> found = check_data(data)
        >>> found.distinct, found.shared[0].rows, found.shared[0].originals
        (2, (2,), (0,))
        >>> found.conflicts[0].rows
        (0, 2)
    """
    published = tuple(
        (name, np.arange(first, first + count, dtype=np.int64))
        for name, first, count in bounds(data)
    )
    checked = published if parts is None else tuple(parts)
    among = np.sort(np.concatenate([rows for _, rows in checked]))
    pairs = (
        near_pairs(data, among, begins=begins) if near else NearPairs((), "it was not asked for")
    )
    # What the register says of the published parts is not true of every choice of images.
    said = parts is None
    entry = DATA_SETS.get(data.name)
    known = None if entry is None or entry.digest is None else entry.digest == data.digest
    return DataCheck(
        name=data.name,
        shape=data.shape,
        digest=data.digest,
        known=known,
        classes=data.classes,
        distinct=len(np.unique(data.first_copies[among])),
        parts=tuple(_part(data, pairs, *part) for part in checked),
        shared=tuple(
            _shared(data, pairs, checked[later], checked[earlier])
            for later in reversed(range(len(checked)))
            for earlier in range(later)
        ),
        conflicts=_conflicts(data, among),
        conflicts_in_training=bool(_conflicts(data, checked[0][1])),
        near=pairs,
        notes=(*data.notes, *((entry.note,) if said and entry is not None and entry.note else ())),
    )


def _part(data: DataSet, pairs: NearPairs, name: str, rows: Rows) -> PartCheck:
    copies, labels = data.first_copies, data.labels[rows]
    firsts = _firsts(data, rows)
    again = tuple((row, firsts[int(copies[row])]) for row in _plain(rows))
    again = tuple((row, first) for row, first in again if row != first)
    follow = bool(len(rows)) and int(rows[-1] - rows[0]) == len(rows) - 1
    return PartCheck(
        name=name,
        first=int(rows[0]) if follow else None,
        images=len(rows),
        by_class=_plain(np.bincount(labels, minlength=data.num_classes)),
        copies=tuple(row for row, _ in again),
        originals=tuple(first for _, first in again),
        flat=_plain(rows[np.isin(rows, data.flat)]),
        near=tuple(
            (firsts[pair.first], firsts[pair.second])
            for pair in pairs.pairs
            if pair.first in firsts and pair.second in firsts
        ),
    )


def _shared(
    data: DataSet, pairs: NearPairs, later: tuple[str, Rows], earlier: tuple[str, Rows]
) -> Shared:
    copies, here = data.first_copies, later[1]
    firsts = _firsts(data, earlier[1])
    same = np.isin(copies[here], copies[earlier[1]])
    # A pair speaks of distinct images, each by the first row that holds it: compare those.
    twins: dict[int, int] = {}
    for pair in pairs.pairs:
        for a, b in ((pair.first, pair.second), (pair.second, pair.first)):
            if b in firsts:
                twins[a] = min(firsts[b], twins.get(a, firsts[b]))
    close = np.isin(copies[here], np.array(sorted(twins), dtype=np.int64)) & ~same
    return Shared(
        later[0],
        earlier[0],
        rows=_plain(here[same]),
        originals=tuple(firsts[int(copies[row])] for row in here[same]),
        near=_plain(here[close]),
        twins=tuple(twins[int(copies[row])] for row in here[close]),
    )


def _firsts(data: DataSet, rows: Rows) -> dict[int, int]:
    """Of each image in a part the first row of the part that holds it, by its mark."""
    marks, places = np.unique(data.first_copies[rows], return_index=True)
    return dict(zip(_plain(marks), _plain(rows[places]), strict=True))


def _conflicts(data: DataSet, among: Rows) -> tuple[Conflict, ...]:
    copies, labels = data.first_copies, data.labels
    labelled = np.unique(copies[among] * data.num_classes + labels[among])
    images, num_labels = np.unique(labelled // data.num_classes, return_counts=True)
    rows = among[np.isin(copies[among], images[num_labels > 1])]
    rows = rows[np.argsort(copies[rows], kind="stable")]
    groups = np.split(rows, np.flatnonzero(np.diff(copies[rows])) + 1) if len(rows) else []
    return tuple(Conflict(_plain(group), _plain(labels[group])) for group in groups)


def _plain(numbers: Rows) -> tuple[int, ...]:
    return tuple(int(number) for number in numbers)
