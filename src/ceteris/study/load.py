"""A study by its name in the catalogue or from a TOML file, with overrides applied.

Overrides never change the study they start from: ``--set`` and ``--quick`` make a variant, which
is named after them and kept beside it.
"""

import copy
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from ceteris.errors import CeterisError, nearest, shown
from ceteris.study.study import Origin, Study

_LARGEST_BYTES = 1_000_000  # a study is a page of text; anything larger is some other file


def catalogue() -> tuple[str, ...]:
    """The names of the built-in studies, sorted.

    Example:
        >>> "digits-optimizers" in catalogue()
        True
    """
    folder = resources.files("ceteris.study") / "catalogue"
    return tuple(sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".toml")))


def catalogue_text(name: str) -> str:
    """The TOML of a built-in study."""
    return (resources.files("ceteris.study") / "catalogue" / f"{name}.toml").read_text("utf-8")


def load(
    source: str, *, overrides: Sequence[str] = (), quick: bool = False, seeds: int | None = None
) -> Study:
    """The study named or filed under ``source``.

    Args:
        source: a name of :func:`catalogue`, or the path of a TOML file.
        overrides: each ``"dotted.key=value"``, the value written as in TOML (or bare text).
        quick: apply the study's ``[quick]`` table, or a tenth of its length and three seeds.
        seeds: another number of seeds; no variant, since it changes no run.

    Raises:
        CeterisError: no such study, not a readable TOML file, or anything wrong in it.
    """
    text, label, folder = read_source(source)
    table = parse_source(text, label)
    words = []
    if quick:
        for key, value in _quick_changes(table, label).items():
            _set(table, key.split("."), value)
        words.append("quick")
    for override in overrides:
        key, value = parse_override(override)
        _set(table, key.split("."), value)
        words.append(f"{key}={_text(value)}")
    if seeds is not None:
        table["seeds"] = seeds
    return Study.from_table(table, Origin(label, folder, text, ",".join(words)))


def parse_override(text: str) -> tuple[str, Any]:
    """``"train.steps=600"`` as key and value.

    Example:
        >>> parse_override("train.steps=600"), parse_override("train.optimizer=sgd")
        (('train.steps', 600), ('train.optimizer', 'sgd'))
    """
    key, equals, value = text.partition("=")
    key, value = key.strip(), value.strip()
    if not equals or not key or not value or not all(part for part in key.split(".")):
        raise CeterisError(
            "--set takes a key and a value",
            received=shown(text),
            expected="for example --set train.steps=600",
            fix="write the dotted key, an equals sign, and the value as in TOML",
        )
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value  # bare text, so that a shell needs no nested quotes


def read_source(source: str) -> tuple[str, str, Path]:
    """The text of a built-in study or of a file, what to call it, and its folder."""
    if source in catalogue():
        return catalogue_text(source), f"built-in study {source}", Path.cwd()
    path = Path(source)
    if not source.isprintable() or not (source.endswith(".toml") or path.is_file()):
        guess = nearest(source, catalogue())
        raise CeterisError(
            f"there is no study {shown(source)}",
            received=shown(source),
            expected=f"the path of a .toml file, or one of {', '.join(catalogue())}",
            fix=f"did you mean '{guess}'?"
            if guess
            else "give the path of its .toml file; `ceteris list` shows built-in studies",
        )
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_BYTES + 1)
        if len(content) > _LARGEST_BYTES:
            raise ValueError(f"it has more than {_LARGEST_BYTES:,} bytes")
        return content.decode("utf-8-sig"), path.name, path.parent.absolute()
    except (OSError, ValueError) as error:
        raise CeterisError(
            f"the study file {shown(source)} cannot be read",
            received=getattr(error, "strerror", None) or str(error),
            expected="a TOML file in UTF-8",
            fix="check the path, or start one with `ceteris init`",
        ) from None


def parse_source(text: str, label: str) -> dict[str, Any]:
    """The tables of a TOML text."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CeterisError(
            f"{label} is not valid TOML",
            received=str(error),
            expected="TOML: key = value, [table], text in quotes",
            fix="mend the line it names",
        ) from None


def _quick_changes(table: Mapping[str, Any], label: str) -> dict[str, Any]:
    declared = table.get("quick")
    if declared is not None and not isinstance(declared, dict):
        raise CeterisError(
            "'quick' is not a table",
            received=f"quick = {shown(declared)}  ({label})",
            expected='a table of dotted keys, for example [quick] with "train.steps" = 300',
            fix="change quick",
        )
    if declared:
        return dict(declared)
    train = table.get("train")
    train = train if isinstance(train, dict) else {}
    changes: dict[str, Any] = {"seeds": 3}
    for key in ("steps", "epochs", "images_seen"):
        if isinstance(train.get(key), int):
            changes[f"train.{key}"] = max(1, train[key] // 10)
    return changes


def _set(table: dict[str, Any], path: Sequence[str], value: Any) -> None:
    place = table
    for part in path[:-1]:
        inner = place.get(part)
        if not isinstance(inner, dict):
            # `network = "mlp"` is short for a table, which an override may add to.
            inner = {"name": inner} if part == "network" and isinstance(inner, str) else {}
            place[part] = inner
        place = inner
    place[path[-1]] = copy.deepcopy(value)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).replace(" ", "")
