"""A CSV file of one's own: a row for each image, its label and its pixels.

    label,pixel0,pixel1,...     or     label,pixels
    3,0,255,...                        3,0 255 ...

Line 1 may name the columns. The label is the column that ``label_column`` names, else the one that
is called label, class, target or emotion, else the first. All other columns are pixels.

The file is read twice, a line at a time: once for the labels, and once for the pixels.
"""

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ceteris.data.dataset import Images
from ceteris.data.own import LARGEST_COUNT, Part, find_files, image_shape, own_paths
from ceteris.data.pixel_csv import bad_row, parse_pixels
from ceteris.data.published import Places
from ceteris.data.reading import clear_errors
from ceteris.data.source import DataSource, Found
from ceteris.data.unpacking import open_unpacked
from ceteris.errors import CeterisError, shown

_LABELS = ("label", "class", "target", "emotion")
_LONGEST = 1 << 22  # characters of a line: a million pixels with their commas
_BLOCK = 256  # images at a time
_FIX = "mend the row"


@dataclass(frozen=True)
class _Table:
    """How a file is laid out.

    Args:
        named: line 1 names the columns.
        num_columns: of every line.
        label: which of them is the label.
        num_pixels: of every image.
    """

    named: bool
    num_columns: int
    label: int
    num_pixels: int


def find_csv(source: DataSource, places: Places) -> Found:
    """Hash one or two CSV files; ``places`` is not looked at."""
    paths = own_paths(source, "path", "test_path")

    def read() -> tuple[Part, Part | None]:
        train = _part(source, paths[0])
        return train, _part(source, paths[1]) if len(paths) == 2 else None

    return find_files(source, paths, read)


def _part(source: DataSource, path: Path) -> Part:
    table = _table(source, path)
    shape = image_shape(table.num_pixels, source, str(path))
    labels = []
    for at, fields in _rows(path, table):
        label = fields[table.label].strip()
        if not label:
            raise bad_row(at, "no label", "a label", _FIX)
        labels.append(label)
    return Part(
        where=str(path),
        shape=(len(labels), *shape),
        blocks=partial(_blocks, path, table, shape),
        labels=_as_array(labels),
    )


def _as_array(labels: list[bytes]) -> "np.ndarray[tuple[int], np.dtype[np.int64 | np.str_]]":
    # isdigit() first: int() also takes signs and underscores.
    if all(label.isdigit() and len(label) <= 9 for label in labels):
        return np.array([int(label) for label in labels], dtype=np.int64)
    return np.array([label.decode("utf-8", "replace") for label in labels], dtype=np.str_)


def _blocks(path: Path, table: _Table, shape: tuple[int, int, int]) -> Iterator[Images]:
    images = []
    for at, fields in _rows(path, table):
        pixels = b" ".join(fields[: table.label] + fields[table.label + 1 :])
        images.append(parse_pixels(pixels.strip(), table.num_pixels, at, _FIX).reshape(shape))
        if len(images) == _BLOCK:
            yield np.stack(images)
            images = []
    if images:
        yield np.stack(images)


def _rows(path: Path, table: _Table) -> Iterator[tuple[str, list[bytes]]]:
    """Each row with its place, for messages; every row has as many columns."""
    for number, line in _lines(path):
        if table.named and number == 1:
            continue
        fields = line.split(b",")
        if len(fields) != table.num_columns:
            raise bad_row(
                f"{path}, line {number:,}",
                f"{len(fields):,} columns",
                f"{table.num_columns:,} columns, as in line 1",
                _FIX,
            )
        yield f"{path}, line {number:,}", fields


def _lines(path: Path) -> Generator[tuple[int, bytes], None, None]:
    """Number and text of each line that is not empty, never more than a line in memory."""
    with clear_errors(path, None, "get or save the file again"), open_unpacked(path) as stream:
        number = 0
        while line := stream.readline(_LONGEST + 1):
            number += 1
            if len(line) > _LONGEST:
                raise bad_row(
                    f"{path}, line {number:,}",
                    f"more than {_LONGEST:,} characters",
                    "a line for each image",
                    "check that lines end, with LF or CRLF",
                )
            if number > LARGEST_COUNT:
                raise bad_row(
                    f"{path}, line {number:,}",
                    "one more line",
                    f"{LARGEST_COUNT:,} at most",
                    "check what was saved",
                )
            line = line.rstrip(b"\r\n")
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")  # a byte order mark, as Excel writes it
            if line.strip():
                yield number, line


def _table(source: DataSource, path: Path) -> _Table:
    with contextlib.closing(_lines(path)) as lines:
        first = next(lines, (1, b""))[1].split(b",")
        second = next(lines, (2, b""))[1].split(b",")
    if first == [b""]:
        raise _no_images(path, "an empty file")
    # A name where the next line has a number is a name; a text label stands in both lines.
    named = not any(map(_is_number, first)) or any(
        not _is_number(a) and _is_number(b) for a, b in zip(first, second, strict=False)
    )
    names = [name.strip().decode("utf-8", "replace") for name in first] if named else []
    if len(first) < 2 or "" in names:
        raise CeterisError(
            f"line 1 of {path} does not hold a label and pixels",
            received="a column without a name, such as pandas writes for its index"
            if "" in names
            else f"{len(first)} column",
            expected="a column for the label, and one or more for the pixels, between commas",
            fix="save it with index=False" if "" in names else "write commas between the columns",
        )
    if named and second == [b""]:
        raise _no_images(path, "line 1 alone")
    label = _label_column(source, names, len(first), path)
    row = second if named else first
    rest = row[:label] + row[label + 1 :]
    if len(rest) != 1 and any(b" " in field.strip() for field in rest):
        raise CeterisError(
            f"{path} has columns that are neither the label nor pixels",
            received=shown(", ".join(names) or f"{len(first)} columns"),
            expected="the label and one column with all pixels, or one for each pixel",
            fix="take the other columns out; put test images into a file of their own: test_path",
        )
    return _Table(named, len(first), label, sum(len(field.split()) for field in rest))


def _label_column(source: DataSource, names: list[str], count: int, path: Path) -> int:
    wanted = source.label_column
    if wanted in ("first", "last") and wanted not in names:
        return 0 if wanted == "first" else count - 1
    matches = [n for n, name in enumerate(names) if name.lower() in _LABELS]
    if wanted is not None:
        matches = [n for n, name in enumerate(names) if name == wanted]
    if len(matches) == 1:
        return matches[0]
    if not names and wanted is None:
        return 0
    raise CeterisError(
        f"which column of {path} is the label cannot be told",
        received=shown(", ".join(names)) if names else "no names in line 1",
        expected=f"a column named {shown(wanted)}"
        if wanted
        else f"one column named {', '.join(_LABELS)}",
        fix='write label_column = "..." in [data]: a name in line 1, "first" or "last"',
    )


def _is_number(field: bytes) -> bool:
    """Whether it holds numbers and nothing else, fractions too: those are told in their row."""
    parts = field.split()
    return bool(parts) and all(part.lstrip(b"-").replace(b".", b"", 1).isdigit() for part in parts)


def _no_images(path: Path, received: str) -> CeterisError:
    return CeterisError(
        f"{path} holds no images",
        received=received,
        expected="a row for each image",
        fix="put a row for each image into it",
    )
