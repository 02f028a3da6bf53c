import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ceteris.evaluate.pvalues import DRAWS, agreeing, correlation, holm, sign_flip, t_test

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(2, 40), st.floats(-3, 3))
@settings(deadline=None, max_examples=50)
def test_the_t_test_is_scipys(seed: int, n: int, shift: float) -> None:
    x = np.random.default_rng(seed).normal(shift, 1.0, size=n)
    assert t_test(x) == pytest.approx(stats.ttest_1samp(x, 0.0).pvalue, rel=1e-7)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@settings(deadline=None, max_examples=80)
def test_holm_is_its_definition(p: list[float]) -> None:
    order = sorted(range(len(p)), key=lambda i: p[i])
    wanted, largest = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        largest = max(largest, min(1.0, (len(p) - rank) * p[i]))
        wanted[i] = largest
    assert holm(p) == pytest.approx(wanted)
    # Never worse than Bonferroni, never better than nothing.
    assert all(a >= raw and a <= min(1.0, len(p) * raw) for a, raw in zip(holm(p), p, strict=True))


def test_a_comparison_that_could_not_be_made_still_counts_in_the_family() -> None:
    assert holm([0.01, None, 0.02]) == [0.03, None, 0.04]
    assert holm([None]) == [None]


def test_looks_multiply() -> None:
    assert holm([0.01, 0.02], looks=3) == pytest.approx([0.06, 0.06])


@given(SEEDS, st.integers(1, 9))
@settings(deadline=None, max_examples=40)
def test_sign_flip_is_the_count_over_all_signs(seed: int, n: int) -> None:
    x = np.random.default_rng(seed).integers(-3, 4, size=n)  # whole numbers: many exact ties
    sums = [abs(np.dot(x, signs)) for signs in itertools.product([1, -1], repeat=n)]
    assert sign_flip(x) == sum(s >= abs(x.sum()) for s in sums) / 2**n


@pytest.mark.parametrize("n", [1, 2, 5, 8, 20])
def test_sign_flip_cannot_go_below_its_least(n: int) -> None:
    assert sign_flip(np.arange(1.0, n + 1)) == 2.0 ** (1 - n)


def test_sums_that_are_equal_but_for_rounding_are_equal() -> None:
    # 0.1 + 0.2 - 0.3 is 5e-17 and not 0; scaled up it is exact.
    x = np.array([1, 2, 3, 1, 2, 3, 4, 6])
    assert sign_flip(x / 10) == sign_flip(x)
    assert sign_flip(x * 1e-200) == sign_flip(x)
    assert sign_flip(x * 1e200) == sign_flip(x)


def test_sign_flip_of_nothing_but_zeros_is_one() -> None:
    assert sign_flip([0.0, 0.0, 0.0]) == 1.0


def test_beyond_twenty_pairs_random_signs_come_close_and_are_the_same_each_time() -> None:
    # Differences of one size: the sum is binomial, and so p is known exactly.
    x = np.array([1.0] * 17 + [-1.0] * 7)
    wanted = 2 * stats.binom.sf(16, 24, 0.5)
    found = sign_flip(x)
    assert found == pytest.approx(wanted, abs=4 * math.sqrt(wanted / DRAWS))
    assert found == sign_flip(x)
    assert sign_flip(np.ones(40)) == 1 / (DRAWS + 1)
    assert 0.0 < sign_flip(np.ones(1000)) <= 1 / (DRAWS + 1)


@pytest.mark.parametrize("values", [[], [math.nan], [[1.0]]])
def test_sign_flip_refuses_what_is_no_sample(values) -> None:
    with pytest.raises(ValueError, match="finite numbers"):
        sign_flip(values)


@given(st.floats(0, 1), st.booleans(), st.sampled_from([0.05, 0.01, 0.1]), st.integers(1, 300))
@settings(deadline=None, max_examples=200)
def test_p_is_on_the_interval_s_side(p: float, excludes: bool, alpha: float, family: int) -> None:
    found = agreeing(p, decided=excludes, alpha=alpha, family=family)
    assert (family * found < alpha) == excludes
    if (family * p < alpha) == excludes:
        assert found == p
    else:
        assert found == pytest.approx(alpha / family, rel=1e-14)


@given(SEEDS, st.integers(3, 20))
@settings(deadline=None, max_examples=40)
def test_correlation_is_numpys(seed: int, n: int) -> None:
    a, b = np.random.default_rng(seed).normal(size=(2, n))
    assert correlation(a, b) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-12)


def test_there_is_no_correlation_of_two_pairs_or_of_a_constant() -> None:
    assert correlation(np.array([1.0, 2.0]), np.array([1.0, 3.0])) is None
    assert correlation(np.ones(5), np.arange(5.0)) is None
    assert correlation(np.arange(5.0), np.full(5, 0.1)) is None
