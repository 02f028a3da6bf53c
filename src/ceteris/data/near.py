"""Near duplicates: pictures that are one picture, but for its light, a pixel's shift or a mirror.

Two images are near duplicates if, the second shifted by at most one pixel either way and perhaps
mirrored,

    r(a, b) >= 0.9     and     r(detail(a), detail(b)) >= 0.8

where r is the correlation over the pixels both have, so that brightness and contrast do not
matter, and detail(a) is a less its mean over 3 x 3 pixels. Two skies have much in common and no
detail; two photographs of one thing have other detail. Colours are brought to grey, and images of
more than 64 pixels a side are shrunk to that.

Which pairs are looked at: images shrunk to 8 x 8, in 24 decorrelated dimensions, are compared with
64 random planes, a bit each, and sorted by these bits; whoever stands within six places in one of
32 such orders and differs in at most 8 bits is a candidate. So N images take N log N steps, a set
of many that are alike no more than any other, and some pairs are missed: on CIFAR-10 one in thirty
of those that comparing all with all finds. In up to 1,000 images all are compared with all.

Not looked for where it would be a guess: in images of fewer than 16 pixels a side, and in sets
whose images of one class are much alike in their detail as they are (outlines on an empty ground,
like digits or clothes): there two that merely look alike cannot be told from two of one.

The ideas: M. S. Charikar, Similarity estimation techniques from rounding algorithms, STOC 2002;
B. Barz, J. Denzler, Do we train on test data? Purging CIFAR of near-duplicates, J. Imaging 6(6),
2020, who judged by eye and found such a twin in training for 3.3% of CIFAR-10's test images. The
thresholds are ours, chosen by looking at pairs of CIFAR-10 and FER-2013 (docs/log.md).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceteris.data.dataset import DataSet, Images, Rows

Floats = NDArray[np.float32]

ALIKE = 0.9
DETAIL = 0.8
SMALLEST_SIDE = 16  # pixels; below, an image has hardly any detail to agree in
# The 95% point of r(detail) between images of one class: CIFAR-10 and FER-2013 have 0.13 and 0.11,
# noise of 16 x 16 pixels 0.21, MNIST and Fashion-MNIST 0.36 and 0.46.
CROWDED = 0.25
_LARGEST_SIDE = 64
_THUMB_SIDE = 8
_THUMB_ALIKE = 0.9  # of the 8 x 8 images: cheap, and nothing above passes below it
_DIMENSIONS = 24
_ORDERS = 32
_WITHIN = 6
_MOST_BITS = 8
_FEW = 1000  # images: so many are compared all with all in less time than they are sorted
_BLOCK = 2048  # pairs or images at a time
_SAMPLED = 1000  # pairs of one class; the 95% point of so many is known to a few hundredths
_FLATTEST = 1e-3  # standard deviation, in grey levels, of what has nothing to compare


@dataclass(frozen=True)
class NearPair:
    """Two rows that hold nearly the same picture.

    Args:
        first, second: the rows, the lower first.
        mirrored: they agree once one is mirrored, left for right.
        detail: r of their details, 0.8 to 1.
    """

    first: int
    second: int
    mirrored: bool
    detail: float


@dataclass(frozen=True)
class NearPairs:
    """What was found.

    Args:
        pairs: in the order of their rows.
        not_searched: why nothing was looked for; empty where it was.
    """

    pairs: tuple[NearPair, ...]
    not_searched: str = ""


def near_pairs(
    data: DataSet, among: Rows | None = None, *, begins: Callable[[int], None] = lambda images: None
) -> NearPairs:
    """Look for near duplicates among the distinct images of a set. Half a minute for 70,000.

    Identical images count once, by the first row of the set that holds them. The same set, the same
    pairs: the planes are drawn from a generator of this function's own.

    Args:
        data: the set.
        among: the rows that are looked at; None for all.
        begins: is told how many images are compared, if any are and once it begins.
    """
    height, width, _ = data.shape
    if min(height, width) < SMALLEST_SIDE:
        return NearPairs(
            (),
            f"images of {height} x {width} pixels are too small to tell the same picture from a "
            f"similar one; check larger versions of them, of {SMALLEST_SIDE} pixels a side or "
            "more, if you have them",
        )
    copies = data.first_copies if among is None else data.first_copies[among]
    rows = np.setdiff1d(np.unique(copies), data.flat)
    if len(rows) < 2:
        return NearPairs(())
    if _alikeness(data, rows) > CROWDED:
        return NearPairs(
            (),
            "images of one class look so much alike here that the same picture cannot be told "
            "from a similar one; check larger versions of them, which show more detail, if you "
            "have them",
        )
    begins(len(rows))
    found = [
        NearPair(int(a), int(b), mirrored, round(float(detail), 3))
        for mirrored, pairs in _candidates(data, rows)
        for a, b, detail in _checked(data.images, pairs, mirrored=mirrored)
    ]
    return NearPairs(tuple(sorted(found, key=lambda pair: (pair.first, pair.second))))


def agreement(first: Images, second: Images) -> tuple[Floats, Floats]:
    """How alike images and their details are, r pair by pair, at the best shift.

    Args:
        first, second: uint8 (n, H, W, C).

    Returns:
        two arrays (n,), -1 to 1.

    Example:
        >>> images = np.random.default_rng(0).integers(0, 256, (1, 16, 16, 1)).astype(np.uint8)
        >>> darker_and_moved = np.roll(images // 2, 1, axis=2)
        >>> agreement(images, darker_and_moved)[1].round(2)
        array([1.], dtype=float32)
    """
    one, two = _grey(first), _grey(second)
    fine_one, fine_two = _detail(one), _detail(two)
    best_alike = np.full(len(one), -1, np.float32)
    best_detail = best_alike.copy()
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            alike = _correlation(_inner(one), _inner(two, down, right))
            detail = _correlation(_inner(fine_one), _inner(fine_two, down, right))
            better = np.minimum(alike, detail) > np.minimum(best_alike, best_detail)
            best_alike = np.where(better, alike, best_alike)
            best_detail = np.where(better, detail, best_detail)
    return best_alike, best_detail


def _alikeness(data: DataSet, rows: Rows) -> float:
    """The 95% point of the agreement in detail of two random images of one class."""
    generator = np.random.default_rng(0)
    first = generator.choice(rows, _SAMPLED)
    order = rows[np.argsort(data.labels[rows], kind="stable")]
    sizes = np.bincount(data.labels[rows], minlength=data.num_classes)
    begin = np.cumsum(sizes) - sizes
    label = data.labels[first]
    second = order[begin[label] + generator.integers(0, sizes[label])]
    first, second = first[first != second], second[first != second]
    if not len(first):
        return 0.0
    found = [
        agreement(data.images[first[part]], data.images[second[part]])[1]
        for part in _blocks(len(first))
    ]
    return float(np.quantile(np.concatenate(found), 0.95))


def _candidates(data: DataSet, rows: Rows) -> Iterator[tuple[bool, Rows]]:
    """Pairs (n, 2) of rows that may be near duplicates: as they are, then one of them mirrored."""
    images = data.images
    upright = np.concatenate([_thumbs(images[rows[part]]) for part in _blocks(len(rows))])
    side = (len(rows), _THUMB_SIDE, _THUMB_SIDE)
    thumbs = np.concatenate([upright, upright.reshape(side)[:, :, ::-1].reshape(len(rows), -1)])
    number = len(rows)
    found = _all_pairs(number) if number <= _FEW else _neighbours(thumbs, number)
    keys = np.unique(np.concatenate([np.empty(0, np.int64), *found]))
    for mirrored in (False, True):
        pairs = keys[keys % 2 == mirrored] // 2
        first, second = pairs // number, pairs % number
        kept = [
            np.einsum("nf,nf->n", thumbs[first[part]], thumbs[second[part] + number * mirrored])
            > _THUMB_ALIKE
            for part in _blocks(len(pairs))
        ]
        near = np.concatenate([np.empty(0, bool), *kept])
        yield mirrored, np.stack([rows[first[near]], rows[second[near]]], axis=1)


def _all_pairs(number: int) -> Iterator[Rows]:
    """Every pair, in the form of :func:`_neighbours`."""
    first, second = np.triu_indices(number, k=1)
    for mirrored in (0, 1):
        yield (first * number + second) * 2 + mirrored


def _neighbours(thumbs: Floats, number: int) -> Iterator[Rows]:
    """Pairs that stand close in a random order, each as ``2 (first N + second) + mirrored``."""
    generator = np.random.default_rng(0)
    points = _decorrelated(thumbs)
    for _ in range(_ORDERS):
        planes = generator.standard_normal((points.shape[1], 64)).astype(np.float32)
        # The bytes are turned round so that the order is by the first plane, then the second, ...
        bits = np.packbits(points @ planes > 0, axis=1).view(">u8")[:, 0].astype(np.uint64)
        order = np.argsort(bits, kind="stable")
        bits = bits[order]
        for step in range(1, _WITHIN + 1):
            close = np.flatnonzero(
                np.bitwise_count(bits[:-step] ^ bits[step:]) <= _MOST_BITS  # (2N - step,)
            )
            one, two = order[close], order[close + step]
            first, second = (
                np.minimum(one % number, two % number),
                np.maximum(one % number, two % number),
            )
            mirrored = (one >= number) != (two >= number)
            yield ((first * number + second) * 2 + mirrored)[first != second]


def _decorrelated(thumbs: Floats) -> Floats:
    """Their coordinates along the largest principal axes, each of variance 1."""
    centred = thumbs - thumbs.mean(axis=0)
    values, axes = np.linalg.eigh(centred.T @ centred / len(centred))
    largest = slice(-_DIMENSIONS, None)
    spread = np.sqrt(np.maximum(values[largest], values[-1] * 1e-6 + 1e-12))
    points: Floats = (centred @ (axes[:, largest] / spread)).astype(np.float32)
    return points


def _checked(
    images: Images, pairs: Rows, *, mirrored: bool
) -> Iterator[tuple[np.int64, np.int64, np.float32]]:
    """The pairs that meet the definition, and how far their details agree."""
    for part in _blocks(len(pairs)):
        first, second = pairs[part, 0], pairs[part, 1]
        other = images[second]
        alike, detail = agreement(images[first], other[:, :, ::-1] if mirrored else other)
        near = (alike >= ALIKE) & (detail >= DETAIL)
        yield from zip(first[near], second[near], detail[near], strict=True)


def _grey(images: Images) -> Floats:
    """Grey float32 (n, h, w), shrunk where a side is longer than 64 pixels."""
    weights = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R 601-2
    pixels = images.astype(np.float32)
    grey: Floats = pixels @ weights if images.shape[3] == 3 else pixels.mean(axis=3)
    return _shrunk(grey, _LARGEST_SIDE)


def _shrunk(grey: Floats, side: int) -> Floats:
    """Means over equal blocks, as nearly as whole pixels allow; at most ``side`` a side."""
    for axis in (1, 2):
        length = grey.shape[axis]
        if length > side:
            edges = np.arange(side) * length // side
            sizes = np.diff(edges, append=length).astype(np.float32)
            sums = np.add.reduceat(grey, edges, axis=axis)
            grey = sums / (sizes[:, np.newaxis] if axis == 1 else sizes)
    return grey


def _thumbs(images: Images) -> Floats:
    """The images shrunk to 8 x 8, each (n, 64) of mean 0 and length 1."""
    thumbs = _shrunk(_grey(images), _THUMB_SIDE).reshape(len(images), -1)
    thumbs = thumbs - thumbs.mean(axis=1, keepdims=True)
    length = np.linalg.norm(thumbs, axis=1, keepdims=True)
    unit: Floats = thumbs / np.maximum(length, _FLATTEST)
    return unit


def _detail(grey: Floats) -> Floats:
    """The inner pixels less the mean of the 3 x 3 around each, (n, h - 2, w - 2)."""
    mean = sum(_inner(grey, down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)) / 9
    return np.asarray(_inner(grey) - mean, np.float32)


def _inner(grey: Floats, down: int = 0, right: int = 0) -> Floats:
    """All but a border of one pixel, seen so many pixels further down and to the right."""
    height, width = grey.shape[1:]
    return grey[:, 1 + down : height - 1 + down, 1 + right : width - 1 + right]


def _correlation(one: Floats, two: Floats) -> Floats:
    one = one - one.mean(axis=(1, 2), keepdims=True)
    two = two - two.mean(axis=(1, 2), keepdims=True)
    together = np.einsum("nij,nij->n", one, two)
    apart = np.einsum("nij,nij->n", one, one) * np.einsum("nij,nij->n", two, two)
    found: Floats = together / np.sqrt(np.maximum(apart, _FLATTEST))
    return found


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, _BLOCK):
        yield slice(start, min(start + _BLOCK, count))
