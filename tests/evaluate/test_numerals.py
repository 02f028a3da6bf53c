import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.evaluate import (
    ArmRow,
    arm_text,
    exact_text,
    interval_text,
    level_text,
    number,
    p_text,
    rounded_up_text,
    within_text,
)


def printed(text: str) -> list[float]:
    return [float(x) for x in re.findall(r"[+-]?\d+\.?\d*(?:e[+-]\d+)?", text)]


@given(
    st.floats(-1e12, 1e12, allow_subnormal=False).filter(lambda x: x == 0 or abs(x) > 1e-12),
    st.floats(1e-12, 1e12),
    st.floats(-1.001, 1.001),
)
@settings(deadline=None, max_examples=300)
def test_a_printed_interval_is_on_the_same_side_of_zero(mean, half, near) -> None:
    if abs(near) > 0.5:
        mean = half * near  # one end at or next to 0
    low, high = mean - half, mean + half
    if low >= high:
        return
    values = printed(interval_text(mean, low, high, signed=True))
    assert len(values) == 3
    for value, end in zip(values[1:], (low, high), strict=True):
        assert np.sign(value) == np.sign(end)
    for value, true in zip(values, (mean, low, high), strict=True):
        assert abs(value - true) <= 0.06 * (high - low) / 2 + 1e-12 * abs(true)


@pytest.mark.parametrize(
    ("value", "half", "signed", "text"),
    [
        (0.87134, 0.0123, False, "0.871"),
        (0.0214, 0.0079, True, "+0.0214"),
        (-0.0214, 0.0079, True, "-0.0214"),
        (0.5, 0.0996, False, "0.50"),  # 0.0996 is 0.10 to two digits
        (1234.5, 150.0, False, "1234"),
        (12.5, 3.0, False, "12.5"),
        (-0.0004, 0.1, True, "0.00"),
        (0.0, 0.1, True, "0.00"),
        (0.0, None, True, "0"),
        (-0.0, None, False, "0"),
        (2.302585, None, False, "2.303"),
        (6.48e-05, 1.2e-06, False, "6.48e-05"),
        (1e-9, 1e-6, True, "+1e-09"),
        (0.0, 1e-6, True, "0e+00"),
        (3.2e7, 1.5e5, False, "3.200e+07"),
        (float("inf"), 1.0, False, "inf"),
        (0.5, float("inf"), False, "0.5"),
    ],
)
def test_numbers_word_for_word(value, half, signed, text) -> None:
    assert number(value, half, signed=signed) == text
    assert "\u2212" not in text  # the minus sign is ASCII: it can be pasted into a program


@pytest.mark.parametrize(
    ("mean", "low", "high", "text"),
    [
        (-0.01, -0.03, 0.01, "-0.010 [-0.030, +0.010]"),
        (0.02, 0.0002, 0.0398, "+0.0200 [+0.0002, +0.0398]"),
        (0.02, 4.2e-9, 0.04, "+0.020 [+4.2e-09, +0.040]"),
        (0.02, 0.0, 0.04, "+0.020 [0.000, +0.040]"),
        (0.02, None, None, "+0.02"),
        (1e-5, -2e-5, 4e-5, "+1.0e-05 [-2.0e-05, +4.0e-05]"),
    ],
)
def test_intervals_word_for_word(mean, low, high, text) -> None:
    assert interval_text(mean, low, high, signed=True) == text


@given(st.floats(0, 1), st.sampled_from([0.05, 0.01, 0.1]))
@settings(deadline=None, max_examples=200)
def test_a_printed_p_is_on_the_same_side_of_its_border(p: float, alpha: float) -> None:
    for x in (p, alpha, np.nextafter(alpha, 0), np.nextafter(alpha, 1), alpha - p * 1e-6):
        (value,) = printed(p_text(x, alpha))
        assert (value < alpha) == (x < alpha)


@pytest.mark.parametrize(
    ("level", "text"),
    [(0.95, "95%"), (1 - 0.05 / 3, "98.3%"), (0.975, "97.5%"), (1 - 0.05 / 6, "99.2%"),
     (0.9995, "99.95%"), (1 - 0.05 / 1000, "99.995%"), (0.5, "50%")],
)  # fmt: skip
def test_levels_word_for_word(level: float, text: str) -> None:
    assert level_text(level) == text


def test_an_arm_without_an_interval_says_why() -> None:
    row = ArmRow("adam", "m", 8, 0.9, 0.01, 0.89, 0.91, 0.95, 0, 0, 0)
    assert arm_text(row) == "0.900 [0.890, 0.910]"
    assert arm_text(ArmRow("adam", "m", 1, 0.9, None, None, None, 0.95, 0, 0, 7)) == "0.9 (one run)"
    same = ArmRow("adam", "m", 8, 0.1, 0.0, None, None, 0.95, 8, 0, 0)
    assert arm_text(same) == "0.1 (all 8 runs alike)"
    none = ArmRow("adam", "m", 0, None, None, None, None, 0.95, 0, 0, 8)
    assert arm_text(none) == "no run yet"


@given(st.floats(1e-9, 1e6), st.floats(-2, 2), st.floats(1e-9, 3), st.integers(-3, 3))
@settings(deadline=None, max_examples=300)
def test_a_printed_end_is_on_the_same_side_of_the_margin(margin, at, width, ulps) -> None:
    for end in (at * margin, margin + ulps * np.spacing(margin), -margin + ulps * 1e-12 * margin):
        for low, high in ((end - width * margin, end), (end, end + width * margin)):
            values = printed(within_text(low, high, margin))
            assert len(values) == 2
            for value, true in zip(values, (low, high), strict=True):
                assert (abs(value) < margin) == (abs(true) < margin)
                assert abs(value - true) <= 0.06 * (high - low) / 2 + 1e-12 * abs(true)


@given(st.floats(1e-300, 1e300))
@settings(deadline=None, max_examples=200)
def test_a_bound_is_never_rounded_down(value: float) -> None:
    assert value <= float(rounded_up_text(value)) <= 1.0101 * value


@given(st.floats(1e-300, 1e300))
@settings(deadline=None, max_examples=100)
def test_a_declared_number_is_printed_exactly(value: float) -> None:
    assert float(exact_text(value)) == value
