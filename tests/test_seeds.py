"""Streams: named, independent, and never a matter of position."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ceteris.seeds import Purpose, Streams, derive

PARTS = st.lists(st.one_of(st.text(max_size=5), st.integers(-9, 9)), max_size=4).map(tuple)


@given(PARTS, PARTS)
def test_different_names_different_keys(
    one: tuple[str | int, ...], two: tuple[str | int, ...]
) -> None:
    same = [(type(a), a) for a in one] == [(type(b), b) for b in two]
    assert (derive(*one) == derive(*two)) == same


def test_every_part_of_the_name_matters() -> None:
    found = {
        Streams(root, seed).key(purpose, *parts)
        for root in (0, 1)
        for seed in (0, 1)
        for purpose in Purpose
        for parts in ((), (0,), ("0",), (0, 1))
    }
    assert len(found) == 2 * 2 * len(Purpose) * 4
    assert all(0 <= key < 2**63 for key in found)


def test_streams_are_independent() -> None:
    draws = [
        Streams(0, seed).generator(purpose, 1).standard_normal(2000)
        for seed in range(4)
        for purpose in Purpose
    ]
    correlation = np.corrcoef(draws) - np.eye(len(draws))
    # 276 pairs; the standard error of each is 0.022, so five of them is far outside chance.
    assert np.abs(correlation).max() < 5 * 0.0224


def test_a_generator_starts_anew_each_time() -> None:
    streams = Streams(3, 4)
    one, two = (streams.generator(Purpose.SUBSET, "a") for _ in range(2))
    assert one.random() == two.random()
