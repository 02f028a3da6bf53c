"""Images as rows of text: a label, the pixels as numbers 0..255 between spaces, and a part's name.

emotion,pixels,Usage
0,70 80 82 ... 106 109 82,Training
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceteris.data.dataset import Labels
from ceteris.errors import CeterisError, shown

_SPACE, _ZERO = ord(" "), ord("0")
_FIX = "mend the row, or use the published file"
_BESIDES = 100  # characters a row may have besides its pixels


@dataclass(frozen=True)
class Columns:
    """What the columns are called, in whatever order they stand."""

    label: str
    pixels: str
    part: str


@dataclass(frozen=True, eq=False)
class Rows:
    """What the rows hold.

    Args:
        pixels: uint8 (N, F).
        labels: int64 (N,).
        parts: int64 (N,), which of the named parts each row belongs to.
    """

    pixels: NDArray[np.uint8]
    labels: Labels
    parts: Labels


def parse_pixel_csv(
    content: bytes | bytearray,
    *,
    columns: Columns,
    num_pixels: int,
    num_classes: int,
    parts: Sequence[str],
    where: str,
) -> Rows:
    r"""Return the rows of such a file, in its order. CRLF ends a line as LF does.

    Args:
        content: the file, unpacked.
        columns: what they are called.
        num_pixels: F, of every image.
        num_classes: K.
        parts: the names that may stand in the part's column.
        where: the file, for messages.

    Raises:
        CeterisError: a column is missing, there are no rows, or a row is wrong; it names the line.

    Example:
        >>> rows = parse_pixel_csv(b"y,x,part\n1,0 255,b\n", columns=Columns("y", "x", "part"),
        ...                        num_pixels=2, num_classes=2, parts=("a", "b"), where="x.csv")
        >>> rows.pixels, rows.labels, rows.parts
        (array([[  0, 255]], dtype=uint8), array([1]), array([1]))
    """
    longest = 4 * num_pixels + _BESIDES
    lines = _lines(content, longest, where)
    order = _order(next(lines, (1, b""))[1], columns, where)
    part_numbers = {name.encode(): number for number, name in enumerate(parts)}
    labels, numbers, pixels = [], [], []
    for line_number, line in lines:
        at = f"{where}, line {line_number:,}"
        fields = line.split(b",")
        if len(fields) != len(order):
            raise bad_row(at, f"{len(fields)} fields", f"{len(order)} fields, as in line 1")
        row = dict(zip(order, fields, strict=True))
        labels.append(_label(row[columns.label], num_classes, at))
        pixels.append(parse_pixels(row[columns.pixels].strip(), num_pixels, at))
        numbers.append(_part(row[columns.part].strip(), part_numbers, at))
    if not labels:
        raise CeterisError(
            f"{where} holds no images",
            received="line 1 alone",
            expected="a row for each image after line 1",
            fix="put the rows below line 1, or use the published file",
        )
    return Rows(np.stack(pixels), np.array(labels), np.array(numbers))


def _lines(content: bytes | bytearray, longest: int, where: str) -> Iterator[tuple[int, bytes]]:
    """Number and text of each line that is not empty; no copy of the whole is made."""
    start, number = 0, 0
    while start < len(content):
        number += 1
        end = content.find(b"\n", start)
        end = len(content) if end < 0 else end
        if end - start > longest:
            at = f"{where}, line {number:,}"
            raise bad_row(at, f"{end - start:,} characters", f"{longest:,} characters or fewer")
        line = bytes(content[start:end]).rstrip(b"\r")
        start = end + 1
        if line:
            yield number, line


def _order(header: bytes, columns: Columns, where: str) -> tuple[str, ...]:
    """The names in line 1, spaces around them taken off, as in Kaggle's second file."""
    names = tuple(name.strip().decode("utf-8-sig", "replace") for name in header.split(b","))
    wanted = (columns.label, columns.pixels, columns.part)
    if len(set(names)) < len(names) or not set(wanted) <= set(names):
        raise CeterisError(
            f"line 1 of {where} does not name the columns that are needed",
            received=shown(", ".join(names)),
            expected=", ".join(wanted) + ", in any order",
            fix="write them in line 1, or use the published file",
        )
    return names


def _label(field: bytes, num_classes: int, at: str) -> int:
    # isdigit() first: int() also takes signs and underscores.
    field = field.strip()
    if not field.isdigit() or len(field) > 9 or int(field) >= num_classes:
        raise bad_row(at, f"label {_text(field)}", f"a label from 0 to {num_classes - 1}")
    return int(field)


def _part(field: bytes, numbers: Mapping[bytes, int], at: str) -> int:
    if field not in numbers:
        names = ", ".join(name.decode() for name in numbers)
        raise bad_row(at, f"part {_text(field)}", f"one of {names}")
    return numbers[field]


def parse_pixels(field: bytes, num_pixels: int, at: str, fix: str = _FIX) -> NDArray[np.uint8]:
    """Return the numbers in a text, all at once.

    Args:
        field: whole numbers 0..255 in decimal, a space between two.
        num_pixels: how many there must be.
        at: the file and line, for messages.
        fix: what to do about a wrong row.

    All numbers end before a space; the digit before the space counts 1, the one before that 10 if
    it belongs to the same number, and so on. Two spaces in front keep the places within the text.
    """
    text = np.frombuffer(b"  " + field + b" ", np.uint8)
    ends = np.flatnonzero(text == _SPACE)[2:]
    lengths = np.diff(ends, prepend=1) - 1
    digits = text - _ZERO  # wraps round: whatever is no digit becomes more than 9
    values = digits[ends - 1].astype(np.uint16)
    values += np.where(lengths > 1, digits[ends - 2], 0) * np.uint16(10)
    values += np.where(lengths > 2, digits[ends - 3], 0) * np.uint16(100)
    num_digits = np.count_nonzero(digits <= 9)
    if (
        len(ends) != num_pixels
        or num_digits + len(ends) + 2 != len(text)
        or not 1 <= lengths.min() <= lengths.max() <= 3
        or values.max() > 255
    ):
        raise _bad_pixels(field, num_pixels, at, fix)
    return values.astype(np.uint8)


def _bad_pixels(field: bytes, num_pixels: int, at: str, fix: str) -> CeterisError:
    """Say what is wrong with a text of pixels, number by number."""
    texts = field.split(b" ")
    for number, text in enumerate(texts, 1):
        if not text.isdigit() or len(text) > 3 or int(text) > 255:
            expected = "whole numbers from 0 to 255"
            return bad_row(at, f"pixel {number:,} is {_text(text)}", expected, fix)
    return bad_row(at, f"{len(texts):,} pixels", f"{num_pixels:,} pixels", fix)


def _text(field: bytes) -> str:
    return shown(field.decode("utf-8", "replace"))


def bad_row(at: str, received: str, expected: str, fix: str = _FIX) -> CeterisError:
    """The error for a row that holds no image; ``at`` is its file and line."""
    return CeterisError(
        f"{at}: the row is not an image",
        received=received,
        expected=expected,
        fix=fix,
    )
