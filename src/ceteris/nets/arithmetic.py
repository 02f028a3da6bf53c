"""The arithmetic of one layer for one image, each number with the formula it comes from.

The same few functions count described networks (:mod:`ceteris.nets.costs`) and the modules of a
user's own (:mod:`ceteris.nets.module_costs`). Formulas are plain text with the numbers filled
in: ``(5*5*3 + 1)*16``.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Operations:
    """How many operations of each sort; they add.

    Args:
        multiplications: products of two numbers.
        additions: sums and differences of two numbers.
        comparisons: which of two numbers is larger.
        functions: exponentials, error functions, divisions: each costs more than a product.

    Example:
        >>> Operations(2, 1) + Operations(additions=3)
        Operations(multiplications=2, additions=4, comparisons=0, functions=0)
    """

    multiplications: int = 0
    additions: int = 0
    comparisons: int = 0
    functions: int = 0

    def __add__(self, other: "Operations") -> "Operations":
        return Operations(
            self.multiplications + other.multiplications,
            self.additions + other.additions,
            self.comparisons + other.comparisons,
            self.functions + other.functions,
        )

    def __mul__(self, times: int) -> "Operations":
        return Operations(
            self.multiplications * times,
            self.additions * times,
            self.comparisons * times,
            self.functions * times,
        )

    @property
    def total(self) -> int:
        """All of them, each counted once."""
        return self.multiplications + self.additions + self.comparisons + self.functions


@dataclass(frozen=True)
class Formula:
    """An expression with its numbers filled in, and what it comes to.

    Example:
        >>> print(Formula("(5*5*3 + 1)*16", 1216))
        (5*5*3 + 1)*16 = 1,216
    """

    text: str
    value: int

    def __str__(self) -> str:
        return f"{self.text} = {self.value:,}" if self.text else f"{self.value:,}"


@dataclass(frozen=True)
class Arithmetic:
    """What one layer holds and computes for one image, forward, in evaluation mode.

    Args:
        parameters: all numbers it holds, those that are not trained too.
        products: multiplications with its weights: the layer's multiply-adds.
        weighted: those products and the sums they go into, biases among them (R2.4's two columns).
        beside: every other operation: normalising, pooling, activations, adding a shortcut.
        beside_said: what they are, for each value of the output.
    """

    parameters: Formula = Formula("", 0)
    products: Formula = Formula("", 0)
    weighted: Operations = Operations()
    beside: Operations = Operations()
    beside_said: str = ""


# For each value. A layer of another name is unknown here, and nothing is guessed for it.
_ACTIVATIONS: Mapping[str, tuple[Operations, str]] = {
    "relu": (Operations(comparisons=1), "1 comparison"),
    "leaky_relu": (Operations(1, comparisons=1), "1 comparison and 1 multiplication"),
    "tanh": (Operations(functions=1), "1 tanh"),
    "sigmoid": (Operations(additions=1, functions=2), "1 exponential, 1 addition, 1 division"),
    "gelu": (Operations(3, 1, functions=1), "1 error function, 3 multiplications, 1 addition"),
}


def dense(inputs: int, units: int, *, places: int = 1, bias: bool = True) -> Arithmetic:
    """Every output from every input.

    Parameters ``(in + 1) units``; multiplications ``in units``; additions the same: ``in - 1`` sums
    and one bias for each unit.

    Args:
        inputs: of one unit.
        units: outputs.
        places: how often the weights are applied for one image: 1, but for a layer that is applied
            to the last axis of something longer.
        bias: whether each unit has one.

    Example:
        >>> print(dense(16928, 256).parameters)
        (16,928 + 1)*256 = 4,333,824
    """
    return _weighted([inputs], units, [places] if places > 1 else [], bias=bias)


def convolution(
    kernel: Iterable[int],
    channels: int,
    filters: int,
    sides: Iterable[int],
    *,
    bias: bool = True,
) -> Arithmetic:
    """Filters applied at every place of their output.

    Parameters ``(k k c + 1) f``; multiplications ``k k c f out out``; additions the same: ``k k c -
    1`` sums and one bias for each value of the output (R2.4).

    Args:
        kernel: sides of a filter.
        channels: that one filter sees: all of the input's, or those of its group.
        filters: of all groups together.
        sides: of the output: height and width.
        bias: whether each filter has one.

    Example:
        >>> a = convolution((2, 2), 5, 6, (3, 3))  # R2.4, layer A
        >>> a.parameters.value, a.weighted.multiplications, a.weighted.additions
        (126, 1080, 1080)
        >>> print(a.products)
        2*2*5*6*3*3 = 1,080
    """
    return _weighted([*kernel, channels], filters, list(sides), bias=bias)


def batch_norm(channels: int, values: int, *, affine: bool = True) -> Arithmetic:
    """Scale, shift, running mean and running variance of every channel.

    In evaluation the four are two numbers, ``scale / sqrt(variance + epsilon)`` and what is left:
    one multiplication and one addition a value.

    Args:
        channels: C.
        values: of the output, for one image.
        affine: whether it has scale and shift.
    """
    vectors = 4 if affine else 2
    return Arithmetic(
        parameters=Formula(f"{vectors}*{channels:,}", vectors * channels),
        beside=Operations(1, 1) * values,
        beside_said="1 multiplication and 1 addition",
    )


def max_pool(window: int, values: int) -> Arithmetic:
    """``window - 1`` comparisons for each value of the output."""
    return Arithmetic(
        beside=Operations(comparisons=window - 1) * values,
        beside_said=_many(window - 1, "comparison"),
    )


def average_pool(window: int, values: int) -> Arithmetic:
    """``window - 1`` additions and one multiplication for each value of the output."""
    return Arithmetic(
        beside=Operations(1, window - 1) * values,
        beside_said=f"{_many(window - 1, 'addition')} and 1 multiplication",
    )


def activation(name: str, values: int) -> Arithmetic:
    """A function of each value.

    Example:
        >>> activation("relu", 100).beside.comparisons
        100
    """
    each, said = _ACTIVATIONS[name]
    return Arithmetic(beside=each * values, beside_said=said)


def addition(values: int) -> Arithmetic:
    """One addition a value: a shortcut joins its block."""
    return Arithmetic(beside=Operations(additions=1) * values, beside_said="1 addition")


def _weighted(inputs: list[int], units: int, places: list[int], *, bias: bool) -> Arithmetic:
    of_one, applied = math.prod(inputs), math.prod(places)
    products = of_one * units * applied
    one = "*".join(f"{n:,}" for n in inputs)
    held = f"({one} + 1)*{units:,}" if bias else f"{one}*{units:,}"
    computed = "*".join([one, f"{units:,}", *(f"{n:,}" for n in places)])
    additions = products if bias else products - units * applied
    return Arithmetic(
        parameters=Formula(held, (of_one + bias) * units),
        products=Formula(computed, products),
        weighted=Operations(products, additions),
    )


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
