"""The order of an epoch is drawn from (seed, epoch) and from nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.engine.order import epoch_order
from ceteris.seeds import Streams


@settings(deadline=None, max_examples=30)
@given(num_images=st.integers(1, 300), seed=st.integers(0, 5), epoch=st.integers(0, 5))
def test_a_permutation_uses_every_image_once(num_images: int, seed: int, epoch: int) -> None:
    order = epoch_order(
        Streams(0, seed), epoch, num_images=num_images, num_drawn=num_images, sampling="permutation"
    )
    assert sorted(order.tolist()) == list(range(num_images))


def test_dropping_the_last_batch_keeps_the_order_before_it() -> None:
    whole, part = (
        epoch_order(Streams(0, 0), 3, num_images=10, num_drawn=n, sampling="permutation")
        for n in (10, 8)
    )
    assert np.array_equal(whole[:8], part)


def test_replacement_draws_evenly_and_repeats() -> None:
    order = epoch_order(Streams(0, 0), 0, num_images=10, num_drawn=20_000, sampling="replacement")
    counts = np.bincount(order, minlength=10)
    # 2,000 expected each, standard deviation 42: five of those is one in a million.
    assert np.all(np.abs(counts - 2000) < 5 * 42.5)


@pytest.mark.parametrize("sampling", ["permutation", "replacement"])
def test_seed_and_epoch_matter_and_repeat(sampling: str) -> None:
    def draw(root: int, seed: int, epoch: int) -> list[int]:
        streams = Streams(root, seed)
        drawn = epoch_order(streams, epoch, num_images=50, num_drawn=50, sampling=sampling)
        return drawn.tolist()

    assert draw(0, 0, 0) == draw(0, 0, 0)
    assert len({tuple(draw(*x)) for x in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]}) == 4
