"""From a comparison to a sentence: the only place where verdicts become words.

Three tables of rules. The first rule of ``VERDICTS`` that applies begins the sentence, every rule
of ``ADDITIONS`` that applies continues it, and every rule of ``NOTES`` that applies becomes a note
beside it. A sentence never says more than its numbers: "No difference is shown" is not "there is
no difference", "higher" is said only of an interval that excludes 0, "equivalent" only of one that
lies inside a declared margin, and one seed is never a conclusion.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ceteris.evaluate.intervals import significance
from ceteris.evaluate.numerals import (
    exact_text,
    interval_text,
    level_text,
    number,
    p_text,
    rounded_up_text,
    within_text,
)
from ceteris.evaluate.power import MOST_SEEDS
from ceteris.evaluate.rows import Comparison

FEW_SEEDS = 6  # the first number for which 2^(1-n), the sign-flip test's least p, is below 0.05


@dataclass(frozen=True)
class Rule:
    """One way of saying one thing: its name, when it is said, and how."""

    name: str
    when: Callable[[Comparison], bool]
    say: Callable[[Comparison], str]


def sentence(row: Comparison) -> str:
    """Say what can be concluded from one comparison, in a sentence and its additions."""
    first = next(rule.say(row) for rule in VERDICTS if rule.when(row))
    rest = [rule.say(row) for rule in ADDITIONS if rule.when(row)]
    label = "Exploratory: " if row.role == "exploratory" else ""
    return label + " ".join([first, *rest])


def notes(row: Comparison) -> tuple[str, ...]:
    """Say what should be known beside the sentence."""
    return tuple(rule.say(row) for rule in NOTES if rule.when(row))


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


def _equivalence_was_tested(row: Comparison) -> bool:
    return row.equivalence is not None and row.equivalence.verdict != "none"


def _say_equivalence(row: Comparison) -> str:
    found = row.equivalence
    if found is None or found.low is None or found.high is None or found.p is None:
        return ""
    margin = f"{exact_text(found.margin)}, the margin declared beforehand"
    if row.role == "exploratory":  # declared, but perhaps not before
        margin = f"the margin of {exact_text(found.margin)}"
    differs = row.verdict in {"higher", "lower"}
    verdict, lies = "Not shown to be equivalent", "does not lie"
    if found.verdict == "equivalent":
        verdict, lies = "Different and yet equivalent" if differs else "Equivalent", "lies"
    interval = f"{level_text(found.level)} interval "
    interval += within_text(found.low, found.high, found.margin)
    p = p_text(found.p, significance(row.joint_level)) + (", adjusted" if _times(row) > 1 else "")
    return f"{verdict} within {margin}: the {interval} {lies} inside it ({p})."


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
    Rule("equivalence", _equivalence_was_tested, _say_equivalence),
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


def _say_not_equivalent(row: Comparison) -> str:
    found = row.equivalence
    if found is None or found.smallest_margin is None:
        return ""
    text = (
        "Equivalence would have been shown for a margin above "
        f"{rounded_up_text(found.smallest_margin)}, but one that is chosen now decides nothing."
    )
    if abs(row.difference or 0.0) < found.margin:
        text += (
            f" If the arms do not differ, {_count(found.seeds_needed)} seeds with this spread show "
            "it four times in five"
        )
        if found.seeds_needed_low is not None:
            text += "; the spread is uncertain itself, so between "
            text += f"{_count(found.seeds_needed_low)} and {_count(found.seeds_needed_high)}"
        text += "."
    return text


def _count(seeds: int | None) -> str:
    return f"more than {MOST_SEEDS}" if seeds is None else f"{seeds}"


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
    Rule(
        "not equivalent",
        lambda row: row.equivalence is not None and row.equivalence.verdict == "not shown",
        _say_not_equivalent,
    ),
)
