"""What a call of a PyTorch layer computes, by its class; a class is one entry in a register."""

import math
from collections.abc import Callable
from typing import Any

from torch import nn

from ceteris.nets import modules
from ceteris.nets.arithmetic import (
    Arithmetic,
    activation,
    average_pool,
    batch_norm,
    convolution,
    dense,
    max_pool,
)
from ceteris.nets.layer import Shape

Counter = Callable[[Any, Shape, Shape], Arithmetic | None]


def count_module_call(part: nn.Module, before: Shape, after: Shape) -> Arithmetic | None:
    """Count one call; None where it cannot be counted.

    Args:
        part: the module that was called.
        before, after: shapes of its input and output, without the batch: channels first.
    """
    count = counter_of(part)
    return None if count is None else count(part, before, after)


def counter_of(part: nn.Module) -> Counter | None:
    """How a module is counted; None for one whose forward is not that of a class known here."""
    for known in type(part).__mro__:
        if known in _COUNTERS:
            return _COUNTERS[known] if type(part).forward is known.forward else None
    return None


def _linear(part: nn.Linear, before: Shape, after: Shape) -> Arithmetic:
    bias = part.bias is not None
    return dense(part.in_features, part.out_features, places=math.prod(after[:-1]), bias=bias)


def _convolution(part: Any, before: Shape, after: Shape) -> Arithmetic:
    channels = part.in_channels // part.groups
    bias = part.bias is not None
    return convolution(part.kernel_size, channels, part.out_channels, after[1:], bias=bias)


def _norm(part: Any, before: Shape, after: Shape) -> Arithmetic | None:
    if part.running_mean is None:  # it takes the batch's, in evaluation too
        return None
    return batch_norm(part.num_features, math.prod(after), affine=part.affine)


def _own_norm(part: modules.BatchNormalization, before: Shape, after: Shape) -> Arithmetic:
    return batch_norm(len(part.scale), math.prod(after))


def _pool(count: Callable[[int, int], Arithmetic]) -> Counter:
    def counted(part: Any, before: Shape, after: Shape) -> Arithmetic:
        size = part.kernel_size
        sides = size if isinstance(size, tuple) else (size,) * (len(after) - 1)
        return count(math.prod(sides), math.prod(after))

    return counted


def _adaptive(count: Callable[[int, int], Arithmetic]) -> Counter:
    def counted(part: Any, before: Shape, after: Shape) -> Arithmetic | None:
        # Windows are of one size only where the sides divide.
        if any(a % b for a, b in zip(before[1:], after[1:], strict=True)):
            return None
        return count(math.prod(before[1:]) // math.prod(after[1:]), math.prod(after))

    return counted


def _global(part: modules.GlobalPool, before: Shape, after: Shape) -> Arithmetic:
    count = max_pool if part.largest else average_pool
    return count(math.prod(before[1:]), math.prod(after))


def _activation(name: str) -> Counter:
    return lambda part, before, after: activation(name, math.prod(after))


def _gelu(part: nn.GELU, before: Shape, after: Shape) -> Arithmetic | None:
    return activation("gelu", math.prod(after)) if part.approximate == "none" else None


def _nothing(part: nn.Module, before: Shape, after: Shape) -> Arithmetic:
    return Arithmetic()


_COUNTERS: dict[type[nn.Module], Counter] = {
    nn.Linear: _linear,
    **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.Conv3d, modules.UnevenConv2d), _convolution),
    **dict.fromkeys((nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d), _norm),
    modules.BatchNormalization: _own_norm,
    **dict.fromkeys((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), _pool(max_pool)),
    **dict.fromkeys((nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d), _pool(average_pool)),
    **dict.fromkeys(
        (nn.AdaptiveMaxPool1d, nn.AdaptiveMaxPool2d, nn.AdaptiveMaxPool3d), _adaptive(max_pool)
    ),
    **dict.fromkeys(
        (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d), _adaptive(average_pool)
    ),
    modules.GlobalPool: _global,
    nn.ReLU: _activation("relu"),
    nn.LeakyReLU: _activation("leaky_relu"),
    nn.Tanh: _activation("tanh"),
    nn.Sigmoid: _activation("sigmoid"),
    nn.GELU: _gelu,
    **dict.fromkeys(
        (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.Identity, nn.Flatten), _nothing
    ),
    modules.FlattenLast: _nothing,
}
