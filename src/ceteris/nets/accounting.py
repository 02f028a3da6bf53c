"""What a described network holds and costs, layer by layer, without building it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ceteris.errors import CeterisError, shown
from ceteris.nets.layer import Layer, Shape
from ceteris.nets.layers import CLASSES, Dense
from ceteris.nets.tables import at_layer, no_layers


@dataclass(frozen=True)
class LayerRow:
    """One layer of a network, counted.

    Args:
        name: its kind and its number among those of its kind, for example ``"dense_1"``; the
            built module has it under this name.
        kind: its word in a study file.
        output_shape: for one image: (H, W, C) or (F,).
        trainable: numbers the optimizer changes.
        fixed: numbers it does not: batch normalisation's running statistics.
        multiply_adds: multiplications of weights for one image, forward, and as many additions.
    """

    name: str
    kind: str
    output_shape: Shape
    trainable: int
    fixed: int
    multiply_adds: int


@dataclass(frozen=True)
class Parameters:
    """How many numbers a network holds.

    Args:
        trainable: those the optimizer changes.
        fixed: those it does not: batch normalisation's running statistics.
    """

    trainable: int
    fixed: int

    @property
    def total(self) -> int:
        """Both, as Keras's "Total params"."""
        return self.trainable + self.fixed


def account(
    layers: Sequence[Layer], input_shape: Shape, num_classes: int, where: str = ""
) -> tuple[LayerRow, ...]:
    """Count a network, one row a layer.

    Parameters: dense ``(in + 1) units``, conv ``(k k c + 1) f``, batch normalisation ``2 c`` and
    ``2 c`` fixed. Multiply-adds: each weight of a dense layer once, each of a filter once for every
    pixel of its output. The sums of the rows are the network's.

    Args:
        layers: the description.
        input_shape: of one image, (H, W, C), or (F,).
        num_classes: K, what ``units = "classes"`` means.
        where: file and key, for messages.

    Raises:
        CeterisError: a layer cannot stand where it stands, there is none, or the last does not
            give K outputs.

    Example:
        >>> from ceteris.nets.layers import Flatten
        >>> account([Flatten(), Dense("classes")], (28, 28, 1), 10)[-1]
        LayerRow(name='dense_1', kind='dense', output_shape=(10,), trainable=7850, fixed=0, \
multiply_adds=7840)
    """
    if not layers:
        raise no_layers(where)
    rows = []
    shape = input_shape
    names = layer_names(layers)
    for number, layer in enumerate(with_classes(layers, num_classes), 1):
        try:
            output_shape = layer.output_shape(shape)
        except CeterisError as error:
            raise at_layer(number, error, where) from None
        weights = layer.weights(shape)
        places = math.prod(output_shape[:-1])  # of a filter on its image; 1 for a dense layer
        rows.append(
            LayerRow(
                name=names[number - 1],
                kind=layer.kind,
                output_shape=output_shape,
                trainable=sum(math.prod(w.shape) for w in weights if w.trainable),
                fixed=sum(math.prod(w.shape) for w in weights if not w.trainable),
                multiply_adds=places
                * sum(math.prod(w.shape) for w in weights if w.role == "weight"),
            )
        )
        shape = output_shape
    if shape != (num_classes,):
        raise _wrong_end(rows[-1], num_classes, where)
    return tuple(rows)


def count_parameters(
    layers: Sequence[Layer], input_shape: Shape, num_classes: int, where: str = ""
) -> Parameters:
    """Count all numbers a network holds.

    They are the sums over the rows of :func:`account`, whose arguments these are.

    Example:
        >>> from ceteris.nets.networks import make_network
        >>> count_parameters(make_network("fashion-batchnorm"), (28, 28, 1), 10)  # R1.7
        Parameters(trainable=408074, fixed=1024)
    """
    rows = account(layers, input_shape, num_classes, where)
    return Parameters(sum(row.trainable for row in rows), sum(row.fixed for row in rows))


def with_classes(layers: Sequence[Layer], num_classes: int) -> tuple[Layer, ...]:
    """Fill in the number of classes where a dense layer says ``"classes"``.

    Example:
        >>> with_classes([Dense("classes")], 10)
        (Dense(units=10),)
    """
    return tuple(
        replace(layer, units=num_classes)
        if isinstance(layer, Dense) and layer.units == CLASSES
        else layer
        for layer in layers
    )


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


def _wrong_end(last: LayerRow, num_classes: int, where: str) -> CeterisError:
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
