"""A described network explained layer by layer: shapes, parameters, operations, memory, growth."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ceteris.nets.arithmetic import Arithmetic, Formula, Operations, dense
from ceteris.nets.costs import NUMBER_BYTES, Cost, cost
from ceteris.nets.growth import Growth, growth
from ceteris.nets.layer import Layer, Shape
from ceteris.nets.layers import Conv, Dense, Flatten
from ceteris.nets.memory import peak_bytes, wires
from ceteris.nets.walk import Standing, walk


@dataclass(frozen=True)
class ExplainedLayer:
    """One layer, counted for one image.

    Args:
        name: as the built module has it, for example ``"conv_1"``.
        kind: its word in a study file; of a module of one's own, its class.
        detail: its options in words.
        input_shape, output_shape: (H, W, C) or (F,); of a module of one's own as it gives them.
        shape_formula: where the output's sides come from.
        trainable, fixed: numbers the optimizer changes, and numbers it does not.
        arithmetic: what it computes, with formulas; None where it cannot be counted.
        note: what must be known about this row.
    """

    name: str
    kind: str
    detail: str
    input_shape: Shape
    output_shape: Shape
    shape_formula: str
    trainable: int
    fixed: int
    arithmetic: Arithmetic | None
    note: str = ""

    @property
    def parameters(self) -> int:
        """All numbers it holds."""
        return self.trainable + self.fixed


@dataclass(frozen=True)
class ForgottenFlatten:
    """What a network would be if its flatten layer were left out.

    Keras does not refuse it: the dense layers act on the last axis, at every pixel (R0.6).

    Args:
        layers: name and parameters of every dense layer after it.
        output_shape: of the network; an image, where one row of classes is wanted.
        parameters: of the whole network.
    """

    layers: tuple[tuple[str, Formula], ...]
    output_shape: Shape
    parameters: int


@dataclass(frozen=True)
class Explanation:
    """A network explained.

    Args:
        title: what to call it.
        input_shape: of one image: (H, W, C).
        num_classes: K.
        layers: in the order of computation.
        kept_bytes: by a training forward pass, for one image; None where it was not measured.
        peak_bytes: alive at once without training, for one image; None where it is not known.
        growth: None where there is no convolution, or the network is not described.
        forgotten: None where there is no flatten to forget.
        notes: what must be known about the whole.
        described: whether it is known what each layer reads: not of a module of one's own.
        frozen: by arms of its study, how many of the trainable parameters stay as they start.
    """

    title: str
    input_shape: Shape
    num_classes: int
    layers: tuple[ExplainedLayer, ...]
    kept_bytes: int | None
    peak_bytes: int | None
    growth: Growth | None = None
    forgotten: ForgottenFlatten | None = None
    notes: tuple[str, ...] = ()
    described: bool = True
    frozen: tuple[int, ...] = ()

    @property
    def trainable(self) -> int:
        """Numbers the optimizer changes."""
        return sum(layer.trainable for layer in self.layers)

    @property
    def fixed(self) -> int:
        """Numbers it does not: running statistics, frozen weights."""
        return sum(layer.fixed for layer in self.layers)

    @property
    def parameters(self) -> int:
        """All numbers, as Keras's "Total params"."""
        return self.trainable + self.fixed

    @property
    def multiply_adds(self) -> int:
        """Multiplications with weights, each with the addition it goes into."""
        return self.operations("weights").multiplications

    @property
    def uncounted(self) -> tuple[str, ...]:
        """Names of the layers whose operations are not in any total."""
        return tuple(layer.name for layer in self.layers if layer.arithmetic is None)

    def operations(self, convention: str) -> Operations:
        """All operations of one forward pass under a convention of :data:`CONVENTIONS`."""
        count = CONVENTIONS[convention].count
        counted = (layer.arithmetic for layer in self.layers)
        return sum((count(a) for a in counted if a is not None), Operations())


@dataclass(frozen=True)
class Convention:
    """What is counted as an operation.

    Args:
        name: as it is asked for.
        title: in a line.
        count: of one layer.
    """

    name: str
    title: str
    count: Callable[[Arithmetic], Operations]


CONVENTIONS: Mapping[str, Convention] = {
    convention.name: convention
    for convention in (
        Convention(
            "weights",
            "products with weights and the sums they go into, biases among them",
            lambda arithmetic: arithmetic.weighted,
        ),
        Convention(
            "everything",
            "those, and batch normalisation, pooling, activations and shortcuts",
            lambda arithmetic: arithmetic.weighted + arithmetic.beside,
        ),
    )
}


def explain(
    layers: Sequence[Layer],
    input_shape: Shape,
    num_classes: int,
    *,
    title: str = "",
    where: str = "",
) -> Explanation:
    """Explain a described network.

    Args:
        layers: the description.
        input_shape: of one image, (H, W, C).
        num_classes: K, what ``units = "classes"`` means.
        title: what to call it.
        where: file and key, for messages.

    Raises:
        CeterisError: the description does not make a network for such images.

    Example:
        >>> found = explain([Conv(6, 2), Flatten(), Dense("classes")], (4, 4, 5), 10)
        >>> found.layers[0].arithmetic.weighted  # R2.4, layer A
        Operations(multiplications=1080, additions=1080, comparisons=0, functions=0)
        >>> found.parameters, found.multiply_adds
        (676, 1620)
    """
    standings = walk(layers, input_shape, num_classes, where)
    costs = [cost(s.layer, s.input_shape, s.output_shape) for s in standings]
    rows = tuple(_row(s, c) for s, c in zip(standings, costs, strict=True))
    return Explanation(
        title=title,
        input_shape=input_shape,
        num_classes=num_classes,
        layers=rows,
        kept_bytes=_kept(standings, costs, input_shape),
        peak_bytes=_peak(standings, costs, input_shape),
        growth=growth(
            [
                (s.name, s.layer, s.input_shape, s.output_shape)
                for s in standings
                if isinstance(s.layer, Conv)
            ]
        ),
        forgotten=_forgotten(standings, rows),
    )


def _row(standing: Standing, found: Cost) -> ExplainedLayer:
    weights = standing.layer.weights(standing.input_shape)
    return ExplainedLayer(
        name=standing.name,
        kind=standing.layer.kind,
        detail=found.detail,
        input_shape=standing.input_shape,
        output_shape=standing.output_shape,
        shape_formula=found.shape_formula,
        trainable=sum(math.prod(w.shape) for w in weights if w.trainable),
        fixed=sum(math.prod(w.shape) for w in weights if not w.trainable),
        arithmetic=found.arithmetic,
    )


def _kept(standings: Sequence[Standing], costs: Sequence[Cost], input_shape: Shape) -> int:
    """Bytes of the distinct arrays that some layer's backward pass reads, for one image.

    Before the first layer with trained weights there is no backward pass.
    """
    sizes = _sizes(standings, input_shape)
    home = list(range(len(sizes)))
    trained: set[int] = set()  # arrays that depend on trained weights
    kept: set[int] = set()
    beside = 0
    arrays = wires([standing.name for standing in standings])
    for standing, wire, found in zip(standings, arrays, costs, strict=True):
        if found.moves_nothing:
            home[wire.makes] = home[wire.reads[0]]
        own = any(weight.trainable for weight in standing.layer.weights(standing.input_shape))
        if not own and trained.isdisjoint(wire.reads):
            continue
        trained.add(wire.makes)
        beside += found.beside_bytes
        if found.keeps_input:
            kept.update(home[read] for read in wire.reads)
        if found.keeps_output:
            kept.add(home[wire.makes])
    return sum(sizes[array] for array in kept) + beside


def _peak(standings: Sequence[Standing], costs: Sequence[Cost], input_shape: Shape) -> int:
    arrays = wires([standing.name for standing in standings])
    return peak_bytes(arrays, _sizes(standings, input_shape), [found.idle for found in costs])


def _sizes(standings: Sequence[Standing], input_shape: Shape) -> list[int]:
    shapes = [input_shape, *(standing.output_shape for standing in standings)]
    return [NUMBER_BYTES * math.prod(shape) for shape in shapes]


def _forgotten(
    standings: Sequence[Standing], rows: Sequence[ExplainedLayer]
) -> ForgottenFlatten | None:
    """Leave out the flatten of an image and go on as Keras does."""
    place = next(
        (
            i
            for i, standing in enumerate(standings)
            if isinstance(standing.layer, Flatten) and math.prod(standing.input_shape[:-1]) > 1
        ),
        None,
    )
    if place is None or any("." in standing.name for standing in standings[place:]):
        return None
    shape, changed = standings[place].input_shape, {}
    for standing in standings[place + 1 :]:
        if isinstance(standing.layer, Dense):
            units = standing.output_shape[-1]
            changed[standing.name] = dense(shape[-1], units).parameters
            shape = (*shape[:-1], units)
    total = sum(changed[row.name].value if row.name in changed else row.parameters for row in rows)
    return ForgottenFlatten(tuple(changed.items()), shape, total)
