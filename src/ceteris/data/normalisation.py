"""What is subtracted from pixels and what they are divided by: part of every stored run."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ceteris.data.dataset import DataSet, Images

Scale = Literal["unit", "standard", "none"]
Numbers = NDArray[np.float32]

_PIXELS_AT_ONCE = 2**20  # counting takes eight bytes a pixel


@dataclass(frozen=True, eq=False)
class Normalisation:
    """From pixels to what a network is given: ``(pixel - offset) / divisor``, by channel.

    float32, because a step computes with it: what is stored with a run is what it was trained with.

    Args:
        offset: float32 (C,), in units of pixels.
        divisor: float32 (C,), above 0, in units of pixels.
        flat: channels that have one value in every training image; they are not divided.

    Example:
        >>> Normalisation.of_arrays(np.array([128.0]), np.array([64.0])).arrays["divisor"].tolist()
        [64.0]
    """

    offset: Numbers
    divisor: Numbers
    flat: tuple[int, ...] = ()

    @classmethod
    def of_arrays(
        cls, offset: NDArray[np.floating], divisor: NDArray[np.floating]
    ) -> "Normalisation":
        """What :attr:`arrays` returned.

        Raises:
            ValueError: they are no such arrays. This is our mistake, or a damaged file.
        """
        below, by = np.asarray(offset, dtype=np.float32), np.asarray(divisor, dtype=np.float32)
        if below.ndim != 1 or below.shape != by.shape or not len(below):
            raise ValueError(f"offset {below.shape} and divisor {by.shape}, not (C,)")
        if not np.isfinite([below, by]).all() or not (by > 0).all():
            raise ValueError("offset and divisor must be finite, and the divisor above 0")
        return cls(below, by)

    @property
    def arrays(self) -> dict[str, Numbers]:
        """What a run stores: ``offset`` and ``divisor``."""
        return {"offset": self.offset, "divisor": self.divisor}


def normalisation_of(data: DataSet, scale: Scale, train: NDArray[np.int64]) -> Normalisation:
    """The normalisation of a run.

    Args:
        data: the set it learns from.
        scale: ``"unit"`` divides by the largest value a pixel can have, ``"none"`` leaves pixels as
            they are, ``"standard"`` gives each channel a mean of 0 and a standard deviation of 1
            over the run's training images.
        train: int64, rows of the run's training part; no other image is read.

    Example:
        >>> images = np.array([[0, 4], [8, 100]], np.uint8).reshape(2, 1, 2, 1)
        >>> data = DataSet("toy", images, np.array([0, 1]), ("a", "b"), num_train=2, pixel_max=255,
        ...                digest="")
        >>> found = normalisation_of(data, "standard", np.array([0]))
        >>> found.offset.tolist(), found.divisor.tolist()
        ([2.0], [2.0])
    """
    channels = data.shape[2]
    zeros, ones = np.zeros(channels, np.float32), np.ones(channels, np.float32)
    if scale == "none":
        return Normalisation(zeros, ones)
    if scale == "unit":
        return Normalisation(zeros, ones * np.float32(data.pixel_max))
    found = [mean_and_deviation(row) for row in count_values(data.images, train)]
    return Normalisation(
        offset=np.array([mean for mean, _ in found], np.float32),
        divisor=np.array([deviation or 1.0 for _, deviation in found], np.float32),
        flat=tuple(channel for channel, (_, deviation) in enumerate(found) if not deviation),
    )


def count_values(images: Images, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """How often each channel has each value in some images: int64 (C, 256).

    Example:
        >>> images = np.array([3, 3, 7], np.uint8).reshape(3, 1, 1, 1)
        >>> count_values(images, np.array([0, 1, 2]))[0, [3, 7]].tolist()
        [2, 1]
    """
    channels = images.shape[3]
    counts = np.zeros((channels, 256), np.int64)
    at_once = max(1, _PIXELS_AT_ONCE // math.prod(images.shape[1:]))
    for start in range(0, len(rows), at_once):
        pixels = images[rows[start : start + at_once]].reshape(-1, channels)
        for channel in range(channels):
            counts[channel] += np.bincount(pixels[:, channel], minlength=256)
    return counts


def mean_and_deviation(counts: NDArray[np.int64]) -> tuple[float, float]:
    """Mean and standard deviation of a channel, exact up to the last rounding.

    With n values of sum S and sum of squares Q, all whole numbers of any size:

        mean = S / n,    deviation = sqrt(n Q - S^2) / n

    Example:
        >>> mean_and_deviation(np.bincount([1, 3], minlength=256))
        (2.0, 1.0)
    """
    each = [int(count) for count in counts]
    n = sum(each)
    total = sum(value * count for value, count in enumerate(each))
    squares = sum(value * value * count for value, count in enumerate(each))
    return total / n, math.sqrt(n * squares - total * total) / n
