"""What the machine at hand settles for each arm: its number type, and its convolutions' ways.

Both change the bits of a run, so both are part of its identity. What a study's runs were settled
on once is read back from its store and holds for every later resume; what other studies of this
home measured on this machine is read from the cache; only the rest is measured.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ceteris.data import DataSet
from ceteris.engine import Ways, WaysFile, convolutions, has_bfloat16, measure_ways
from ceteris.errors import CeterisError
from ceteris.nets import Conv, each_layer
from ceteris.store import Home, Store, is_ours
from ceteris.store.faults import told
from ceteris.study import Arm, Recipe

_FILE = "ways.json"


@dataclass(frozen=True)
class Settled:
    """An arm as it is trained on this machine.

    Args:
        arm: its precision is a number type.
        ways: name of a convolution -> how it is computed.
        identity: what a run's identity says about it: recipe, and the ways by what was measured.
    """

    arm: Arm
    ways: Mapping[str, Ways]
    identity: Mapping[str, Any]


def settle(
    arms: Sequence[Arm],
    data: DataSet,
    *,
    home: Home,
    folder: Path,
    machine: Mapping[str, Any],
    announce: Callable[[str], None] = lambda _: None,
) -> dict[str, Settled]:
    """Settle every arm of a study, by name.

    Args:
        arms: as declared.
        data: what they learn from.
        home: in whose cache measured ways are kept.
        folder: the study's own, which may not be there yet.
        machine: what runs are trained on.
        announce: told before something is measured, which takes seconds.

    Raises:
        CeterisError: bfloat16 is asked for and this processor does not have it, or the home's disk
            is full.
    """
    named = [replace(arm, recipe=_with_precision(arm)) for arm in arms]
    wanted = {arm.name: _convolutions(arm.recipe, data) for arm in named}
    file = WaysFile(home.cache / _FILE, machine)
    known = file.ways | _settled_before(folder, machine)
    missing = {c.key: c for found in wanted.values() for c in found if c.key not in known}
    if missing:
        several = "s" if len(missing) > 1 else ""
        announce(f"measuring {len(missing)} convolution{several} on this machine, once")
        measured = measure_ways(tuple(missing.values()))
        with told(home.cache, "remembering how convolutions are computed fastest"):
            file.add(measured)
        known |= measured
    return {
        arm.name: Settled(
            arm=arm,
            ways={c.name: known[c.key] for c in wanted[arm.name]},
            identity=_identity(arm.recipe, {c.key: known[c.key].words for c in wanted[arm.name]}),
        )
        for arm in named
    }


def _identity(recipe: Recipe, ways: Mapping[str, str]) -> dict[str, Any]:
    return recipe.identity() | ({"ways": dict(ways)} if ways else {})


def _with_precision(arm: Arm) -> Recipe:
    """The recipe with a number type for ``auto``."""
    train = arm.recipe.train
    chosen: Literal["float32", "bfloat16"] = "float32"
    if train.precision == "bfloat16":
        if not has_bfloat16():
            raise CeterisError(
                f"arm '{arm.name}' needs bfloat16, and this processor has no instructions for it",
                received='train.precision = "bfloat16"',
                expected="a processor with AVX512_BF16, AMX or Arm's BF16",
                fix='write precision = "auto", which takes float32 here',
            )
        chosen = "bfloat16"
    elif train.precision == "auto" and has_bfloat16() and _convolves(arm.recipe):
        chosen = "bfloat16"
    return replace(arm.recipe, train=replace(train, precision=chosen))


def _convolves(recipe: Recipe) -> bool:
    return any(isinstance(layer, Conv) for layer in each_layer(recipe.network.layers))


def _convolutions(recipe: Recipe, data: DataSet) -> tuple[Any, ...]:
    """The convolutions of a described network; a user's own module is the library's."""
    if recipe.network.reference is not None:
        return ()
    return convolutions(
        recipe.network.layers,
        data.shape,
        data.num_classes,
        batch_size=recipe.train.batch_size,
        precision=recipe.train.precision,
    )


def _settled_before(folder: Path, machine: Mapping[str, Any]) -> dict[str, Ways]:
    """The ways of the runs that a study has already, if it was begun on this machine."""
    found: dict[str, Ways] = {}
    # What is wrong with a study that cannot be read is said by those who open it to write.
    with suppress(CeterisError, ValueError):
        if is_ours(folder):
            with Store.open(folder, write=False) as store:
                if store.environment == dict(machine):
                    for design in store.designs():
                        for run in store.runs(design):
                            words = run.recipe.get("ways", {})
                            found |= {key: Ways.read(text) for key, text in words.items()}
    return found
