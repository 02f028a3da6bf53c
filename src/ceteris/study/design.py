"""From what was declared to arms with complete recipes, all checked before anything trains."""

import copy
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.factors import FACTORS, default_initializer
from ceteris.study.fill import canonical_name, fill, option_users
from ceteris.study.messages import four_parts, unknown_key
from ceteris.study.metrics import Metric, find_metric
from ceteris.study.recipe import Arm, Recipe
from ceteris.study.spec import DataSpec, NetworkSpec, StudySpec, TrainSpec, network_table

_LONGEST_NAME = 60  # characters of an arm's name: it heads a row of a table
_TABLES: Mapping[str, type[BaseModel]] = {
    "data": DataSpec,
    "network": NetworkSpec,
    "train": TrainSpec,
}
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class _Declared:
    name: str
    levels: Mapping[str, Any]
    where: str


def resolve(spec: StudySpec, *, label: str, folder: Path) -> tuple[Arm, ...]:
    """The arms of a study in the order they were declared.

    Args:
        spec: the study as declared.
        label: the file's name, for error messages.
        folder: what relative paths in the study are relative to.

    Raises:
        CeterisError: a factor that does not exist, a factor with one level, two arms that are the
            same, an option no arm uses, arms with unequal budgets, a baseline or metric that does
            not exist, or anything the rooms below refuse (networks, optimizers, data).
    """
    declared = _declared_arms(spec, label)
    _refuse_unused_options(spec, declared, label)
    arms = tuple(
        Arm(item.name, item.levels, _recipe(spec, item, label, folder)) for item in declared
    )
    _refuse_equal_arms(arms, label)
    _check_budget(spec, arms, label)
    baseline(spec, arms, label)
    metric = find_metric(
        spec.primary_metric,
        has_validation=all(arm.recipe.data.split.has_validation for arm in arms),
        train_measured=all(arm.recipe.train.measure_train != "never" for arm in arms),
        where=f"{label}, primary_metric",
    )
    losses = {arm.recipe.train.loss for arm in arms}
    if metric.quantity == "loss" and len(losses) > 1:
        raise CeterisError(
            "arms trained on different losses cannot be compared by their loss",
            received=f"primary_metric = '{metric.name}', losses {', '.join(sorted(losses))}"
            f"  ({label})",
            expected="an accuracy, or one loss in all arms",
            fix="choose another primary_metric, for example 'test_accuracy'",
        )
    _check_margin(spec, metric, label)
    return arms


def baseline(spec: StudySpec, arms: Sequence[Arm], label: str) -> str:
    """The name of the arm the others are compared with: the declared one, or the first.

    Raises:
        CeterisError: no arm has that name or those levels.
    """
    if spec.baseline is None:
        return arms[0].name
    if isinstance(spec.baseline, str):
        if spec.baseline not in {arm.name for arm in arms}:
            raise unknown_name(
                "arm", spec.baseline, [arm.name for arm in arms], where=f"{label}, baseline"
            )
        return spec.baseline
    for arm in arms:
        if all(key in arm.levels and arm.levels[key] == v for key, v in spec.baseline.items()):
            return arm.name
    raise CeterisError(
        "the baseline is none of the arms",
        received=f"baseline = {shown(spec.baseline)}  ({label})",
        expected=f"the levels of one of: {'; '.join(arm.name for arm in arms)}",
        fix="give each factor one of its levels, or name the arm",
    )


def _check_margin(spec: StudySpec, metric: Metric, label: str) -> None:
    """An accuracy is a share: a margin of 1 holds every difference, and most likely means 1%."""
    if spec.margin is not None and metric.quantity == "accuracy" and spec.margin >= 1:
        raise CeterisError(
            f"every difference in {metric.name} lies within a margin of {spec.margin:g}",
            received=f"margin = {spec.margin:g}  ({label})",
            expected="a share above 0 and below 1; 0.003 is 0.3 percentage points",
            fix=f"write margin = {spec.margin / 100:g} if you meant percentage points",
        )


def _declared_arms(spec: StudySpec, label: str) -> list[_Declared]:
    if spec.factors and spec.arms:
        raise CeterisError(
            "a study has factors or arms, not both",
            received=f"[factors] and [arms]  ({label})",
            expected="[factors], every combination being an arm, or [arms], each spelled out",
            fix="remove one of the two tables",
        )
    if spec.arms:
        return _explicit_arms(spec, label)
    if spec.factors:
        return _grid(spec, label)
    return [_Declared(spec.name, {}, label)]


def _grid(spec: StudySpec, label: str) -> list[_Declared]:
    for factor, levels in spec.factors.items():
        _factor_path(factor, f"{label}, [factors]")
        if not levels:
            raise CeterisError(
                f"factor '{factor}' has no level",
                received=f"{factor} = []  ({label})",
                expected="two or more distinct levels",
                fix=f"add levels, or remove {factor} from [factors]",
            )
        repeated = [level for i, level in enumerate(levels) if level in levels[:i]]
        if len(levels) > 1 and repeated:
            raise CeterisError(
                f"factor '{factor}' names the level {shown(repeated[0])} twice",
                received=f"{factor} = {shown(levels)}  ({label})",
                expected="distinct levels",
                fix="remove the repetition",
            )
        if len(levels) == 1:
            table = _factor_path(factor, label).split(".")[0]
            raise CeterisError(
                f"factor '{factor}' has one level, so nothing can be compared",
                received=f"{factor} = {shown(levels)}  ({label})",
                expected="two or more distinct levels",
                fix=f"add a level, or move {factor} to [{table}]",
            )
    names = list(spec.factors)
    arms = []
    for combination in itertools.product(*spec.factors.values()):
        chosen = dict(zip(names, combination, strict=True))
        name = ", ".join(f"{key}={level_text(value)}" for key, value in chosen.items())
        arms.append(_Declared(name, chosen, f"{label}, arm '{name}'"))
    return arms


def _explicit_arms(spec: StudySpec, label: str) -> list[_Declared]:
    if len(spec.arms) == 1:
        raise CeterisError(
            "the study has one arm, so nothing can be compared",
            received=f"[arms] with only {shown(next(iter(spec.arms)))}  ({label})",
            expected="two or more arms",
            fix="add an arm, or move what it says to [train] and remove [arms]",
        )
    for name, levels in spec.arms.items():
        if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
            raise CeterisError(
                f"an arm cannot be named {shown(name)}",
                received=f"{shown(name)}  ({label}, [arms])",
                expected=f"1 to {_LONGEST_NAME} printable characters",
                fix="rename the arm",
            )
        for factor in levels:
            _factor_path(factor, f"{label}, arms.{name}")
    return [_Declared(name, levels, f"{label}, arm '{name}'") for name, levels in spec.arms.items()]


def level_text(level: object) -> str:
    """A level as an arm's name says it.

    Example:
        >>> level_text([100, 100]), level_text(0.001), level_text(True), level_text({"name": "mlp"})
        ('100x100', '0.001', 'true', 'mlp')
        >>> level_text(["conv_1", "conv_2"]), level_text([])
        ('conv_1+conv_2', 'none')
    """
    if isinstance(level, bool):
        return "true" if level else "false"
    if isinstance(level, float):
        return f"{level:g}"
    if isinstance(level, list | tuple):
        if not level:
            return "none"
        words = all(isinstance(part, str) for part in level)
        return ("+" if words else "x").join(level_text(part) for part in level)
    if isinstance(level, Mapping):
        parts = [f"{k} {level_text(v)}" for k, v in level.items() if k not in ("name", "code")]
        head = str(level.get("name") or level.get("code") or "")
        return " ".join([head, *parts] if head else parts)
    return getattr(level, "__name__", str(level))


def _factor_path(factor: str, where: str) -> str:
    """The dotted place of a factor: by its name, or for anything else a dotted key as it is."""
    known = FACTORS.get(factor)
    if known is not None:
        return known.path
    table, _, key = factor.partition(".")
    if table == "network" and key:
        return factor
    if table in _TABLES and (key in _TABLES[table].model_fields or key in option_users()):
        return factor
    if factor.startswith(("train.augment.", "train.views.")):  # the table says which keys it has
        return factor
    raise unknown_name("factor", factor, FACTORS, where=where)


def _recipe(spec: StudySpec, item: _Declared, label: str, folder: Path) -> Recipe:
    # The arms share no mutable value: a level that is a list is copied with the table.
    tables: dict[str, Any] = {
        name: copy.deepcopy(getattr(spec, name).model_dump(exclude_unset=True)) for name in _TABLES
    }
    for factor, level in item.levels.items():
        if factor == "network":  # a level is a whole network, with arguments of its own
            tables["network"] = network_table(level)
            continue
        table, _, key = _factor_path(factor, item.where).partition(".")
        tables[table] = _with(tables[table], key.split("."), level)
    return fill(
        _checked(DataSpec, tables, "data", item.where),
        _checked(NetworkSpec, tables, "network", item.where),
        _checked(TrainSpec, tables, "train", item.where),
        preset=spec.preset,
        levels=item.levels,
        where=item.where,
        folder=folder,
    )


def _with(table: Mapping[str, Any], path: Sequence[str], level: object) -> dict[str, Any]:
    """The table with one key replaced, in a table inside it where the key is dotted."""
    if len(path) == 1:
        return {**table, path[0]: level}
    inner = table.get(path[0])
    return {
        **table,
        path[0]: _with(inner if isinstance(inner, Mapping) else {}, path[1:], level),
    }


def _checked(model: type[_Model], tables: Mapping[str, Any], name: str, where: str) -> _Model:
    try:
        return model.model_validate(tables[name])
    except ValidationError as error:
        raise four_parts(error, model=model, label=where, prefix=(name,)) from None


def _refuse_unused_options(spec: StudySpec, declared: Sequence[_Declared], label: str) -> None:
    """An option in [train] that no register has is a misspelling; one no arm uses, a mistake."""
    known = option_users()
    for key, value in spec.train.options.items():
        if key not in known:
            raise unknown_key(("train", key), [*TrainSpec.model_fields, *known], label)
        if not any(known[key] & _chosen(spec, item) for item in declared):
            raise CeterisError(
                f"'train.{key}' is used by no arm",
                received=f"{key} = {shown(value)}  ({label})",
                expected="an arm with one of: "
                + ", ".join(sorted(f"{kind} {name}" for kind, name in known[key])),
                fix=f"remove {key}, or choose one of those",
            )


def _chosen(spec: StudySpec, item: _Declared) -> set[tuple[str, str]]:
    """The (register, name) pairs an arm uses, as far as it is declared."""
    chosen = {
        "optimizer": spec.train.optimizer,
        "initializer": spec.train.initializer or default_initializer(spec.preset),
        "schedule": spec.train.schedule,
    }
    chosen |= {k: v for k, v in item.levels.items() if k in chosen and isinstance(v, str)}
    return {(kind, canonical_name(kind, name)) for kind, name in chosen.items()}


def _refuse_equal_arms(arms: Sequence[Arm], label: str) -> None:
    seen: dict[str, str] = {}
    for arm in arms:
        train = arm.recipe.train
        recipe = repr((arm.recipe.identity(), arm.recipe.data, train.start, train.freeze))
        if recipe in seen:
            raise CeterisError(
                f"the arms '{seen[recipe]}' and '{arm.name}' are the same",
                received=f"two arms with one recipe  ({label})",
                expected="arms that differ in at least one level",
                fix="remove one of them, or change a level",
            )
        seen[recipe] = arm.name


def _check_budget(spec: StudySpec, arms: Sequence[Arm], label: str) -> None:
    """Arms must be equal in the budget; parameters and multiply-adds are checked once counted."""
    train = arms[0].recipe.train
    named = "steps" if train.steps else "epochs" if train.epochs else "images"
    budget = spec.budget or named
    if budget not in ("steps", "epochs", "images"):
        return
    spent = {arm.name: _spent(arm, budget) for arm in arms}
    if None in spent.values():
        raise CeterisError(
            f"the budget '{budget}' is not what [train] says the length of a run is",
            received=f"budget = '{budget}'  ({label})",
            expected=f"budget = '{named}', or {budget} in [train]",
            fix="remove budget, or give the length of a run in it",
        )
    if len(set(spent.values())) > 1:
        raise CeterisError(
            f"the arms do not have equal {budget}, so they are not compared at equal budget",
            received="; ".join(f"{name}: {value}" for name, value in spent.items())
            + f"  ({label})",
            expected=f"the same {budget} in every arm",
            fix='make them equal, or write budget = "none" if the length is what you vary',
        )


def _spent(arm: Arm, budget: str) -> int | None:
    train = arm.recipe.train
    if budget == "steps":
        return train.steps
    if budget == "epochs":
        return train.epochs
    if train.images_seen is not None:
        return train.images_seen
    return train.steps * train.batch_size if train.steps else None
