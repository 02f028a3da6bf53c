"""A description layer by layer: the name of each, and the shapes it stands between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ceteris.errors import CeterisError, shown
from ceteris.nets.layer import Layer, Shape
from ceteris.nets.layers import CLASSES, Dense
from ceteris.nets.residual import Residual, changed
from ceteris.nets.tables import at_layer, no_layers

SHORTCUT = "shortcut"  # what the second path of a residual block is called in its layers' names


@dataclass(frozen=True)
class Standing:
    """A layer where it stands in a network.

    Args:
        name: its kind and its number among those of its kind, for example ``"conv_1"``; inside a
            residual block ``"residual_1.conv_1"`` and ``"residual_1.shortcut.conv_1"``. The built
            module has it under this name, and its initial weights are drawn by it.
        layer: with the number of classes filled in.
        input_shape: for one image: (H, W, C) or (F,).
        output_shape: likewise.
    """

    name: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape


def walk(
    layers: Sequence[Layer], input_shape: Shape, num_classes: int, where: str = ""
) -> tuple[Standing, ...]:
    """Go through a network in the order it is computed.

    Of a residual block first the layers inside, then those of its shortcut, then the block itself:
    the sum of the two, which holds no weights.

    Args:
        layers: the description.
        input_shape: of one image, (H, W, C), or (F,).
        num_classes: K, what ``units = "classes"`` means.
        where: file and key, for messages.

    Raises:
        CeterisError: a layer cannot stand where it stands, there is none, or the last does not
            give K outputs.

    Example:
        >>> from ceteris.nets.layers import Activation, Flatten
        >>> block = Residual((Dense(9), Activation("relu")))
        >>> for standing in walk([Flatten(), block, Dense("classes")], (3, 3, 1), 2):
        ...     print(standing.name, standing.input_shape, standing.output_shape)
        flatten_1 (3, 3, 1) (9,)
        residual_1.dense_1 (9,) (9,)
        residual_1.relu_1 (9,) (9,)
        residual_1 (9,) (9,)
        dense_1 (9,) (2,)
    """
    if not layers:
        raise no_layers(where)
    path = _Path(where)
    found = tuple(path.through(with_classes(layers, num_classes), input_shape))
    if found[-1].output_shape != (num_classes,):
        raise _wrong_end(found[-1], num_classes, where)
    return found


def with_classes(layers: Sequence[Layer], num_classes: int) -> tuple[Layer, ...]:
    """Fill in the number of classes where a dense layer says ``"classes"``.

    Example:
        >>> with_classes([Dense("classes")], 10)
        (Dense(units=10),)
    """

    def fill(layer: Layer) -> Layer:
        if isinstance(layer, Dense) and layer.units == CLASSES:
            return replace(layer, units=num_classes)
        return layer

    return changed(layers, fill)


def layer_names(layers: Sequence[Layer]) -> tuple[str, ...]:
    """Name layers by kind and number.

    A layer's initial draws are named by it, so a dense layer keeps its draws when dropout or batch
    normalisation is put before it: arms that differ in those stay paired.

    Example:
        >>> from ceteris.nets.layers import Dropout
        >>> layer_names([Dense(9), Dropout(0.5), Dense(9)])
        ('dense_1', 'dropout_1', 'dense_2')
    """
    numbers: dict[str, int] = {}
    names = []
    for layer in layers:
        numbers[layer.kind] = numbers.get(layer.kind, 0) + 1
        names.append(f"{layer.kind}_{numbers[layer.kind]}")
    return tuple(names)


@dataclass(frozen=True)
class _Path:
    """A network, or one path of a block in it.

    Args:
        where: file and key, for messages.
        place: what a layer's number is put behind in messages.
        name: what its name is put behind.
    """

    where: str
    place: str = ""
    name: str = ""

    def through(self, layers: Sequence[Layer], shape: Shape) -> Iterator[Standing]:
        for number, (name, layer) in enumerate(zip(layer_names(layers), layers, strict=True), 1):
            place, full = f"{self.place}layer {number}", self.name + name
            sides: list[Shape] = []
            if isinstance(layer, Residual):
                for inside, at, called in (
                    (layer.layers, f"{place}, ", f"{full}."),
                    (layer.shortcut, f"{place}, shortcut ", f"{full}.{SHORTCUT}."),
                ):
                    found = tuple(_Path(self.where, at, called).through(inside, shape))
                    yield from found
                    sides.append(found[-1].output_shape if found else shape)
            try:
                if isinstance(layer, Residual):
                    output_shape = layer.sum_shape(shape, *sides)
                else:
                    output_shape = layer.output_shape(shape)
            except CeterisError as error:
                raise at_layer(place, error, self.where) from None
            yield Standing(full, layer, shape, output_shape)
            shape = output_shape


def _wrong_end(last: Standing, num_classes: int, where: str) -> CeterisError:
    image = len(last.output_shape) == 3
    return CeterisError(
        "the network does not end with one output for each class",
        received=f"{last.name} gives {shown(last.output_shape)}"
        + (f"  ({where})" if where else ""),
        expected=f"({num_classes},): the data has {num_classes} classes",
        fix='end with "flatten" and {layer = "dense", units = "classes"}'
        if image
        else 'end with {layer = "dense", units = "classes"}',
    )
