"""The published parts of a set by name: which rows each holds, and which a study may choose."""

import numpy as np

from ceteris.data.dataset import DataSet, Rows
from ceteris.data.registry import DATA_SETS, DataEntry
from ceteris.errors import CeterisError, shown, unknown_name


def check_parts(
    entry: DataEntry,
    *,
    test_part: str | None,
    validation_part: str | None,
    validation: float | int = 0,
    where: str = "",
) -> None:
    """Refuse a choice of parts that is not possible. Touches no disk.

    Args:
        entry: of the set.
        test_part, validation_part: names of published parts; None where none is chosen.
        validation: what else is said of the validation part.
        where: file and table, for error messages.

    Raises:
        CeterisError: the set has no such part, it is the part that is trained on, one part is
            chosen twice, or the validation part is both named and split off.

    Example:
        >>> check_parts(DATA_SETS["fer2013"], test_part="PublicTest", validation_part=None)
    """
    for key, name in (("test_part", test_part), ("validation_part", validation_part)):
        if name is not None:
            _check_name(entry, key, name, where)
    if validation_part is None:
        return
    if validation:
        raise CeterisError(
            "the validation part is said twice",
            received=f"validation = {shown(validation)} and "
            f"validation_part = {shown(validation_part)}{_place(where)}",
            expected="validation, split off the training images, or validation_part, a published "
            "part",
            fix="take one of them out",
        )
    test = test_part or entry.parts[-1][0]
    if validation_part == test:
        raise CeterisError(
            f"{shown(test)} cannot be the validation part and the test part",
            received=f"validation_part = {shown(validation_part)}"
            + (f", test_part = {shown(test_part)}" if test_part else ", no test_part")
            + _place(where),
            expected="two different parts: what is chosen by must not be what is tested on",
            fix=f"choose another of {', '.join(_choices(entry))}"
            if len(entry.parts) > 2
            else "write validation = 0.1 instead, which splits off training images",
        )


def part_rows(data: DataSet, name: str) -> Rows:
    """The rows of a published part, by its name in the register.

    Args:
        data: a set whose entry has this part.
        name: of the part.
    """
    first = 0
    for part, count in DATA_SETS[data.name].parts:
        if part == name:
            return np.arange(first, first + count, dtype=np.int64)
        first += count
    raise ValueError(f"{data.name} has no part {name!r}")


def _check_name(entry: DataEntry, key: str, name: str, where: str) -> None:
    if len(entry.parts) < 2:
        raise CeterisError(
            f"'{entry.name}' has no published parts to choose from",
            received=f"{key} = {shown(name)}{_place(where)}",
            expected=f"no {key}",
            fix=f"write {'test' if key == 'test_part' else 'validation'} = 0.2 instead",
        )
    if name == entry.parts[0][0]:
        raise CeterisError(
            f"{shown(name)} is the part that is trained on",
            received=f"{key} = {shown(name)}{_place(where)}",
            expected=f"one of {', '.join(_choices(entry))}",
            fix=f"choose another part, or take out {key}",
        )
    if name not in _choices(entry):
        raise unknown_name(f"part of {entry.title}", name, _choices(entry), where=where or key)


def _choices(entry: DataEntry) -> tuple[str, ...]:
    return tuple(name for name, _ in entry.parts[1:])


def _place(where: str) -> str:
    return f"  ({where})" if where else ""
