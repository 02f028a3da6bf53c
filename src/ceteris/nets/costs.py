"""What each kind of layer costs: its arithmetic, and what training must keep of it.

A new layer is one entry in :data:`COSTS`; a test holds that none is missing.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ceteris.nets.arithmetic import (
    Arithmetic,
    activation,
    addition,
    average_pool,
    batch_norm,
    convolution,
    dense,
    max_pool,
)
from ceteris.nets.layer import Layer, Shape
from ceteris.nets.layers import (
    Activation,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
)
from ceteris.nets.pooling import AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from ceteris.nets.residual import Residual

NUMBER_BYTES = 4  # float32
_POSITION_BYTES = 8  # of a maximum in its window: PyTorch keeps a 64-bit index


@dataclass(frozen=True)
class Cost:
    """One layer, counted for one image.

    What is kept is what PyTorch's automatic differentiation keeps: a dense layer and a convolution
    need their input for the gradient of their weights, relu its output, and so on.

    Args:
        arithmetic: what it holds and computes.
        detail: its options in words.
        shape_formula: where its output's sides come from; empty where there is nothing to say.
        keeps_input, keeps_output: what its backward pass needs.
        beside_bytes: kept beside those: positions of maxima, a dropout mask.
        moves_nothing: its output is its input's memory, read differently.
        idle: in evaluation its output is its input.
    """

    arithmetic: Arithmetic = field(default_factory=Arithmetic)
    detail: str = ""
    shape_formula: str = ""
    keeps_input: bool = False
    keeps_output: bool = False
    beside_bytes: int = 0
    moves_nothing: bool = False
    idle: bool = False


def cost(layer: Layer, input_shape: Shape, output_shape: Shape) -> Cost:
    """Count one layer where it stands.

    Args:
        layer: its number of units said as a number (:func:`ceteris.nets.walk.with_classes`).
        input_shape, output_shape: for one image: (H, W, C) or (F,).

    Example:
        >>> print(cost(Conv(16, 5), (100, 100, 3), (96, 96, 16)).shape_formula)
        floor((100 - 5)/1) + 1 = 96
    """
    return COSTS[type(layer)](layer, input_shape, output_shape)


def side_formula(side: int, zeros: int, window: int, stride: int) -> str:
    """The side of an output: ``floor((n + zeros - k)/s) + 1``, zeros of both ends together.

    Example:
        >>> side_formula(32, 2, 3, 1)
        'floor((32 + 2 - 3)/1) + 1 = 32'
    """
    added = f" + {zeros}" if zeros else ""
    found = (side + zeros - window) // stride + 1
    return f"floor(({side:,}{added} - {window})/{stride}) + 1 = {found:,}"


def _has_bias(layer: Layer, input_shape: Shape) -> bool:
    return any(weight.role == "bias" for weight in layer.weights(input_shape))


def _dense(layer: Dense, input_shape: Shape, output_shape: Shape) -> Cost:
    bias = _has_bias(layer, input_shape)
    return Cost(dense(input_shape[-1], output_shape[-1], bias=bias), keeps_input=True)


def _conv(layer: Conv, input_shape: Shape, output_shape: Shape) -> Cost:
    *sides, filters = output_shape
    area = (layer.kernel, layer.kernel)
    bias = _has_bias(layer, input_shape)
    (above, below), (before, after) = layer.zeros_around(input_shape)
    formulas = [
        side_formula(side, zeros, layer.kernel, layer.stride)
        for side, zeros in zip(input_shape, (above + below, before + after), strict=False)
    ]
    stride = f", stride {layer.stride}" if layer.stride > 1 else ""
    unbiased = "" if bias else ", no bias"
    # PyTorch pads evenly only: with other zeros it is a padded copy that is kept.
    even = (above, before) == (below, after)
    padded = math.prod((*_padded(layer, input_shape), input_shape[-1]))
    return Cost(
        convolution(area, input_shape[-1], filters, sides, bias=bias),
        detail=f"{layer.kernel} x {layer.kernel}{stride}, {layer.padding}{unbiased}",
        shape_formula=_once(formulas),
        keeps_input=even,
        beside_bytes=0 if even else NUMBER_BYTES * padded,
    )


def _padded(layer: Conv, input_shape: Shape) -> tuple[int, int]:
    (above, below), (before, after) = layer.zeros_around(input_shape)
    return input_shape[0] + above + below, input_shape[1] + before + after


def _window(layer: MaxPool | AvgPool, input_shape: Shape) -> tuple[int, str, str]:
    stride = layer.stride or layer.size
    formulas = [side_formula(side, 0, layer.size, stride) for side in input_shape[:2]]
    apart = f", stride {stride}" if stride != layer.size else ""
    return layer.size**2, f"{layer.size} x {layer.size}{apart}", _once(formulas)


def _max_pool(layer: MaxPool, input_shape: Shape, output_shape: Shape) -> Cost:
    window, detail, formula = _window(layer, input_shape)
    values = math.prod(output_shape)
    return Cost(
        max_pool(window, values),
        detail,
        formula,
        keeps_input=True,
        beside_bytes=_POSITION_BYTES * values,
    )


def _average_pool(layer: AvgPool, input_shape: Shape, output_shape: Shape) -> Cost:
    window, detail, formula = _window(layer, input_shape)
    values = math.prod(output_shape)
    return Cost(average_pool(window, values), detail, formula, keeps_input=True)


def _global_max_pool(layer: GlobalMaxPool, input_shape: Shape, output_shape: Shape) -> Cost:
    values = math.prod(output_shape)
    return Cost(
        max_pool(math.prod(input_shape[:2]), values),
        detail="{} x {}".format(*input_shape),
        beside_bytes=_POSITION_BYTES * values,
    )


def _global_average_pool(layer: GlobalAvgPool, input_shape: Shape, output_shape: Shape) -> Cost:
    arithmetic = average_pool(math.prod(input_shape[:2]), math.prod(output_shape))
    return Cost(arithmetic, detail="{} x {}".format(*input_shape))


def _flatten(layer: Flatten, input_shape: Shape, output_shape: Shape) -> Cost:
    sides = "*".join(f"{n:,}" for n in input_shape)
    formula = f"{sides} = {output_shape[0]:,}" if len(input_shape) > 1 else ""
    return Cost(shape_formula=formula, moves_nothing=True, idle=True)


def _batch_norm(layer: BatchNorm, input_shape: Shape, output_shape: Shape) -> Cost:
    return Cost(batch_norm(output_shape[-1], math.prod(output_shape)), keeps_input=True)


def _dropout(layer: Dropout, input_shape: Shape, output_shape: Shape) -> Cost:
    on = layer.rate > 0
    return Cost(
        detail=f"rate {layer.rate:g}",
        beside_bytes=NUMBER_BYTES * math.prod(output_shape) if on else 0,
        moves_nothing=not on,
        idle=True,
    )


def _activation(layer: Activation, input_shape: Shape, output_shape: Shape) -> Cost:
    keeps_input = layer.name in _FROM_THE_INPUT
    return Cost(
        activation(layer.name, math.prod(output_shape)),
        detail="" if layer.slope is None else f"slope {layer.slope:g}",
        keeps_input=keeps_input,
        keeps_output=not keeps_input,
    )


def _residual(layer: Residual, input_shape: Shape, output_shape: Shape) -> Cost:
    said = "plus its shortcut" if layer.shortcut else "plus its input"
    return Cost(addition(math.prod(output_shape)), detail=said)


# The slope of the others is read off their output.
_FROM_THE_INPUT = frozenset({"leaky_relu", "gelu"})


def _once(formulas: list[str]) -> str:
    """The formula of both sides, once where they are the same."""
    return ", ".join(dict.fromkeys(formulas))


COSTS: Mapping[type[Layer], Callable[[Any, Shape, Shape], Cost]] = {
    Dense: _dense,
    Conv: _conv,
    MaxPool: _max_pool,
    AvgPool: _average_pool,
    GlobalMaxPool: _global_max_pool,
    GlobalAvgPool: _global_average_pool,
    Flatten: _flatten,
    BatchNorm: _batch_norm,
    Dropout: _dropout,
    Activation: _activation,
    Residual: _residual,
}
