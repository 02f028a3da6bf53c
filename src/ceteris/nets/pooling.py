"""Pooling layers: one value for each window of an image, or for the whole of it."""

from dataclasses import dataclass
from typing import ClassVar, final

from ceteris.nets.images import image, sides
from ceteris.nets.layer import Layer, Shape, Weight
from ceteris.nets.values import count


@final
@dataclass(frozen=True)
class MaxPool(Layer):
    """The largest value of each window; rows and columns that fill no window are left out.

    Args:
        size: side of the window.
        stride: pixels between two windows; the window's side if not said.
    """

    kind: ClassVar[str] = "max_pool"
    size: int = 2
    stride: int | None = None

    def __post_init__(self) -> None:
        _check_pool(self)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (H', W', C), sides ``floor((n - size) / stride) + 1``; refuse a larger window."""
        return _pooled("max_pool", self.size, self.stride, input_shape)

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return none."""
        return ()


@final
@dataclass(frozen=True)
class AvgPool(Layer):
    """The mean of each window; windows as in :class:`MaxPool`."""

    kind: ClassVar[str] = "average_pool"
    size: int = 2
    stride: int | None = None

    def __post_init__(self) -> None:
        _check_pool(self)

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (H', W', C), sides ``floor((n - size) / stride) + 1``; refuse a larger window."""
        return _pooled("average_pool", self.size, self.stride, input_shape)

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return none."""
        return ()


@final
@dataclass(frozen=True)
class GlobalAvgPool(Layer):
    """The mean of each channel over the whole image: (H, W, C) to (C,).

    Lin, Chen and Yan, "Network in network" (2014).

    Example:
        >>> GlobalAvgPool().output_shape((8, 8, 64))
        (64,)
    """

    kind: ClassVar[str] = "global_average_pool"

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C,)."""
        return image(self.kind, input_shape)[2:]

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return none."""
        return ()


@final
@dataclass(frozen=True)
class GlobalMaxPool(Layer):
    """The largest value of each channel over the whole image: (H, W, C) to (C,)."""

    kind: ClassVar[str] = "global_max_pool"

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return (C,)."""
        return image(self.kind, input_shape)[2:]

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return none."""
        return ()


def _pooled(kind: str, size: int, stride: int | None, input_shape: Shape) -> Shape:
    return (*sides(kind, "size", size, stride or size, input_shape), input_shape[-1])


def _check_pool(pool: MaxPool | AvgPool) -> None:
    object.__setattr__(pool, "size", count(pool.kind, "size", pool.size))
    stride = pool.size if pool.stride is None else count(pool.kind, "stride", pool.stride)
    # Written out, so that the two ways to say the same window are one description.
    object.__setattr__(pool, "stride", stride)
