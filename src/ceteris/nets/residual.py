"""Residual blocks: layers with a way around them, and going through layers that hold layers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, final

from ceteris.errors import CeterisError, shown
from ceteris.nets.layer import Layer, Shape, Weight
from ceteris.nets.values import wrong_value

DEEPEST = 8  # blocks within blocks; published networks have two at most


@final
@dataclass(frozen=True)
class Residual(Layer):
    """The sum of two paths: ``y = layers(x) + shortcut(x)``.

    With no shortcut the second path is x itself, and the layers learn what to add to it. Where they
    change the shape, the shortcut must change it too: a convolution 1x1 of as many filters, with
    their stride. What follows the sum, often relu, is a layer of its own. He, Zhang, Ren and Sun,
    "Deep residual learning for image recognition" (2016).

    Args:
        layers: of the first path, one or more; residual blocks may stand among them.
        shortcut: of the second path; none leaves x as it is.

    Example:
        >>> from ceteris.nets.layers import Activation, Conv
        >>> same = Conv(16, 3, padding="same")
        >>> Residual((same, Activation("relu"), same)).output_shape((32, 32, 16))
        (32, 32, 16)
    """

    kind: ClassVar[str] = "residual"
    layers: tuple[Layer, ...]
    shortcut: tuple[Layer, ...] = ()

    def __post_init__(self) -> None:
        for key in ("layers", "shortcut"):
            object.__setattr__(self, key, _checked(key, getattr(self, key)))
        if _depth(self) > DEEPEST:
            raise CeterisError(
                f"residual blocks stand within each other more than {DEEPEST} deep",
                received=f"{_depth(self)} blocks, each within the one before",
                expected=f"{DEEPEST} or fewer",
                fix="put blocks one after another instead of into each other",
            )

    def output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape both paths end in; refuse paths that differ."""
        ends = [input_shape, input_shape]
        for index, path in enumerate((self.layers, self.shortcut)):
            for layer in path:
                ends[index] = layer.output_shape(ends[index])
        return self.sum_shape(input_shape, *ends)

    def sum_shape(self, input_shape: Shape, through: Shape, around: Shape) -> Shape:
        """Return the shape of the sum.

        Args:
            input_shape: of the block.
            through: what ``layers`` make of it.
            around: what ``shortcut`` makes of it.

        Raises:
            CeterisError: the two differ.
        """
        if through != around:
            raise self._unequal(input_shape, through, around)
        return through

    def weights(self, input_shape: Shape) -> tuple[Weight, ...]:
        """Return none: a sum holds none, and the layers inside have their own."""
        return ()

    def _unequal(self, input_shape: Shape, through: Shape, around: Shape) -> CeterisError:
        gives = f"shortcut gives {shown(around)}"
        if not self.shortcut:
            gives = f"there is no shortcut, so {shown(around)} is added as it is"
        return CeterisError(
            "the two paths of a residual block end in different shapes and cannot be added",
            received=f"layers give {shown(through)}; {gives}",
            expected="the same shape from both",
            fix=_a_way_around(input_shape, through),
        )


def each_layer(layers: Sequence[Layer]) -> Iterator[Layer]:
    """Go through a description, into residual blocks too: what is inside first, then the block.

    Example:
        >>> from ceteris.nets.layers import Activation
        >>> [layer.kind for layer in each_layer([Residual((Activation("relu"),))])]
        ['relu', 'residual']
    """
    for layer in layers:
        if isinstance(layer, Residual):
            yield from each_layer(layer.layers)
            yield from each_layer(layer.shortcut)
        yield layer


def changed(layers: Sequence[Layer], change: Callable[[Layer], Layer]) -> tuple[Layer, ...]:
    """Change every layer of a description, those inside residual blocks too.

    Example:
        >>> from ceteris.nets.layers import Activation
        >>> changed([Residual((Activation("relu"),))], lambda layer: Activation("tanh"))
        (Residual(layers=(Activation(name='tanh', slope=None),), shortcut=()),)
    """
    return tuple(
        replace(
            layer, layers=changed(layer.layers, change), shortcut=changed(layer.shortcut, change)
        )
        if isinstance(layer, Residual)
        else change(layer)
        for layer in layers
    )


def _checked(key: str, value: object) -> tuple[Layer, ...]:
    layers = tuple(value) if isinstance(value, list | tuple) else None
    if layers is None or not all(isinstance(layer, Layer) for layer in layers):
        raise wrong_value("residual", key, value, 'a list of layers, for example ["relu"]')
    if not layers and key == "layers":
        raise wrong_value(
            "residual", key, [], "one layer or more", "put layers into it, or leave the block out"
        )
    return layers


def _depth(block: Residual) -> int:
    inside = [layer for layer in (*block.layers, *block.shortcut) if isinstance(layer, Residual)]
    return 1 + max((_depth(layer) for layer in inside), default=0)


def _a_way_around(start: Shape, end: Shape) -> str:
    """What to write as the shortcut from one shape to another."""
    if len(start) == len(end) == 3:
        for stride in range(1, max(start[:2]) + 1):
            if tuple(-(-side // stride) for side in start[:2]) == end[:2]:
                said = f", stride = {stride}" if stride > 1 else ""
                return (
                    f'write shortcut = [{{layer = "conv", filters = {end[2]}, kernel = 1{said}}}]'
                )
        return 'give the convolutions in layers padding = "same"'
    if len(start) == len(end) == 1:
        return f'write shortcut = [{{layer = "dense", units = {end[0]}}}]'
    return 'take "flatten" and what flattens out of the block, or write it in both paths'
