"""What so many seeds can show: the difference they find, and how many equivalence takes."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from ceteris.evaluate.intervals import (
    FloatArray,
    has_spread,
    mean_and_sd,
    sample,
    significance,
    t_quantile,
)

MOST_SEEDS = 1000  # of a study
FOUR_IN_FIVE = 0.8  # the power that is spoken of, by convention (Cohen 1988)


@dataclass(frozen=True)
class Detectable:
    """The smallest true difference that would have been found with the stated power.

    Args:
        effect: from the standard deviation that was seen.
        low, high: the same from the ends of the 95% interval of that standard deviation.
        power: the chance of finding it, 0 to 1.
        n: number of differences.
    """

    effect: float
    low: float
    high: float
    power: float
    n: int


def detectable(
    differences: ArrayLike,
    m: int,
    power: float = FOUR_IN_FIVE,
    *,
    looks: int = 1,
    level: float = 0.95,
) -> Detectable | None:
    """Say which true difference so many seeds would just find, and how sure that is.

    The size at which the two-sided paired t test at 0.05 / (m looks) succeeds with the stated
    power: delta = lambda s / sqrt(n), where lambda is the noncentrality with
    P(T(n-1, lambda) > t) = power (the other tail adds less than 1e-4 at any power worth having).
    The standard deviation s of a few seeds is itself uncertain; low and high use the ends of its
    95% chi-square interval, s sqrt((n-1) / chi2).

    Args:
        differences: (n,) finite, paired.
        m: comparisons in the family, 1 or more.
        power: 0.5 to below 1.
        looks: declared looks, 1 or more.
        level: joint level of the family.

    Returns:
        None for one difference and for differences without spread.

    Raises:
        ValueError: a power, level, m or looks out of range.

    Example:
        >>> found = detectable([0.1, -0.2, 0.0, 0.3, -0.1, 0.2, -0.3, 0.0], 1)
        >>> round(found.effect, 2), round(found.low, 2), round(found.high, 2)
        (0.23, 0.15, 0.47)

    Reference: Owen, "The power of Student's t-test" (1965).
    """
    if not 0.5 <= power < 1.0 or m < 1 or looks < 1:
        raise ValueError(f"power {power}, m {m} or looks {looks} is out of range")
    x = sample(differences)
    tail = significance(level) / (2 * m * looks)
    if x.size < 2 or not bool(has_spread(x)):
        return None
    degrees = x.size - 1
    effect = (
        _noncentrality(degrees, float(t_quantile(degrees, tail)), power)
        * float(mean_and_sd(x)[1])
        / math.sqrt(x.size)
    )
    low, high = sd_ratios(degrees)
    return Detectable(effect, effect * low, effect * high, power, x.size)


def sd_ratios(degrees: int) -> tuple[float, float]:
    """Give the ends of the 95% interval of a standard deviation, over the one that was seen.

    Example:
        >>> [round(ratio, 2) for ratio in sd_ratios(7)]
        [0.66, 2.04]
    """
    from scipy.special import chdtri

    low, high = (math.sqrt(degrees / float(chdtri(degrees, p))) for p in (0.025, 0.975))
    return low, high


@lru_cache(maxsize=64)  # asked for again and again with the same few numbers of seeds
def sd_quantiles(degrees: int) -> FloatArray:
    """Give what a standard deviation that was seen can be, over the true one: 4000 quantiles.

    A mean over them is a mean over the distribution of s / sigma.
    """
    from scipy.special import chdtri

    ranks = (np.arange(4000) + 0.5) / 4000
    ratios: FloatArray = np.sqrt(chdtri(degrees, ranks) / degrees)
    return ratios


@lru_cache(maxsize=256)  # the same for all comparisons of a family with equal seeds
def _noncentrality(degrees: int, critical: float, power: float) -> float:
    from scipy.special import ndtr

    # P(T > t) is the mean of Phi(lambda - t s / sigma) over the distribution of s, here over its
    # quantiles. SciPy's noncentral t does not return within minutes at degrees 1, critical 1e6.
    ratio = sd_quantiles(degrees)  # (4000,) s / sigma
    low, high = 0.0, critical * float(ratio.max()) + 40.0  # Phi(40) = 1: no power is out of reach
    for _ in range(60):
        middle = (low + high) / 2
        if float(np.mean(ndtr(middle - critical * ratio))) < power:
            low = middle
        else:
            high = middle
    return high


def equivalence_tail(level: float, comparisons: int, looks: int = 1) -> float:
    """Give the probability outside on each side of one equivalence interval: 0.05 / (m k).

    Example:
        >>> equivalence_tail(0.95, 1)
        0.05
    """
    return significance(level) / (comparisons * looks)


def power_of_equivalence(
    n: int, sd: float, margin: float, *, tail: float = 0.05, difference: float = 0.0
) -> float:
    """Give the chance that n seeds show equivalence.

    The mean over the distribution of s of the chance that the mean difference falls within
    margin - t s / sqrt(n) of 0.

    Args:
        n: seeds, 2 or more.
        sd: true standard deviation of the paired differences, above 0.
        margin: above 0.
        tail: of each one-sided test (:func:`equivalence_tail`).
        difference: the true one.

    Example:
        >>> round(power_of_equivalence(32, 0.005, 0.003), 3)
        0.906

    Reference: Phillips, "Power of the two one-sided tests procedure in bioequivalence" (1990).
    """
    from scipy.special import ndtr

    room = margin * math.sqrt(n) / sd - float(t_quantile(n - 1, tail)) * sd_quantiles(n - 1)
    shift = difference * math.sqrt(n) / sd
    return float(np.mean(np.where(room > 0, ndtr(room - shift) - ndtr(-room - shift), 0.0)))


def seeds_for_equivalence(
    sd: float,
    margin: float,
    *,
    power: float = FOUR_IN_FIVE,
    difference: float = 0.0,
    comparisons: int = 1,
    looks: int = 1,
    level: float = 0.95,
) -> int | None:
    """Give the number of seeds that shows equivalence with the stated chance.

    Args:
        sd: expected standard deviation of the paired differences, above 0.
        margin: above 0.
        power: 0 to 1.
        difference: the true one, inside the margin.
        comparisons: in the family, 1 or more.
        looks: declared, 1 or more.
        level: joint level of the family.

    Returns:
        2 to 1000; None where 1000 are too few.

    Example:
        >>> seeds_for_equivalence(0.005, 0.003, power=0.9)
        32
    """
    tail = equivalence_tail(level, comparisons, looks)

    def enough(n: int) -> bool:
        return power_of_equivalence(n, sd, margin, tail=tail, difference=difference) >= power

    if not enough(MOST_SEEDS):
        return None
    too_few, found = 1, MOST_SEEDS
    while found - too_few > 1:
        middle = (too_few + found) // 2
        too_few, found = (too_few, middle) if enough(middle) else (middle, found)
    return found
