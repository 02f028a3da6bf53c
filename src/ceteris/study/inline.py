"""A table of a study written on one line, for options of verbs: ``rotation=10,flip=true``."""

import tomllib
from typing import Any, TypeVar

from pydantic import ValidationError

from ceteris.errors import CeterisError, nearest, shown
from ceteris.study.load import catalogue, load
from ceteris.study.messages import four_parts
from ceteris.study.spec import AugmentSpec, ViewsSpec

_Table = TypeVar("_Table", AugmentSpec, ViewsSpec)


def read_augment(text: str) -> tuple[AugmentSpec, str]:
    """What ``--augment`` names: options on one line, a built-in study or a study's file.

    Returns:
        The table, and where it is from: the study and its arm, or nothing for options.

    Raises:
        CeterisError: neither; or a study of which no arm changes its images.

    Example:
        >>> read_augment("rotation=10,flip")[0].identity()
        {'rotation': 10.0, 'flip': True, 'fill': 'edge'}
    """
    if not (text in catalogue() or text.endswith(".toml")):
        table = _read(text, AugmentSpec, "--augment", "rotation=10,shift=0.1,flip=true")
        if table.identity():
            return table, ""
        raise CeterisError(
            "nothing is switched on, so no image would be changed",
            received=f"--augment {shown(text)}",
            expected="options of [train.augment], for example rotation=10,shift=0.1,flip=true",
            fix="switch one on, or leave --augment out",
        )
    study = load(text)
    found = {arm.name: a for arm in study.arms if (a := arm.recipe.train.augment) is not None}
    if not found:
        raise CeterisError(
            "the study trains on images as they are",
            received=f"--augment {shown(text)}: no [train.augment], in no arm",
            expected="a study with [train.augment], or options",
            fix="write for example --augment rotation=10,shift=0.1,flip=true",
        )
    arm = next(iter(found))
    where = study.name if len(set(map(repr, found.values()))) == 1 else f"{study.name}, arm {arm}"
    return found[arm], where


def read_views(text: str) -> ViewsSpec:
    """What ``--views`` names: options of ``[train.views]`` on one line.

    Raises:
        CeterisError: it is no such line.

    Example:
        >>> read_views("flip,shift_pixels=1").count
        10
    """
    return _read(text, ViewsSpec, "--views", "flip=true,shift_pixels=1")


def _read(text: str, model: type[_Table], option: str, example: str) -> _Table:
    values: dict[str, Any] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not key or key in values or (equals and not value):
            raise CeterisError(
                f"{option} takes options and their values",
                received=shown(text),
                expected=f"for example {option} {example}",
                fix="write each option once, an equals sign, its value, and commas between them",
            )
        values[key] = _value(value) if equals else True
    known = list(model.model_fields)
    for key in values:
        if key not in known:
            guess = next((k for k in known if k.startswith(key)), None) or nearest(key, known)
            raise CeterisError(
                f"there is no option {shown(key)} of {option.removeprefix('--')}",
                received=f"{option} {shown(text)}",
                expected=f"one of {', '.join(known)}",
                fix=f"did you mean '{guess}'?" if guess else "use one of the options above",
            )
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise four_parts(error, model=model, label=option) from None


def _value(text: str) -> object:
    """A value as in TOML, or bare text."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
