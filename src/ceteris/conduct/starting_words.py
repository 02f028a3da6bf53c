"""What is said of an arm that starts from stored weights, or keeps layers as they start.

Above all what its network will find otherwise than when it was trained: another scale of pixels,
another epsilon, other classes. None of it stops a study, and each of it can explain a result.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ceteris.data import DataSet, Normalisation, Split
from ceteris.data.normalisation import normalisation_of
from ceteris.engine import Frozen, Held, Taken
from ceteris.nets import Activation, walk
from ceteris.study import Arm

if TYPE_CHECKING:
    from ceteris.conduct.trained import Trained

MOST_SHOWN = 6  # layers or seeds of a line
_ALIKE = 0.05  # two training parts of one data set differ by less in mean and deviation


def starting_sentence(arm: Arm, sources: Sequence["Trained"], taken: Taken) -> str:
    """What is taken over, and from where."""
    first, one = sources[0], len({source.run_id for source in sources}) == 1
    which = f"run {first.run_id[:12]} ({first.name})" if one else first.name.rpartition(":")[0]
    how = "all seeds from this one" if one and len(sources) > 1 else "seed by seed"
    fresh = [f"; {layer} starts fresh ({why})" for layer, why in taken.fresh.items()]
    return f"{arm.name} starts from {which}, {how}: {_some(taken.layers)} taken over" + "".join(
        fresh[:MOST_SHOWN]
    )


def starting_warnings(
    arm: Arm,
    data: DataSet,
    held: Sequence[Held],
    splits: Sequence[Split],
    sources: Sequence["Trained"],
    taken: Taken,
) -> Iterator[str]:
    """What the network will find different, and which images it has seen: notes of the answer."""
    first = sources[0]
    last = next((h.layer for h in reversed(held) if h.trained), "")
    if last in taken.layers and tuple(first.classes) != tuple(data.classes):
        yield (
            f"{arm.name}: the classes of {first.study} are other ones, and {last}, the"
            " last layer, is taken over as well, for there are as many"
        )
    here = normalisation_of(data, arm.recipe.data.scale, splits[0].train)
    there = first.normalisation
    if not _alike(here, there):
        yield (
            f"{arm.name} scales pixels otherwise than {first.study} did: it was trained on"
            f" (pixel - {_numbers(there.offset)}) / {_numbers(there.divisor)}, and is given"
            f" (pixel - {_numbers(here.offset)}) / {_numbers(here.divisor)}"
        )
    for line in _other_layers(arm, data, first, taken):
        yield f"{arm.name}: {line}"
    seen = seen_before(data, splits, sources)
    if any(seen):
        yield (
            f"{arm.name}: {_of_seeds(seen, [len(split.validation) for split in splits])} were"
            f" training images of {first.study}, so its validation figures flatter it; the test"
            " images are unseen"
        )


def seen_before(
    data: DataSet, splits: Sequence[Split], sources: Sequence["Trained"]
) -> tuple[int, ...]:
    """By seed, how many validation images the run it starts from was trained on."""
    return tuple(
        len(np.intersect1d(split.validation, source.split.train))
        if source.data_digest == data.digest
        else 0
        for split, source in zip(splits, sources, strict=True)
    )


def _of_seeds(seen: Sequence[int], sizes: Sequence[int]) -> str:
    """The count of a seed, or the largest and whose it is."""
    most = max(seen)
    worst = seen.index(most)
    if len(set(seen)) == 1:
        every = "in every seed " if len(seen) > 1 else ""
        return f"{every}{most:,} of its {sizes[worst]:,} validation images"
    none = seen.count(0)
    spared = f"; {none} of {len(seen)} seeds: none" if none else ""
    return f"up to {most:,} of its {sizes[worst]:,} validation images (seed {worst}{spared})"


def _other_layers(arm: Arm, data: DataSet, source: "Trained", taken: Taken) -> Iterator[str]:
    """Layers that are taken over by name and compute something else, and other activations."""
    if arm.recipe.network.reference is not None or source.network.reference is not None:
        return
    here = {s.name: s.layer for s in walk(arm.recipe.network.layers, data.shape, data.num_classes)}
    there = {
        s.name: s.layer
        for s in walk(source.network.layers, source.input_shape, len(source.classes))
    }
    activations = [
        sorted({layer.kind for layer in layers.values() if isinstance(layer, Activation)})
        for layers in (here, there)
    ]
    if activations[0] != activations[1]:
        mine, theirs = (" and ".join(names) or "none" for names in activations)
        yield f"its activation is {mine}, and was {theirs} in {source.study}"
    for name in taken.layers:
        now, before = here[name].to_dict(), there[name].to_dict()
        other = [key for key in now if now[key] != before.get(key)]
        if other:
            yield (
                f"{name} was trained with "
                + ", ".join(f"{key} = {before.get(key)}" for key in other)
                + ", and has "
                + ", ".join(f"{key} = {now[key]}" for key in other)
            )


def frozen_sentence(arm: Arm, frozen: Frozen, count: int, held: Sequence[Held]) -> str:
    """What is frozen, by name and in numbers; whether it was trained before."""
    layers = list(dict.fromkeys(n.rpartition(".")[0] or n for n in frozen.parameters))
    total = sum(h.size for h in held if h.trained)
    return (
        f"{arm.name} keeps {_some(layers or frozen.still)} as {'they' if len(layers) > 1 else 'it'}"
        f" start{'' if len(layers) > 1 else 's'}: {count:,} of {total:,} parameters are frozen"
        + ("" if arm.recipe.train.start else ", as they are drawn")
    )


def _some(names: Sequence[str]) -> str:
    more = f", ... ({len(names)} layers)" if len(names) > MOST_SHOWN else ""
    return ", ".join(names[:MOST_SHOWN]) + more


def _alike(here: Normalisation, there: Normalisation) -> bool:
    """Whether pixels come out within a twentieth of a divisor, whatever they are."""
    if len(here.offset) != len(there.offset):
        return True  # another number of channels: the first layer starts fresh anyway
    apart = np.abs(here.offset - there.offset) / there.divisor
    return bool(
        (apart < _ALIKE).all() and (np.abs(here.divisor / there.divisor - 1) < _ALIKE).all()
    )


def _numbers(values: np.ndarray) -> str:
    found = [f"{value:.4g}" for value in values.tolist()]
    return found[0] if len(set(found)) == 1 else f"({', '.join(found)})"
