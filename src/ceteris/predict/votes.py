"""The seeds of an arm vote: mean probabilities, votes, and how far the seeds are apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ceteris.evaluate import t_interval

Floats = NDArray[np.float64]

_FEWEST_FOR_INTERVAL = 3  # of two seeds the interval is twelve deviations wide, mostly beyond 0..1


@dataclass(frozen=True)
class Vote:
    """What the networks of all seeds say about one picture.

    Args:
        label: the class of the largest mean probability.
        probabilities: of each class, the mean over seeds.
        low, high: 95% t interval of the label's probability over seeds, cut to 0..1; None where
            there are fewer than three seeds or they do not differ.
        spread: standard deviation over seeds of the label's probability; None for one seed.
        votes: label -> how many seeds have it first, the most first.
    """

    label: int
    probabilities: tuple[float, ...]
    low: float | None
    high: float | None
    spread: float | None
    votes: Mapping[int, int]

    @property
    def order(self) -> tuple[int, ...]:
        """The labels, the most probable first; ties by number."""
        return tuple(sorted(range(len(self.probabilities)), key=lambda k: -self.probabilities[k]))

    @property
    def probability(self) -> float:
        """Of the label."""
        return self.probabilities[self.label]

    @property
    def margin(self) -> float:
        """By how much the first class is ahead of the second."""
        first, second = self.order[:2]
        return self.probabilities[first] - self.probabilities[second]


def softmax(logits: NDArray[np.float32]) -> Floats:
    """Probabilities over the last axis, in float64.

    Example:
        >>> softmax(np.array([0.0, 0.0], np.float32)).tolist()
        [0.5, 0.5]
    """
    shifted = logits.astype(np.float64) - logits.max(axis=-1, keepdims=True)
    weights = np.exp(shifted)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def vote(logits: Sequence[NDArray[np.float32]]) -> tuple[Vote, ...]:
    """What the seeds say about each picture.

    Args:
        logits: of each seed, float32 (N, K).

    Example:
        >>> sure, unsure = np.array([[9.0, 0.0]], np.float32), np.array([[0.0, 1.0]], np.float32)
        >>> (one,) = vote([sure, sure, unsure])
        >>> one.label, dict(one.votes)
        (0, {0: 2, 1: 1})
    """
    every = np.stack([softmax(own) for own in logits])  # (R, N, K)
    return tuple(_one(every[:, row]) for row in range(every.shape[1]))


def _one(every: Floats) -> Vote:
    mean = every.mean(axis=0)
    label = int(mean.argmax())
    labels, counts = np.unique(every.argmax(axis=1), return_counts=True)
    most_first = sorted(zip(labels.tolist(), counts.tolist(), strict=True), key=lambda v: -v[1])
    of_label = every[:, label]
    low = high = None
    if len(every) >= _FEWEST_FOR_INTERVAL:
        interval = t_interval(of_label)
        if interval.low is not None and interval.high is not None:
            low, high = max(0.0, interval.low), min(1.0, interval.high)
    return Vote(
        label=label,
        probabilities=tuple(mean.tolist()),
        low=low,
        high=high,
        spread=float(of_label.std(ddof=1)) if len(every) > 1 else None,
        votes=dict(most_first),
    )
