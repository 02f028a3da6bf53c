"""Which arm predicts, told by validation and by nothing of the test."""

from dataclasses import dataclass, field
from typing import Any

from ceteris.predict.choosing import choose_arm


@dataclass
class Run:
    arm: str
    metrics: dict[str, float] = field(default_factory=dict)
    is_baseline: bool = False


def runs(*rows: tuple[str, float | None, bool]) -> Any:
    return [
        Run(arm, {"test_accuracy": 1.0} | ({} if v is None else {"validation_accuracy": v}), base)
        for arm, v, base in rows
    ]


def test_the_best_mean_on_validation() -> None:
    found, reason = choose_arm(
        runs(("a", 0.7, True), ("b", 0.6, False), ("b", 0.9, False), ("a", 0.7, True))
    )
    assert [run.arm for run in found] == ["b", "b"]
    assert reason == "best of 2 arms on validation, accuracy 0.750"


def test_of_equal_ones_the_baseline() -> None:
    found, _ = choose_arm(runs(("a", 0.7, False), ("b", 0.7, True), ("c", 0.7, False)))
    assert [run.arm for run in found] == ["b"]


def test_the_baseline_where_an_arm_has_no_validation() -> None:
    found, reason = choose_arm(runs(("a", None, False), ("b", 0.2, True)))
    assert [run.arm for run in found] == ["b"]
    assert "no validation part" in reason


def test_the_first_that_finished_where_the_baseline_did_not() -> None:
    found, reason = choose_arm(runs(("a", None, False), ("b", None, False)))
    assert [run.arm for run in found] == ["a"]
    assert reason.startswith("the first that has finished of 2 arms")


def test_one_arm_is_no_choice() -> None:
    assert choose_arm(runs(("a", 0.1, True), ("a", 0.2, True)))[1] == ""
