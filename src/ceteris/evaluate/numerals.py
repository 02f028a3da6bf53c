"""How numbers are written: with as many digits as their interval gives meaning.

What is written never contradicts what decided: an end of an interval is printed on its own side of
0 or of a margin, and a p value on its own side of 0.05.
"""

import math
from decimal import ROUND_UP, Context

from ceteris.evaluate.rows import ArmRow


def number(value: float, half_width: float | None = None, *, signed: bool = False) -> str:
    """Write a number with as many digits as its half-width gives meaning: two of that.

    Without a half-width: four significant digits. Fixed-point from 0.0001 to a million,
    scientific beyond. What rounds to 0 has no sign.

    Example:
        >>> number(0.87134, 0.0123), number(0.0214, 0.0079, signed=True), number(2.302585)
        ('0.871', '+0.0214', '2.303')
        >>> number(-0.0004, 0.1), number(6.48e-05, 1.2e-06)
        ('0.00', '6.48e-05')
    """
    return _digits(value, half_width, max(abs(value), abs(half_width or 0.0)), signed)


def interval_text(
    mean: float, low: float | None, high: float | None, *, signed: bool = False
) -> str:
    """Write a mean and its interval, ``+0.0214 [+0.0135, +0.0293]``, or the mean alone.

    An end that is not 0 is never printed as 0: it gets more digits, so that the reader sees the
    same side of 0 as the one that decided.

    Example:
        >>> interval_text(-0.01, -0.03, 0.01, signed=True)
        '-0.010 [-0.030, +0.010]'
        >>> interval_text(0.02, 0.0002, 0.0398, signed=True)
        '+0.0200 [+0.0002, +0.0398]'
    """
    if low is None or high is None:
        return number(mean, signed=signed)
    half, size = (high - low) / 2, max(abs(low), abs(high))
    for extra in range(4):
        texts = [_digits(x, half, size, signed, extra) for x in (mean, low, high)]
        if all(
            float(text) != 0 or end == 0 for text, end in zip(texts[1:], (low, high), strict=True)
        ):
            break
    else:
        texts = [_digits(mean, half, size, signed)]
        for end in (low, high):
            text = _digits(end, half, size, signed)
            texts.append(text if float(text) != 0 else f"{end:{'+' if signed else ''}.1e}")
    return f"{texts[0]} [{texts[1]}, {texts[2]}]"


def within_text(low: float, high: float, margin: float) -> str:
    """Write an interval that is read against a margin: ``[-0.0012, +0.0010]``.

    Each end is printed on its own side of the margin, with more digits where rounding would carry
    it over.

    Example:
        >>> within_text(-0.00121, 0.00104, 0.003), within_text(-0.0012, 0.002996, 0.003)
        ('[-0.0012, +0.0010]', '[-0.001200, +0.002996]')
    """
    half, size, texts = (high - low) / 2, max(abs(low), abs(high)), list[str]()
    for extra in range(20):
        texts = [_digits(end, half, size, True, extra) for end in (low, high)]
        if all(
            (abs(float(text)) < margin) == (abs(end) < margin)
            for text, end in zip(texts, (low, high), strict=True)
        ):
            break
    return f"[{texts[0]}, {texts[1]}]"


def exact_text(value: float) -> str:
    """Write a number as it was declared, not rounded.

    Example:
        >>> exact_text(0.003), exact_text(1.0)
        ('0.003', '1')
    """
    return repr(float(value)).removesuffix(".0")


def rounded_up_text(value: float) -> str:
    """Write a bound in three digits that are not below it.

    Example:
        >>> rounded_up_text(0.0061204), rounded_up_text(0.25)
        ('0.00613', '0.25')
    """
    return f"{float(Context(prec=3, rounding=ROUND_UP).create_decimal_from_float(value)):g}"


def p_text(p: float, alpha: float = 0.05) -> str:
    """Write a p value with two digits, or more where rounding would carry it over ``alpha``.

    Example:
        >>> p_text(0.0132), p_text(0.04996), p_text(1e-9), p_text(1.0)
        ('p = 0.013', 'p = 0.04996', 'p < 0.0001', 'p = 1')
    """
    if p < 1e-4 < alpha:
        return "p < 0.0001"
    for digits in range(2, 18):
        text = f"{p:.{digits}g}"
        if (float(text) < alpha) == (p < alpha):
            break
    return f"p = {text}"


def level_text(level: float) -> str:
    """Write a level in percent, with enough digits for its distance from 100.

    Example:
        >>> level_text(0.95), level_text(1 - 0.05 / 3), level_text(1 - 0.05 / 100)
        ('95%', '98.3%', '99.95%')
    """
    for digits in range(10):
        text = f"{100 * level:.{digits}f}"
        # Within a twentieth of what is left to 100.
        if abs(float(text) - 100 * level) <= 0.05 * (100 - 100 * level):
            break
    return f"{text}%"


def arm_text(row: ArmRow) -> str:
    """Write an arm's mean and interval for a table, or what is missing for it.

    Example:
        >>> row = ArmRow("adam", "test_accuracy", 1, 0.9, None, None, None, 0.95, 0, 0, 0)
        >>> arm_text(row)
        '0.9 (one run)'
    """
    if row.mean is None:
        return "no run yet"
    if row.low is None:
        return f"{number(row.mean)} ({'one run' if row.n == 1 else f'all {row.n} runs alike'})"
    return interval_text(row.mean, row.low, row.high)


def _digits(value: float, half: float | None, size: float, signed: bool, extra: int = 0) -> str:
    if not math.isfinite(value):
        return f"{value}"
    sign = "+" if signed else ""
    if not half or not math.isfinite(half):
        text = f"{value:{sign}.4g}"
    elif 1e-4 <= size < 1e6:
        text = f"{value:{sign}.{max(0, 1 - _exponent(half) + extra)}f}"
    else:
        places = (_exponent(value) if value else 0) - _exponent(half) + 1 + extra
        text = f"{value:{sign}.{min(16, max(0, places)) if value else 0}e}"
    return text if float(text) != 0 else text.lstrip("+-")


def _exponent(value: float) -> int:
    # Of the value rounded to two digits: 0.0996 is 1.0e-01.
    return int(f"{value:.1e}".partition("e")[2])
