"""How far a study is: counted from what was trained before, and no guess before there is a rate."""

import pytest

from ceteris.cli.progress import Tally
from ceteris.engine import Ended, Outcome, Paused, Progress, Started

OUTCOME = Outcome(status="finished", sentence="", steps=100, duration_s=1.0)


def test_a_tally_counts_steps_and_runs() -> None:
    tally = Tally({"a": 100, "b": 100, "c": 200}, frozenset())
    assert not tally.seen_first
    tally.hear(Started("a", 1))
    tally.hear(Progress("a", 40))
    assert (tally.runs_ended, tally.steps_done, tally.seen_first) == (0, 40, True)
    tally.hear(Ended("a", OUTCOME))
    tally.hear(Paused("b", 30))
    assert (tally.runs_ended, tally.steps_done) == (1, 130)


def test_what_was_trained_before_counts_as_done_but_not_towards_the_rate() -> None:
    tally = Tally({"a": 100, "b": 100}, frozenset({"a"}))
    assert (tally.runs_ended, tally.steps_done) == (1, 100)
    assert tally.seconds_left(5.0) is None
    tally.hear(Progress("b", 25))
    assert tally.seconds_left(5.0) == pytest.approx(15.0)


def test_no_guess_from_the_first_steps() -> None:
    tally = Tally({"a": 1000}, frozenset())
    tally.hear(Progress("a", 29))
    assert tally.seconds_left(60.0) is None
    tally.hear(Progress("a", 30))
    assert tally.seconds_left(60.0) is not None


def test_a_run_tried_again_starts_over() -> None:
    tally = Tally({"a": 100}, frozenset())
    tally.hear(Progress("a", 80))
    tally.hear(Started("a", 2))
    tally.hear(Progress("a", 10))
    assert tally.steps_done == 10
