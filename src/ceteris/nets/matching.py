"""A width chosen so that a network has as nearly as possible a wanted size."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.nets.accounting import LayerRow, account
from ceteris.nets.layer import Layer, Shape
from ceteris.nets.layers import CLASSES, Conv, Dense
from ceteris.nets.networks import Network
from ceteris.nets.values import MOST
from ceteris.nets.walk import layer_names

QUANTITIES: Mapping[str, Callable[[LayerRow], int]] = {
    "parameters": lambda row: row.trainable + row.fixed,
    "trainable": lambda row: row.trainable,
    "multiply_adds": lambda row: row.multiply_adds,
}


@dataclass(frozen=True)
class Dial:
    """Something of a network that can be made wider.

    Args:
        name: as it was asked for: ``"n1"``, ``"hidden"``, ``"hidden[0]"``, ``"dense_1"``.
        layers: from a width, the network's layers. Wider never has fewer parameters.
        value: from a width, what is changed: a number, or a list of them.
        arguments: from a width, the named network's arguments; None for a list of layers.
    """

    name: str
    layers: Callable[[int], tuple[Layer, ...]]
    value: Callable[[int], int | list[int]]
    arguments: Callable[[int], Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Match:
    """The width that comes nearest, and the width on the other side of what is wanted.

    Args:
        quantity: one of :data:`QUANTITIES`.
        wanted: how many.
        width: of the dial.
        found: how many there are at that width.
        other_width, other_found: the neighbour; None where the width cannot go further.
    """

    quantity: str
    wanted: int
    width: int
    found: int
    other_width: int | None
    other_found: int | None

    @property
    def remainder(self) -> int:
        """How many too many; too few where negative."""
        return self.found - self.wanted


def match(dial: Dial, quantity: str, wanted: int, input_shape: Shape, num_classes: int) -> Match:
    """Find the width whose network is nearest to a wanted size; of two equally near the smaller.

    Args:
        dial: what to turn.
        quantity: of :data:`QUANTITIES`, what is to be equal.
        wanted: how many.
        input_shape: (H, W, C).
        num_classes: K.

    Raises:
        CeterisError: there is no such quantity, or the description makes no network for the images.

    Example:
        >>> from ceteris.nets.networks import NETWORKS
        >>> found = match(
        ...     network_dial(NETWORKS["fashion-cnn"], {}, "n1"),
        ...     "parameters", 50_000, (28, 28, 1), 10,
        ... )
        >>> found.width, found.found, found.remainder
        (42, 49958, -42)
    """
    if quantity not in QUANTITIES:
        raise unknown_name("quantity to match", quantity, QUANTITIES, where="--match")
    of = QUANTITIES[quantity]

    def size(width: int) -> int | None:
        try:
            layers = dial.layers(width)
        except CeterisError:
            if width == 1:
                raise
            return None  # one of its layers would be wider than any may be
        return sum(of(row) for row in account(layers, input_shape, num_classes))

    low, high = nearest_width(size, wanted, MOST)
    sizes = {width: found for width in (low, high) if (found := size(width)) is not None}
    best = min(sizes, key=lambda width: (abs(sizes[width] - wanted), width))
    other = next((width for width in sizes if width != best), None)
    return Match(
        quantity=quantity,
        wanted=wanted,
        width=best,
        found=sizes[best],
        other_width=other,
        other_found=None if other is None else sizes[other],
    )


def nearest_width(size: Callable[[int], int | None], wanted: int, most: int) -> tuple[int, int]:
    """Two neighbouring widths with what is wanted between them, by doubling and bisection.

    Args:
        size: of a width, 1 or more; a wider network is never smaller. None where there is no such
            width, nor a larger one.
        wanted: the size to find.
        most: the largest width.

    Returns:
        ``(w, w + 1)`` with ``size(w) <= wanted < size(w + 1)``, where there is a width ``w + 1``;
        twice the same width where all sizes are larger, or the largest width is too small.

    Example:
        >>> nearest_width(lambda width: width * width, 10, 100)
        (3, 4)
        >>> nearest_width(lambda width: width, 500, 100)
        (100, 100)
    """

    def reaches(width: int) -> bool:
        found = size(width)
        return found is not None and found <= wanted

    if not reaches(1):
        return 1, 1
    low, high = 1, 2
    while high <= most and reaches(high):
        low, high = high, 2 * high
    high = min(high, most + 1)  # past the last width, or a width that is too large
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if reaches(middle) else (low, middle)
    return low, min(high, most)


def network_dial(network: Network, arguments: Mapping[str, Any], name: str) -> Dial:
    """Turn an argument of a named network.

    A list of sizes is scaled as a whole, its largest entry being the width and each other one the
    nearest whole number in proportion; ``hidden[1]`` turns one entry, the first being 0.

    Args:
        network: its entry in the register.
        arguments: what else is asked for.
        name: of the argument, or a layer's name.

    Raises:
        CeterisError: the network has no such argument or layer, or it is no width.

    Example:
        >>> from ceteris.nets.networks import NETWORKS
        >>> network_dial(NETWORKS["mlp"], {"hidden": [200, 100]}, "hidden").value(301)
        [301, 151]
    """
    key, index = _parts(name)
    kinds = {argument.name: argument for argument in network.arguments}
    values = {argument.name: argument.default for argument in network.arguments} | dict(arguments)
    if key not in kinds and name in _turnable(network.make(**values)):
        return layer_dial(network.make(**values), name)
    widths = [
        argument.name for argument in network.arguments if argument.kind in ("count", "counts")
    ]
    if key not in widths:
        raise _not_a_width(name, [*widths, *_turnable(network.make(**values))])
    value = _turned(name, values[key], index)

    def changed(width: int) -> dict[str, Any]:
        return {**arguments, key: value(width)}

    return Dial(name, lambda width: network.make(**{**values, **changed(width)}), value, changed)


def layer_dial(layers: Sequence[Layer], name: str) -> Dial:
    """Turn the units of a dense layer, or the filters of a convolution, by the layer's name.

    Args:
        layers: the description.
        name: for example ``"dense_1"``.

    Raises:
        CeterisError: there is no such layer, or its width is not free.
    """
    turnable = _turnable(layers)
    if name not in turnable:
        raise _not_a_width(name, list(turnable))
    place, key = turnable[name]

    def changed(width: int) -> tuple[Layer, ...]:
        # Only layers of these two classes are turnable, and they have that field.
        wider: Layer = replace(layers[place], **{key: width})  # type: ignore[type-var]
        return (*layers[:place], wider, *layers[place + 1 :])

    return Dial(name, changed, lambda width: width)


def _turned(name: str, value: int | list[int], index: int | None) -> Callable[[int], Any]:
    """From a width, the argument's value."""
    if isinstance(value, int):
        if index is not None:
            raise _not_a_width(name, [name.partition("[")[0]])
        return lambda width: width
    key = name.partition("[")[0]
    if not value:
        raise CeterisError(
            f"'{key}' is an empty list, which has no width",
            received=f"{key} = []  (--vary {name})",
            expected="one size or more",
            fix=f"write for example --set {key}=[100]",
        )
    if index is not None and index >= len(value):
        raise _not_a_width(name, [key, *(f"{key}[{i}]" for i in range(len(value)))])
    if index is not None:
        return lambda width: [*value[:index], width, *value[index + 1 :]]
    largest = max(value)
    # Half of an odd width is rounded up, in whole numbers throughout.
    return lambda width: [max(1, (2 * width * v + largest) // (2 * largest)) for v in value]


def _turnable(layers: Sequence[Layer]) -> dict[str, tuple[int, str]]:
    """Names of layers whose width is free, with their place and their field for it."""
    keys: Mapping[type[Layer], str] = {Dense: "units", Conv: "filters"}
    return {
        name: (place, keys[type(layer)])
        for place, (name, layer) in enumerate(zip(layer_names(layers), layers, strict=True))
        if type(layer) in keys and getattr(layer, keys[type(layer)]) != CLASSES
    }


def _parts(name: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(\w+)\[(\d{1,4})\]", name)
    return (found[1], int(found[2])) if found else (name, None)


def _not_a_width(name: str, known: Sequence[str]) -> CeterisError:
    if known:
        return unknown_name("width to vary", name, known, where="--vary")
    return CeterisError(
        f"there is no width to vary in this network, and {shown(name)} is none",
        received=f"--vary {name}",
        expected="a network with a layer or an argument that can be made wider",
        fix="describe the network layer by layer, or name one with such an argument",
    )
