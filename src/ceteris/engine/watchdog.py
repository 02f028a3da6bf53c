"""Which workers hang: a worker that computes nothing for minutes will never come back.

A worker says once a second how long it has computed (:mod:`ceteris.engine.worker`). So a slow step
or a long evaluation is work, however long it takes, while code that waits for ever is not, nor is
a process that has been stopped. Nothing here looks at a clock by itself.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

QUIET_S = 120.0  # a network disk that answers at all does so within a minute or two
_WORKED_S = 0.1  # of computing since it last counted: what a loop that only waits does not reach
_TIMES_LONGEST = 5.0  # a run that has shown a long wait and gone on may wait longer
_BEFORE_FIRST_STEP = 5.0  # times the limit: data are opened and user code imported
_LOOK_COUNTS_S = 1.0


@dataclass
class Watch:
    """How long a worker has done nothing for its run.

    Args:
        limit_s: what is too long, in seconds; more before the first step, and five times the
            longest wait after which the run went on.

    Example:
        >>> watch = Watch(limit_s=120.0)
        >>> watch.stepped()
        >>> watch.computed(5.0)
        >>> watch.pass_time(119.0)
        >>> watch.computed(10.0)
        >>> watch.pass_time(119.0)
        >>> watch.overdue
        False
        >>> watch.computed(10.0)  # not a moment more than before
        >>> watch.pass_time(6000.0)
        >>> watch.overdue
        True
    """

    limit_s: float = QUIET_S
    quiet_s: float = 0.0
    _longest_s: float = 0.0
    _computed_s: float | None = None
    _has_stepped: bool = False

    def stepped(self) -> None:
        """The run has made progress."""
        self._worked()
        self._has_stepped = True

    def computed(self, seconds: float) -> None:
        """The worker process has computed so long since it began."""
        if self._computed_s is None:  # of the runs before this one
            self._computed_s = seconds
        elif seconds - self._computed_s >= _WORKED_S:
            self._computed_s = seconds
            self._worked()

    def pass_time(self, seconds: float) -> None:
        """So much time has passed for a supervisor that was awake."""
        self.quiet_s += seconds

    @property
    def overdue(self) -> bool:
        """Whether it hangs."""
        factor = 1.0 if self._has_stepped else _BEFORE_FIRST_STEP
        return self.quiet_s > max(self.limit_s * factor, _TIMES_LONGEST * self._longest_s)

    def _worked(self) -> None:
        if self._has_stepped:  # how long it took to begin says nothing about a step
            self._longest_s = max(self._longest_s, self.quiet_s)
        self.quiet_s = 0.0


class Awake:
    """The time during which this process was awake.

    Between two looks a second counts at most: a laptop whose lid was shut, or a process that was
    stopped, must not take its own absence for its workers' silence.

    Args:
        clock: seconds.

    Example:
        >>> now = iter([0.0, 0.2, 3600.0])
        >>> awake = Awake(clock=lambda: next(now))
        >>> awake.since_last_look(), awake.since_last_look()
        (0.2, 1.0)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def since_last_look(self) -> float:
        """Seconds since the last look that count."""
        before, self._last = self._last, self._clock()
        return min(self._last - before, _LOOK_COUNTS_S)
