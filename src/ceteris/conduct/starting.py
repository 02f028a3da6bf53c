"""Where runs begin when not from drawn weights alone, and which layers stay as they begin.

``train.start`` names stored runs, ``train.freeze`` layers. What these words come to is settled
before anything trains: a run's identity holds the digest of the weights that are taken over and
the names of what is frozen, never the words. So a study keeps its runs when the one it starts from
is renamed, and gets new ones when that one is trained anew with another result.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ceteris.conduct.starting_words import (
    MOST_SHOWN,
    frozen_sentence,
    seen_before,
    starting_sentence,
    starting_warnings,
)
from ceteris.data import DataSet, Split
from ceteris.engine import Frozen, Held, Start, Taken, digest_of, frozen_by, hold, taken_over
from ceteris.errors import CeterisError, shown
from ceteris.store import Store, array_path, is_ours
from ceteris.study import Arm

if TYPE_CHECKING:
    from ceteris.conduct.trained import Trained

Announce = Callable[[str], None]


@dataclass(frozen=True)
class Beginning:
    """How the runs of an arm begin.

    Args:
        frozen: what stays as it begins.
        num_frozen: numbers that would be trained and are not.
        starts: seed -> the stored weights it begins with; empty where none are named.
        record: what the study's store keeps of it; empty where nothing is named. Under
            ``"warnings"`` are sentences and under ``"seen"`` how many validation images each seed's
            start was trained on: an answer must tell both when the start itself is long gone.
        lost: why the stored runs cannot be opened, where the study knows their digests from before.
    """

    frozen: Frozen = field(default_factory=Frozen)
    num_frozen: int = 0
    starts: Mapping[int, Start] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    lost: CeterisError | None = None

    def identity(self, seed: int) -> dict[str, Any]:
        """What a run's identity holds of it: nothing of what is not used."""
        found: dict[str, Any] = {}
        if seed in self.starts:
            found["start"] = self.starts[seed].digest
        if self.frozen:
            found["frozen"] = [*self.frozen.parameters, *self.frozen.still]
        return found


def begin_arms(
    arms: Sequence[Arm],
    data: DataSet,
    split_of: Callable[[Arm, int], Split],
    *,
    seeds: int,
    label: str,
    home: Path | None,
    folder: Path,
    variant: str,
    announce: Announce = lambda _: None,
) -> dict[str, Beginning]:
    """Settle how the runs of every arm begin, by the arm's name.

    Args:
        arms: as declared.
        data: what they learn from.
        split_of: an arm and a seed -> its split.
        seeds: of each arm.
        label: the study's file, for messages.
        home: ``--home``, where stored studies are looked for.
        folder, variant: the study's own, which may know the digests of a start that is gone.
        announce: told what is taken over, what begins fresh, what is frozen, and what differs.

    Raises:
        CeterisError: the stored runs are not there, do not fit, or have learned from images that
            this study tests on; a layer to freeze that is not there.
    """
    return {
        arm.name: _begin(
            arm,
            data,
            [split_of(arm, seed) for seed in range(seeds)],
            f"{label}, arm '{arm.name}'" if len(arms) > 1 else label,
            home,
            _recorded(folder, variant, arm),
            announce,
        )
        if arm.recipe.train.start or arm.recipe.train.freeze
        else Beginning()
        for arm in arms
    }


def refuse_lost(beginnings: Mapping[str, Beginning], arms_to_train: set[str]) -> None:
    """Runs that are still to be trained need the weights they begin with.

    Raises:
        CeterisError: they are gone.
    """
    for name in sorted(arms_to_train):
        lost = beginnings[name].lost
        if lost is not None:
            raise CeterisError(
                f"arm '{name}' cannot go on, for the runs it starts from are gone",
                received=f"{lost.what}: {lost.received}",
                expected="the stored runs that its first runs started from",
                fix="put that study back into the home, or choose another start with --fresh",
            )


def _begin(
    arm: Arm,
    data: DataSet,
    splits: Sequence[Split],
    where: str,
    home: Path | None,
    recorded: Mapping[str, Any],
    announce: Announce,
) -> Beginning:
    recipe = arm.recipe
    held = hold(recipe.network, data.shape, data.num_classes)
    frozen = Frozen()
    if recipe.train.freeze:
        own = recipe.network.reference is not None
        frozen = frozen_by(recipe.train.freeze, held, f"{where}, train", own=own)
    sizes = [h.size for h in held if h.name in frozen.parameters]
    record: dict[str, Any] = {"frozen": [*frozen.parameters, *frozen.still]} if frozen else {}
    starts: dict[int, Start] = {}
    lost = None
    if recipe.train.start is not None:
        try:
            sources = _sources(
                recipe.train.start,
                len(splits),
                f"{where}, train.start",
                home,
                recipe.network.function,
            )
        except CeterisError as error:
            if recorded.get("start") != recipe.train.start:
                raise
            lost = error
            digests = {int(seed): text for seed, text in recorded["digests"].items()}
            if not digests.keys() >= set(range(len(splits))):
                raise
            starts = {seed: Start(None, (), digests[seed]) for seed in range(len(splits))}
            record |= {key: value for key, value in recorded.items() if key != "frozen"}
        else:
            taken = _match(held, sources[0], where)
            _check_images(arm, data, splits, sources)
            announce(starting_sentence(arm, sources, taken))
            starts = {seed: _start(source, taken) for seed, source in enumerate(sources)}
            record |= {
                "start": recipe.train.start,
                "digests": {str(seed): start.digest for seed, start in starts.items()},
                "taken": list(taken.layers),
                "seen": list(seen_before(data, splits, sources)),
                "warnings": list(starting_warnings(arm, data, held, splits, sources, taken)),
            }
        for line in record.get("warnings", ()):
            announce(f"warning: {line}")
    if frozen:
        announce(frozen_sentence(arm, frozen, sum(sizes), held))
    return Beginning(frozen, sum(sizes), starts, record, lost)


def _sources(
    words: str, seeds: int, where: str, home: Path | None, function: Callable[..., Any] | None
) -> list["Trained"]:
    """The stored run that each seed starts from: the same seed, or one run for all."""
    from ceteris.conduct.trained import open_trained

    with _said_of(where):
        found = open_trained(home, words, function=function)
    arms = list(dict.fromkeys(run.arm for run in found))
    if len(arms) > 1:
        raise CeterisError(
            "the runs to start from are of several arms",
            received=f"start = {shown(words)}  ({where}): {', '.join(arms[:MOST_SHOWN])}",
            expected="the runs of one arm",
            fix=f"name one: start = {shown(f'{words}:{arms[0]}')}",
        )
    if len(found) == 1 and _names_one_run(words, found[0]):
        return [found[0]] * seeds
    by_seed = {run.seed: run for run in found}
    missing = [seed for seed in range(seeds) if seed not in by_seed]
    if missing:
        raise CeterisError(
            f"{len(missing)} of {seeds} seeds have no run to start from",
            received=f"start = {shown(words)}  ({where}), whose trained seeds are "
            f"{', '.join(map(str, sorted(by_seed)[:MOST_SHOWN]))}",
            expected=f"trained runs of seeds 0 to {seeds - 1}",
            fix=f"train them: ceteris run {found[0].study} --seeds {seeds}; "
            "or name one run by its id, for all seeds",
        )
    return [by_seed[seed] for seed in range(seeds)]


def _names_one_run(words: str, run: "Trained") -> bool:
    return run.run_id.startswith(words) or words.endswith(f":{run.arm}:{run.seed}")


@contextmanager
def _said_of(where: str) -> Iterator[None]:
    """An error of a stored run's words, with the place they stand in."""
    try:
        yield
    except CeterisError as error:
        raise CeterisError(
            f"what to start from: {error.what}",
            received=f"{error.received}  ({where})",
            expected=error.expected,
            fix=error.fix,
        ) from None


def _match(held: Sequence[Held], source: "Trained", where: str) -> Taken:
    stored = {name: tuple(array.shape) for name, array in source.weights.items()}
    taken = taken_over(held, stored)
    if not taken.names:
        here = list(dict.fromkeys(h.layer or h.name for h in held))
        there = list(dict.fromkeys(name.rpartition(".")[0] or name for name in sorted(stored)))
        raise CeterisError(
            f"no layer has the name and shape of one in {source.name}",
            received=f"{', '.join(there[:MOST_SHOWN])}  ({where}, train.start)",
            expected=f"some of {', '.join(here[:MOST_SHOWN])}: {next(iter(taken.fresh.values()))}",
            fix="use the network of the runs to start from, or one that begins like it",
        )
    return taken


def _start(source: "Trained", taken: Taken) -> Start:
    weights = source.weights
    return Start(
        file=array_path(source.folder, source.arrays["weights"]),
        taken=taken.names,
        digest=digest_of({name: weights[name] for name in taken.names}),
    )


def _recorded(folder: Path, variant: str, arm: Arm) -> Mapping[str, Any]:
    """What the study's store has kept of an arm's start; empty where it has nothing."""
    if arm.recipe.train.start is None or not is_ours(folder):
        return {}
    with Store.open(folder, write=False) as store:
        design = store.latest(variant)
    if design is None:
        return {}
    found: Mapping[str, Any] = design.spec["resolved"].get("begins", {}).get(arm.name, {})
    return found


def _check_images(
    arm: Arm, data: DataSet, splits: Sequence[Split], sources: Sequence["Trained"]
) -> None:
    """What a network was trained on before it must not be what it is tested on now."""
    for seed, (split, source) in enumerate(zip(splits, sources, strict=True)):
        if source.data_digest != data.digest:
            continue
        before = np.union1d(source.split.train, source.split.validation)
        seen = np.intersect1d(split.test, before)
        if len(seen):
            raise CeterisError(
                f"arm '{arm.name}' would be tested on images that its start was trained on",
                received=f"seed {seed}: {len(seen):,} of {len(split.test):,} test images were "
                f"training or validation images of {source.name}",
                expected="a start that has not seen this study's test images",
                fix="use one data.test and data.split_seed in both studies",
            )
