"""Memory of a network: what training keeps of one image, and what is alive at once without it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ceteris.nets.costs import NUMBER_BYTES
from ceteris.nets.walk import SHORTCUT


@dataclass(frozen=True)
class Wire:
    """Which arrays a layer reads and which one it makes; 0 is the image.

    Args:
        reads: two for the addition at the end of a residual block, else one.
        makes: the number of its output.
    """

    reads: tuple[int, ...]
    makes: int


@dataclass(frozen=True)
class TrainingMemory:
    """Bytes that one training step needs at the least, apart from the library's own.

    Args:
        parameters: the network's numbers, running statistics too.
        gradients: one for each trained parameter.
        states: of the optimizer.
        activations: kept by the forward pass of the batch for its backward pass.
    """

    parameters: int
    gradients: int
    states: int
    activations: int

    @property
    def total(self) -> int:
        """All four."""
        return self.parameters + self.gradients + self.states + self.activations


def training_memory(
    trainable: int, fixed: int, kept_bytes: int, *, batch: int, states: int
) -> TrainingMemory:
    """Count a training step in float32.

    Args:
        trainable, fixed: numbers the network holds.
        kept_bytes: by the forward pass, for one image.
        batch: images in a step.
        states: vectors the optimizer keeps for each trained parameter: SGD 0, Momentum 1, Adam 2.

    Example:
        >>> training_memory(1000, 0, 0, batch=32, states=2).total  # 4 numbers a parameter
        16000
    """
    return TrainingMemory(
        parameters=NUMBER_BYTES * (trainable + fixed),
        gradients=NUMBER_BYTES * trainable,
        states=NUMBER_BYTES * trainable * states,
        activations=kept_bytes * batch,
    )


def wires(names: Sequence[str]) -> tuple[Wire, ...]:
    """Follow the arrays from layer to layer, by the names that a walk gives.

    A block's inside comes before the block itself, which is its addition. The inside and the
    shortcut both read what the block stands on; without layers in the shortcut the addition reads
    it too.

    Example:
        >>> wires(["dense_1", "residual_1.dense_1", "residual_1"])[-1]
        Wire(reads=(2, 1), makes=3)
    """
    latest: dict[str, int] = {"": 0}  # way -> the array at its end so far

    def at(way: str) -> int:
        if way in latest:
            return latest[way]
        block = way.removesuffix(f".{SHORTCUT}")
        return at(block.rpartition(".")[0])

    found = []
    for makes, name in enumerate(names, 1):
        way = name.rpartition(".")[0]
        inside, around = name, f"{name}.{SHORTCUT}"
        reads = (at(inside), at(around)) if inside in latest else (at(way),)
        found.append(Wire(reads, makes))
        latest[way] = makes
    return tuple(found)


def peak_bytes(arrays: Sequence[Wire], sizes: Sequence[int], same: Sequence[bool]) -> int:
    """The most bytes alive at once in a forward pass that keeps nothing it will not read again.

    Each layer writes a new array while those it reads are still there.

    Args:
        arrays: of every layer.
        sizes: bytes of the image, then of every layer's output.
        same: of every layer, whether its output is its input's memory.

    Example:
        >>> peak_bytes(wires(["conv_1", "relu_1", "flatten_1"]), [3, 8, 8, 8], [False, False, True])
        16
    """
    home = list(range(len(sizes)))  # array -> the array whose memory it is
    for wire, shared in zip(arrays, same, strict=True):
        if shared:
            home[wire.makes] = home[wire.reads[0]]
    last_read = dict.fromkeys(home, 0)
    for step, wire in enumerate(arrays, 1):
        for read in wire.reads:
            last_read[home[read]] = step
    alive, peak = {0: sizes[0]}, sizes[0]
    for step, wire in enumerate(arrays, 1):
        alive[home[wire.makes]] = sizes[home[wire.makes]]
        peak = max(peak, sum(alive.values()))
        alive = {array: size for array, size in alive.items() if last_read[array] > step}
    return peak
