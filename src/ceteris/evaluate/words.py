"""From a comparison to a sentence: the only place where numbers become words.

Three tables of rules. The first rule of ``VERDICTS`` that applies begins the sentence, every rule
of ``ADDITIONS`` that applies continues it, and every rule of ``NOTES`` that applies becomes a note
beside it. A sentence never says more than its numbers: "No difference is shown" is not "there is
no difference", "higher" is said only of an interval that excludes 0, and one seed is never a
conclusion.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from ceteris.evaluate.intervals import significance
from ceteris.evaluate.rows import ArmRow, Comparison

FEW_SEEDS = 6  # the first number for which 2^(1-n), the sign-flip test's least p, is below 0.05


@dataclass(frozen=True)
class Rule:
    """One way of saying one thing: its name, when it is said, and how."""

    name: str
    when: Callable[[Comparison], bool]
    say: Callable[[Comparison], str]


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


def sentence(row: Comparison) -> str:
    """Say what can be concluded from one comparison, in a sentence and its additions."""
    first = next(rule.say(row) for rule in VERDICTS if rule.when(row))
    rest = [rule.say(row) for rule in ADDITIONS if rule.when(row)]
    label = "Exploratory: " if row.role == "exploratory" else ""
    return label + " ".join([first, *rest])


def notes(row: Comparison) -> tuple[str, ...]:
    """Say what should be known beside the sentence."""
    return tuple(rule.say(row) for rule in NOTES if rule.when(row))


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


def _times(row: Comparison) -> int:
    return row.family * row.looks


def _over(row: Comparison) -> str:
    parts = []
    if row.family > 1:
        parts.append(f"{row.family} comparisons")
    if row.looks > 1:
        parts.append(f"{row.looks} looks")
    return " and ".join(parts)


def _interval_words(row: Comparison) -> str:
    jointly = f", {level_text(row.joint_level)}" if _times(row) > 1 else ""
    if row.family > 1:
        jointly += " for both together" if row.family == 2 else f" for all {row.family} together"
    jointly += f" over {row.looks} looks" if row.looks > 1 else ""
    seeds = f"only {row.seeds} seeds" if row.seeds < FEW_SEEDS else f"{row.seeds} seeds"
    return f"{level_text(row.level)} interval{jointly}; {seeds}"


def _where(row: Comparison) -> str:
    # With a blank before it: runs trained elsewhere do not say how they were split.
    if row.split_fixed is None:
        return ""
    return " on this split" if row.split_fixed else " over resampled splits"


def _effect(row: Comparison) -> str:
    return interval_text(row.difference or 0.0, row.low, row.high, signed=True)


def _say_differs(row: Comparison) -> str:
    worth = "better" if row.verdict == row.better else "worse"
    return (
        f"{row.arm} has {row.verdict} {row.metric} than {row.baseline}{_where(row)}, "
        f"which is {worth}: {_effect(row)} ({_interval_words(row)})."
    )


def _say_not_shown(row: Comparison) -> str:
    return (
        f"No difference in {row.metric} is shown{_where(row)}: {row.arm} minus {row.baseline} is "
        f"{_effect(row)} ({row.better} is better; {_interval_words(row)})."
    )


def _say_no_spread(row: Comparison) -> str:
    return (
        f"Nothing can be concluded: {row.arm} minus {row.baseline} is {_effect(row)} in "
        f"{row.metric} for all {row.seeds} seeds, and without spread there is no interval."
    )


def _say_one_pair(row: Comparison) -> str:
    return (
        f"One seed is never a conclusion: {row.arm} minus {row.baseline} is {_effect(row)} in "
        f"{row.metric} for the one seed that both have."
    )


def _say_no_pair(row: Comparison) -> str:
    return f"Nothing can be concluded: no seed has ended in both {row.arm} and {row.baseline} yet."


VERDICTS: tuple[Rule, ...] = (
    Rule("no pair", lambda row: row.seeds == 0, _say_no_pair),
    Rule("one pair", lambda row: row.seeds == 1, _say_one_pair),
    Rule("no spread", lambda row: row.verdict == "none", _say_no_spread),
    Rule("not shown", lambda row: row.verdict == "not shown", _say_not_shown),
    Rule("differs", lambda row: row.verdict in {"higher", "lower"}, _say_differs),
)


def _say_chance(row: Comparison) -> str:
    arm, baseline = row.arm_diverged + row.arm_failed, row.baseline_diverged + row.baseline_failed
    return (
        f"Diverged or failed, counted as chance ({number(row.chance or 0.0)}): "
        f"{row.arm} {arm} of {row.seeds}, {row.baseline} {baseline} of {row.seeds}."
    )


def _say_partial(row: Comparison) -> str:
    return f"Partial: {row.seeds} of {row.seeds_all} seeds."


def _say_holm(row: Comparison) -> str:
    return (
        f"Holm's stepwise test alone would have called it ({p_text(row.p_holm or 0.0)}), "
        "but no interval of the size agrees with that."
    )


ADDITIONS: tuple[Rule, ...] = (
    Rule("counted as chance", lambda row: row.counted_as_chance > 0, _say_chance),
    Rule("partial", lambda row: 0 < row.seeds < row.seeds_all, _say_partial),
    Rule(
        "Holm alone",
        lambda row: (
            row.verdict == "not shown"
            and row.p_holm is not None
            and row.p_holm < significance(row.joint_level)
        ),
        _say_holm,
    ),
)


def _finished_only(row: Comparison) -> bool:
    return row.counted_as_chance > 0 and row.seeds > 1


def _say_finished_only(row: Comparison) -> str:
    among = f"{row.finished_pairs} of {row.seeds} pairs that both finished"
    if row.finished_difference is None:
        return f"Among the {among} there is nothing to add."
    effect = interval_text(
        row.finished_difference, row.finished_low, row.finished_high, signed=True
    )
    return f"Among the {among}: {effect}; an addition, not the conclusion."


def _say_chance_is_far(row: Comparison) -> str:
    return (
        "Runs that count as chance lie far from the others, and the t interval then holds the "
        "truth less often than its level says: look at the counts."
    )


def _few_seeds(row: Comparison) -> bool:
    if row.verdict == "none":
        return False
    return _times(row) * 2.0 ** (1 - row.seeds) >= significance(row.joint_level)


def _say_few_seeds(row: Comparison) -> str:
    alpha = significance(row.joint_level)
    text = f"{row.seeds} seeds cannot show p < {2.0 ** (1 - row.seeds):.3g} "
    text += "in the exact sign-flip test"
    if 2.0 ** (1 - row.seeds) < alpha:
        text += f", and {_over(row)} ask for p < {alpha / _times(row):.3g}"
    return text + "; the t interval can still decide, by taking the differences to be normal."


def _sign_flip_differs(row: Comparison) -> bool:
    if row.p_sign_flip is None or row.verdict == "none" or _few_seeds(row):
        return False
    shown = _times(row) * row.p_sign_flip < significance(row.joint_level)
    return shown != (row.verdict != "not shown")


def _say_sign_flip_differs(row: Comparison) -> str:
    adjusted = p_text(
        min(1.0, _times(row) * (row.p_sign_flip or 0.0)), significance(row.joint_level)
    )
    if row.verdict == "not shown":
        return f"The sign-flip test beside it would have called it ({adjusted}, adjusted)."
    return (
        f"The sign-flip test beside it, which does not take differences to be normal, does not "
        f"call it ({adjusted}, adjusted)."
    )


def _wider_than_unpaired(row: Comparison) -> bool:
    if row.low is None or row.high is None or row.unpaired_half_width is None:
        return False
    return (row.high - row.low) / 2 > row.unpaired_half_width


def _pairing_did_not_help(row: Comparison) -> bool:
    # Without a correlation an arm did not vary, and pairing could do neither good nor harm.
    if row.verdict == "none" or row.correlation is None:
        return False
    return row.correlation <= 0 or _wider_than_unpaired(row)


def _say_pairing(row: Comparison) -> str:
    text = f"the arms' correlation over seeds is {row.correlation or 0.0:+.2f}"
    if _wider_than_unpaired(row):
        half = ((row.high or 0.0) - (row.low or 0.0)) / 2
        plain, paired = number(row.unpaired_half_width or 0.0, half), number(half, half)
        text += f", and unpaired the interval would be +-{plain} instead of +-{paired}"
    return f"Pairing did not help here: {text}."


def _say_detectable(row: Comparison) -> str:
    effect, low, high = (
        number(x or 0.0, row.detectable)
        for x in (row.detectable, row.detectable_low, row.detectable_high)
    )
    return (
        f"With this spread, {row.seeds} seeds find a true difference of {effect} four times in "
        f"five; the spread is uncertain itself, so between {low} and {high}."
    )


NOTES: tuple[Rule, ...] = (
    Rule("finished only", _finished_only, _say_finished_only),
    Rule("chance is far", _finished_only, _say_chance_is_far),
    Rule("few seeds", _few_seeds, _say_few_seeds),
    Rule("sign-flip differs", _sign_flip_differs, _say_sign_flip_differs),
    Rule("pairing did not help", _pairing_did_not_help, _say_pairing),
    Rule(
        "detectable",
        lambda row: row.verdict == "not shown" and row.detectable is not None,
        _say_detectable,
    ),
)
