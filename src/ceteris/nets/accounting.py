"""What a described network holds and costs, layer by layer, without building it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ceteris.nets.layer import Layer, Shape
from ceteris.nets.walk import Standing, walk


@dataclass(frozen=True)
class LayerRow:
    """One layer of a network, counted.

    Args:
        name: its kind and its number among those of its kind, for example ``"dense_1"``, inside a
            residual block ``"residual_1.conv_1"``; the built module has it under this name.
        kind: its word in a study file.
        output_shape: for one image: (H, W, C) or (F,).
        trainable: numbers the optimizer changes.
        fixed: numbers it does not: batch normalisation's running statistics.
        multiply_adds: multiplications of weights for one image, forward, and as many additions.
            The sum of a residual block multiplies nothing and counts as none.
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
    """Count a network, one row a layer, in the order of :func:`ceteris.nets.walk`.

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
        >>> from ceteris.nets.layers import Dense, Flatten
        >>> account([Flatten(), Dense("classes")], (28, 28, 1), 10)[-1]
        LayerRow(name='dense_1', kind='dense', output_shape=(10,), trainable=7850, fixed=0, \
multiply_adds=7840)
    """
    return tuple(_count(standing) for standing in walk(layers, input_shape, num_classes, where))


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


def _count(standing: Standing) -> LayerRow:
    weights = standing.layer.weights(standing.input_shape)
    places = math.prod(standing.output_shape[:-1])  # of a filter on its image; 1 for a dense layer
    used = sum(math.prod(w.shape) for w in weights if w.role == "weight")
    return LayerRow(
        name=standing.name,
        kind=standing.layer.kind,
        output_shape=standing.output_shape,
        trainable=sum(math.prod(w.shape) for w in weights if w.trainable),
        fixed=sum(math.prod(w.shape) for w in weights if not w.trainable),
        multiply_adds=places * used,
    )
