import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ceteris.errors import CeterisError
from ceteris.evaluate import (
    Equivalence,
    Result,
    compare,
    equivalence_tail,
    seeds_for_equivalence,
)
from ceteris.evaluate.intervals import t_bounds

SEEDS = st.integers(0, 2**32 - 1)
SGD = [0.80, 0.82, 0.81, 0.83, 0.79, 0.80, 0.82, 0.81]
ADAM = [0.85, 0.86, 0.87, 0.86, 0.84, 0.86, 0.88, 0.85]
SAME = [0.79, 0.83, 0.80, 0.84, 0.80, 0.79, 0.83, 0.81]


def against_base(values: np.ndarray, margin: float, **options):
    """(arms, seeds) of values, nan having diverged; the first arm is the baseline."""
    results = [
        Result(f"arm{i}", seed, float(value), "finished")
        for i, arm in enumerate(values)
        for seed, value in enumerate(arm)
    ]
    given_ = {"metric": "m", "baseline": "arm0", "chance": 0.1, "better": "higher", **options}
    return compare(results, margin=margin, **given_)


def agree(row) -> None:
    """Interval, p, verdict and sentence are one statement."""
    found = row.equivalence
    if found.low is None:
        assert (found.verdict, found.p, found.seeds_needed) == ("none", None, None)
        assert "quivalent" not in row.sentence
        return
    inside = -found.margin < found.low and found.high < found.margin
    assert inside == (found.p < 0.05) == (found.verdict == "equivalent")
    assert ("Not shown to be equivalent" in row.sentence) == (not inside)
    assert ("Equivalent within" in row.sentence or "yet equivalent" in row.sentence) == inside
    assert ("Different and yet equivalent" in row.sentence) == (
        inside and row.verdict in {"higher", "lower"}
    )
    # The interval of the same differences at a lower level: inside the deciding one.
    assert row.low < found.low <= row.difference <= found.high < row.high
    assert found.smallest_margin == max(-found.low, found.high)
    for needed, most in (
        (found.seeds_needed_low, found.seeds_needed),
        (found.seeds_needed, found.seeds_needed_high),
    ):
        assert most is None or (needed is not None and 2 <= needed <= most)


@given(
    SEEDS,
    st.integers(2, 5),
    st.integers(1, 10),
    st.integers(1, 3),
    st.booleans(),
    st.floats(0, 3),
    st.floats(0.01, 10),
)
@settings(deadline=None, max_examples=150)
def test_interval_p_and_sentence_are_one_verdict(
    seed, arms, seeds, looks, all_pairs, effect, margin
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(arms, seeds)) + effect * np.arange(arms)[:, None]
    values = np.round(values, rng.integers(0, 4))  # few digits: equal differences happen
    values[rng.random(values.shape) < 0.05] = np.nan
    for row in against_base(values, margin, looks=looks, all_pairs=all_pairs):
        agree(row)


@given(SEEDS, st.integers(2, 12), st.integers(1, 4), st.integers(-3, 3))
@settings(deadline=None, max_examples=150)
def test_they_agree_at_the_margin_to_the_last_bit(seed, n, family, ulps) -> None:
    d = np.random.default_rng(seed).normal(size=n)
    others = np.random.default_rng(seed + 1).normal(size=(family - 1, n))
    mean, half = (float(part) for part in t_bounds(d, equivalence_tail(0.95, family)))
    margin = abs(mean) + half
    margin += ulps * float(np.spacing(margin))
    row = against_base(np.vstack([np.zeros(n), d, others]), margin)[0]
    assert row.equivalence.smallest_margin == pytest.approx(margin)
    assert (row.equivalence.verdict == "equivalent") == (margin > row.equivalence.smallest_margin)
    agree(row)


def test_equivalence_is_two_one_sided_t_tests(compared) -> None:
    adam, same = compared({"margin": 0.02, "looks": 2}, sgd=SGD, adam=ADAM, same=SAME)
    d = np.array(SAME) - np.array(SGD)
    above = stats.ttest_1samp(d, -0.02, alternative="greater").pvalue
    below = stats.ttest_1samp(d, 0.02, alternative="less").pvalue
    found = same.equivalence
    assert found.p == pytest.approx(2 * 2 * max(above, below))
    assert found.level == pytest.approx(1 - 2 * 0.05 / 4)
    assert (found.low, found.high) == pytest.approx(
        stats.ttest_1samp(d, 0.0).confidence_interval(found.level)
    )
    assert (found.margin, found.verdict) == (0.02, "equivalent")
    assert found.seeds_needed == seeds_for_equivalence(
        float(np.std(d, ddof=1)), 0.02, comparisons=2, looks=2
    )
    assert (adam.equivalence.verdict, adam.equivalence.p) == ("not shown", 1.0)


def test_a_margin_changes_nothing_else(compared) -> None:
    arms = {"sgd": SGD, "adam": ADAM, "same": SAME}
    for plain, tested in zip(compared(**arms), compared({"margin": 0.02}, **arms), strict=True):
        kept = dataclasses.replace(
            tested, equivalence=None, sentence=plain.sentence, notes=plain.notes
        )
        assert kept == plain
        assert tested.sentence.startswith(plain.sentence)


@pytest.mark.parametrize("values", [[0.8], [0.9 - 0.8, 0.4 - 0.3, 0.3 - 0.2], []])
def test_nothing_is_equivalent_without_an_interval(compared, values: list[float]) -> None:
    pad = ["pending"]
    (row,) = compared({"margin": 1.0}, sgd=[*[0.0] * len(values), *pad], adam=[*values, *pad])
    assert row.equivalence == Equivalence(1.0, row.equivalence.level)
    assert row.equivalence.verdict == "none"
    assert "quivalent" not in row.sentence


def test_differences_of_large_numbers_that_are_equal_but_for_rounding_have_no_interval() -> None:
    base = np.array([900.1, 1030.2, 100.3, 2000.7])
    assert np.ptp((base + 0.1) - base) > 1e-14  # more than rounding of 0.1 itself
    (row,) = against_base(np.stack([base, base + 0.1]), 1.0)
    assert row.equivalence.verdict == "none"


def test_runs_that_diverge_count_as_chance_for_equivalence_too(compared) -> None:
    (fine,) = compared({"margin": 0.02}, sgd=SGD, same=SAME)
    (row,) = compared({"margin": 0.02}, sgd=SGD, same=[*SAME[:7], None])
    assert (fine.equivalence.verdict, row.equivalence.verdict) == ("equivalent", "not shown")
    assert row.equivalence.low < -0.2


@pytest.mark.parametrize("margin", [0.0, -0.003, math.nan, math.inf])
def test_a_margin_that_cannot_be_used(compared, margin: float) -> None:
    with pytest.raises(CeterisError) as caught:
        compared({"margin": margin}, sgd=SGD, adam=ADAM)
    assert str(caught.value) == (
        f"a margin of {margin} cannot be used\n"
        f"  received: margin = {margin}\n"
        "  expected: a number above 0, in the metric's units\n"
        "  fix:      give the largest difference that does not matter, for example 0.003"
    )
