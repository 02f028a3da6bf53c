"""How far a study is: a bar on a terminal, one plain line every few seconds elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from ceteris.cli.tables import many
from ceteris.conduct import Plan
from ceteris.engine import Ended, Event, Paused, Started
from ceteris.engine import Progress as Stepped

_LINE_EVERY_S = 5.0
_TOLD_FROM = 0.03  # of the steps: starting the workers would be taken for slow training


class Tally:
    """Steps and runs done, kept from events.

    Args:
        steps: run_id -> steps the run will take.
        trained: the runs that had ended before.
    """

    def __init__(self, steps: dict[str, int], trained: frozenset[str]) -> None:
        self._total = steps
        self._done = {run_id: steps[run_id] for run_id in trained}
        self.total = sum(steps.values())
        self.done_before = sum(self._done.values())
        self.runs_ended = len(trained)
        self.seen_first = False

    def hear(self, event: Event) -> None:
        """Take one event into account."""
        if isinstance(event, Started):
            self.seen_first = True
        elif isinstance(event, Ended):
            self.runs_ended += 1
            self._done[event.run_id] = self._total[event.run_id]
        elif isinstance(event, Stepped | Paused):
            self._done[event.run_id] = event.step

    @property
    def steps_done(self) -> int:
        """Steps of all runs so far; an ended run counts whole."""
        return sum(self._done.values())

    def seconds_left(self, spent: float) -> float | None:
        """At the rate so far; None before enough has been done to tell."""
        done = self.steps_done - self.done_before
        if done < _TOLD_FROM * (self.total - self.done_before):
            return None
        return spent / done * (self.total - self.steps_done)


@contextmanager
def progress_display(
    plan: Plan, workers: int, trained: frozenset[str], say: Console
) -> Iterator[Callable[[Event], None]]:
    """A listener that shows progress on ``say`` while the block runs."""
    arms = {arm.name: arm.recipe.train for arm in plan.study.arms}
    steps = {r.run_id: arms[r.arm].total_steps(len(r.rows.train)) for r in plan.runs}
    tally = Tally(steps, trained)
    arms_and_seeds = f"{many(len(arms), 'arm')} x {many(plan.study.spec.seeds, 'seed')}"
    runs = f"{arms_and_seeds} = {many(len(plan.runs), 'run')}"
    say.print(f"{plan.study.name}: {runs}, {many(workers, 'worker')}", markup=False)
    if say.is_terminal:
        with _bar(say) as bar:
            task = bar.add_task("starting", total=None, runs=f"{tally.runs_ended}/{len(plan.runs)}")

            def listen(event: Event) -> None:
                tally.hear(event)
                left = sum(steps.values()) if tally.seen_first else None
                bar.update(
                    task,
                    description="training",
                    completed=tally.steps_done,
                    total=left,
                    runs=f"{tally.runs_ended}/{len(plan.runs)}",
                )

            yield listen
    else:
        yield _lines(say, tally, plan)


def _bar(say: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[runs]} runs"),
        TimeElapsedColumn(),
        TextColumn("elapsed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=say,
        transient=True,
    )


def _lines(say: Console, tally: Tally, plan: Plan) -> Callable[[Event], None]:
    began = said = time.monotonic()

    def listen(event: Event) -> None:
        nonlocal said
        tally.hear(event)
        now = time.monotonic()
        if now - said < _LINE_EVERY_S:
            return
        said = now
        share = tally.steps_done / tally.total
        seconds = tally.seconds_left(now - began)
        left = "" if seconds is None else f", about {seconds:.0f} s left"
        say.print(f"{tally.runs_ended} of {len(plan.runs)} runs, {share:.0%} of steps{left}")

    return listen
