"""``ceteris run``: from the command line to the conductor and back."""

import math
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from ceteris.cli.progress import progress_display
from ceteris.cli.tables import print_answer, print_plan
from ceteris.conduct import forecast_plan, num_workers, prepare, run, trained_before
from ceteris.errors import CeterisError, shown
from ceteris.report import read_answer
from ceteris.study import Study

INTERRUPTED = 130
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}


def run_study(
    study: Study,
    *,
    home: Path | None,
    data_folder: Path | None,
    workers: int | None,
    max_time: str | None,
    checkpoint_every_s: float,
    dry_run: bool,
    fresh: bool,
    allow_code: bool,
    json: bool,
) -> int:
    """Train what is not trained yet and print the answer.

    Returns:
        The exit code: 0 done, 1 a run failed, 130 interrupted and resumable.
    """
    limit_s = parse_time(max_time) if max_time is not None else None
    _check_workers(workers)
    _check_interval(checkpoint_every_s)
    say = Console(stderr=True, highlight=False)

    def announce(text: str) -> None:
        say.print(text, markup=False, soft_wrap=True)

    plan = prepare(
        study, home=home, data_folder=data_folder, allow_code=allow_code, announce=announce
    )
    count = num_workers(plan, workers)
    if dry_run:
        print_plan(plan, forecast_plan(plan, fresh=fresh), count, json=json)
        return 0
    trained = trained_before(plan, fresh=fresh)
    with (
        _stopping(limit_s, say) as stop,
        progress_display(plan, count, trained, say) as listen,
    ):
        conducted = run(
            plan,
            workers=count,
            stop=stop,
            listen=listen,
            announce=announce,
            fresh=fresh,
            checkpoint_every_s=checkpoint_every_s,
        )
    if conducted.interrupted:
        say.print(
            "stopped; what has finished is kept. The same command continues where it stopped."
        )
        return INTERRUPTED
    answer = read_answer(conducted.folder, study.variant)
    if answer is None:
        raise RuntimeError("the design that was just run is not in its store")
    print_answer(answer, json=json)
    return 1 if any(run.status == "failed" for run in answer.runs) else 0


def parse_time(text: str) -> float:
    """``--max-time`` in seconds.

    Example:
        >>> parse_time("90s"), parse_time("20m"), parse_time("1.5h")
        (90.0, 1200.0, 5400.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text.strip())
    if found is None or float(found[1]) <= 0:
        raise CeterisError(
            "--max-time is not a length of time",
            received=shown(text),
            expected="a number above 0 and a unit: 90s, 20m or 2h",
            fix="write for example --max-time 20m",
        )
    return float(found[1]) * _UNITS_S[found[2]]


def _check_workers(workers: int | None) -> None:
    if workers is not None and not 1 <= workers <= 1024:
        raise CeterisError(
            "--workers is not a number of processes",
            received=shown(workers),
            expected="1 to 1024",
            fix="leave it out to use one a core",
        )


def _check_interval(seconds: float) -> None:
    if not 0 <= seconds < math.inf:
        raise CeterisError(
            "--checkpoint-every is not a length of time",
            received=shown(seconds),
            expected="seconds, 0 or more; 0 for as often as 2% of the time allow",
            fix="leave it out for 30",
        )


@contextmanager
def _stopping(limit_s: float | None, say: Console) -> Iterator[Callable[[], bool]]:
    """A question that turns true at the first Ctrl-C, SIGTERM, or when the time is over.

    The second Ctrl-C raises ``KeyboardInterrupt``: workers are killed, checkpoints stay.
    """
    asked = 0
    until = None if limit_s is None else time.monotonic() + limit_s

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise KeyboardInterrupt
        say.print("stopping: writing checkpoints (once more to stop at once)")

    def stop() -> bool:
        return asked > 0 or (until is not None and time.monotonic() >= until)

    before: dict[int, Any] = {
        number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    except KeyboardInterrupt:
        say.print("stopped at once; what has finished is kept, the same command continues")
        sys.exit(INTERRUPTED)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
