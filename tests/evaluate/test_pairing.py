import numpy as np
import pytest

from ceteris.evaluate import Result
from ceteris.evaluate.pairing import names_to_compare, outcomes, pair, seeds_of


@pytest.mark.parametrize(
    ("all_pairs", "names"),
    [
        (False, [("a", "b"), ("c", "b"), ("d", "b")]),
        (True, [("a", "b"), ("c", "b"), ("d", "b"), ("c", "a"), ("d", "a"), ("d", "c")]),
    ],
)
def test_the_baseline_comes_first_wherever_it_was_declared(all_pairs: bool, names) -> None:
    assert names_to_compare(["a", "b", "c", "d"], baseline="b", all_pairs=all_pairs) == names


def test_pairs_are_made_by_seed_and_not_by_position() -> None:
    results = [
        Result("a", 3, 0.3, "finished"),
        Result("a", 1, 0.1, "finished"),
        Result("b", 1, 1.1, "finished"),
        Result("b", 2, 1.2, "finished"),
        Result("b", 3, None, "diverged"),
        Result("a", 7, None, "pending"),
    ]
    table = outcomes(results, metric="m", chance=0.5)
    found = pair(table, "b", "a")
    assert seeds_of(results) == (1, 2, 3, 7)
    assert (found.arm.tolist(), found.baseline.tolist()) == ([1.1, 0.5], [0.1, 0.3])
    assert (found.arm_ended, found.baseline_ended) == (("well", "diverged"), ("well", "well"))
    assert found.differences == pytest.approx([1.0, 0.2])
    assert found.magnitude == 1.1
    assert found.finished().arm.tolist() == [1.1]


def test_arms_without_a_common_seed_have_no_pairs() -> None:
    results = [Result("a", 0, 0.5, "finished"), Result("b", 1, 0.5, "finished")]
    found = pair(outcomes(results, metric="m", chance=None), "b", "a")
    assert (found.differences.shape, found.magnitude) == ((0,), 0.0)
    assert np.array_equal(found.finished().arm, [])
