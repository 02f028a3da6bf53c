"""Learning-rate schedules: what the rate is multiplied with at every step.

A schedule is computed once, as a vector of T multipliers, when the study is declared. So it is a
value, not a program: runs that differ in their schedule are trained by the same program.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceteris.errors import CeterisError, unknown_name
from ceteris.factors.options import Kind, Option, Value, complete

Options = Mapping[str, Value]
Multipliers = NDArray[np.float64]


@dataclass(frozen=True)
class Schedule:
    """A course of the learning rate.

    Args:
        name: as in a study's ``train.schedule``.
        title: as in a table.
        formula: the multiplier at step t = 0 .. T - 1, warm-up apart.
        options: ``warmup_steps`` last.
        shape: ``(options, T) -> (T,)``, the multipliers after the warm-up.
        kind: all schedules are values.
    """

    name: str
    title: str
    formula: str
    options: tuple[Option, ...]
    shape: Callable[[Options, int], Multipliers]
    kind: Kind = "value"


def _constant(options: Options, total: int) -> Multipliers:
    """``1``: the rate stays."""
    return np.ones(total)


def _step(options: Options, total: int) -> Multipliers:
    """``drop_factor ** floor(t / drop_every)``: PyTorch's ``StepLR``."""
    every = float(options["drop_every"])
    if every < 1:
        # Rounded up, so that 1/3 drops twice and never once more at the very end; the small
        # number undoes the rounding of products such as 0.1 * 30.
        every = max(1, math.ceil(every * total - 1e-9))
    return np.asarray(float(options["drop_factor"]) ** (np.arange(total) // int(every)))


def _cosine(options: Options, total: int) -> Multipliers:
    """Fall as ``final + (1 - final) (1 + cos(pi t / T)) / 2``.

    Loshchilov and Hutter, "SGDR", arXiv:1608.03983 (2017), one cycle; PyTorch's
    ``CosineAnnealingLR`` with ``T_max = T`` and Keras's ``CosineDecay``. As in both, ``final`` is
    what step T would have, one after the last.
    """
    final = float(options["final_fraction"])
    return final + (1.0 - final) * (1.0 + np.cos(np.pi * np.arange(total) / total)) / 2.0


def _one_cycle(options: Options, total: int) -> Multipliers:
    """Up from ``start`` to 1 at ``peak_position``, then down to ``final``, by half cosines.

    Smith and Topin, "Super-convergence", arXiv:1708.07120 (2018), as in PyTorch's ``OneCycleLR``
    with ``anneal_strategy="cos"`` and no cycle of the momentum: its ``max_lr`` is the learning
    rate, ``start_fraction`` is ``1 / div_factor`` and ``final_fraction`` is ``1 / (div_factor *
    final_div_factor)``. The last step has exactly ``final_fraction``.
    """
    start, final = float(options["start_fraction"]), float(options["final_fraction"])
    t = np.arange(total, dtype=np.float64)
    peak = float(options["peak_position"]) * total - 1.0
    # With a peak at or before the first step nothing rises.
    rising = (t <= peak) & (peak > 0)
    up = t / peak if peak > 0 else t
    down = (t - peak) / (total - 1.0 - peak)
    return np.where(rising, _half_cosine(start, 1.0, up), _half_cosine(1.0, final, down))


def _half_cosine(first: float, last: float, position: Multipliers) -> Multipliers:
    return last + (first - last) * (1.0 + np.cos(np.pi * position)) / 2.0


_WARMUP = Option("warmup_steps", 0, low=0, doc="steps of linear rise before the schedule begins")

SCHEDULES: dict[str, Schedule] = {
    schedule.name: schedule
    for schedule in (
        Schedule("constant", "constant", "1", (_WARMUP,), _constant),
        Schedule(
            "step",
            "step",
            "drop_factor ** floor(t / drop_every)",
            (
                # Drops at one and two thirds, as in Goyal et al., arXiv:1706.02677 (30, 60 of 90).
                Option("drop_every", 1 / 3, low=0.0, low_open=True, part=True, doc="when to drop"),
                Option(
                    "drop_factor", 0.1, low=0.0, high=1.0, low_open=True, doc="what a drop leaves"
                ),
                _WARMUP,
            ),
            _step,
        ),
        Schedule(
            "cosine",
            "cosine",
            "final + (1 - final) (1 + cos(pi t / T)) / 2",
            (
                Option("final_fraction", 0.0, low=0.0, high=1.0, doc="of the rate, at the end"),
                _WARMUP,
            ),
            _cosine,
        ),
        Schedule(
            "one_cycle",
            "one cycle",
            "start to 1 by a half cosine until peak_position T, then 1 to final by another",
            (
                Option(
                    "peak_position",
                    0.3,
                    low=0.0,
                    high=1.0,
                    low_open=True,
                    high_open=True,
                    doc="of the run, where the rate is highest",
                ),
                Option("start_fraction", 0.04, low=0.0, high=1.0, doc="of the rate, at the start"),
                Option("final_fraction", 4e-6, low=0.0, high=1.0, doc="of the rate, at the end"),
                _WARMUP,
            ),
            _one_cycle,
        ),
    )
}


def find_schedule(name: object, where: str = "") -> Schedule:
    """Find the schedule of that name.

    Raises:
        CeterisError: there is none; the nearest name is suggested.
    """
    found = SCHEDULES.get(name) if isinstance(name, str) else None
    if found is None:
        raise unknown_name("schedule", name, SCHEDULES, where=where)
    return found


def schedule_options(name: str, given: Mapping[str, object], where: str = "") -> dict[str, Value]:
    """Complete the options of a schedule, checked; no preset changes them.

    Args:
        name: of the schedule.
        given: options by name; only this schedule's own.
        where: file and table for messages.

    Raises:
        CeterisError: unknown schedule or option, or a value out of range.

    Example:
        >>> schedule_options("cosine", {"warmup_steps": 10})
        {'final_fraction': 0.0, 'warmup_steps': 10}
    """
    schedule = find_schedule(name, where)
    return complete(f"{name} option", schedule.options, {}, "keras", given, where)


def multipliers(name: str, options: Options, total_steps: int, where: str = "") -> Multipliers:
    """Compute what the learning rate is multiplied with at each step of a run.

    The warm-up rises in equal parts to where the schedule begins: its W steps have
    ``s (t + 1) / (W + 1)``, t = 0 .. W - 1, with s the schedule's first multiplier, and the
    schedule has all T - W steps that remain. It is PyTorch's ``SequentialLR`` of a ``LinearLR``
    with ``start_factor = 1 / (W + 1)`` and the schedule. Goyal et al., arXiv:1706.02677 (2017).

    Args:
        name: of the schedule.
        options: complete, from :func:`schedule_options`.
        total_steps: T, 1 or more.
        where: file and table for messages.

    Returns:
        shape (T,), float64; entry 0 belongs to the first step.

    Raises:
        CeterisError: the warm-up leaves no step for the schedule.

    Example:
        >>> multipliers("constant", {"warmup_steps": 3}, 5).tolist()
        [0.25, 0.5, 0.75, 1.0, 1.0]
    """
    schedule = find_schedule(name, where)
    if total_steps < 1:
        raise ValueError(f"total_steps is {total_steps}; a run has 1 step or more")
    warmup = int(options["warmup_steps"])
    if warmup >= total_steps:
        at = f"  ({where}.warmup_steps)" if where else ""
        raise CeterisError(
            "the warm-up is as long as the whole run",
            received=f"warmup_steps = {warmup}, with {total_steps} steps in all{at}",
            expected=f"0 to {total_steps - 1}",
            fix="shorten warmup_steps, or train for more steps",
        )
    rest = schedule.shape(options, total_steps - warmup)
    rise = rest[0] * np.arange(1, warmup + 1) / (warmup + 1)
    return np.concatenate([rise, rest])
