"""From runs to what counts: chance for runs that ended badly, and the arms' seeds side by side."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.evaluate.intervals import FloatArray
from ceteris.evaluate.rows import Result

STATUSES = ("finished", "stopped", "diverged", "failed", "pending", "running")

# A number beyond this is as good as infinite: differences of two such could overflow.
_LARGEST = 1e300


@dataclass(frozen=True)
class Outcome:
    """What one run counts as: its own value, or chance and why."""

    value: float
    ended: Literal["well", "diverged", "failed"]


Outcomes = Mapping[str, Mapping[int, Outcome]]  # arm -> seed -> outcome


@dataclass(frozen=True)
class Pairs:
    """Two arms over the seeds that both have, in the order of the seeds.

    Args:
        arm, baseline: (n,) the values that count.
        arm_ended, baseline_ended: how each run ended.
    """

    arm: FloatArray
    baseline: FloatArray
    arm_ended: tuple[str, ...]
    baseline_ended: tuple[str, ...]

    @property
    def differences(self) -> FloatArray:
        """(n,) arm minus baseline."""
        return self.arm - self.baseline

    @property
    def magnitude(self) -> float:
        """How large the numbers are that the differences were computed from."""
        both = np.concatenate([self.arm, self.baseline])
        return float(np.max(np.abs(both))) if both.size else 0.0

    def finished(self) -> "Pairs":
        """Only the pairs in which no run counts as chance."""
        ends = zip(self.arm_ended, self.baseline_ended, strict=True)
        keep = [place for place, end in enumerate(ends) if end == ("well", "well")]
        return Pairs(
            self.arm[keep],
            self.baseline[keep],
            tuple(self.arm_ended[i] for i in keep),
            tuple(self.baseline_ended[i] for i in keep),
        )


def outcomes(results: Sequence[Result], *, metric: str, chance: float | None) -> Outcomes:
    """Say what every run counts as, by arm and seed; runs not there yet are left out.

    A run that diverged or failed is a result and counts as chance: leaving it out would reward the
    arm that fails most often. A finished run whose value is not finite has diverged, too.

    Args:
        results: one entry per run, in any order; arms stay in the order they first appear.
        metric: its name, for messages.
        chance: what a run that ended badly counts as; None where nobody can know.

    Raises:
        CeterisError: the same arm and seed twice; a run that ended badly and no chance value.
        ValueError: a status there is not.
    """
    table: dict[str, dict[int, Outcome]] = {}
    seen: set[tuple[str, int]] = set()
    for result in results:
        if (result.arm, result.seed) in seen:
            raise CeterisError(
                f"arm {shown(result.arm)} has seed {result.seed} twice",
                received=f"two results for arm {shown(result.arm)}, seed {result.seed}",
                expected="one result for each arm and seed",
                fix="remove one of the two, or give one another seed",
            )
        seen.add((result.arm, result.seed))
        arm = table.setdefault(result.arm, {})
        outcome = _outcome(result, metric, chance)
        if outcome is not None:
            arm[result.seed] = outcome
    return table


def seeds_of(results: Sequence[Result]) -> tuple[int, ...]:
    """Every seed that any arm has, run or not, in order."""
    return tuple(sorted({result.seed for result in results}))


def pair(table: Outcomes, arm: str, baseline: str) -> Pairs:
    """Two arms over the seeds that both have."""
    seeds = sorted(table[arm].keys() & table[baseline].keys())
    return Pairs(
        np.array([table[arm][seed].value for seed in seeds], dtype=np.float64),
        np.array([table[baseline][seed].value for seed in seeds], dtype=np.float64),
        tuple(table[arm][seed].ended for seed in seeds),
        tuple(table[baseline][seed].ended for seed in seeds),
    )


def names_to_compare(
    arms: Sequence[str], *, baseline: str, all_pairs: bool
) -> list[tuple[str, str]]:
    """List the family: (arm, baseline) for every arm but the baseline, or every two arms once.

    Raises:
        CeterisError: no such baseline, or nothing to compare it with.

    Example:
        >>> names_to_compare(["a", "b", "c"], baseline="b", all_pairs=False)
        [('a', 'b'), ('c', 'b')]
        >>> names_to_compare(["a", "b", "c"], baseline="b", all_pairs=True)
        [('a', 'b'), ('c', 'b'), ('c', 'a')]
    """
    if baseline not in arms:
        raise unknown_name("arm", baseline, arms, where="baseline")
    if len(arms) < 2:
        raise CeterisError(
            "there is one arm, so nothing can be compared",
            received=f"only the arm {shown(baseline)}",
            expected="two or more arms",
            fix="add the results of another arm",
        )
    ordered = [baseline, *(arm for arm in arms if arm != baseline)]
    against = ordered if all_pairs else ordered[:1]
    return [(arm, other) for i, other in enumerate(against) for arm in ordered[i + 1 :]]


def _outcome(result: Result, metric: str, chance: float | None) -> Outcome | None:
    if result.status not in STATUSES:
        raise ValueError(f"{result.status!r} is no status; the statuses are {STATUSES}")
    if result.status in {"pending", "running"}:
        return None
    if result.status in {"finished", "stopped"}:
        if result.value is None:
            return None
        if math.isfinite(result.value) and abs(result.value) <= _LARGEST:
            return Outcome(float(result.value), "well")
    if chance is None:
        raise CeterisError(
            f"a run of arm {shown(result.arm)} has no value of '{metric}', "
            "and nothing says what that counts as",
            received=f"arm {shown(result.arm)}, seed {result.seed}: "
            f"{result.status}, {metric} = {shown(result.value)}",
            expected="the value that a network that learnt nothing has (0.1 for an accuracy of "
            "10 classes)",
            fix=f"give the chance value of '{metric}' (--classes), or write it in place of the "
            "missing value",
        )
    return Outcome(float(chance), "failed" if result.status == "failed" else "diverged")
