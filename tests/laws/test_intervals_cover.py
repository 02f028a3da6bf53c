"""Law 8: the deciding intervals hold the truth about 95% of the time on made-up normal data.

100,000 made-up studies of every kind, each of three arms against a baseline on 8 paired seeds, go
through ``t_bounds`` and ``deciding_tail``: the functions that ``compare`` decides with, on whole
arrays. ``test_the_simulation_is_compare`` checks on some of the studies that ``compare`` says the
same.

What was found (share of studies; also the table of docs/conclusions.md, which is held to these
figures, as the figures are held to the simulation):

======================================= ======== ======== ========= ======== =========
differences                             alone,   alone,   all three false    sign-flip
                                        95%      98.3%    together  verdict  at 0.05
======================================= ======== ======== ========= ======== =========
normal, arms correlated by the baseline 0.950    0.983    0.954     0.046    0.047
normal, arms of unequal spread          0.950    0.983    0.951     0.049    0.047
of lognormal runs (symmetric)           0.970    0.994    0.982     0.018    0.047
exponential (skewed)                    0.894    0.938    0.824     0.176    0.096
lognormal (very skewed)                 0.831    0.887    0.698     0.302    0.154
normal, 1 run in 8 of each arm diverges 0.655    0.656    0.283     n/a      0.344
normal, 1 run in 8 of all diverges      0.985    0.997    0.991     0.009    0.047
======================================= ======== ======== ========= ======== =========

"False verdict" is the share of studies of arms that make no difference in which at least one
sentence says that one does. It is 1 minus "all three together", because adding a constant to an
arm moves its interval by that constant; where only the arms diverge and never the baseline, there
is a difference, and so no null study. "Sign-flip" is how often that test, on one arm, calls a
difference that is not there (or, in the row of arms that diverge, rejects the true difference);
with 8 seeds its p can be 6/128 but not 0.05, so 0.047 is exact.

Skewed differences break both promises. Paired runs of the same shape have symmetric differences,
and then the intervals are cautious instead; the danger is an arm in which some seeds go another
way than the rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from ceteris.evaluate import Result, compare, deciding_tail, intervals, prediction_interval
from ceteris.evaluate.intervals import t_bounds
from ceteris.evaluate.pvalues import sign_flip

STUDIES = 100_000
ARMS, SEEDS = 3, 8
DOCS = Path(__file__).parents[2] / "docs" / "conclusions.md"

Draw = Callable[[np.random.Generator, int], tuple[np.ndarray, float]]


@dataclass(frozen=True)
class Figures:
    """What is stated about one kind of data; every number a share of studies."""

    alone_95: float
    alone_98: float
    together: float
    false_verdict: float | None
    sign_flip: float


def _runs(values: np.ndarray) -> tuple[np.ndarray, float]:
    """(studies, 1 + arms, seeds) of runs, the baseline first: differences, and their true mean."""
    return values[:, 1:] - values[:, :1], 0.0


def normal(rng: np.random.Generator, studies: int) -> tuple[np.ndarray, float]:
    shared = 2.0 * rng.normal(size=(studies, 1, SEEDS))
    return _runs(shared + rng.normal(size=(studies, 1 + ARMS, SEEDS)))


def unequal(rng: np.random.Generator, studies: int) -> tuple[np.ndarray, float]:
    spread = np.array([0.2, 1.0, 1.0, 3.0])[:, None]
    return _runs(spread * rng.normal(size=(studies, 1 + ARMS, SEEDS)))


def lognormal_runs(rng: np.random.Generator, studies: int) -> tuple[np.ndarray, float]:
    return _runs(np.exp(rng.normal(size=(studies, 1 + ARMS, SEEDS))))


def exponential(rng: np.random.Generator, studies: int) -> tuple[np.ndarray, float]:
    return rng.exponential(size=(studies, ARMS, SEEDS)), 1.0


def lognormal(rng: np.random.Generator, studies: int) -> tuple[np.ndarray, float]:
    return np.exp(rng.normal(size=(studies, ARMS, SEEDS))), float(np.exp(0.5))


def _accuracies(rng: np.random.Generator, studies: int, bad: np.ndarray) -> np.ndarray:
    good = 0.85 + 0.01 * rng.normal(size=(studies, 1 + ARMS, SEEDS))
    return np.where(bad, 0.1, good)  # chance of ten classes


def arms_diverge(rng: np.random.Generator, studies: int) -> tuple[np.ndarray, float]:
    bad = rng.random((studies, 1 + ARMS, SEEDS)) < 1 / 8
    bad[:, 0] = False
    return _runs(_accuracies(rng, studies, bad))[0], -0.75 / 8


def all_diverge(rng: np.random.Generator, studies: int) -> tuple[np.ndarray, float]:
    bad = rng.random((studies, 1 + ARMS, SEEDS)) < 1 / 8
    return _runs(_accuracies(rng, studies, bad))


KINDS: dict[str, tuple[Draw, Figures]] = {
    "normal, arms correlated by the baseline": (
        normal,
        Figures(0.950, 0.983, 0.954, 0.046, 0.047),
    ),
    "normal, arms of unequal spread": (unequal, Figures(0.950, 0.983, 0.951, 0.049, 0.047)),
    "of lognormal runs (symmetric)": (
        lognormal_runs,
        Figures(0.970, 0.994, 0.982, 0.018, 0.047),
    ),
    "exponential (skewed)": (exponential, Figures(0.894, 0.938, 0.824, 0.176, 0.096)),
    "lognormal (very skewed)": (lognormal, Figures(0.831, 0.887, 0.698, 0.302, 0.154)),
    "normal, 1 run in 8 of each arm diverges": (
        arms_diverge,
        Figures(0.655, 0.656, 0.283, None, 0.344),
    ),
    "normal, 1 run in 8 of all diverges": (
        all_diverge,
        Figures(0.985, 0.997, 0.991, 0.009, 0.047),
    ),
}


def error(share: float, studies: int = STUDIES) -> float:
    """Four standard errors of a simulated share: passed by chance once in 16,000 times."""
    return 4.0 * float(np.sqrt(share * (1.0 - share) / studies))


def held(differences: np.ndarray, truth: float, comparisons: int) -> np.ndarray:
    """(studies, arms): which intervals hold the truth."""
    mean, half = t_bounds(differences, deciding_tail(0.95, comparisons))
    return np.abs(mean - truth) <= half


def sign_flip_rejects(differences: np.ndarray, studies: int = 20_000) -> np.ndarray:
    """(studies,): the exact test at 0.05 of the first arm, all sign choices at once."""
    rest = np.array(np.meshgrid(*[[1.0, -1.0]] * (SEEDS - 1))).reshape(SEEDS - 1, -1)
    signs = np.vstack([np.ones(rest.shape[1]), rest])  # (seeds, 128), the first column as seen
    sums = np.abs(differences[:studies, 0] @ signs)
    return np.mean(sums >= sums[:, :1] * (1 - 1e-12), axis=1) < 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_the_stated_figures_are_what_happens(kind: str) -> None:
    draw, stated = KINDS[kind]
    differences, truth = draw(np.random.default_rng(8), STUDIES)
    rejected = sign_flip_rejects(differences - truth)
    found = {
        "alone_95": float(held(differences, truth, 1)[:, 0].mean()),
        "alone_98": float(held(differences, truth, ARMS)[:, 0].mean()),
        "together": float(held(differences, truth, ARMS).all(axis=1).mean()),
        "sign_flip": float(rejected.mean()),
    }
    for name, share in found.items():
        claimed = getattr(stated, name)
        studies = rejected.size if name == "sign_flip" else STUDIES
        # Half a unit of the last digit that is stated, beside the simulation error.
        assert abs(share - claimed) <= error(claimed, studies) + 0.0005, (name, share, claimed)


@pytest.mark.parametrize("kind", ["normal", "unequal"])
def test_normal_data_are_covered_jointly_and_each_alone(kind: str) -> None:
    draw = {"normal": normal, "unequal": unequal}[kind]
    differences, truth = draw(np.random.default_rng(9), STUDIES)
    three = held(differences, truth, ARMS)
    assert three.all(axis=1).mean() >= 0.95 - error(0.95)
    for arm in range(ARMS):
        level = 1 - 0.05 / ARMS
        assert abs(three[:, arm].mean() - level) <= error(level)
    # One comparison: Bonferroni has nothing to give away, and the interval is exact.
    assert abs(held(differences, truth, 1)[:, 0].mean() - 0.95) <= error(0.95)


@pytest.mark.parametrize("num_seeds", [2, 3, 5, 8, 30])
def test_one_comparison_is_exact_at_every_number_of_seeds(num_seeds: int) -> None:
    differences = np.random.default_rng(num_seeds).normal(0.3, 2.0, size=(STUDIES, 1, num_seeds))
    assert abs(held(differences, 0.3, 1).mean() - 0.95) <= error(0.95)


def test_null_studies_give_a_false_verdict_at_most_one_time_in_twenty() -> None:
    differences, _ = normal(np.random.default_rng(10), STUDIES)
    mean, half = t_bounds(differences, deciding_tail(0.95, ARMS))
    verdicts = (mean - half > 0) | (mean + half < 0)
    assert verdicts.any(axis=1).mean() <= 0.05 + error(0.05)
    # Without the correction the same studies break the promise: the test can tell.
    mean, half = t_bounds(differences, deciding_tail(0.95, 1))
    verdicts = (mean - half > 0) | (mean + half < 0)
    assert verdicts.any(axis=1).mean() > 0.10


def test_a_real_difference_in_one_arm_does_not_help_the_others_to_a_false_one() -> None:
    differences, _ = normal(np.random.default_rng(11), STUDIES)
    differences[:, 0] += 5.0
    mean, half = t_bounds(differences, deciding_tail(0.95, ARMS))
    verdicts = (mean - half > 0) | (mean + half < 0)
    assert verdicts[:, 0].mean() > 0.99
    assert verdicts[:, 1:].any(axis=1).mean() <= 0.05 + error(0.05)


def test_false_verdicts_on_skewed_differences_lean_to_one_side() -> None:
    differences, truth = exponential(np.random.default_rng(12), STUDIES)
    mean, half = t_bounds(differences - truth, deciding_tail(0.95, ARMS))
    says_lower, says_higher = (mean + half < 0).any(axis=1), (mean - half > 0).any(axis=1)
    # The long tail is above: most studies miss it, see little spread, and say "lower".
    assert says_lower.mean() > 20 * says_higher.mean()


def test_looks_that_were_not_declared_cost_what_is_said_and_declared_ones_do_not() -> None:
    rng = np.random.default_rng(13)
    differences = rng.normal(size=(STUDIES, 1, 16))
    looks = range(8, 17)

    def ever(tail: float) -> float:
        found = np.zeros(STUDIES, dtype=bool)
        for num_seeds in looks:
            mean, half = t_bounds(differences[..., :num_seeds], tail)
            found |= (np.abs(mean) > half)[:, 0]
        return float(found.mean())

    # After every seed from 8 to 16, undeclared: 13% instead of 5%.
    assert abs(ever(deciding_tail(0.95, 1)) - 0.13) <= 0.005
    assert ever(deciding_tail(0.95, 1, len(looks))) <= 0.05


def test_the_next_run_falls_into_the_prediction_interval() -> None:
    runs = np.random.default_rng(14).normal(0.9, 0.01, size=(4000, SEEDS + 1))
    inside = 0
    for study in runs:
        found = prediction_interval(study[:SEEDS])
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= study[SEEDS] <= found.high
    assert abs(inside / 4000 - 0.95) <= error(0.95, 4000)


def test_normal_quantiles_in_place_of_t_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.special import ndtri

    monkeypatch.setattr(intervals, "t_quantile", lambda degrees, tail: np.asarray(-ndtri(tail)))
    with pytest.raises(AssertionError):
        test_normal_data_are_covered_jointly_and_each_alone("normal")
    with pytest.raises(AssertionError):
        test_the_stated_figures_are_what_happens("exponential (skewed)")


@pytest.mark.parametrize("kind", KINDS)
def test_the_simulation_is_compare(kind: str) -> None:
    draw, _ = KINDS[kind]
    differences, _ = draw(np.random.default_rng(15), 12)
    mean, half = t_bounds(differences, deciding_tail(0.95, ARMS))
    rejected = sign_flip_rejects(differences)
    for study in range(12):
        # A baseline of zeros keeps the differences as they were drawn, to the last bit.
        results = [Result("baseline", seed, 0.0, "finished") for seed in range(SEEDS)]
        for arm in range(ARMS):
            results += [
                Result(f"arm {arm}", seed, float(value), "finished")
                for seed, value in enumerate(differences[study, arm])
            ]
        rows = compare(results, metric="m", baseline="baseline", chance=None, better="higher")
        for arm, row in enumerate(rows):
            assert row.difference == mean[study, arm]
            assert row.low == mean[study, arm] - half[study, arm]
            assert row.high == mean[study, arm] + half[study, arm]
        assert rows[0].p_sign_flip == sign_flip(differences[study, 0])
        assert (rows[0].p_sign_flip < 0.05) == rejected[study]


def test_the_figures_are_stated_once_and_the_same_everywhere() -> None:
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines if "|" in line]
    explained = {cells[0]: cells[1:] for cells in rows}
    documented = (__doc__ or "").splitlines()
    for kind, (_, stated) in KINDS.items():
        shares = tuple(vars(stated).values())
        percent = ["n/a" if share is None else f"{100 * share:.1f}%" for share in shares]
        assert explained[kind] == percent
        here = next(line for line in documented if line.startswith(f"{kind} "))
        plain = ["n/a" if share is None else f"{share:.3f}" for share in shares]
        assert here.removeprefix(kind).split() == plain
        if stated.false_verdict is not None:
            assert stated.false_verdict == pytest.approx(1 - stated.together)
