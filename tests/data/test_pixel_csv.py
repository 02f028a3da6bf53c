import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ceteris.data.pixel_csv import Columns, Rows, parse_pixel_csv
from ceteris.errors import CeterisError

COLUMNS = Columns(label="emotion", pixels="pixels", part="Usage")
PARTS = ("Training", "PublicTest", "PrivateTest")
HEAD = b"emotion,pixels,Usage\n"


def parse(content: bytes, num_pixels: int = 3, num_classes: int = 4) -> Rows:
    return parse_pixel_csv(
        content,
        columns=COLUMNS,
        num_pixels=num_pixels,
        num_classes=num_classes,
        parts=PARTS,
        where="f.csv",
    )


def refused(content: bytes, num_pixels: int = 3) -> CeterisError:
    with pytest.raises(CeterisError) as caught:
        parse(content, num_pixels)
    return caught.value


@given(
    pixels=npst.arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 30))),
    data=st.data(),
    order=st.permutations(["emotion", "pixels", "Usage"]),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    spaced=st.booleans(),
)
def test_what_was_written_is_read(
    pixels: np.ndarray,
    data: st.DataObject,
    order: list[str],
    end: str,
    last: bool,
    spaced: bool,
) -> None:
    """Any order of columns, Kaggle's spaces in line 1, LF or CRLF, at the end too or not."""
    count = len(pixels)
    labels = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    parts = data.draw(st.lists(st.integers(0, 2), min_size=count, max_size=count))
    lines = [(", " if spaced else ",").join(order)]
    for row, label, part in zip(pixels, labels, parts, strict=True):
        said = {"emotion": str(label), "pixels": " ".join(map(str, row)), "Usage": PARTS[part]}
        lines.append(",".join(said[name] for name in order))
    content = end.join(lines) + end * last
    rows = parse(content.encode(), num_pixels=pixels.shape[1])
    assert np.array_equal(rows.pixels, pixels)
    assert (rows.labels.tolist(), rows.parts.tolist()) == (labels, parts)
    assert (rows.pixels.dtype, rows.labels.dtype, rows.parts.dtype) == (
        np.uint8,
        np.int64,
        np.int64,
    )


@given(st.text("0123456789 -+.,x\t", max_size=14))
def test_what_counts_as_pixels(text: str) -> None:
    """Exactly what int() makes of whole numbers 0..255 of up to three digits, one space between."""
    content = HEAD + f"1,{text},Training\n".encode()
    words = text.strip(" ").split(" ")
    right = len(words) == 3 and all(
        word.isdigit() and len(word) <= 3 and int(word) <= 255 for word in words
    )
    if right:
        assert parse(content).pixels.tolist() == [[int(word) for word in words]]
    else:
        assert "line 2" in refused(content).what


def test_more_columns_than_are_needed_and_a_mark_at_the_start() -> None:
    rows = parse(b"\xef\xbb\xbfid,Usage,pixels,emotion\n\n7,PublicTest,1 2 255,3\n\n")
    assert (rows.pixels.tolist(), rows.labels.tolist(), rows.parts.tolist()) == (
        [[1, 2, 255]],
        [3],
        [1],
    )


@pytest.mark.parametrize(
    ("row", "received", "expected"),
    [
        (b"0,1 2,Training", "2 pixels", "3 pixels"),
        (b"0,1 2 3 4,Training", "4 pixels", "3 pixels"),
        (b"0,1 256 3,Training", "pixel 2 is '256'", "0 to 255"),
        (b"0,1 2 -3,Training", "pixel 3 is '-3'", "0 to 255"),
        (b"0,1.0 2 3,Training", "pixel 1 is '1.0'", "0 to 255"),
        (b"0,1 x 3,Training", "pixel 2 is 'x'", "0 to 255"),
        (b"0,1 2 :,Training", "pixel 3 is ':'", "0 to 255"),
        (b"0,1 2  3,Training", "pixel 3 is ''", "0 to 255"),
        (b"0,1 2 0003,Training", "pixel 3 is '0003'", "0 to 255"),
        (b"0,,Training", "pixel 1 is ''", "0 to 255"),
        (b"4,1 2 3,Training", "label '4'", "a label from 0 to 3"),
        (b"-1,1 2 3,Training", "label '-1'", "a label from 0 to 3"),
        (b"1_0,1 2 3,Training", "label '1_0'", "a label from 0 to 3"),
        (b"\xc2\xb2,1 2 3,Training", "label '\u00b2'", "a label from 0 to 3"),
        (b",1 2 3,Training", "label ''", "a label from 0 to 3"),
        (b"0" * 60 + b",1 2 3,Training", "label '000", "a label from 0 to 3"),
        (b"0,1 2 3,training", "part 'training'", "one of Training, PublicTest, PrivateTest"),
        (b"0,1 2 3", "2 fields", "3 fields"),
        (b"0,1 2 3,Training,", "4 fields", "3 fields"),
        (b"0,1 2 3,\x1b[31m", "part '\\x1b[31m'", "one of"),
    ],
)
def test_a_bad_row_is_named_by_its_line(
    four_parts: Callable[..., None], row: bytes, received: str, expected: str
) -> None:
    error = refused(HEAD + b"0,1 2 3,Training\n\n" + row + b"\n0,1 2 3,Training\n")
    four_parts(
        error,
        what="f.csv, line 4: the row is not an image",
        received=received,
        expected=expected,
        fix="mend the row",
    )


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"emotion,pixels\n",
        b"emotion,pixels,usage\n",
        b"emotion,pixels,Usage,pixels\n",
        b"\xff",
    ],
    ids=["nothing", "no Usage", "another case", "one twice", "no text"],
)
def test_line_1_must_name_the_columns(four_parts: Callable[..., None], head: bytes) -> None:
    four_parts(
        refused(head + b"0,1 2 3,Training\n"),
        what="line 1 of f.csv does not name the columns",
        expected="emotion, pixels, Usage, in any order",
        fix="write them in line 1",
    )


@pytest.mark.parametrize("content", [HEAD, HEAD[:-1], HEAD + b"\n\r\n\n"])
def test_no_rows(four_parts: Callable[..., None], content: bytes) -> None:
    four_parts(refused(content), what="f.csv holds no images", received="line 1 alone")


def test_an_endless_line_is_not_looked_into(four_parts: Callable[..., None]) -> None:
    content = HEAD + b"0," + b"1 " * 2**22
    tracemalloc.start()
    try:
        error = refused(content)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 2**17
    four_parts(error, what="f.csv, line 2", received="8,388,610 characters", expected="or fewer")
