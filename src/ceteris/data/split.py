"""Which rows are trained on, validated on and tested on.

Every row of a data set has a priority for each kind of part, a 64-bit number drawn from a stream of
its own by row number. A random part is the rows of least priority; a stratified part is the same
within each class. So a row's luck depends on the seed and the row alone: asking for more images
keeps those there were, a validation part does not move the test part, and the other way round.

The test part is a published one, or is drawn with the split seed alone: no replicate changes it.

What is dropped is taken from the training part last, so that dropping changes no other part.
"""

import hashlib
import math
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ceteris.data.dataset import DataSet, Rows
from ceteris.data.dropping import Dropped, drop_words, rows_to_drop
from ceteris.data.parts import check_parts, part_rows
from ceteris.data.registry import DATA_SETS
from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.seeds import Purpose, Streams

Picking = Literal["first", "last", "random", "stratified"]

_PART_NAMES = ("train", "validation", "test", "unused")


@dataclass(frozen=True)
class SplitRecipe:
    """How a data set is to be split.

    A fraction f of N images is f N rounded half up, f being the decimal number as written.

    Args:
        images: use only so many of the images that may be trained on; None uses all.
        images_by: which: the ``"first"`` or ``"last"`` rows, ``"random"`` ones, or random ones with
            the classes in proportion (``"stratified"``).
        validation: held out of those: 0 none, a fraction below 1, or a count.
        validation_by: likewise.
        test: for a set with no published test part: a fraction below 1 or a count; None takes the
            register's default.
        test_by: likewise.
        seed: another number, another split.
        resample: draw ``images`` and ``validation`` anew for every replicate, never the test part.
        test_part: the published part that is the test part; None takes the last.
        validation_part: the published part that is the validation part, instead of ``validation``.
        drop: which training images are left out, words of :data:`ceteris.data.dropping.DROPS`.
    """

    images: int | None = None
    images_by: Picking = "first"
    validation: float | int = 0
    validation_by: Picking = "stratified"
    test: float | int | None = None
    test_by: Picking = "stratified"
    seed: int = 0
    resample: bool = False
    test_part: str | None = None
    validation_part: str | None = None
    drop: tuple[str, ...] = ()

    @property
    def has_validation(self) -> bool:
        """Whether there is a validation part."""
        return self.validation_part is not None or bool(self.validation)


@dataclass(frozen=True, eq=False)
class Split:
    """Sorted row numbers into a data set, int64; the four parts are disjoint and cover it.

    Args:
        train, validation, test: what they say.
        unused: images in none of these: not asked for, dropped, or in a published part that no
            part of the split is.
    """

    train: Rows
    validation: Rows
    test: Rows
    unused: Rows


def make_split(data: DataSet, recipe: SplitRecipe, *, replicate: int = 0) -> Split:
    """Split the rows of ``data``.

    A stratified part of n images takes n n_c / N of class c, rounded down, and what is then left
    to give goes to the largest remainders: each class is within one of its proportion.

    What ``recipe.drop`` names goes from the training part to the unused rows, and nothing else
    moves: without ``drop`` the other parts are the same.

    Args:
        data: what is split.
        recipe: how.
        replicate: the seed of the run, 0 or more; changes something only with ``recipe.resample``.

    Raises:
        CeterisError: a part is larger than what it is taken from, would leave nothing to train on,
            would be empty though asked for, or is stratified and smaller than the number of
            classes; every training image would be dropped; or a value of the recipe is not
            possible.

    Example:
        >>> data = DataSet("toy", np.zeros((10, 1, 1, 1), np.uint8), np.arange(10) % 2,
        ...                ("a", "b"), num_train=8, pixel_max=255, digest="")
        >>> split = make_split(data, SplitRecipe(validation=0.25, validation_by="last"))
        >>> [part.tolist() for part in (split.train, split.validation, split.test)]
        [[0, 1, 2, 3, 4, 5], [6, 7], [8, 9]]
    """
    whole = _draw(data, recipe, replicate)
    if not recipe.drop:
        return whole
    dropped = _dropped_rows(data, whole, recipe.drop)
    rows = np.unique(np.concatenate([*dropped.values()]))
    train = np.setdiff1d(whole.train, rows, assume_unique=True)
    if not len(train):
        raise CeterisError(
            f"every training image of {data.name} would be dropped",
            received=f"drop = {shown(list(recipe.drop))}, {len(whole.train):,} training images: "
            + ", ".join(f"{len(found):,} {word}" for word, found in dropped.items()),
            expected="a training image or more that is left",
            fix=f"look at `ceteris data check {data.name}`, and take a word out of drop",
        )
    return replace(whole, train=train, unused=np.union1d(whole.unused, rows))


def count_dropped(data: DataSet, recipe: SplitRecipe, *, replicate: int = 0) -> Dropped:
    """How many training images :func:`make_split` leaves out, and for which reasons.

    Args:
        data, recipe, replicate: as there.

    Example:
        >>> data = DataSet("toy", np.array([1, 2, 1], np.uint8).reshape(3, 1, 1, 1),
        ...                np.array([0, 1, 0]), ("a", "b"), num_train=2, pixel_max=255, digest="")
        >>> count_dropped(data, SplitRecipe(drop=("leaked",)))
        Dropped(by_word={'leaked': 1}, images=1, of=2)
    """
    whole = _draw(data, recipe, replicate)
    found = _dropped_rows(data, whole, recipe.drop)
    return Dropped(
        by_word={word: len(rows) for word, rows in found.items()},
        images=len(np.unique(np.concatenate([whole.train[:0], *found.values()]))),
        of=len(whole.train),
    )


def _dropped_rows(data: DataSet, whole: Split, words: tuple[str, ...]) -> dict[str, Rows]:
    held = np.concatenate([whole.validation, whole.test])
    return rows_to_drop(data, words, train=whole.train, held=held)


def _draw(data: DataSet, recipe: SplitRecipe, replicate: int) -> Split:
    """The split before anything is dropped."""
    _check(recipe, data)
    streams = Streams(root=recipe.seed, seed=0)
    resampled = Streams(root=recipe.seed, seed=replicate) if recipe.resample else streams
    pool, test = _test_part(data, recipe, streams)
    used = pool
    if recipe.images is not None:
        if recipe.images > len(pool):
            raise CeterisError(
                "more images are asked for than there are",
                received=f"images = {recipe.images:,}",
                expected=f"at most {len(pool):,}, the images of {data.name} to train on",
                fix="ask for fewer, or leave images out to use all",
            )
        draws = _priorities(data, resampled, Purpose.SUBSET, "images")
        used = _pick(data, pool, recipe.images, recipe.images_by, draws, "images")
    if recipe.validation_part is not None:
        validation = part_rows(data, recipe.validation_part)
    else:
        count = _count("validation", recipe.validation, len(used))
        draws = _priorities(data, resampled, Purpose.SPLIT, "validation")
        validation = _pick(data, used, count, recipe.validation_by, draws, "validation")
    train = np.setdiff1d(used, validation, assume_unique=True)
    rows = np.arange(len(data.images), dtype=np.int64)
    parts = np.concatenate([train, validation, test])
    unused = np.setdiff1d(rows, parts, assume_unique=True)
    return Split(train=train, validation=validation, test=test, unused=unused)


def split_digest(split: Split) -> str:
    """SHA-256 (hex) over the four parts: two splits have the same if and only if they are equal.

    Example:
        >>> rows = np.arange(2)
        >>> none = rows[:0]
        >>> a = split_digest(Split(train=rows, validation=none, test=none, unused=none))
        >>> b = split_digest(Split(train=none, validation=rows, test=none, unused=none))
        >>> a == b
        False
    """
    digest = hashlib.sha256()
    for name in _PART_NAMES:
        rows: Rows = getattr(split, name)
        digest.update(f"{name}:{len(rows)}:".encode())
        digest.update(rows.astype("<i8").tobytes())
    return digest.hexdigest()


def _test_part(data: DataSet, recipe: SplitRecipe, streams: Streams) -> tuple[Rows, Rows]:
    """Return the rows that may be trained on, and the test rows."""
    rows = np.arange(len(data.images), dtype=np.int64)
    entry = DATA_SETS.get(data.name)
    if data.num_train < len(rows):
        if recipe.test is not None:
            raise CeterisError(
                f"{data.name} has a published test part, so none is split off",
                received=f"test = {shown(recipe.test)}",
                expected="no test",
                fix="take out test; the published part is used",
            )
        if recipe.test_part is not None:
            return rows[: data.num_train], part_rows(data, recipe.test_part)
        first = data.num_train + (entry.num_between if entry else 0)
        return rows[: data.num_train], rows[first:]
    default = entry.default_test if entry else None
    test = recipe.test if recipe.test is not None else default
    if test is None:
        raise CeterisError(
            f"{data.name} has no test part",
            received="no test",
            expected="a fraction below 1, or a count",
            fix="write test = 0.2",
        )
    count = _count("test", test, len(rows))
    draws = _priorities(data, streams, Purpose.SPLIT, "test")
    chosen = _pick(data, rows, count, recipe.test_by, draws, "test")
    return np.setdiff1d(rows, chosen, assume_unique=True), chosen


def _count(key: str, value: float | int, available: int) -> int:
    """How many images a fraction or a count of ``available`` ones is."""
    if value == 0:
        return 0
    received = f"{key} = {shown(value)}"
    count = int(value)
    if isinstance(value, float):
        # Through decimals: 0.145 of 100 is 14.5 as written, and 14.499... in binary.
        exact = Decimal(str(value)) * available
        count = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
        received += f" of {available:,} images"
    if count == 0:
        raise CeterisError(
            f"the {key} part would be empty",
            received=received,
            expected="one image or more",
            fix=f"make {key} larger" + (", or 0 for none" if key == "validation" else ""),
        )
    if count >= available:
        raise CeterisError(
            f"the {key} part leaves no image to train on",
            received=received,
            expected=f"fewer than the {available:,} images it is taken from",
            fix=f"make {key} smaller",
        )
    return count


def _priorities(data: DataSet, streams: Streams, purpose: Purpose, part: str) -> NDArray[np.uint64]:
    """One 64-bit number for each row of the set, whether the row can be chosen or not."""
    # Raw bits: NumPy promises the same for ever, as it does not of Generator's methods (NEP 19).
    generator = streams.generator(purpose, part)
    drawn: NDArray[np.uint64] = generator.bit_generator.random_raw(len(data.images))
    return drawn


def _pick(
    data: DataSet, pool: Rows, count: int, by: Picking, priorities: NDArray[np.uint64], key: str
) -> Rows:
    """``count`` of the sorted rows in ``pool``, sorted."""
    if count == 0:
        return pool[:0]
    if by == "first":
        return pool[:count]
    if by == "last":
        return pool[-count:]
    if by == "random":
        return _least(pool, count, priorities)
    labels = data.labels[pool]
    present, sizes = np.unique(labels, return_counts=True)
    if count < len(present):
        raise CeterisError(
            f"a stratified part of {key} is smaller than the number of classes",
            received=f"{count:,} images for {len(present):,} classes",
            expected=f"{len(present):,} images or more",
            fix=f'make {key} larger, or write {key}_by = "random"',
        )
    shares = _largest_remainder(count, [int(size) for size in sizes])
    parts = [
        _least(pool[labels == label], share, priorities)
        for label, share in zip(present, shares, strict=True)
    ]
    return np.sort(np.concatenate(parts))


def _least(rows: Rows, count: int, priorities: NDArray[np.uint64]) -> Rows:
    order = np.argsort(priorities[rows], kind="stable")
    return np.sort(rows[order[:count]])


def _largest_remainder(count: int, sizes: list[int]) -> list[int]:
    """``count`` shared out in proportion to ``sizes``; ties go to the earlier class.

    Whole numbers throughout, so that no rounding decides a tie. Source: Hamilton's method of
    apportionment; it keeps every share within one of its quota.
    """
    total = sum(sizes)
    shares = [count * size // total for size in sizes]
    remainders = [count * size % total for size in sizes]
    order = sorted(range(len(sizes)), key=lambda place: (-remainders[place], place))
    for place in order[: count - sum(shares)]:
        shares[place] += 1
    return shares


def _check(recipe: SplitRecipe, data: DataSet) -> None:
    drop_words(recipe.drop, where="drop")
    if recipe.test_part is not None or recipe.validation_part is not None:
        check_parts(
            DATA_SETS[data.name],
            test_part=recipe.test_part,
            validation_part=recipe.validation_part,
            validation=recipe.validation,
        )
    for key in ("images_by", "validation_by", "test_by"):
        if getattr(recipe, key) not in get_args(Picking):
            raise unknown_name(
                "way to pick images", getattr(recipe, key), get_args(Picking), where=key
            )
    if recipe.images is not None and not _is_count(recipe.images, least=1):
        raise _impossible("images", recipe.images, "a whole number, 1 or more", "images = 1000")
    if not _is_count(recipe.validation, least=0) and not _is_fraction(recipe.validation):
        expected = "0, a fraction below 1, or a count"
        raise _impossible("validation", recipe.validation, expected, "validation = 0.2")
    if (
        recipe.test is not None
        and not _is_count(recipe.test, least=1)
        and not _is_fraction(recipe.test)
    ):
        raise _impossible("test", recipe.test, "a fraction below 1, or a count", "test = 0.2")
    if not _is_count(recipe.seed, least=0):
        raise _impossible("seed", recipe.seed, "a whole number, 0 or more", "split_seed = 0")


def _is_count(value: object, *, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_fraction(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value) and 0 < value < 1


def _impossible(key: str, value: object, expected: str, example: str) -> CeterisError:
    return CeterisError(
        f"{key} has a value that is not possible",
        received=f"{key} = {shown(value)}",
        expected=expected,
        fix=f"write {example}",
    )
