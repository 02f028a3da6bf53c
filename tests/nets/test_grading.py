"""Answers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.nets.grading import read_answer


@pytest.mark.parametrize(
    "text",
    ["(127, 127, 5)", "127x127x5", "127 X 127 X 5", "127,127,5", "[127 127 5]", "127*127*5",
     "127×127×5", " (127,127,5,) ", "127; 127; 5"],  # noqa: RUF001
)  # fmt: skip
def test_a_shape(text):
    assert read_answer(text, "shape") == (127, 127, 5)


@pytest.mark.parametrize(
    "text",
    [
        "9216",
        "9,216",
        "9 216",
        "9_216",
        "9'216",
        "(9216,)",
        "(9,216)",
        "\t9216\n",
        "9216.0",
        "9,216.00",
    ],
)
def test_a_count(text):
    assert read_answer(text, "count") == (9_216,)


def test_large_numbers_with_thousands():
    assert read_answer("4,333,824", "count") == (4_333_824,)
    assert read_answer("1,024 x 1,024 x 3", "shape") == (1024, 1024, 3)


@pytest.mark.parametrize("kind", ["shape", "count"])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "-5",
        "1.5",
        "92,16",
        "1,2",
        "9" * 500,
        "\x1b[31m",
        "1e3",
        "٣",
        "1x2x3x4",
        "9216.",
        "9.000",
        ".0",
        "1.0.0",
    ],
)
def test_what_is_no_answer(text, kind):
    assert read_answer(text, kind) is None


@given(st.text(), st.sampled_from(["shape", "count"]))
def test_no_text_breaks_it(text, kind):
    found = read_answer(text, kind)
    assert found is None or len(found) == (3 if kind == "shape" else 1)
