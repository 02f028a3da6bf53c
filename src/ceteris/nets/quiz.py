"""The quiz on shapes: questions about chains of layers, and which question a seed gives."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from ceteris.nets.accounting import count_parameters
from ceteris.nets.arithmetic import dense
from ceteris.nets.layer import Layer, Shape
from ceteris.nets.layers import Conv, Dense, Flatten
from ceteris.nets.one_layer import (
    conv_parameters,
    conv_shape,
    dense_parameters,
    flatten_size,
    layer_text,
    norm_parameters,
    pool_shape,
)
from ceteris.nets.pooling import MaxPool
from ceteris.nets.questions import Mistake, Question, make_question
from ceteris.seeds import derive

_Value = TypeVar("_Value")


class Draws:
    """Choices that a seed and the number of a question decide, the same on every machine."""

    def __init__(self, seed: int, number: int) -> None:
        self._parts = (seed, number)

    def pick(self, name: str, options: Sequence[_Value]) -> _Value:
        """One of the options, each as likely; the name keeps two choices apart."""
        return options[derive("quiz shapes", *self._parts, name) % len(options)]


def ask(seed: int, number: int) -> Question:
    """The question of a seed and a number.

    Seed 0 begins with the reports' own (R3.8, R0.6); whatever follows is drawn.

    Args:
        seed: 0 or more.
        number: of the question, from 0.

    Example:
        >>> question = ask(0, 0)  # R3.8
        >>> question.answer, question.mistake((127, 127, 3)).said
        ((127, 127, 5), 'the channels of the input are gone: there is one for each filter, 5')
    """
    if seed == 0 and number < len(_REPORTS):
        return _REPORTS[number]()
    draws = Draws(seed, number)
    # By the number, so that a short quiz has every sort; where it begins the seed decides.
    first = derive("quiz shapes", seed) % len(_SORTS)
    return _SORTS[(first + number) % len(_SORTS)](draws)


def chain_values(input_shape: Shape, layers: Sequence[Layer]) -> Question:
    """How many values are left of an image after some layers and a flatten."""
    shapes = _shapes(input_shape, layers)
    last = shapes[-1]
    found = [
        *_chain_mistakes(input_shape, layers, lambda made: (math.prod(_end(input_shape, made)),)),
        Mistake((math.prod(last[:-1]),), f"the channels are forgotten: each pixel has {last[-1]}"),
        Mistake((last[-1],), "that is the last axis alone: the flatten is forgotten"),
    ]
    text = (
        f"An image of shape {input_shape} goes through {_listed(layers)}, and is flattened. "
        "How many values are in a row?"
    )
    steps = " -> ".join(str(shape) for shape in shapes)
    why = f"{steps}, and {'*'.join(str(n) for n in last)} = {math.prod(last):,}"
    return make_question(text, "count", (math.prod(last),), why, found)


def chain_parameters(input_shape: Shape, layers: Sequence[Layer], units: int) -> Question:
    """How many parameters a whole network has."""

    def total(made: Sequence[Layer]) -> Shape:
        return (count_parameters([*made, Flatten(), Dense(units)], input_shape, units).total,)

    right = total(layers)
    last = _end(input_shape, layers)
    convolutions = right[0] - dense(math.prod(last), units).parameters.value
    biases = sum(layer.filters for layer in layers if isinstance(layer, Conv)) + units
    found = [
        *_chain_mistakes(input_shape, layers, total),
        Mistake(
            (convolutions + dense(last[-1], units).parameters.value,),
            "the flatten is forgotten: that counts a dense layer applied to the last axis",
        ),
        Mistake((right[0] - biases,), f"the biases are forgotten: {biases:,} in all"),
        Mistake((convolutions,), "the dense layer is forgotten"),
        Mistake((right[0] - convolutions,), "the convolutions are forgotten"),
    ]
    text = (
        f"A network for images of shape {input_shape}: {_listed(layers)}, flatten, a dense layer "
        f"of {units} units. How many parameters has it?"
    )
    why = f"{convolutions:,} + ({math.prod(last):,} + 1)*{units} = {right[0]:,}"
    return make_question(text, "count", right, why, found)


def _chain_mistakes(
    input_shape: Shape, layers: Sequence[Layer], result: Callable[[Sequence[Layer]], Shape]
) -> list[Mistake]:
    """What the whole chain gives where one thing in it is done wrongly."""

    def other_padding(layer: Layer) -> Layer:
        if not isinstance(layer, Conv):
            return layer
        return replace(layer, padding="same" if layer.padding == "valid" else "valid")

    def no_stride(layer: Layer) -> Layer:
        return replace(layer, stride=1) if isinstance(layer, Conv) else layer

    padded = any(isinstance(layer, Conv) and layer.padding == "same" for layer in layers)
    wrong: list[tuple[list[Layer], str]] = [
        (
            [layer for layer in layers if not isinstance(layer, MaxPool)],
            "the pooling is forgotten: it leaves one value of each window",
        ),
        (
            [other_padding(layer) for layer in layers],
            "that is without padding: same padding keeps the sides"
            if padded
            else "that is with padding: without it each convolution loses k - 1 rows and columns",
        ),
        ([no_stride(layer) for layer in layers], "the stride is forgotten"),
    ]
    return [Mistake(result(made), said) for made, said in wrong]


def _shapes(input_shape: Shape, layers: Sequence[Layer]) -> list[Shape]:
    shapes = [input_shape]
    for layer in layers:
        shapes.append(layer.output_shape(shapes[-1]))
    return shapes


def _end(input_shape: Shape, layers: Sequence[Layer]) -> Shape:
    return _shapes(input_shape, layers)[-1]


def _listed(layers: Sequence[Layer]) -> str:
    return "; ".join(layer_text(layer) for layer in layers if isinstance(layer, Conv | MaxPool))


def _drawn_image(draws: Draws) -> Shape:
    side = draws.pick("side", (8, 12, 16, 24, 28, 32, 48, 64, 96, 100, 128))
    return (side, side, draws.pick("channels", (1, 3, 5, 6, 16, 32)))


def _drawn_conv(draws: Draws, name: str = "conv") -> Conv:
    return Conv(
        filters=draws.pick(f"{name} filters", (4, 5, 6, 8, 16, 32, 64)),
        kernel=draws.pick(f"{name} kernel", (2, 3, 5)),
        stride=draws.pick(f"{name} stride", (1, 1, 2)),
        padding=draws.pick(f"{name} padding", ("valid", "valid", "same")),
    )


def _drawn_chain(draws: Draws) -> tuple[Shape, tuple[Layer, ...]]:
    side = draws.pick("side", (28, 32, 48, 64, 100))
    kernel = draws.pick("kernel", (3, 5))
    first = Conv(draws.pick("filters", (6, 8, 16)), kernel)
    second = Conv(draws.pick("more filters", (16, 32)), 3)
    shape = (side, side, draws.pick("channels", (1, 3)))
    return shape, (first, MaxPool(2), second, MaxPool(2))


_COUNTING = (Conv(16, 5), MaxPool(2), Conv(32, 3), MaxPool(2))  # R0.6
_REPORTS: tuple[Callable[[], Question], ...] = (
    lambda: conv_shape((128, 128, 3), Conv(5, 2)),  # R3.8
    lambda: flatten_size((24, 24, 16)),  # R3.8
    lambda: conv_parameters(3, Conv(16, 5)),  # R0.6
    lambda: chain_values((100, 100, 3), _COUNTING),  # R0.6
    lambda: dense_parameters((23, 23, 32), 256),  # R0.6
)
_SORTS: tuple[Callable[[Draws], Question], ...] = (
    lambda draws: conv_shape(_drawn_image(draws), _drawn_conv(draws)),
    lambda draws: conv_parameters(_drawn_image(draws)[-1], _drawn_conv(draws)),
    lambda draws: pool_shape(_drawn_image(draws), MaxPool(draws.pick("size", (2, 2, 3)))),
    lambda draws: dense_parameters(_drawn_image(draws), draws.pick("units", (10, 64, 100, 256))),
    lambda draws: chain_values(*_drawn_chain(draws)),
    lambda draws: norm_parameters(_drawn_image(draws)),
    lambda draws: flatten_size(_drawn_image(draws)),
    lambda draws: chain_parameters(*_drawn_chain(draws), draws.pick("units", (7, 10, 100))),
)
