"""Equivalence: a difference that is shown to be smaller than a margin declared beforehand.

"No difference shown" is not "no difference". To show that two arms are as good as each other takes
a margin, the largest difference that does not matter, and a test of each side: that the difference
is above -margin, and that it is below +margin. Both succeed at level alpha exactly where the
interval of level 1 - 2 alpha lies inside the margin. With alpha = 0.05 / (m k), for m comparisons
and k declared looks,

    the interval lies inside (-margin, +margin)  <=>  p = min(1, m k max(p_above, p_below)) < 0.05
    <=>  the sentence says "equivalent".

Nothing is paid for asking this beside the question whether the arms differ. If the true difference
is the margin or more, the wrong sentences are "equivalent" and the difference in the wrong
direction, and each implies the *same* one-sided test at alpha to have erred; if it is less than
the margin, "equivalent" is true.

Reference: Schuirmann, "A comparison of the two one-sided tests procedure and the power approach for
assessing the equivalence of average bioavailability" (1987).
"""

import math

from ceteris.errors import CeterisError, shown
from ceteris.evaluate.intervals import (
    FloatArray,
    mean_and_sd,
    significance,
    t_bounds,
)
from ceteris.evaluate.power import equivalence_tail, sd_ratios, seeds_for_equivalence
from ceteris.evaluate.pvalues import agreeing
from ceteris.evaluate.rows import Equivalence


def check_margin(margin: float | None) -> None:
    """Refuse a margin that no difference could lie inside of.

    Raises:
        CeterisError: not a finite number above 0.
    """
    if margin is not None and not 0.0 < margin < math.inf:
        raise CeterisError(
            f"a margin of {shown(margin)} cannot be used",
            received=f"margin = {shown(margin)}",
            expected="a number above 0, in the metric's units",
            fix="give the largest difference that does not matter, for example 0.003",
        )


def two_one_sided(
    differences: FloatArray,
    margin: float,
    *,
    magnitude: float = 0.0,
    comparisons: int = 1,
    looks: int = 1,
    level: float = 0.95,
) -> Equivalence:
    """Test whether the mean difference lies inside (-margin, +margin).

    p = P(T(n-1) > (margin - |m|) sqrt(n) / s), the larger of the two one-sided p values.

    Args:
        differences: (n,) finite, paired.
        margin: above 0, in the units of the differences.
        magnitude: as in :func:`ceteris.evaluate.intervals.has_spread`.
        comparisons: in the family, 1 or more.
        looks: declared, 1 or more.
        level: joint level of the family.

    Returns:
        Every number None for fewer than two differences and for differences without spread.

    Example:
        >>> import numpy as np
        >>> found = two_one_sided(np.array([0.001, -0.002, 0.0, 0.002, -0.001]), 0.003)
        >>> found.verdict, round(found.low, 4), round(found.high, 4), round(found.p, 3)
        ('equivalent', -0.0015, 0.0015, 0.007)
    """
    from scipy.special import stdtr

    times, alpha, n = comparisons * looks, significance(level), differences.size
    tail = equivalence_tail(level, comparisons, looks)
    nothing = Equivalence(margin, 1.0 - 2.0 * tail)
    if n < 2:
        return nothing
    mean, half = (float(part) for part in t_bounds(differences, tail, magnitude))
    if math.isnan(half):
        return nothing
    low, high = mean - half, mean + half
    sd = float(mean_and_sd(differences)[1])
    p = agreeing(
        float(stdtr(n - 1, (abs(mean) - margin) / sd * math.sqrt(n))),
        decided=-margin < low and high < margin,
        alpha=alpha,
        family=times,
    )
    fewest, most = sd_ratios(n - 1)
    seeds = [
        seeds_for_equivalence(sd * ratio, margin, comparisons=comparisons, looks=looks, level=level)
        for ratio in (1.0, fewest, most)
    ]
    return Equivalence(
        margin=margin,
        low=low,
        high=high,
        level=1.0 - 2.0 * tail,
        p=min(1.0, times * p),
        smallest_margin=max(abs(low), abs(high)),
        seeds_needed=seeds[0],
        seeds_needed_low=seeds[1],
        seeds_needed_high=seeds[2],
    )
