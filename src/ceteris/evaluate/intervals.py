"""Intervals from a handful of seeds: of a mean, of one more run, of a share.

Every t interval of Ceteris is made by :func:`t_bounds`, which works on one sample or on an array
of samples: the simulations that check its coverage (``tests/laws/test_intervals_cover.py``) run
the code that decides, not a copy of it.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

# Differences of equal size differ in their last bits (0.9 - 0.8 is not 0.7 - 0.6). A spread of at
# most this share of the values themselves is rounding, not spread between seeds: an interval made
# from it would have a width of 1e-16 and exclude everything.
_ROUNDING = 64 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Interval:
    """A mean and the interval around it.

    Args:
        mean: the estimate, in the units of the values.
        low, high: the ends; None where no interval can be given (one value, or no spread).
        level: the share of such intervals that hold the truth, 0 to 1.
        n: how many values it rests on.
    """

    mean: float
    low: float | None
    high: float | None
    level: float
    n: int


@dataclass(frozen=True)
class Summary:
    """What is said about one sample.

    Args:
        n: number of values.
        mean, sd: sd is None for one value; 0.0 where the values do not differ.
        low, high: the t interval of the mean; None where there is none.
        level: of that interval.
        smallest, largest: the extremes.
    """

    n: int
    mean: float
    sd: float | None
    low: float | None
    high: float | None
    level: float
    smallest: float
    largest: float


def significance(level: float) -> float:
    """1 - level without the rounding error: 0.05 and not 0.050000000000000044.

    Raises:
        ValueError: a level that is not between 0 and 1.

    Example:
        >>> significance(0.95)
        0.05
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level is {level}, not between 0 and 1")
    return round(1.0 - level, 12)


def mean_and_sd(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and sample standard deviation (n - 1) along the last axis.

    The values are scaled by a power of two first, which is exact, so that squares of very large or
    very small values neither overflow nor vanish.

    Args:
        values: (..., n) finite, n >= 2.
    """
    exponent = np.frexp(np.max(np.abs(values), axis=-1))[1]  # (...)
    scaled = np.ldexp(values, -exponent[..., None])
    mean = np.ldexp(scaled.mean(axis=-1), exponent)
    sd = np.ldexp(scaled.std(axis=-1, ddof=1), exponent)
    return mean, sd


def has_spread(values: FloatArray, magnitude: ArrayLike | None = None) -> NDArray[np.bool_]:
    """Whether the values differ by more than rounding, along the last axis.

    Args:
        values: (..., n).
        magnitude: how large the numbers are that the values were computed from, where that is
            more than the values themselves (differences of large numbers).
    """
    size = np.max(np.abs(values), axis=-1)
    if magnitude is not None:
        size = np.maximum(size, np.abs(magnitude))
    spread = np.max(values, axis=-1) - np.min(values, axis=-1)
    return np.asarray(spread > _ROUNDING * size)


def t_quantile(degrees: ArrayLike, tail: float) -> FloatArray:
    """Give the t value that leaves ``tail`` above it, for so many degrees of freedom.

    Taken from the small tail itself: 1 - tail would lose the digits that Bonferroni needs.

    Example:
        >>> round(float(t_quantile(7, 0.025)), 4)
        2.3646
    """
    from scipy.special import stdtrit

    return np.asarray(-stdtrit(degrees, tail), dtype=np.float64)


def t_bounds(
    values: FloatArray, tail: float, magnitude: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Mean and half-width of the t interval along the last axis: m +- t(n-1, tail) s / sqrt(n).

    Args:
        values: (..., n) finite, n >= 2.
        tail: the probability outside on each side, for example 0.05 / 2 / comparisons.
        magnitude: as in :func:`has_spread`.

    Returns:
        mean (...) and half-width (...); the half-width is ``nan`` where the values do not differ,
        because an interval of width zero would claim certainty that a few equal seeds cannot give.

    Reference: Student, "The probable error of a mean" (1908).
    """
    n = values.shape[-1]
    mean, sd = mean_and_sd(values)
    half = t_quantile(n - 1, tail) * sd / math.sqrt(n)
    return mean, np.where(has_spread(values, magnitude), half, np.nan)


def t_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Give the t interval of the mean.

    Args:
        values: (n,) finite, n >= 1, in any units.
        level: 0 to 1.

    Returns:
        The interval; its ends are None for one value and for values that do not differ.

    Raises:
        ValueError: no values, values that are not finite, or a level outside 0 to 1.

    Example:
        >>> t = t_interval([1.0, 2.0, 3.0])
        >>> round(t.low, 3), round(t.high, 3)
        (-0.484, 4.484)
        >>> t_interval([1.0, 1.0]).low is None
        True
    """
    x = sample(values)
    tail = significance(level) / 2
    if x.size < 2:
        return Interval(float(x[0]), None, None, level, 1)
    mean, half = (float(part) for part in t_bounds(x, tail))
    if math.isnan(half):
        return Interval(mean, None, None, level, x.size)
    return Interval(mean, mean - half, mean + half, level, x.size)


def prediction_interval(values: ArrayLike, level: float = 0.95) -> Interval:
    """Where one more run would fall: mean +- t(n-1) s sqrt(1 + 1/n).

    This, and not the interval of the mean, is what a number printed elsewhere from a single run is
    compared with: that number carries the whole spread between runs itself.

    Args, returns and raises: as :func:`t_interval`.

    Example:
        >>> p = prediction_interval([1.0, 2.0, 3.0])
        >>> round(p.low, 3), round(p.high, 3)
        (-2.968, 6.968)
    """
    mean = t_interval(values, level)
    if mean.low is None or mean.high is None:
        return mean
    # The interval of the mean has t s / sqrt(n); this one has t s sqrt(1 + 1/n).
    half = (mean.high - mean.low) / 2 * math.sqrt(mean.n + 1)
    return Interval(mean.mean, mean.mean - half, mean.mean + half, level, mean.n)


def wilson(successes: int, n: int, level: float = 0.95) -> Interval:
    """Wilson's interval of a share, for example of the images that were classified rightly.

    (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n). Unlike p +- z sqrt(p(1-p)/n) it
    stays inside 0 to 1 and has a width at 0 and n successes.

    Args:
        successes: 0 to n.
        n: 1 or more.
        level: 0 to 1.

    Raises:
        ValueError: counts that cannot be, or a level outside 0 to 1.

    Example:
        >>> w = wilson(23, 25)
        >>> round(w.low, 2), round(w.high, 2)
        (0.75, 0.98)

    Reference: Wilson, "Probable inference, the law of succession, and statistical inference"
    (1927).
    """
    from scipy.special import ndtri

    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is no share")
    z = -float(ndtri(significance(level) / 2))
    share = successes / n
    middle = share + z**2 / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    scale = 1 + z**2 / n
    # Exact at the ends, where the formula leaves 1e-17.
    low = 0.0 if successes == 0 else max(0.0, (middle - half) / scale)
    high = 1.0 if successes == n else min(1.0, (middle + half) / scale)
    return Interval(share, low, high, level, n)


def summarise(values: ArrayLike, level: float = 0.95) -> Summary:
    """Mean, spread, extremes and the t interval of the mean: one arm's line in a table.

    Args and raises: as :func:`t_interval`.

    Example:
        >>> s = summarise([1.0, 2.0, 3.0])
        >>> s.n, s.mean, s.sd, s.smallest, s.largest
        (3, 2.0, 1.0, 1.0, 3.0)
    """
    x = sample(values)
    interval = t_interval(x, level)
    sd = None
    if x.size > 1:
        sd = float(mean_and_sd(x)[1]) if bool(has_spread(x)) else 0.0
    return Summary(
        n=x.size,
        mean=interval.mean,
        sd=sd,
        low=interval.low,
        high=interval.high,
        level=level,
        smallest=float(x.min()),
        largest=float(x.max()),
    )


def welch_half_width(first: FloatArray, second: FloatArray, tail: float) -> float | None:
    """Half-width of the interval of the difference had the runs not been paired (Welch).

    Args:
        first: (n,) finite, n >= 2.
        second: (k,) finite, k >= 2.
        tail: as in :func:`t_bounds`.

    Returns:
        None where neither sample has spread.

    Reference: Welch, "The generalization of Student's problem" (1947).
    """
    parts = [
        (float(mean_and_sd(x)[1]) / math.sqrt(x.size), x.size)
        for x in (first, second)
        if bool(has_spread(x))
    ]
    if not parts:
        return None
    error = math.hypot(*(e for e, _ in parts))
    degrees = 1.0 / sum((e / error) ** 4 / (n - 1) for e, n in parts)
    return float(t_quantile(degrees, tail)) * error


def sample(values: ArrayLike) -> FloatArray:
    """Check that these are numbers an interval can be made of, and give them as an array.

    Args:
        values: (n,) finite, n >= 1.

    Raises:
        ValueError: another shape, or values that are not finite.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"values have shape {x.shape}, not (n,) with n >= 1")
    if not np.isfinite(x).all():
        raise ValueError("values are not all finite; a diverged run counts as chance")
    return x
