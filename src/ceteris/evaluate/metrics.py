"""What a run is measured by: loss and accuracy from logits, and what chance alone would give.

Everything is float64, whatever precision the network ran in, so that the number does not depend
on how the images were batched to more than its last bits. Logits that are not all finite come
from a run that has diverged: every metric is then ``nan``, and nothing is raised.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ceteris.errors import unknown_name

Direction = Literal["lower", "higher"]


def cross_entropy(logits: ArrayLike, labels: ArrayLike) -> float:
    """Mean cross-entropy, in nats: the mean over images of -ln softmax(logits)[label].

    The largest logit of each image is subtracted first (the softmax does not change), so no
    exponential overflows and no logarithm of zero is taken.

    Args:
        logits: (N, K), any finite numbers.
        labels: (N,), whole numbers, 0 to K - 1.

    Returns:
        0 or more; ``nan`` where a logit is not finite.

    Raises:
        ValueError: shapes that do not belong together, no images, a label out of range.

    Example:
        >>> round(cross_entropy([[0.0, 0.0]], [1]), 6)  # ln 2
        0.693147
        >>> cross_entropy([[1000.0, 0.0]], [1])
        1000.0
    """
    z, y = _checked(logits, labels)
    if not np.isfinite(z).all():
        return math.nan
    z = z - z.max(axis=1, keepdims=True)  # (N, K)
    log_total = np.log(np.exp(z).sum(axis=1))  # (N,)
    return float(np.mean(log_total - z[np.arange(y.size), y]))


def mse(logits: ArrayLike, labels: ArrayLike) -> float:
    """Mean squared error of the softmax against one-hot labels, the mean over images and classes.

    This is a softmax network under Keras's ``mean_squared_error``: the sum over classes is divided
    by K.

    Args:
        logits: (N, K), any finite numbers.
        labels: (N,), whole numbers, 0 to K - 1.

    Returns:
        0 to 2/K; ``nan`` where a logit is not finite.

    Raises:
        ValueError: as :func:`cross_entropy`.

    Example:
        >>> mse([[0.0, 0.0]], [1])
        0.25
    """
    z, y = _checked(logits, labels)
    if not np.isfinite(z).all():
        return math.nan
    exponentials = np.exp(z - z.max(axis=1, keepdims=True))  # (N, K)
    error = exponentials / exponentials.sum(axis=1, keepdims=True)
    error[np.arange(y.size), y] -= 1.0
    return float(np.mean(np.square(error)))


def accuracy(logits: ArrayLike, labels: ArrayLike) -> float:
    """Give the share of images whose largest logit is at their label.

    Exact ties go to the lowest class number, whatever the label is: a network that gives every
    class the same logit says class 0 for every image, and is right on the images of class 0.

    Args:
        logits: (N, K), any finite numbers.
        labels: (N,), whole numbers, 0 to K - 1.

    Returns:
        0 to 1; ``nan`` where a logit is not finite.

    Raises:
        ValueError: as :func:`cross_entropy`.

    Example:
        >>> accuracy([[1.0, 2.0], [3.0, 3.0]], [1, 1])
        0.5
    """
    z, y = _checked(logits, labels)
    if not np.isfinite(z).all():
        return math.nan
    return float(np.mean(z.argmax(axis=1) == y))


# What a network that knows nothing loses: every class gets 1/K.
_CHANCE_LOSS: Mapping[str, Callable[[int], float]] = {
    "cross_entropy": lambda k: math.log(k),  # -ln(1/K)
    "mse": lambda k: (k - 1) / k**2,  # ((1 - 1/K)^2 + (K - 1) / K^2) / K
}


def chance(metric: str, num_classes: int, *, loss: str = "cross_entropy") -> float | None:
    """Give the metric of a network that knows nothing; a diverged run counts as this.

    Args:
        metric: the metric's name; what it measures is read from the name (``test_accuracy``,
            ``train_loss_last_100``).
        num_classes: K, 2 or more.
        loss: the loss that a ``*_loss`` metric is of.

    Returns:
        1/K for an accuracy, ln K or (K - 1)/K^2 for a loss, None for any other metric.

    Raises:
        CeterisError: a loss that has no known chance value.
        ValueError: fewer than two classes.

    Example:
        >>> chance("test_accuracy", 10)
        0.1
        >>> chance("validation_loss", 10, loss="mse")
        0.09
        >>> chance("bleu", 10) is None
        True
    """
    if num_classes < 2:
        raise ValueError(f"num_classes is {num_classes}; there is no chance with fewer than 2")
    quantity = _quantity(metric)
    if quantity == "accuracy":
        return 1.0 / num_classes
    if quantity != "loss":
        return None
    if loss not in _CHANCE_LOSS:
        raise unknown_name("loss", loss, _CHANCE_LOSS)
    return _CHANCE_LOSS[loss](num_classes)


def direction(metric: str) -> Direction | None:
    """Which direction of the metric is better, read from its name; None where it does not say.

    Example:
        >>> direction("test_accuracy"), direction("train_loss_last_100"), direction("bleu")
        ('higher', 'lower', None)
    """
    quantity = _quantity(metric)
    if quantity is None:
        return None
    return "higher" if quantity == "accuracy" else "lower"


def _quantity(metric: str) -> str | None:
    # A whole word of the name, so that "glossary" is not a loss.
    words = metric.lower().replace("-", "_").replace(" ", "_").split("_")
    found = [word for word in words if word in {"accuracy", "loss", "error"}]
    return found[0] if len(set(found)) == 1 else None


def _checked(logits: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.float64], NDArray[Any]]:
    z = np.asarray(logits, dtype=np.float64)
    y = np.asarray(labels)
    if z.ndim != 2 or y.shape != z.shape[:1] or z.size == 0:
        raise ValueError(f"logits {z.shape} and labels {y.shape} are not (N, K) and (N,), N > 0")
    if y.dtype.kind not in "iu":
        raise ValueError(f"labels are {y.dtype}, not whole numbers")
    if y.min() < 0 or y.max() >= z.shape[1]:
        # A negative label would silently index from the end.
        raise ValueError(
            f"labels run from {y.min()} to {y.max()}, logits have {z.shape[1]} classes"
        )
    return z, y
