"""Which arm of a study predicts: the one named, else the best on validation, else the baseline."""

from collections.abc import Sequence

from ceteris.conduct import Trained

_BY = "validation_accuracy"


def choose_arm(trained: Sequence[Trained]) -> tuple[tuple[Trained, ...], str]:
    """The runs of one arm, and in words why it is this one. The test part decides nothing here.

    Args:
        trained: one run or more, arms in the order of the study.
    """
    arms: dict[str, list[Trained]] = {}
    for run in trained:
        arms.setdefault(run.arm, []).append(run)
    if len(arms) == 1:
        return tuple(trained), ""
    chosen = next((name for name, runs in arms.items() if runs[0].is_baseline), next(iter(arms)))
    if not all(_BY in run.metrics for run in trained):
        what = "the baseline" if arms[chosen][0].is_baseline else "the first that has finished"
        return tuple(arms[chosen]), f"{what} of {len(arms)} arms, for there is no validation part"
    means = {name: validation_accuracy(runs) or 0.0 for name, runs in arms.items()}
    best = max(means.values())
    if means[chosen] < best:
        chosen = next(name for name, mean in means.items() if mean == best)
    return tuple(arms[chosen]), f"best of {len(arms)} arms on validation, accuracy {best:.3f}"


def validation_accuracy(runs: Sequence[Trained]) -> float | None:
    """The mean over some runs; None where one of them was not validated."""
    if not all(_BY in run.metrics for run in runs):
        return None
    return sum(run.metrics[_BY] for run in runs) / len(runs)
