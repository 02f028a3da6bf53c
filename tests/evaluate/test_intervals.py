import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from ceteris.evaluate import prediction_interval, summarise, t_interval, wilson
from ceteris.evaluate.intervals import mean_and_sd, significance, t_bounds, welch_half_width

SEEDS = st.integers(0, 2**32 - 1)


@given(SEEDS, st.integers(2, 40), st.sampled_from([0.5, 0.9, 0.95, 0.9833, 0.9999]))
@settings(deadline=None, max_examples=60)
def test_the_t_interval_is_scipys(seed: int, n: int, level: float) -> None:
    x = np.random.default_rng(seed).normal(0.9, 0.02, size=n)
    ours = t_interval(x, level)
    theirs = stats.ttest_1samp(x, 0.0).confidence_interval(level)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=1e-9)
    assert (ours.n, ours.level) == (n, level)


def test_one_value_has_a_mean_and_no_interval() -> None:
    one = t_interval([0.5])
    assert (one.mean, one.low, one.high, one.n) == (0.5, None, None, 1)
    assert prediction_interval([0.5]).low is None


@pytest.mark.parametrize("values", [[0.5] * 8, [0.0, 0.0], [0.9 - 0.8, 0.4 - 0.3, 0.3 - 0.2]])
def test_equal_values_have_no_interval_of_width_zero(values: list[float]) -> None:
    found = t_interval(values)
    assert (found.low, found.high) == (None, None)
    assert summarise(values).sd == 0.0


def test_a_small_spread_that_is_real_has_an_interval() -> None:
    assert t_interval([1.0, 1.0 + 1e-12, 1.0 - 1e-12]).low is not None


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e290])
def test_the_scale_of_the_values_does_not_matter(scale: float) -> None:
    plain, scaled = t_interval([1.0, 2.0, 4.0]), t_interval([scale, 2 * scale, 4 * scale])
    assert scaled.mean / scale == pytest.approx(plain.mean, rel=1e-12)
    assert scaled.low / scale == pytest.approx(plain.low, rel=1e-12)
    assert scaled.high / scale == pytest.approx(plain.high, rel=1e-12)


@given(SEEDS, st.integers(2, 12))
@settings(deadline=None, max_examples=40)
def test_many_samples_at_once_are_each_alone(seed: int, n: int) -> None:
    x = np.random.default_rng(seed).normal(size=(3, 2, n))
    mean, half = t_bounds(x, 0.01)
    for i in range(3):
        for j in range(2):
            alone = t_bounds(x[i, j], 0.01)
            assert (mean[i, j], half[i, j]) == (alone[0], alone[1])


@given(SEEDS, st.integers(2, 30))
@settings(deadline=None, max_examples=40)
def test_mean_and_sd_are_numpys(seed: int, n: int) -> None:
    x = np.random.default_rng(seed).lognormal(0, 3, size=n)
    mean, sd = mean_and_sd(x)
    assert float(mean) == pytest.approx(x.mean(), rel=1e-12)
    assert float(sd) == pytest.approx(x.std(ddof=1), rel=1e-12)


def test_the_prediction_interval_is_wider_by_the_spread_of_one_run() -> None:
    x = [0.91, 0.93, 0.92, 0.90]
    mean, prediction = t_interval(x), prediction_interval(x)
    t = stats.t.ppf(0.975, 3)
    s = np.std(x, ddof=1)
    assert prediction.high - prediction.mean == pytest.approx(t * s * math.sqrt(1 + 1 / 4))
    assert prediction.mean - prediction.low == pytest.approx(prediction.high - prediction.mean)
    assert prediction.low < mean.low < mean.high < prediction.high


@pytest.mark.parametrize(
    ("right", "images", "low", "high"),
    [(7299, 10_000, 0.7211, 0.7385), (23, 25, 0.7503, 0.9778), (73, 100, 0.6357, 0.8073)],
)
def test_wilson_gives_the_intervals_of_the_reports(right, images, low, high) -> None:
    found = wilson(right, images)
    assert found.mean == right / images
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@settings(deadline=None, max_examples=60)
def test_wilson_is_scipys_and_stays_inside(counts: tuple[int, int]) -> None:
    right, n = counts
    ours = wilson(right, n, 0.9)
    theirs = stats.binomtest(right, n).proportion_ci(0.9, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    assert 0.0 <= ours.low <= right / n <= ours.high <= 1.0
    assert ours.low < ours.high


def test_summarise_says_mean_spread_extremes_and_interval() -> None:
    found = summarise([0.2, 0.4, 0.9])
    interval = t_interval([0.2, 0.4, 0.9])
    assert (found.n, found.smallest, found.largest) == (3, 0.2, 0.9)
    assert (found.mean, found.low, found.high) == (interval.mean, interval.low, interval.high)
    assert found.sd == pytest.approx(np.std([0.2, 0.4, 0.9], ddof=1))
    assert summarise([0.2]).sd is None


@given(SEEDS)
@settings(deadline=None, max_examples=30)
def test_the_unpaired_interval_is_welchs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0, 1, size=8), rng.normal(0, 3, size=8)
    theirs = stats.ttest_ind(a, b, equal_var=False).confidence_interval(0.95)
    assert welch_half_width(a, b, 0.025) == pytest.approx((theirs.high - theirs.low) / 2, rel=1e-9)


def test_the_unpaired_interval_with_one_or_no_spread() -> None:
    a, flat = np.array([1.0, 2.0, 3.0]), np.array([5.0, 5.0, 5.0])
    assert welch_half_width(a, flat, 0.025) == pytest.approx(stats.t.ppf(0.975, 2) / math.sqrt(3))
    assert welch_half_width(flat, flat, 0.025) is None


@pytest.mark.parametrize("level", [0.0, 1.0, -1.0, 95.0, math.nan])
def test_a_level_that_cannot_be(level: float) -> None:
    with pytest.raises(ValueError, match="not between 0 and 1"):
        t_interval([1.0, 2.0], level)


def test_significance_is_free_of_rounding() -> None:
    assert significance(0.95) == 0.05
    assert significance(0.99) == 0.01


@pytest.mark.parametrize("values", [[], [[1.0, 2.0]], [1.0, math.nan], [math.inf, 1.0]])
def test_values_that_cannot_be(values) -> None:
    with pytest.raises(ValueError, match=r"shape|finite"):
        summarise(values)


@pytest.mark.parametrize(("right", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_a_share_that_cannot_be(right: int, n: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        wilson(right, n)
