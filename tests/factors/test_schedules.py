"""Schedules against PyTorch's, and what holds for all of them."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from ceteris.errors import CeterisError
from ceteris.factors import SCHEDULES, multipliers, schedule_options

# float64; PyTorch's cosine is a recursion, whose rounding grows with the steps.
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def _ours(name: str, total: int, **given: Any) -> np.ndarray:
    return multipliers(name, schedule_options(name, given), total)


def _torchs(make: Callable[[torch.optim.Optimizer], Any], total: int) -> np.ndarray:
    """The rates of ``total`` steps by a scheduler of PyTorch on a rate of 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    rates = [optimizer.param_groups[0]["lr"]]
    for _ in range(total - 1):  # OneCycleLR refuses to be asked for the step after the last
        optimizer.step()
        with warnings.catch_warnings():
            # SequentialLR steps its parts in a way that PyTorch itself warns about.
            warnings.simplefilter("ignore")
            scheduler.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return np.array(rates)


@pytest.mark.parametrize("total", [1, 7, 100])
@pytest.mark.parametrize(("every", "factor"), [(1, 0.5), (3, 0.1), (50, 0.7), (200, 0.1)])
def test_step_is_torchs(total: int, every: int, factor: float) -> None:
    ours = _ours("step", total, drop_every=every, drop_factor=factor)
    theirs = _torchs(lambda o: lr_scheduler.StepLR(o, step_size=every, gamma=factor), total)
    np.testing.assert_allclose(ours, theirs, **CLOSE)


@pytest.mark.parametrize("total", [1, 2, 7, 100, 2000])
@pytest.mark.parametrize("final", [0.0, 0.1, 1.0])
def test_cosine_is_torchs(total: int, final: float) -> None:
    ours = _ours("cosine", total, final_fraction=final)
    theirs = _torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=total, eta_min=final), total)
    np.testing.assert_allclose(ours, theirs, **CLOSE)


@pytest.mark.parametrize("total", [1, 2, 3, 5, 11, 100, 2000])
@pytest.mark.parametrize("peak", [0.1, 0.3, 0.7])
@pytest.mark.parametrize(("div", "final_div"), [(25.0, 1e4), (10.0, 100.0)])
def test_one_cycle_is_torchs(total: int, peak: float, div: float, final_div: float) -> None:
    ours = _ours(
        "one_cycle",
        total,
        peak_position=peak,
        start_fraction=1 / div,
        final_fraction=1 / (div * final_div),
    )

    theirs = _torchs(
        lambda o: lr_scheduler.OneCycleLR(
            o,
            max_lr=1.0,
            total_steps=total,
            pct_start=peak,
            anneal_strategy="cos",
            cycle_momentum=False,
            div_factor=div,
            final_div_factor=final_div,
        ),
        total,
    )
    np.testing.assert_allclose(ours, theirs, **CLOSE)


@pytest.mark.parametrize(
    ("name", "given", "after"),
    [
        ("constant", {}, lambda o, rest: lr_scheduler.ConstantLR(o, factor=1.0)),
        (
            "step",
            {"drop_every": 10, "drop_factor": 0.5},
            lambda o, rest: lr_scheduler.StepLR(o, step_size=10, gamma=0.5),
        ),
        (
            "cosine",
            {"final_fraction": 0.1},
            lambda o, rest: lr_scheduler.CosineAnnealingLR(o, T_max=rest, eta_min=0.1),
        ),
    ],
)
@pytest.mark.parametrize("warmup", [1, 5, 39])
def test_warm_up_is_torchs_linear_rise_before_the_schedule(
    name: str, given: dict[str, Any], after: Callable[[Any, int], Any], warmup: int
) -> None:
    total = 40

    def make(optimizer: torch.optim.Optimizer) -> Any:
        rise = lr_scheduler.LinearLR(
            optimizer, start_factor=1 / (warmup + 1), end_factor=1.0, total_iters=warmup
        )
        parts = [rise, after(optimizer, total - warmup)]
        return lr_scheduler.SequentialLR(optimizer, parts, milestones=[warmup])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in _torchs
        theirs = _torchs(make, total)
    ours = _ours(name, total, **given, warmup_steps=warmup)
    np.testing.assert_allclose(ours, theirs, **CLOSE)


def test_one_cycle_with_its_peak_on_the_first_step_starts_there() -> None:
    # PyTorch divides by zero where peak_position * T is exactly 1.
    ours = _ours("one_cycle", 4, peak_position=0.25, final_fraction=0.0)
    np.testing.assert_allclose(ours, [1.0, 0.75, 0.25, 0.0], **CLOSE)


def test_step_by_fraction_drops_at_one_and_two_thirds_and_never_at_the_very_end() -> None:
    for total in (3, 90, 99, 100, 101, 2000):
        rates = _ours("step", total)
        drops = np.flatnonzero(np.diff(rates)) + 1
        every = math.ceil(total / 3)
        assert drops.tolist() == [every, 2 * every]


@pytest.mark.parametrize(("fraction", "total", "every"), [(0.1, 30, 3), (0.5, 7, 4), (0.01, 5, 1)])
def test_a_fraction_is_rounded_up_to_whole_steps(fraction: float, total: int, every: int) -> None:
    by_fraction = _ours("step", total, drop_every=fraction)
    np.testing.assert_array_equal(by_fraction, _ours("step", total, drop_every=every))


def test_one_cycle_peaks_where_it_should_and_ends_at_its_final_fraction() -> None:
    rates = _ours("one_cycle", 1000, peak_position=0.4, start_fraction=0.2, final_fraction=0.01)
    assert rates.argmax() == 399
    assert rates[[0, 399, 999]] == pytest.approx([0.2, 1.0, 0.01])
    assert (np.diff(rates[:400]) > 0).all()
    assert (np.diff(rates[399:]) < 0).all()


@pytest.mark.parametrize("name", SCHEDULES)
@given(total=st.integers(1, 400), share=st.floats(0.0, 0.99), numbers=st.data())
@settings(deadline=None, max_examples=60)
def test_every_schedule_has_one_multiplier_a_step_from_0_to_1_and_rises_in_a_line(
    name: str, total: int, share: float, numbers: st.DataObject
) -> None:
    warmup = int(share * total)
    given_options: dict[str, Any] = {"warmup_steps": warmup}
    for option in SCHEDULES[name].options:
        if option.name != "warmup_steps":
            given_options[option.name] = numbers.draw(st.floats(0.01, 0.99))
    rates = _ours(name, total, **given_options)
    assert rates.shape == (total,)
    assert rates.dtype == np.float64
    assert np.isfinite(rates).all()
    assert (rates > 0).all()
    assert (rates <= 1 + 1e-12).all()
    # Warm-up: equal parts, from the first of W + 1 to the schedule's own first value.
    line = rates[warmup] * np.arange(1, warmup + 2) / (warmup + 1)
    np.testing.assert_allclose(rates[: warmup + 1], line, **CLOSE)
    without = _ours(name, total - warmup, **{**given_options, "warmup_steps": 0})
    np.testing.assert_array_equal(rates[warmup:], without)


@pytest.mark.parametrize("name", ["constant", "step", "cosine"])
@given(total=st.integers(1, 300))
@settings(deadline=None, max_examples=30)
def test_without_warm_up_they_start_at_1_and_never_rise(name: str, total: int) -> None:
    rates = _ours(name, total)
    assert rates[0] == 1.0
    assert (np.diff(rates) <= 0).all()


def test_all_schedules_are_values() -> None:
    assert list(SCHEDULES) == ["constant", "step", "cosine", "one_cycle"]
    assert {schedule.kind for schedule in SCHEDULES.values()} == {"value"}


@pytest.mark.parametrize("warmup", [10, 11, 5000])
def test_a_warm_up_as_long_as_the_run_is_refused(warmup: int) -> None:
    options = schedule_options("cosine", {"warmup_steps": warmup})
    with pytest.raises(CeterisError) as caught:
        multipliers("cosine", options, 10, "a.toml, train")
    assert str(caught.value) == (
        "the warm-up is as long as the whole run\n"
        f"  received: warmup_steps = {warmup}, with 10 steps in all  (a.toml, train.warmup_steps)\n"
        "  expected: 0 to 9\n"
        "  fix:      shorten warmup_steps, or train for more steps"
    )


def test_a_run_without_steps_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="total_steps is 0"):
        _ours("constant", 0)


def test_an_unknown_schedule_is_refused() -> None:
    with pytest.raises(CeterisError, match="there is no schedule 'linear'"):
        multipliers("linear", {}, 10)
