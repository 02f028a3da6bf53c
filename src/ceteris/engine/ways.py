"""How each convolution is computed: plain values, remembered by machine, frozen with each run.

Which way is fastest depends on the processor, the library and the layer, so it is measured
(:mod:`ceteris.engine.choices`). Another way is another order of the same sums and so other bits:
a run's ways are part of its identity.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ceteris.atomic import write_whole
from ceteris.nets import Conv, Layer, Shape, walk

Way = Literal["direct", "columns"]


@dataclass(frozen=True)
class Ways:
    """How each pass of one convolution is computed.

    Example:
        >>> Ways.read(Ways(to_weights="columns").words)
        Ways(forward='direct', to_weights='columns', to_input='direct')
    """

    forward: Way = "direct"
    to_weights: Way = "direct"
    to_input: Way = "direct"

    @property
    def words(self) -> str:
        """As an identity and the file of measured ways hold it."""
        return f"{self.forward} {self.to_weights} {self.to_input}"

    @classmethod
    def read(cls, words: str) -> "Ways":
        """The ways that :attr:`words` stand for.

        Raises:
            ValueError: they stand for none.
        """
        first, second, third = (_way(word) for word in words.split())
        return cls(first, second, third)


@dataclass(frozen=True)
class Convolution:
    """A convolution, and what its speed depends on.

    Args:
        name: of the layer in its network.
        layer: the convolution.
        input_shape: (H, W, C) of what it is given.
        batch_size: B.
        precision: ``"float32"`` or ``"bfloat16"``.
        first: nothing before it is trained, so that its input needs no gradient.
    """

    name: str
    layer: Conv
    input_shape: Shape
    batch_size: int
    precision: str
    first: bool

    @property
    def key(self) -> str:
        """The same for two layers that take the same time."""
        height, width, channels = self.input_shape
        layer = self.layer
        return (
            f"{self.batch_size}x{height}x{width}x{channels} {layer.filters} of {layer.kernel}"
            f"/{layer.stride} {layer.padding} {self.precision}{' first' if self.first else ''}"
        )


def convolutions(
    layers: tuple[Layer, ...],
    input_shape: Shape,
    num_classes: int,
    *,
    batch_size: int,
    precision: str,
) -> tuple[Convolution, ...]:
    """The convolutions of a network.

    Example:
        >>> from ceteris.nets import Dense, Flatten
        >>> layers = (Conv(8, 3), Flatten(), Dense(2))
        >>> found = convolutions(layers, (9, 9, 1), 2, batch_size=4, precision="float32")
        >>> [convolution.key for convolution in found]
        ['4x9x9x1 8 of 3/1 valid float32 first']
    """
    found: list[Convolution] = []
    trained = False
    for standing in walk(layers, input_shape, num_classes):
        layer, shape = standing.layer, standing.input_shape
        if isinstance(layer, Conv):
            found.append(
                Convolution(standing.name, layer, shape, batch_size, precision, not trained)
            )
        trained = trained or any(weight.trainable for weight in layer.weights(shape))
    return tuple(found)


class WaysFile:
    """The ways measured on this machine so far, in one small file of the home's cache.

    Args:
        path: of the file; a missing or damaged one counts as empty.
        machine: processor and versions; what was measured on another is not read.
    """

    def __init__(self, path: Path, machine: Mapping[str, object]) -> None:
        self._path = path
        self._machine = json.dumps(machine, sort_keys=True)
        self.ways: dict[str, Ways] = {}
        try:
            content = json.loads(path.read_text("utf-8"))
            if content["machine"] == self._machine:
                self.ways = {key: Ways.read(words) for key, words in content["ways"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            self.ways = {}

    def add(self, measured: Mapping[str, Ways]) -> None:
        """Remember more of them."""
        self.ways |= measured
        content = {
            "machine": self._machine,
            "ways": {key: ways.words for key, ways in sorted(self.ways.items())},
        }
        write_whole(self._path, json.dumps(content, indent=1).encode())


def _way(word: str) -> Way:
    if word == "direct":
        return "direct"
    if word == "columns":
        return "columns"
    raise ValueError(f"no way to compute a convolution is called {word!r}")
