"""What an answer says of arms that start from stored weights: whether their figures are fair."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ceteris.evaluate import Comparison
from ceteris.study import Metric


def start_notes(about: Mapping[str, Any]) -> tuple[str, ...]:
    """What each start finds otherwise than when it was trained, kept when the study was run.

    Example:
        >>> start_notes({"begins": {"a": {"warnings": ["a: its activation is tanh"]}}})
        ('a: its activation is tanh.',)
    """
    return tuple(
        f"{line}."
        for record in about.get("begins", {}).values()
        for line in record.get("warnings", ())
    )


def is_unfair(metric: Metric, about: Mapping[str, Any], arms: Sequence[str]) -> bool:
    """Whether a metric is of images that some arms' starts have learned from more than others.

    Args:
        metric: the one compared.
        about: the study as its store keeps it.
        arms: those compared.
    """
    return metric.part == "validation" and len({_seen(about, arm) for arm in arms}) > 1


def unfair_note(metric: Metric) -> str:
    """Why such a comparison does not decide."""
    return (
        f"Of the images that {metric.name} is measured on, the arms' starts were not trained on "
        "equally many, so the comparison is not fair: it is exploratory and decides nothing. "
        "Compare a test metric, or hold out the same images (data.validation, data.split_seed) in "
        "both studies."
    )


def with_fairness(row: Comparison, metric: Metric, about: Mapping[str, Any]) -> Comparison:
    """The comparison, with a note where one of its two arms has an unfair start."""
    if not is_unfair(metric, about, (row.arm, row.baseline)):
        return row
    first, second = row.arm, row.baseline
    if sum(_seen(about, first)) < sum(_seen(about, second)):
        first, second = second, first
    other = f"what {second} has learned from holds {'fewer' if _seen(about, second) else 'none'}"
    note = (
        f"Not a fair comparison: the start of {first} was trained on images that {metric.name} is "
        f"measured on, and {other} of them."
    )
    return replace(row, notes=(note, *row.notes))


def _seen(about: Mapping[str, Any], arm: str) -> tuple[int, ...]:
    """By seed, how many validation images an arm's start was trained on; none is nothing."""
    seen = tuple(about.get("begins", {}).get(arm, {}).get("seen", ()))
    return seen if any(seen) else ()
