"""Arms against a baseline on paired seeds: what can be concluded, and what cannot.

The deciding interval of a comparison is the t interval of its paired differences (arm minus
baseline, seed by seed) at level 1 - 0.05 / (m k), for m comparisons in the family and k declared
looks (Bonferroni). By the union bound all intervals of the family hold their truths together at
least 95% of the time, whatever the correlation between arms, which share a baseline. Then

    the interval excludes 0  <=>  p_adjusted = min(1, m k p_raw) < 0.05  <=>  the sentence
    says "higher" or "lower".

Holm's adjusted p is shown beside (see :func:`ceteris.evaluate.pvalues.holm` for why it cannot
decide), and so is the exact sign-flip test.

How often the intervals hold the truth, on normal and on skewed data, is measured by
``tests/laws/test_intervals_cover.py``, which states the figures.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ceteris.errors import CeterisError, shown
from ceteris.evaluate.equivalence import check_margin, two_one_sided
from ceteris.evaluate.intervals import (
    FloatArray,
    has_spread,
    significance,
    summarise,
    t_bounds,
    welch_half_width,
)
from ceteris.evaluate.metrics import Direction
from ceteris.evaluate.pairing import Pairs, names_to_compare, outcomes, pair, seeds_of
from ceteris.evaluate.power import detectable
from ceteris.evaluate.pvalues import agreeing, correlation, holm, sign_flip, t_test
from ceteris.evaluate.rows import ArmRow, Comparison, Equivalence, Result, Role
from ceteris.evaluate.words import notes, sentence


def deciding_tail(level: float, comparisons: int, looks: int = 1) -> float:
    """Give the probability outside on each side of one deciding interval: 0.05 / (2 m k).

    Example:
        >>> deciding_tail(0.95, 1)
        0.025
    """
    return significance(level) / (2 * comparisons * looks)


def compare(
    results: Sequence[Result],
    *,
    metric: str,
    baseline: str,
    chance: float | None,
    better: Direction,
    level: float = 0.95,
    looks: int = 1,
    role: Role = "deciding",
    all_pairs: bool = False,
    split_fixed: bool | None = True,
    margin: float | None = None,
) -> list[Comparison]:
    """Every arm against the baseline on one metric.

    Args:
        results: one entry per arm and seed, in any order; arms that are declared but have no run
            yet belong in it as ``pending``, because they count in the family.
        metric: the metric's name.
        baseline: the arm that the others are compared with.
        chance: what a run that diverged or failed counts as (:func:`metrics.chance`); None where
            that is not known, which is an error only if there is such a run.
        better: the direction of the metric that is better.
        level: joint level of the family, 0 to 1.
        looks: how many looks were declared; each spends an equal share of 1 - level. The caller
            passes ``role="exploratory"`` for looks that were not declared.
        role: ``"deciding"`` for the primary metric at the declared number of seeds.
        all_pairs: compare every two arms; the family grows to all of them.
        split_fixed: whether all seeds share one split of the data; None where nobody knows, and
            then the sentence does not say.
        margin: the largest difference that does not matter, above 0, in the metric's units; every
            comparison then says whether it is shown to be smaller. It must have been declared
            before any result was seen; without one, nothing is said about equivalence.

    Returns:
        One row per comparison, arms in the order in which they first appear.

    Raises:
        CeterisError: an unknown baseline, one arm only, an arm and seed twice, a run without a
            value where chance is not known, a chance value, level or margin that cannot be.
        ValueError: a status that there is not, or fewer than one look.

    Example:
        >>> sgd = [Result("sgd", s, v, "finished") for s, v in enumerate([0.80, 0.82, 0.81])]
        >>> adam = [Result("adam", s, v, "finished") for s, v in enumerate([0.85, 0.86, 0.87])]
        >>> row, = compare(sgd + adam, metric="test_accuracy", baseline="sgd", chance=0.1,
        ...                better="higher")
        >>> print(row.sentence)  # doctest: +NORMALIZE_WHITESPACE
        adam has higher test_accuracy than sgd on this split, which is better:
        +0.050 [+0.025, +0.075] (95% interval; only 3 seeds).
    """
    _check(chance=chance, level=level, looks=looks, metric=metric)
    check_margin(margin)
    arms = list(dict.fromkeys(result.arm for result in results))
    names = names_to_compare(arms, baseline=baseline, all_pairs=all_pairs)
    table = outcomes(results, metric=metric, chance=chance)
    shared: dict[str, Any] = {
        "metric": metric,
        "seeds_all": len(seeds_of(results)),
        "level": 1.0 - significance(level) / (len(names) * looks),
        "joint_level": level,
        "family": len(names),
        "looks": looks,
        "method": _method(len(names), looks),
        "role": role,
        "better": better,
        "chance": chance,
        "split_fixed": split_fixed,
    }
    rows = [
        Comparison(
            arm=arm,
            baseline=other,
            p_holm=None,
            **shared,
            **_numbers(pair(table, arm, other), level, len(names), looks),
            equivalence=_equivalence(pair(table, arm, other), margin, level, len(names), looks),
        )
        for arm, other in names
    ]
    stepwise = holm([row.p_raw for row in rows], looks=looks)
    rows = [replace(row, p_holm=p) for row, p in zip(rows, stepwise, strict=True)]
    return [replace(row, sentence=sentence(row), notes=notes(row)) for row in rows]


def summarise_arms(
    results: Sequence[Result], *, metric: str, chance: float | None, level: float = 0.95
) -> list[ArmRow]:
    """Each arm's mean on one metric with a t interval of its own.

    These intervals speak about one arm each. Whether two arms differ is not read from whether
    their intervals overlap: that throws the pairing away. :func:`compare` says it.

    Args and raises: as :func:`compare`.

    Returns:
        One row per arm, in the order in which they first appear.
    """
    _check(chance=chance, level=level, looks=1, metric=metric)
    table = outcomes(results, metric=metric, chance=chance)
    num_seeds = len(seeds_of(results))
    rows = []
    for arm, by_seed in table.items():
        ended = [by_seed[seed] for seed in sorted(by_seed)]
        said = summarise([outcome.value for outcome in ended], level) if ended else None
        rows.append(
            ArmRow(
                arm=arm,
                metric=metric,
                n=len(ended),
                mean=said.mean if said else None,
                sd=said.sd if said else None,
                low=said.low if said else None,
                high=said.high if said else None,
                level=level,
                diverged=sum(outcome.ended == "diverged" for outcome in ended),
                failed=sum(outcome.ended == "failed" for outcome in ended),
                missing=num_seeds - len(ended),
            )
        )
    return rows


def _numbers(pairs: Pairs, level: float, family: int, looks: int) -> dict[str, Any]:
    """Every field of a comparison that depends on its own pairs only."""
    d = pairs.differences
    tail = deciding_tail(level, family, looks)
    difference, low, high = _effect(pairs, tail)
    finished = pairs.finished()
    finished_difference, finished_low, finished_high = _effect(finished, tail)
    p_raw = p_adjusted = unpaired = None
    found = None
    if low is not None and high is not None:
        p_raw = agreeing(
            t_test(d),
            decided=low > 0 or high < 0,
            alpha=significance(level),
            family=family * looks,
        )
        p_adjusted = min(1.0, family * looks * p_raw)
        unpaired = welch_half_width(pairs.arm, pairs.baseline, tail)
        found = detectable(d, family, looks=looks, level=level)
    return {
        "seeds": d.size,
        "difference": difference,
        "low": low,
        "high": high,
        "p_raw": p_raw,
        "p_adjusted": p_adjusted,
        "p_sign_flip": sign_flip(_without_rounding(pairs)) if d.size > 1 else None,
        "correlation": correlation(pairs.arm, pairs.baseline),
        "unpaired_half_width": unpaired,
        "arm_diverged": pairs.arm_ended.count("diverged"),
        "arm_failed": pairs.arm_ended.count("failed"),
        "baseline_diverged": pairs.baseline_ended.count("diverged"),
        "baseline_failed": pairs.baseline_ended.count("failed"),
        "finished_pairs": finished.arm.size,
        "finished_difference": finished_difference,
        "finished_low": finished_low,
        "finished_high": finished_high,
        "detectable": found.effect if found else None,
        "detectable_low": found.low if found else None,
        "detectable_high": found.high if found else None,
    }


def _equivalence(
    pairs: Pairs, margin: float | None, level: float, family: int, looks: int
) -> Equivalence | None:
    if margin is None:
        return None
    return two_one_sided(
        pairs.differences,
        margin,
        magnitude=pairs.magnitude,
        comparisons=family,
        looks=looks,
        level=level,
    )


def _effect(pairs: Pairs, tail: float) -> tuple[float | None, float | None, float | None]:
    d = pairs.differences
    if d.size == 0:
        return None, None, None
    if d.size == 1:
        return float(d[0]), None, None
    mean, half = (float(part) for part in t_bounds(d, tail, pairs.magnitude))
    if math.isnan(half):
        return mean, None, None
    return mean, mean - half, mean + half


def _without_rounding(pairs: Pairs) -> FloatArray:
    # Differences that are rounding errors of equal runs (1e-17) have no sign to flip.
    d = pairs.differences
    small = not bool(has_spread(np.append(d, 0.0), pairs.magnitude))
    return np.zeros_like(d) if small else d


def _method(family: int, looks: int) -> str:
    text = "t interval of the paired differences"
    if family > 1 or looks > 1:
        text += f", Bonferroni over {family} comparison{'s' if family > 1 else ''}"
    if looks > 1:
        text += f" and {looks} looks"
    return text


def _check(*, chance: float | None, level: float, looks: int, metric: str) -> None:
    if looks < 1:
        raise ValueError(f"looks is {looks}, below 1")
    if not 0.5 <= level <= 0.9999:
        raise CeterisError(
            f"a level of {shown(level)} cannot be used",
            received=f"level = {shown(level)}",
            expected="0.5 to 0.9999",
            fix="write level = 0.95",
        )
    if chance is not None and not math.isfinite(chance):
        raise CeterisError(
            f"the chance value of '{metric}' is not a finite number",
            received=f"chance = {shown(chance)}",
            expected="a finite number, for example 0.1",
            fix="give the value that a network that learnt nothing has",
        )
