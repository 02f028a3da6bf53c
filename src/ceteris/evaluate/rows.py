"""The row types of this room: what goes in, and what comes out to be printed elsewhere."""

from dataclasses import dataclass
from typing import Literal

from ceteris.evaluate.metrics import Direction

Role = Literal["deciding", "exploratory"]
Verdict = Literal["higher", "lower", "not shown", "none"]
EquivalenceVerdict = Literal["equivalent", "not shown", "none"]


@dataclass(frozen=True)
class Result:
    """One metric of one run.

    Args:
        arm: the arm's name.
        seed: the replicate; the same seed in two arms makes a pair.
        value: the metric, None where there is none.
        status: ``finished`` and ``stopped`` count with their value, or as chance where it is not
            finite; ``diverged`` and ``failed`` count as chance; ``pending`` and ``running``, and a
            finished run without this metric, are not there yet.
    """

    arm: str
    seed: int
    value: float | None
    status: str


@dataclass(frozen=True)
class ArmRow:
    """One arm's line in a table.

    Args:
        arm, metric: names.
        n: runs that count, chance among them.
        mean, sd, low, high: None where there are too few runs, or no spread.
        level: of the t interval low..high, for this arm alone.
        diverged, failed: how many of the n count as chance, and why.
        missing: seeds that other arms have and this one has not yet.
    """

    arm: str
    metric: str
    n: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    level: float
    diverged: int
    failed: int
    missing: int


@dataclass(frozen=True)
class Equivalence:
    """Whether a difference is shown to be smaller than a margin declared beforehand.

    Args:
        margin: in the metric's units, above 0.
        level: of the interval, 1 - 2 (1 - joint_level) / (family * looks): 90% for one comparison.
        low, high: the interval that decides it; None, as all that follows, for fewer than two pairs
            and for differences without spread.
        p: the larger of the two one-sided p values, times family times looks, at most 1.
        smallest_margin: equivalence would have been shown for every margin above this one.
        seeds_needed, seeds_needed_low, seeds_needed_high: seeds that show it four times in five if
            the arms do not differ, from the spread that was seen and from the ends of its 95%
            interval; None for more than 1000.
    """

    margin: float
    level: float
    low: float | None = None
    high: float | None = None
    p: float | None = None
    smallest_margin: float | None = None
    seeds_needed: int | None = None
    seeds_needed_low: int | None = None
    seeds_needed_high: int | None = None

    @property
    def verdict(self) -> EquivalenceVerdict:
        """What the interval says; the one place where it is read, so nothing can disagree."""
        if self.low is None or self.high is None:
            return "none"
        inside = -self.margin < self.low and self.high < self.margin
        return "equivalent" if inside else "not shown"


@dataclass(frozen=True)
class Comparison:
    """One arm against another on one metric; differences are arm minus baseline.

    Args:
        metric, arm, baseline: names.
        seeds: pairs that count. ``seeds_all``: seeds seen in any arm.
        difference: mean of the paired differences, in the metric's units; None without a pair.
        low, high: the interval; None for fewer than two pairs and for differences without spread.
        level: of this interval alone, 1 - (1 - joint_level) / (family * looks).
        joint_level: of all intervals of the family together, over all declared looks.
        family: comparisons in the family. ``looks``: declared looks.
        p_raw: two-sided, of the paired t test. ``p_adjusted``: min(1, family * looks * p_raw).
        p_holm: Holm's step-down adjustment; shown, and never decides.
        p_sign_flip: two-sided, exact up to 20 pairs, not adjusted for the family.
        correlation: between the two arms over the seeds; None for fewer than three pairs and where
            an arm does not vary.
        unpaired_half_width: what half the width would have been without pairing (Welch).
        method, role, better, chance, split_fixed: what was done, and as what.
        arm_diverged, arm_failed, baseline_diverged, baseline_failed: among the pairs.
        finished_pairs, finished_difference, finished_low, finished_high: the same at the same
            level from only the pairs in which no run counts as chance.
        detectable, detectable_low, detectable_high: the smallest true difference found four times
            in five (see :func:`ceteris.evaluate.power.detectable`).
        equivalence: None where no margin was declared.
        sentence: what can be concluded. ``notes``: what should be known beside it.
    """

    metric: str
    arm: str
    baseline: str
    seeds: int
    seeds_all: int
    difference: float | None
    low: float | None
    high: float | None
    level: float
    joint_level: float
    family: int
    looks: int
    p_raw: float | None
    p_adjusted: float | None
    p_holm: float | None
    p_sign_flip: float | None
    correlation: float | None
    unpaired_half_width: float | None
    method: str
    role: Role
    better: Direction
    chance: float | None
    split_fixed: bool | None
    arm_diverged: int
    arm_failed: int
    baseline_diverged: int
    baseline_failed: int
    finished_pairs: int
    finished_difference: float | None
    finished_low: float | None
    finished_high: float | None
    detectable: float | None
    detectable_low: float | None
    detectable_high: float | None
    equivalence: Equivalence | None
    sentence: str = ""
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """What the interval says; the one place where it is read, so nothing can disagree."""
        if self.low is None or self.high is None:
            return "none"
        if self.low > 0:
            return "higher"
        if self.high < 0:
            return "lower"
        return "not shown"

    @property
    def counted_as_chance(self) -> int:
        """How many runs of the pairs count as chance, both sides together."""
        ended_badly = self.arm_diverged + self.arm_failed
        return ended_badly + self.baseline_diverged + self.baseline_failed
