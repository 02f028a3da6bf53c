import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ceteris.errors import CeterisError
from ceteris.evaluate import Result, compare, deciding_tail, detectable, summarise_arms, t_interval
from ceteris.evaluate.intervals import t_bounds
from ceteris.evaluate.pvalues import holm

SEEDS = st.integers(0, 2**32 - 1)
SGD = [0.80, 0.82, 0.81, 0.83, 0.79, 0.80, 0.82, 0.81]
ADAM = [0.85, 0.86, 0.87, 0.86, 0.84, 0.86, 0.88, 0.85]
SAME = [0.79, 0.83, 0.80, 0.84, 0.80, 0.79, 0.83, 0.81]


def study(values: np.ndarray, status: np.ndarray | None = None) -> list[Result]:
    """(arms, seeds) of values; the first arm is called "base"."""
    names = ["base", *(f"arm{i}" for i in range(1, len(values)))]
    return [
        Result(name, seed, float(value), "finished" if status is None else status[i, seed])
        for i, name in enumerate(names)
        for seed, value in enumerate(values[i])
    ]


def against_base(results: list[Result], **options):
    given = {"metric": "m", "baseline": "base", "chance": 0.1, "better": "higher", **options}
    return compare(results, **given)


def said(sentence: str) -> str:
    """The verdict as a reader takes it from the sentence alone."""
    if "No difference in m is shown" in sentence:
        return "not shown"
    for word in ("higher", "lower"):
        if f" has {word} m than " in sentence:
            return word
    return "none"


def agree(row) -> None:
    if row.low is None:
        assert row.p_adjusted is None
        assert said(row.sentence) == "none"
        return
    excluded = row.low > 0 or row.high < 0
    assert excluded == (row.p_adjusted < 0.05) == (said(row.sentence) in {"higher", "lower"})
    assert row.p_adjusted == min(1.0, row.family * row.looks * row.p_raw)
    assert row.p_holm <= row.p_adjusted
    if said(row.sentence) == "higher":
        assert row.low > 0
        assert ("which is better" in row.sentence) == (row.better == "higher")
    if said(row.sentence) == "lower":
        assert row.high < 0
        assert ("which is better" in row.sentence) == (row.better == "lower")


@given(
    SEEDS,
    st.integers(2, 5),
    st.integers(1, 10),
    st.integers(1, 3),
    st.sampled_from(["lower", "higher"]),
    st.booleans(),
    st.floats(0, 3),
)
@settings(deadline=None, max_examples=150)
def test_interval_p_and_sentence_are_one_verdict(
    seed, arms, seeds, looks, better, all_pairs, effect
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(arms, seeds)) + effect * np.arange(arms)[:, None]
    values = np.round(values, rng.integers(0, 4))  # few digits: equal differences happen
    statuses = rng.choice(["finished", "diverged", "failed"], p=[0.9, 0.05, 0.05], size=(9, 99))
    for row in against_base(
        study(values, statuses), better=better, looks=looks, all_pairs=all_pairs
    ):
        agree(row)


@given(SEEDS, st.integers(2, 12), st.integers(1, 4), st.integers(-3, 3), st.booleans())
@settings(deadline=None, max_examples=200)
def test_they_agree_at_the_border_to_the_last_bit(seed, n, family, ulps, below) -> None:
    # An interval that ends at 0 but for a few last bits, in a family of that size.
    d = np.random.default_rng(seed).normal(size=n)
    for _ in range(3):
        mean, half = t_bounds(d, deciding_tail(0.95, family))
        d = d - (mean + half if below else mean - half)
    d = d + ulps * np.spacing(np.max(np.abs(d)))
    others = np.random.default_rng(seed + 1).normal(size=(family - 1, n))
    row = against_base(study(np.vstack([np.zeros(n), d, others])))[0]
    assert min(abs(row.low), abs(row.high)) < 1e-12 * max(abs(row.low), abs(row.high))
    agree(row)


def test_an_interval_that_ends_exactly_at_zero_excludes_nothing() -> None:
    # 1 -+ t for two differences 0 and 2 scaled so that low is 0.0 exactly.
    found = []
    for seed in range(300):
        d = np.random.default_rng(seed).integers(-8, 9, size=3) / 4.0
        if not np.ptp(d):
            continue
        mean, half = (float(part) for part in t_bounds(d, 0.025))
        moved = d - (mean - half)
        row = against_base(study(np.vstack([np.zeros(3), moved])))[0]
        if row.low == 0.0:
            found.append(row)
    assert found, "no exact tie among the samples"
    for row in found:
        assert row.verdict == "not shown"
        assert row.p_adjusted >= 0.05
        agree(row)


def test_the_numbers_are_those_of_the_paired_t_test(compared) -> None:
    adam, same = compared(sgd=SGD, adam=ADAM, same=SAME)
    assert (adam.arm, adam.baseline, adam.seeds, adam.family) == ("adam", "sgd", 8, 2)
    d = np.array(ADAM) - np.array(SGD)
    theirs = stats.ttest_rel(ADAM, SGD)
    interval = theirs.confidence_interval(1 - 0.05 / 2)
    assert adam.difference == pytest.approx(d.mean())
    assert (adam.low, adam.high) == pytest.approx((interval.low, interval.high))
    assert (adam.level, adam.joint_level) == (0.975, 0.95)
    assert adam.p_raw == pytest.approx(theirs.pvalue)
    assert adam.p_adjusted == pytest.approx(2 * theirs.pvalue)
    assert [adam.p_holm, same.p_holm] == holm([adam.p_raw, same.p_raw])
    assert adam.p_sign_flip == 2 / 2**8
    assert adam.correlation == pytest.approx(np.corrcoef(SGD, ADAM)[0, 1])
    assert adam.method == "t interval of the paired differences, Bonferroni over 2 comparisons"
    assert (adam.verdict, same.verdict) == ("higher", "not shown")


def test_one_comparison_is_not_corrected(compared) -> None:
    (row,) = compared(sgd=SGD, adam=ADAM)
    assert row.level == 0.95
    assert row.p_adjusted == row.p_raw == row.p_holm
    assert row.method == "t interval of the paired differences"


def test_looks_and_comparisons_multiply(compared) -> None:
    row = compared({"looks": 3}, sgd=SGD, adam=ADAM, same=SAME)[0]
    plain = compared(sgd=SGD, adam=ADAM, same=SAME)[0]
    assert row.level == pytest.approx(1 - 0.05 / 6)
    assert row.p_adjusted == pytest.approx(3 * plain.p_adjusted)
    assert row.p_holm == pytest.approx(3 * plain.p_holm)
    assert row.high - row.low > plain.high - plain.low
    assert row.method.endswith("Bonferroni over 2 comparisons and 3 looks")
    one = compared({"looks": 3}, sgd=SGD, adam=ADAM)[0]
    assert one.method.endswith("Bonferroni over 1 comparison and 3 looks")


def test_all_pairs_are_a_larger_family_and_each_two_arms_once(compared) -> None:
    rows = compared({"all_pairs": True}, sgd=SGD, adam=ADAM, same=SAME)
    assert [(r.arm, r.baseline) for r in rows] == [
        ("adam", "sgd"),
        ("same", "sgd"),
        ("same", "adam"),
    ]
    assert {row.family for row in rows} == {3}


@given(SEEDS)
@settings(deadline=None, max_examples=30)
def test_the_order_of_the_results_changes_no_number(seed: int) -> None:
    rng = np.random.default_rng(seed)
    results = study(rng.normal(size=(3, 7)))
    mixed = [results[i] for i in rng.permutation(len(results))]
    plain = {row.arm: row for row in against_base(results)}
    assert {row.arm: row for row in against_base(mixed)} == plain


def test_swapping_arm_and_baseline_turns_the_interval_round(compared) -> None:
    (row,) = compared(sgd=SGD, adam=ADAM)
    (back,) = compared({"baseline": "adam"}, sgd=SGD, adam=ADAM)
    assert (back.low, back.high, back.p_raw) == (-row.high, -row.low, row.p_raw)
    assert (row.verdict, back.verdict) == ("higher", "lower")


def test_a_diverged_run_counts_as_chance_and_not_as_nothing(compared) -> None:
    broken = [*ADAM[:6], None, "failed"]
    (row,) = compared(sgd=SGD, adam=broken)
    counted = np.array([*ADAM[:6], 0.1, 0.1]) - np.array(SGD)
    assert row.difference == pytest.approx(counted.mean())
    assert row.seeds == 8
    assert (row.arm_diverged, row.arm_failed, row.baseline_diverged) == (1, 1, 0)
    assert row.finished_pairs == 6
    six = t_interval(np.array(ADAM[:6]) - np.array(SGD[:6]))
    assert (row.finished_difference, row.finished_low, row.finished_high) == pytest.approx(
        (six.mean, six.low, six.high)
    )


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e305])
def test_a_finished_run_without_a_finite_value_has_diverged(value: float) -> None:
    results = study(np.array([[0.5, 0.6, 0.7], [0.6, 0.7, value]]))
    row = against_base(results)[0]
    assert (row.arm_diverged, row.arm_failed, row.seeds) == (1, 0, 3)
    assert row.difference == pytest.approx((0.1 + 0.1 + 0.1 - 0.7) / 3)


def test_a_diverged_run_s_last_value_is_not_used() -> None:
    status = np.array([["finished"] * 3, ["finished", "stopped", "diverged"]])
    row = against_base(study(np.array([[0.5, 0.6, 0.7], [0.6, 0.7, 0.99]]), status))[0]
    assert row.difference == pytest.approx((0.1 + 0.1 - 0.6) / 3)


def test_runs_that_are_not_there_yet_drop_their_pair(compared) -> None:
    row, later = compared(
        sgd=[*SGD[:7], "running"], adam=["pending", *ADAM[1:]], momentum=["pending"] * 8
    )
    assert (row.seeds, row.seeds_all, row.family) == (6, 8, 2)
    assert (later.seeds, later.difference, later.low, later.p_adjusted) == (0, None, None, None)


def test_a_finished_run_without_the_metric_is_not_there() -> None:
    results = [*study(np.array([[0.5, 0.6], [0.6, 0.8]])), Result("base", 2, 0.5, "finished")]
    row = against_base([*results, Result("arm1", 2, None, "finished")], chance=None)[0]
    assert (row.seeds, row.seeds_all) == (2, 3)


def test_one_pair_has_a_difference_and_nothing_else(compared) -> None:
    (row,) = compared(sgd=[0.5], adam=[0.75])
    assert row.difference == 0.25
    nothing = (row.low, row.high, row.p_raw, row.p_adjusted, row.p_holm, row.p_sign_flip)
    assert nothing == (None,) * 6
    assert row.verdict == "none"


@pytest.mark.parametrize("arm", [[0.9, 0.4, 0.3, 0.6], [0.8, 0.3, 0.2, 0.5]])
def test_equal_differences_give_no_interval_even_if_rounding_makes_them_differ(compared, arm):
    (row,) = compared(sgd=[0.8, 0.3, 0.2, 0.5], adam=arm)
    assert (row.low, row.high, row.p_adjusted, row.detectable) == (None, None, None, None)
    assert row.p_sign_flip == (1.0 if arm[0] == 0.8 else 2 / 2**4)


def test_differences_that_are_rounding_errors_have_no_sign(compared) -> None:
    # 0.1 + 0.2 is not 0.3; flipping signs of 5e-17 would call it with p = 2^(1-n).
    (row,) = compared(sgd=[0.3] * 6, adam=[0.1 + 0.2] * 6)
    assert row.p_sign_flip == 1.0
    assert row.verdict == "none"


def test_the_detectable_effect_is_that_of_the_family(compared) -> None:
    row = compared({"looks": 2}, sgd=SGD, adam=ADAM, same=SAME)[1]
    found = detectable(np.array(SAME) - np.array(SGD), 2, looks=2)
    assert (row.detectable, row.detectable_low, row.detectable_high) == pytest.approx(
        (found.effect, found.low, found.high)
    )


def test_an_unknown_baseline_names_the_nearest(compared) -> None:
    with pytest.raises(CeterisError) as caught:
        compared({"baseline": "sdg"}, sgd=SGD, adam=ADAM)
    assert str(caught.value) == (
        "there is no arm 'sdg'\n"
        "  received: 'sdg'  (baseline)\n"
        "  expected: one of adam, sgd\n"
        "  fix:      did you mean 'sgd'?"
    )


def test_one_arm_cannot_be_compared(compared) -> None:
    with pytest.raises(CeterisError) as caught:
        compared(sgd=SGD)
    assert str(caught.value) == (
        "there is one arm, so nothing can be compared\n"
        "  received: only the arm 'sgd'\n"
        "  expected: two or more arms\n"
        "  fix:      add the results of another arm"
    )


def test_no_results_at_all_have_no_baseline() -> None:
    with pytest.raises(CeterisError, match="there is no arm 'base'"):
        against_base([])


def test_an_arm_and_seed_twice_is_refused() -> None:
    results = study(np.array([[0.5, 0.6], [0.6, 0.8]]))
    with pytest.raises(CeterisError) as caught:
        against_base([*results, results[2]])
    assert str(caught.value) == (
        "arm 'arm1' has seed 0 twice\n"
        "  received: two results for arm 'arm1', seed 0\n"
        "  expected: one result for each arm and seed\n"
        "  fix:      remove one of the two, or give one another seed"
    )


def test_a_diverged_run_of_a_metric_without_chance_is_refused(compared) -> None:
    with pytest.raises(CeterisError) as caught:
        compared({"chance": None, "metric": "bleu"}, sgd=[1.0, 2.0], adam=[1.0, None])
    assert str(caught.value) == (
        "a run of arm 'adam' has no value of 'bleu', and nothing says what that counts as\n"
        "  received: arm 'adam', seed 1: diverged, bleu = None\n"
        "  expected: the value that a network that learnt nothing has (0.1 for an accuracy of "
        "10 classes)\n"
        "  fix:      give the chance value of 'bleu' (--classes), or write it in place of the "
        "missing value"
    )
    assert compared({"chance": None}, sgd=[1.0, 2.0], adam=[1.0, 3.0])[0].seeds == 2


@pytest.mark.parametrize("level", [0.0, 0.4, 1.0, 95, math.nan])
def test_a_level_that_cannot_be_used(compared, level: float) -> None:
    with pytest.raises(CeterisError) as caught:
        compared({"level": level}, sgd=SGD, adam=ADAM)
    assert str(caught.value) == (
        f"a level of {level} cannot be used\n"
        f"  received: level = {level}\n"
        "  expected: 0.5 to 0.9999\n"
        "  fix:      write level = 0.95"
    )


def test_a_chance_value_that_is_not_finite(compared) -> None:
    with pytest.raises(CeterisError) as caught:
        compared({"chance": math.nan}, sgd=SGD, adam=ADAM)
    assert str(caught.value) == (
        "the chance value of 'test_accuracy' is not a finite number\n"
        "  received: chance = nan\n"
        "  expected: a finite number, for example 0.1\n"
        "  fix:      give the value that a network that learnt nothing has"
    )


def test_what_only_our_own_code_can_get_wrong(compared) -> None:
    with pytest.raises(ValueError, match="looks is 0"):
        compared({"looks": 0}, sgd=SGD, adam=ADAM)
    with pytest.raises(ValueError, match="'done' is no status"):
        compared(sgd=["done"], adam=[0.5])


def test_each_arm_has_a_row_with_its_own_interval(runs) -> None:
    results = runs(
        sgd=[*SGD[:6], None, "failed"], adam=[*ADAM[:3], *["pending"] * 5], new=["pending"]
    )
    sgd, adam, new = summarise_arms(results, metric="test_accuracy", chance=0.1)
    wanted = t_interval([*SGD[:6], 0.1, 0.1])
    assert (sgd.mean, sgd.low, sgd.high) == pytest.approx((wanted.mean, wanted.low, wanted.high))
    assert (sgd.n, sgd.diverged, sgd.failed, sgd.missing) == (8, 1, 1, 0)
    assert (adam.n, adam.missing, adam.level) == (3, 5, 0.95)
    assert (new.n, new.mean, new.low, new.missing) == (0, None, None, 8)


def test_rows_are_frozen(compared) -> None:
    (row,) = compared(sgd=SGD, adam=ADAM)
    with pytest.raises(dataclasses.FrozenInstanceError):
        row.low = 0.0
