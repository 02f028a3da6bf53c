"""Networks by whatever names them: a register, a report, a study, a file of layers, or code."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ceteris.data import DATA_SETS, DataSource, look_at_folder
from ceteris.errors import CeterisError, nearest, shown
from ceteris.nets import NETWORKS, Network, Shape
from ceteris.study.fill import fill_network
from ceteris.study.load import catalogue, load, parse_override, parse_source, read_source
from ceteris.study.messages import four_parts
from ceteris.study.presets import PRESETS
from ceteris.study.recipe import NetworkRecipe, Recipe
from ceteris.study.spec import NetworkSpec, network_table

# Batch normalisation's momentum and epsilon are the preset's; no count depends on them.
_PRESET = PRESETS["keras"]


@dataclass(frozen=True)
class Images:
    """What images a network stands on.

    Args:
        shape: of one: (H, W, C).
        num_classes: K.
        said: where this is known from.
    """

    shape: Shape
    num_classes: int
    said: str


@dataclass(frozen=True)
class NamedNetwork:
    """A network that was asked for by name.

    Args:
        title: what to call it.
        recipe: its layers, or the reference to its code.
        source: the data set of its study; None where it is of none.
        network: its entry in the register; None where it is of none.
        arguments: what the entry's layers were made with, where that was said.
        freezes: ``train.freeze`` -> the names of its study's arms that have it, where any has.
    """

    title: str
    recipe: NetworkRecipe
    source: DataSource | None = None
    network: Network | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    freezes: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)

    def images(self) -> Images | None:
        """The images it is made for, or None where nothing says so.

        A folder of pictures is looked at: its classes are counted, its first picture is read.
        """
        if self.network is not None and self.network.input_shape is not None:
            shape, said = self.network.input_shape, f"those of {self.network.name}"
            return Images(shape, self.network.num_classes, said)
        if self.source is None:
            return None
        entry = DATA_SETS[self.source.name]
        if entry.shape is not None and entry.classes:
            return Images(entry.shape, len(entry.classes), f"those of {entry.name}")
        if entry.of_folder and self.source.path is not None:
            look = look_at_folder(Path(self.source.path))
            colour = self.source.colour or look.colour
            sides = self.source.size or look.size
            shape = (*sides, 3 if colour == "rgb" else 1)
            return Images(shape, len(look.classes), f"those of {Path(self.source.path).name}")
        return None


def find_networks(word: str, overrides: Sequence[str] = ()) -> tuple[NamedNetwork, ...]:
    """The networks a word names; several where it names a study whose arms have several.

    Args:
        word: a network's name or a report's item in any case; the path of a study file, or of a
            file with ``layers`` or ``[network]``; ``"file.py:function"``; a built-in study. A name
            of both a network and a study is the network's.
        overrides: each ``"key=value"``, of an argument, as ``--set`` takes them.

    Raises:
        CeterisError: nothing has that name, or what it names is no network.

    Example:
        >>> found, = find_networks("r3.5", ["n1=64"])
        >>> found.title, found.recipe.layers[0].filters, found.images().shape
        ('fashion-cnn (R3.5 R3.6)', 64, (28, 28, 1))
    """
    network = _registered(word)
    if network is not None:
        return (_named({"name": network.name, **_arguments(overrides)}, word, Path.cwd()),)
    if ".py:" in word:
        return (_named({"code": word, **_arguments(overrides)}, word, Path.cwd()),)
    if word in catalogue():
        return _of_study(word, overrides)
    if not word.endswith(".toml") and not Path(word).is_file():
        raise _unknown(word)
    text, label, folder = read_source(word)
    table = parse_source(text, label)
    if "data" in table or "train" in table:
        return _of_study(word, overrides)
    if "network" in table:
        described = network_table(table["network"])
    else:
        described = {key: value for key, value in table.items() if key == "layers"}
    if not isinstance(described, Mapping) or not described:
        raise CeterisError(
            f"{label} holds no network",
            received=f"the keys {', '.join(table) or '(none)'}  ({label})",
            expected="layers = [...], or a [network] table, or a whole study",
            fix='write layers = ["flatten", {layer = "dense", units = "classes"}]',
        )
    return (_named({**described, **_arguments(overrides)}, label, folder),)


def _registered(word: str) -> Network | None:
    for network in NETWORKS.values():
        if word.casefold() in {name.casefold() for name in (network.name, *network.reports)}:
            return network
    return None


def _named(table: Mapping[str, Any], label: str, folder: Path) -> NamedNetwork:
    try:
        spec = NetworkSpec.model_validate(dict(table))
    except ValidationError as error:
        raise four_parts(error, model=NetworkSpec, label=label, prefix=("network",)) from None
    recipe = fill_network(spec, _PRESET, label, folder)
    network = _registered(spec.name) if spec.name is not None else None
    if network is None:
        return NamedNetwork(label, recipe)
    reports = f" ({' '.join(network.reports)})" if network.reports else ""
    return NamedNetwork(f"{network.name}{reports}", recipe, None, network, spec.arguments)


def _of_study(word: str, overrides: Sequence[str]) -> tuple[NamedNetwork, ...]:
    """The networks of a study's arms, each once, titled by the arms that have it."""
    study = load(word, overrides=[_dotted(override) for override in overrides])
    arms: dict[str, list[str]] = {}
    networks: dict[str, Recipe] = {}
    freezes: dict[str, dict[tuple[str, ...], tuple[str, ...]]] = {}
    for arm in study.arms:
        key = repr((arm.recipe.network.identity(), arm.recipe.data.source))
        arms.setdefault(key, []).append(arm.name)
        networks.setdefault(key, arm.recipe)
        frozen = freezes.setdefault(key, {})
        if words := arm.recipe.train.freeze:
            frozen[words] = (*frozen.get(words, ()), arm.name)
    named = []
    for key, recipe in networks.items():
        said = study.name
        if len(networks) > 1:
            said += f": {'; '.join(arms[key])}"
        named.append(NamedNetwork(said, recipe.network, recipe.data.source, freezes=freezes[key]))
    return tuple(named)


def _arguments(overrides: Sequence[str]) -> dict[str, Any]:
    pairs = (parse_override(override) for override in overrides)
    return {key.removeprefix("network."): value for key, value in pairs}


def _dotted(override: str) -> str:
    """An argument's override as a study takes it."""
    key = override.partition("=")[0]
    return override if "." in key else f"network.{override}"


def _unknown(word: str) -> CeterisError:
    reports = [report for network in NETWORKS.values() for report in network.reports]
    known = [*NETWORKS, *reports, *catalogue()]
    guess = nearest(word, [*known, *(report.lower() for report in reports)])
    return CeterisError(
        f"there is no network {shown(word)}",
        received=shown(word),
        expected=f"one of {', '.join(NETWORKS)}; a report's item, for example R0.6; a study; "
        "a .toml file with layers; or file.py:function",
        fix=f"did you mean '{guess}'?" if guess else "choose one of the names above",
    )
