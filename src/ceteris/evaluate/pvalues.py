"""Probabilities under "no difference": the paired t test, Holm's adjustment, the sign-flip test."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from ceteris.evaluate.intervals import FloatArray, has_spread, mean_and_sd
from ceteris.seeds import derive

MOST_EXACT = 20  # pairs; 2^19 sums take 4 MB and a few milliseconds
DRAWS = 2**16 - 1  # Monte Carlo beyond that: p is known to about +-0.0017 at 0.05


def t_test(differences: FloatArray) -> float:
    """Two-sided p of the paired t test: 2 P(T(n-1) > |m| sqrt(n) / s).

    Args:
        differences: (n,) finite with spread, n >= 2.

    Example:
        >>> round(t_test(np.array([1.0, 2.0, 3.0])), 4)
        0.0742
    """
    from scipy.special import stdtr

    mean, sd = (float(part) for part in mean_and_sd(differences))
    n = differences.size
    return min(1.0, 2.0 * float(stdtr(n - 1, -abs(mean / sd) * math.sqrt(n))))


def agreeing(p: float, *, decided: bool, alpha: float, family: int) -> float:
    """Give the p value, moved by rounding error at most, so that it agrees with the interval.

    ``family * p < alpha`` and "the interval excludes 0" (or lies inside the margin) are the same
    event, but they are computed along two ways (a distribution and its inverse), and within a few
    last bits of the border they could answer differently. The interval decides; p follows.

    Args:
        p: of the test.
        decided: what the interval says.
        alpha: 0.05 for a joint level of 95%.
        family: what p will be multiplied with: comparisons times looks.
    """
    if (family * p < alpha) == decided:
        return p
    p = alpha / family
    while (family * p < alpha) != decided:
        p = math.nextafter(p, 0.0 if decided else 1.0)
    return p


def holm(p_raw: Sequence[float | None], *, looks: int = 1) -> list[float | None]:
    """Holm's step-down adjusted p values: shown beside the deciding ones, and never deciding.

    The i-th smallest of m is multiplied by m - i + 1, and none may be below one before it. Holm's
    test finds at least as much as Bonferroni's and keeps the same family-wise error, so why does it
    not decide? Because every sentence of Ceteris carries the size of the effect with its
    interval, and no simultaneous two-sided intervals belong to Holm's test: those that are
    compatible with it say nothing about size (they are half-lines that end at 0 for the arms that
    were found) as soon as one arm is not. A sentence that says "differs" beside an interval that
    holds 0 would contradict itself. Bonferroni's interval, p and sentence cannot.

    Args:
        p_raw: of every comparison of the family; None (no test was possible) still counts in m.
        looks: declared looks; each spends an equal share.

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]

    References: Holm, "A simple sequentially rejective multiple test procedure" (1979). Guilbaud,
    "Simultaneous confidence regions corresponding to Holm's step-down procedure" (2008).
    Strassburger and Bretz, "Compatible simultaneous lower confidence bounds for the Holm procedure
    and other Bonferroni-based closed tests" (2008).
    """
    known = sorted((p, place) for place, p in enumerate(p_raw) if p is not None)
    adjusted: list[float | None] = [None] * len(p_raw)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, (len(p_raw) - rank) * looks * p))
        adjusted[place] = largest
    return adjusted


def sign_flip(differences: ArrayLike) -> float:
    """Two-sided p of the sign-flip test of the mean.

    If an arm makes no difference and the differences are symmetric about 0, every choice of signs
    was as likely as the one seen. p is the share of the 2^n choices whose mean is at least as far
    from 0. It asks nothing about normality; it cannot go below 2^(1-n).

    Sums that differ by rounding only count as equal. Beyond 20 pairs, 65,535 random choices drawn
    from a fixed stream stand in for all of them: p = (1 + hits) / 65,536.

    Args:
        differences: (n,) finite, n >= 1.

    Raises:
        ValueError: none, or not finite.

    Example:
        >>> sign_flip([1.0, 2.0, 3.0])  # 2 of 8
        0.25

    Reference: Fisher, "The design of experiments" (1935), section 21.
    """
    x = np.asarray(differences, dtype=np.float64)
    if x.ndim != 1 or x.size == 0 or not np.isfinite(x).all():
        raise ValueError("differences are not (n,) finite numbers with n >= 1")
    if not bool(np.any(x)):
        return 1.0
    x = x / np.max(np.abs(x))
    seen = abs(float(x.sum())) - 1e-12 * float(np.abs(x).sum())
    if x.size <= MOST_EXACT:
        # The first sign may stay: turning all signs round changes no |sum|.
        sums = x[:1]
        for value in x[1:]:
            sums = np.concatenate([sums + value, sums - value])  # (2^(n-1),) at the end
        return float(np.mean(np.abs(sums) >= seen))
    draws = np.random.Generator(np.random.Philox(key=derive("sign flip", x.size)))
    hits, left = 0, DRAWS
    while left:
        rows = min(left, max(1, 4_000_000 // x.size))  # 32 MB of signs at a time
        signs = draws.integers(0, 2, size=(rows, x.size), dtype=np.int8) * 2.0 - 1.0
        hits += int(np.count_nonzero(np.abs(signs @ x) >= seen))
        left -= rows
    return (1 + hits) / (1 + DRAWS)


def correlation(first: FloatArray, second: FloatArray) -> float | None:
    """Pearson's correlation of two arms over their seeds: how much pairing could help.

    The variance of a difference is s1^2 + s2^2 - 2 r s1 s2.

    Args:
        first: (n,) finite.
        second: (n,) finite.

    Returns:
        -1 to 1; None for fewer than three pairs (two always lie on a line) and where an arm does
        not vary.

    Example:
        >>> correlation(np.array([1.0, 2.0, 3.0]), np.array([2.0, 4.0, 6.0]))
        1.0
    """
    if first.size < 3 or not bool(has_spread(first)) or not bool(has_spread(second)):
        return None
    standard = []
    for x in (first, second):
        mean, sd = mean_and_sd(x)
        standard.append((x - mean) / sd)
    r = float(np.dot(standard[0], standard[1])) / (first.size - 1)
    return min(1.0, max(-1.0, r))
