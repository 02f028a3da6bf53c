import math

import numpy as np
import pytest
from scipy import stats

from ceteris.evaluate import detectable, seeds_for_equivalence
from ceteris.evaluate.intervals import t_bounds
from ceteris.evaluate.power import power_of_equivalence


@pytest.mark.parametrize(("n", "m", "power"), [(8, 1, 0.8), (8, 3, 0.8), (4, 1, 0.9), (3, 2, 0.5)])
def test_what_is_detectable_is_found_that_often(n: int, m: int, power: float) -> None:
    rng = np.random.default_rng(n)
    sample = rng.normal(size=n)
    sample = (sample - sample.mean()) / sample.std(ddof=1)  # s is exactly 1
    found = detectable(sample, m, power)
    assert found is not None
    studies = rng.normal(found.effect, 1.0, size=(100_000, n))
    mean, half = t_bounds(studies, 0.05 / (2 * m))
    # The other side, which the definition leaves out, is excluded here as well.
    assert np.mean(mean - half > 0) == pytest.approx(power, abs=0.006)


def test_the_uncertainty_of_the_detectable_effect_is_that_of_the_spread() -> None:
    found = detectable(np.random.default_rng(0).normal(size=8), 1)
    assert found is not None
    low, high = (math.sqrt(7 / stats.chi2.ppf(p, 7)) for p in (0.975, 0.025))
    assert found.low == pytest.approx(found.effect * low)
    assert found.high == pytest.approx(found.effect * high)
    assert found.low < found.effect < found.high


def test_more_comparisons_and_looks_need_larger_effects() -> None:
    x = np.random.default_rng(1).normal(size=8)
    effects = [detectable(x, m, looks=k).effect for m, k in [(1, 1), (3, 1), (3, 2)]]
    assert effects == sorted(set(effects))
    assert detectable(x, 3, looks=2) == detectable(x, 6)


def test_nothing_is_detectable_without_spread() -> None:
    assert detectable([0.1], 1) is None
    assert detectable([0.1, 0.1, 0.1], 1) is None
    # Two seeds in a family of a thousand: absurd, and still a number.
    assert math.isfinite(detectable([0.1, 0.2], 1000, 0.99, looks=100).effect)


@pytest.mark.parametrize("given_", [{"m": 0}, {"m": 1, "power": 1.0}, {"m": 1, "looks": 0}])
def test_a_power_that_cannot_be(given_: dict) -> None:
    with pytest.raises(ValueError, match="out of range"):
        detectable([1.0, 2.0], **given_)


@pytest.mark.parametrize(
    ("n", "sd", "margin", "difference"),
    [(32, 0.005, 0.003, 0.0), (10, 0.001, 0.0015, 0.0005), (5, 1.0, 2.0, -0.5), (2, 0.1, 1.0, 0.0)],
)
def test_equivalence_is_shown_that_often(n, sd, margin, difference) -> None:
    studies = np.random.default_rng(n).normal(difference, sd, size=(100_000, n))
    mean, half = t_bounds(studies, 0.05)
    share = np.mean((mean - half > -margin) & (mean + half < margin))
    power = power_of_equivalence(n, sd, margin, difference=difference)
    assert share == pytest.approx(power, abs=4 * math.sqrt(0.25 / 100_000) + 0.001)


@pytest.mark.parametrize(
    ("sd", "margin", "given_"),
    [
        (0.005, 0.003, {"power": 0.9}),
        (0.005, 0.003, {"power": 0.9, "comparisons": 3}),
        (0.005, 0.003, {"difference": 0.001}),
        (0.3, 0.05, {"looks": 2}),
    ],
)
def test_so_many_seeds_are_enough_and_one_fewer_is_not(sd, margin, given_) -> None:
    n = seeds_for_equivalence(sd, margin, **given_)
    tail = 0.05 / (given_.get("comparisons", 1) * given_.get("looks", 1))
    wanted = given_.get("power", 0.8)
    difference = given_.get("difference", 0.0)
    powers = [
        power_of_equivalence(k, sd, margin, tail=tail, difference=difference) for k in (n - 1, n)
    ]
    assert powers[0] < wanted <= powers[1]


def test_the_normal_formula_is_close_where_there_are_many_seeds() -> None:
    # n = (z(0.95) + z(0.95))^2 sd^2 / margin^2 for a power of 90% at alpha 0.05.
    for ratio in (2.0, 4.0):
        normal = (2 * stats.norm.ppf(0.95) * ratio) ** 2
        found = seeds_for_equivalence(ratio, 1.0, power=0.9)
        assert normal < found < normal + 3


def test_more_than_a_thousand_seeds_are_not_proposed() -> None:
    assert seeds_for_equivalence(1.0, 0.1) is not None
    assert seeds_for_equivalence(1.0, 0.05) is None
    assert seeds_for_equivalence(1e-9, 1.0) == 2
    # At the margin equivalence is shown one time in twenty, however many seeds there are.
    assert seeds_for_equivalence(0.01, 0.003, difference=0.003) is None
