import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.evaluate import accuracy, chance, cross_entropy, direction, mse

METRICS = [cross_entropy, mse, accuracy]


def softmax(logits: np.ndarray) -> np.ndarray:
    # The definition itself, good enough for small logits.
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@given(st.integers(0, 2**32 - 1), st.integers(1, 20), st.integers(2, 7))
@settings(deadline=None, max_examples=50)
def test_metrics_are_their_definitions(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(size=(n, k)), rng.integers(0, k, size=n)
    p = softmax(logits)
    one_hot = np.eye(k)[labels]
    wanted = -np.log(p[np.arange(n), labels]).mean()
    assert cross_entropy(logits, labels) == pytest.approx(wanted, rel=1e-12)
    assert mse(logits, labels) == pytest.approx(((p - one_hot) ** 2).mean(), rel=1e-12)
    assert accuracy(logits, labels) == pytest.approx(np.mean(p.argmax(axis=1) == labels))


@pytest.mark.parametrize("shift", [-1e6, 1e3, 1e6])
def test_a_constant_added_to_all_logits_changes_nothing(shift: float) -> None:
    logits, labels = np.array([[0.5, -1.0, 2.0], [0.0, 0.25, 0.5]]), [2, 0]
    for metric in METRICS:
        assert metric(logits + shift, labels) == pytest.approx(metric(logits, labels), rel=1e-9)


def test_certain_and_wrong_is_a_large_loss_and_not_an_infinite_one() -> None:
    assert cross_entropy([[0.0, 5000.0]], [0]) == 5000.0
    assert cross_entropy([[1e300, 0.0]], [1]) == 1e300
    assert mse([[0.0, 5000.0]], [0]) == 1.0


def test_half_precision_logits_are_summed_in_double() -> None:
    # 0.1 is not a float16 number: the mean is of what the network said, in float64.
    logits = np.full((60_000, 10), 0.1, dtype=np.float16)
    labels = np.zeros(60_000, dtype=np.uint8)
    assert cross_entropy(logits, labels) == pytest.approx(math.log(10), rel=1e-14)


def test_an_exact_tie_goes_to_the_lowest_class() -> None:
    logits = np.zeros((3, 3))
    assert accuracy(logits, [0, 0, 0]) == 1.0
    assert accuracy(logits, [1, 2, 1]) == 0.0
    assert accuracy([[1.0, 3.0, 3.0]], [2]) == 0.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("metric", METRICS)
def test_logits_that_are_not_finite_make_every_metric_nan(metric, bad: float) -> None:
    assert math.isnan(metric([[0.0, 1.0], [bad, 0.0]], [1, 1]))


@pytest.mark.parametrize(
    ("logits", "labels", "says"),
    [
        ([[0.0, 1.0]], [0, 1], r"logits \(1, 2\) and labels \(2,\)"),
        ([0.0, 1.0], [0], "are not \\(N, K\\)"),
        (np.zeros((0, 3)), np.zeros(0, int), "N > 0"),
        ([[0.0, 1.0]], [2], "labels run from 2 to 2, logits have 2 classes"),
        ([[0.0, 1.0]], [-1], "labels run from -1"),
        ([[0.0, 1.0]], [0.0], "not whole numbers"),
    ],
)
@pytest.mark.parametrize("metric", METRICS)
def test_what_does_not_belong_together_is_our_mistake(metric, logits, labels, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        metric(logits, labels)


@pytest.mark.parametrize("k", [2, 7, 10])
def test_chance_is_what_equal_logits_give(k: int) -> None:
    labels = np.arange(k)
    logits = np.zeros((k, k))
    assert chance("test_accuracy", k) == pytest.approx(accuracy(logits, labels))
    assert chance("train_loss_last_100", k) == pytest.approx(cross_entropy(logits, labels))
    assert chance("test_loss", k, loss="mse") == pytest.approx(mse(logits, labels))


def test_a_metric_of_another_kind_has_no_chance_value() -> None:
    assert chance("bleu", 10) is None
    assert chance("glossary", 10) is None
    assert chance("test_error", 10) is None


def test_a_loss_without_a_chance_value_names_the_nearest() -> None:
    with pytest.raises(CeterisError) as caught:
        chance("test_loss", 10, loss="cross_entrpy")
    assert str(caught.value) == (
        "there is no loss 'cross_entrpy'\n"
        "  received: 'cross_entrpy'\n"
        "  expected: one of cross_entropy, mse\n"
        "  fix:      did you mean 'cross_entropy'?"
    )
    with pytest.raises(ValueError, match="fewer than 2"):
        chance("test_accuracy", 1)


@pytest.mark.parametrize(
    ("metric", "better"),
    [
        ("test_accuracy", "higher"),
        ("Top-1 Accuracy", "higher"),
        ("train_loss_last_100", "lower"),
        ("test-error", "lower"),
        ("bleu", None),
        ("accuracy_loss", None),  # lost accuracy, or the accuracy at the best loss?
    ],
)
def test_the_direction_is_read_from_the_name_or_not_at_all(metric: str, better) -> None:
    assert direction(metric) == better
