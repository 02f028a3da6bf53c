"""What a network holds by name, which of it is taken over from stored weights, what is frozen.

Plain values and no torch: a study is planned with them.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ceteris.engine.task import Frozen
from ceteris.errors import CeterisError, nearest, shown

BODY = "body"  # the word for all layers but the last that has weights
_MOST_SHOWN = 8

ArrayShape = tuple[int, ...]


@dataclass(frozen=True)
class Held:
    """One array of numbers that a network holds.

    Args:
        name: as its stored weights have it, ``"conv_1.weight"``.
        shape: of the array.
        trained: whether it is a parameter that is trained; of one that is shared, its first name.
        buffer: whether it is no parameter but a buffer, for example a running mean.
    """

    name: str
    shape: ArrayShape
    trained: bool
    buffer: bool = False

    @property
    def layer(self) -> str:
        """What holds it, ``"conv_1"``; empty for a module that has it itself."""
        return self.name.rpartition(".")[0]

    @property
    def size(self) -> int:
        """How many numbers."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Taken:
    """What a network takes over from stored weights.

    Args:
        names: of the arrays.
        layers: that are taken over, each whole.
        fresh: layers that are not -> why, in words.
    """

    names: tuple[str, ...]
    layers: tuple[str, ...]
    fresh: Mapping[str, str]


def frozen_by(words: Sequence[str], held: Sequence[Held], where: str, *, own: bool) -> Frozen:
    """What the words of ``train.freeze`` come to in a network.

    A word is a layer's name, a parameter's, or how names begin up to a ``_`` or ``.``; ``"body"``
    is every layer but the last that is trained. Buffers stay where all that is trained beside them
    does: batch normalisation that is frozen keeps its running statistics.

    Args:
        words: one or more.
        held: of the network, in its order.
        where: file and arm, for messages.
        own: of a module of the user's own, whose single parameters may be frozen too.

    Raises:
        CeterisError: a word that nothing answers to, a part of a described layer, or nothing is
            left to train.

    Example:
        >>> held = [Held("conv_1.weight", (4, 1, 3, 3), True), Held("dense_1.weight", (2, 9), True)]
        >>> frozen_by(["body"], held, "a.toml", own=False).parameters
        ('conv_1.weight',)
    """
    chosen: set[str] = set()
    for word in words:
        found = {h.name for h in held if (h.trained or h.buffer) and _answers(h, word, held)}
        if not found:
            raise _unknown_word(word, held, where)
        chosen |= found
    parameters = tuple(h.name for h in held if h.trained and h.name in chosen)
    if all(h.name in chosen for h in held if h.trained):
        raise CeterisError(
            "every layer is frozen, so nothing would be trained",
            received=f"freeze = {shown(list(words))}  ({where})",
            expected="at least one layer with weights that is not frozen",
            fix=f'leave one out, for example freeze = "{BODY}", which leaves the last',
        )
    trained = {h.layer for h in held if h.trained and h.name not in chosen}
    halves = [h for h in held if h.name in chosen and h.layer in trained]
    if halves and not own:
        raise CeterisError(
            f"a part of layer {shown(halves[0].layer)} cannot be frozen",
            received=f"freeze = {shown(list(words))}  ({where})",
            expected="whole layers of a described network",
            fix=f"write freeze = {shown([halves[0].layer])}",
        )
    still = dict.fromkeys(
        h.layer for h in held if h.buffer and h.layer not in trained and _layer_in(h, chosen, held)
    )
    return Frozen(parameters, tuple(still))


def taken_over(held: Sequence[Held], stored: Mapping[str, ArrayShape]) -> Taken:
    """Match a network with stored weights, layer by layer, by names and shapes.

    A layer is taken over whole or not at all: new filters do not go with old statistics.

    Args:
        held: of the network.
        stored: name -> shape of each stored array.

    Example:
        >>> held = [Held("dense_1.weight", (9, 4), True), Held("dense_2.weight", (2, 9), True)]
        >>> taken_over(held, {"dense_1.weight": (9, 4), "dense_2.weight": (3, 9)})
        Taken(names=('dense_1.weight',), layers=('dense_1',), \
fresh={'dense_2': 'weight is (2, 9) here, (3, 9) there'})
    """
    fresh: dict[str, str] = {}
    for h in held:
        there = stored.get(h.name)
        # A single number was once stored with an axis of its own.
        fits = there is not None and (there or (1,)) == (h.shape or (1,))
        if not fits and h.layer not in fresh:
            part = h.name.rpartition(".")[2]
            fresh[h.layer] = (
                "it is not there" if there is None else f"{part} is {h.shape} here, {there} there"
            )
    names = tuple(h.name for h in held if h.layer not in fresh)
    layers = tuple(dict.fromkeys(h.layer for h in held if h.layer not in fresh))
    return Taken(names, layers, fresh)


def _answers(held: Held, word: str, every: Sequence[Held]) -> bool:
    if word == BODY:
        return held.layer != _last_trained(every)
    return held.name == word or held.name.startswith((f"{word}.", f"{word}_"))


def _last_trained(held: Sequence[Held]) -> str:
    return next((h.layer for h in reversed(held) if h.trained), "")


def _layer_in(buffer: Held, chosen: set[str], held: Sequence[Held]) -> bool:
    """Whether a word meant the layer of a buffer, or everything that is trained in it."""
    return any(h.name in chosen for h in held if h.layer == buffer.layer)


def _unknown_word(word: str, held: Sequence[Held], where: str) -> CeterisError:
    layers = list(dict.fromkeys(h.layer or h.name for h in held if h.trained or h.buffer))
    guess = nearest(word, [*layers, BODY])
    more = f", ... ({len(layers)} layers)" if len(layers) > _MOST_SHOWN else ""
    return CeterisError(
        f"there is no layer {shown(word)} to freeze",
        received=f"freeze = {shown(word)}  ({where})",
        expected=f'layers with weights: {", ".join(layers[:_MOST_SHOWN])}{more}; or "{BODY}"',
        fix=f"did you mean '{guess}'?"
        if guess
        else f'choose one of the names above, or write freeze = "{BODY}": all but the last layer',
    )
