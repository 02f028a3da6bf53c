"""Global generators: seeded by the run, carried by checkpoints, fenced off from looks."""

import random

import numpy as np
import torch

from ceteris.engine.randomness import capture, fenced, restore, seed_globals
from ceteris.seeds import Purpose, Streams


def _draw() -> tuple[float, float, float, float]:
    return (
        float(torch.rand(1)),
        float(np.random.rand()),
        random.random(),  # noqa: S311
        random.gauss(0, 1),
    )


def test_state_comes_back_exactly() -> None:
    seed_globals(Streams(0, 0), Purpose.DROPOUT)
    random.gauss(0, 1)  # leaves a second Gaussian waiting
    state = capture()
    first = _draw()
    _draw()
    restore(state)
    assert _draw() == first


def test_what_happens_behind_the_fence_changes_nothing() -> None:
    seed_globals(Streams(0, 0), Purpose.DROPOUT)
    expected = _draw()
    seed_globals(Streams(0, 0), Purpose.DROPOUT)
    with fenced():
        _draw()
    assert _draw() == expected


def test_seed_and_purpose_matter() -> None:
    found = set()
    for streams, purpose in [
        (Streams(0, 0), Purpose.DROPOUT),
        (Streams(0, 1), Purpose.DROPOUT),
        (Streams(1, 0), Purpose.DROPOUT),
        (Streams(0, 0), Purpose.INITIAL_WEIGHTS),
    ]:
        seed_globals(streams, purpose)
        draws = _draw()
        seed_globals(streams, purpose)
        assert _draw() == draws
        found.add(draws)
    assert len(found) == 4
