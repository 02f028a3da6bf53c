"""One declaration checks a value, says what it expects, and completes a table of options."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.factors.options import Option, complete

NUMBER = Option("rate", 0.5, low=0.0, high=1.0, high_open=True)
WHOLE = Option("count", 3, low=0)
PART = Option("every", 0.25, low=0.0, low_open=True, part=True)
FLAG = Option("flag", default=False)
CHOICE = Option("form", "outside", choices=("outside", "inside"))


@pytest.mark.parametrize(
    ("option", "value", "read"),
    [
        (NUMBER, 0, 0.0),
        (NUMBER, 0.999, 0.999),
        (NUMBER, np.float32(0.5), 0.5),
        (NUMBER, np.int64(0), 0.0),
        (NUMBER, Fraction(1, 4), 0.25),
        (WHOLE, 7, 7),
        (WHOLE, 7.0, 7),
        (PART, 0.1, 0.1),
        (PART, 1, 1),
        (PART, 200.0, 200),
        (FLAG, True, True),
        (CHOICE, "inside", "inside"),
    ],
)
def test_accepted_values_get_the_type_of_the_default(
    option: Option, value: object, read: object
) -> None:
    found = option.check(value)
    assert found == read
    assert type(found) is type(read)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        (NUMBER, -0.1),
        (NUMBER, 1),
        (NUMBER, 1.0),
        (NUMBER, float("nan")),
        (NUMBER, float("inf")),
        (NUMBER, np.float64("nan")),
        (NUMBER, 10**400),
        (NUMBER, "0.5"),
        (NUMBER, True),
        (NUMBER, None),
        (NUMBER, [0.5]),
        (NUMBER, 0.5j),
        (NUMBER, Decimal("0.5")),
        (WHOLE, 2.5),
        (WHOLE, -1),
        (WHOLE, False),
        (PART, 0),
        (PART, 1.5),
        (PART, -3),
        (FLAG, 1),
        (FLAG, "true"),
        (CHOICE, "Inside"),
        (CHOICE, ["inside"]),
        (CHOICE, 0),
    ],
)
def test_everything_else_is_refused(option: Option, value: object) -> None:
    with pytest.raises(CeterisError, match=f"'{option.name}' cannot be "):
        option.check(value)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (NUMBER, "a number from 0 to 1, 1 itself excluded"),
        (WHOLE, "a whole number, 0 or more"),
        (PART, "a fraction of the run between 0 and 1, or a whole number of steps, 1 or more"),
        (FLAG, "true or false"),
        (CHOICE, "one of outside, inside"),
        (Option("a", 1.0), "a number"),
        (Option("a", 1.0, low=0.0, low_open=True), "a number more than 0"),
        (Option("a", 1.0, high=2.0), "a number, 2 or less"),
        (Option("a", 1.0, high=2.0, high_open=True), "a number less than 2"),
        (Option("a", 1.0, low=0.0, high=2.0), "a number from 0 to 2"),
        (
            Option("a", 1.0, low=0.0, high=2.0, low_open=True),
            "a number from 0 to 2, 0 itself excluded",
        ),
        (
            Option("a", 1.0, low=0.0, high=2.0, low_open=True, high_open=True),
            "a number from 0 to 2, both excluded",
        ),
    ],
)
def test_what_is_expected_is_said_in_words(option: Option, words: str) -> None:
    assert option.expected() == words


def test_the_message_has_four_parts() -> None:
    with pytest.raises(CeterisError) as caught:
        NUMBER.check("fast", "lr.toml, train")
    assert str(caught.value) == (
        "'rate' cannot be 'fast'\n"
        "  received: rate = 'fast'  (lr.toml, train.rate)\n"
        "  expected: a number from 0 to 1, 1 itself excluded\n"
        "  fix:      change rate, for example to 0.5"
    )


@pytest.mark.parametrize(
    ("option", "example"), [(FLAG, "to false"), (CHOICE, "to 'outside'"), (WHOLE, "to 3")]
)
def test_the_fix_is_written_as_a_study_would_write_it(option: Option, example: str) -> None:
    with pytest.raises(CeterisError) as caught:
        option.check(None)
    assert caught.value.fix.endswith(example)
    assert caught.value.received == f"{option.name} = None"


@given(
    value=st.floats(allow_nan=True, allow_infinity=True),
    low=st.floats(-10, 10),
    width=st.floats(0.1, 10),
    low_open=st.booleans(),
    high_open=st.booleans(),
)
@settings(deadline=None, max_examples=200)
def test_a_number_is_accepted_exactly_within_its_bounds(
    value: float, low: float, width: float, low_open: bool, high_open: bool
) -> None:
    high = low + width
    option = Option("a", low, low=low, high=high, low_open=low_open, high_open=high_open)
    inside = (low < value if low_open else low <= value) and (
        value < high if high_open else value <= high
    )
    try:
        accepted = option.check(value) == value
    except CeterisError:
        accepted = False
    assert accepted == inside


def test_complete_prefers_what_is_given_then_the_preset_then_the_default() -> None:
    defaults = {"torch": {"rate": 0.25, "count": 9}}
    read = complete("thing option", [NUMBER, WHOLE, FLAG], defaults, "torch", {"count": 4}, "")
    assert read == {"rate": 0.25, "count": 4, "flag": False}
    assert list(read) == ["rate", "count", "flag"]


def test_unknown_presets_and_options_suggest_the_nearest() -> None:
    with pytest.raises(CeterisError) as caught:
        complete("thing option", [NUMBER], {}, "kears", {}, "a.toml, preset")
    assert caught.value.fix == "did you mean 'keras'?"
    with pytest.raises(CeterisError) as caught:
        complete("thing option", [NUMBER], {}, "keras", {"rtae": 1}, "a.toml, train")
    assert str(caught.value) == (
        "there is no thing option 'rtae'\n"
        "  received: 'rtae'  (a.toml, train.rtae)\n"
        "  expected: one of rate\n"
        "  fix:      did you mean 'rate'?"
    )
