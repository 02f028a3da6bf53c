import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ceteris.evaluate import t_interval
from ceteris.predict.votes import softmax, vote


def logs(*rows: list[float]) -> list[np.ndarray]:
    """Logits of one picture, a row a seed, whose softmax is what is written."""
    return [np.log(np.array([row], np.float32)) for row in rows]


def test_the_mean_of_probabilities_decides_and_not_the_votes() -> None:
    (one,) = vote(logs([0.51, 0.49], [0.51, 0.49], [0.01, 0.99]))
    assert one.label == 1
    assert dict(one.votes) == {0: 2, 1: 1}
    assert one.probability == pytest.approx((0.49 + 0.49 + 0.99) / 3, abs=1e-6)
    assert one.margin == pytest.approx(2 * one.probability - 1, abs=1e-6)


def test_the_interval_is_the_t_interval_over_seeds_inside_0_and_1() -> None:
    shares = [0.7, 0.8, 0.75, 0.72]
    (one,) = vote(logs(*([p, 1 - p] for p in shares)))
    expected = t_interval(shares)
    assert (one.low, one.high) == pytest.approx((expected.low, expected.high), abs=1e-6)
    (wide,) = vote(logs([0.99, 0.01], [0.9, 0.1], [0.2, 0.8]))
    assert wide.low is not None
    assert (wide.low >= 0, wide.high) == (True, 1.0)


def test_no_interval_of_two_seeds_or_of_equal_ones() -> None:
    (two,) = vote(logs([0.7, 0.3], [0.9, 0.1]))
    assert (two.low, two.high) == (None, None)
    assert two.spread == pytest.approx(np.std([0.7, 0.9], ddof=1), abs=1e-6)
    (equal,) = vote(logs([0.7, 0.3], [0.7, 0.3], [0.7, 0.3]))
    assert equal.low is None
    (one,) = vote(logs([0.7, 0.3]))
    assert one.spread is None


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.0, 1e-3, 1.0, 1e3]))
def test_probabilities_are_probabilities(seed: int, scale: float) -> None:
    logits = scale * np.random.default_rng(seed).normal(size=(3, 2, 4)).astype(np.float32)
    assert np.allclose(softmax(logits).sum(axis=-1), 1)
    for one in vote(list(logits)):
        assert sum(one.probabilities) == pytest.approx(1)
        assert sum(one.votes.values()) == 3
        assert one.margin >= 0
        assert one.order[0] == one.label
