"""Everything that can fail because of what the user gave, checked before anything trains."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ceteris.data import DataSet, SplitRecipe, make_split, open_data, split_digest
from ceteris.engine import Rows, Task, by_value, count_module, environment
from ceteris.errors import CeterisError
from ceteris.nets import CodeReference, account, count_parameters
from ceteris.store import Home, making_home, study_folder
from ceteris.study import Arm, Study, plain

_EQUAL_WITHIN = 0.01  # whole widths rarely give exactly equal counts


@dataclass(frozen=True)
class PlannedRun:
    """One run of the plan: its identity, and what a worker needs to train it."""

    run_id: str
    arm: str
    seed: int
    rows: Rows
    identity: Mapping[str, Any]


@dataclass(frozen=True)
class Plan:
    """A study ready to be trained.

    Args:
        study: as declared, its number of seeds in force.
        home: checked and writable.
        data: the opened set, and the folder of parsed arrays it is mapped from.
        parameters: arm -> number of trained parameters.
        runs: every run of the study, seed by seed so that what is finished is paired.
        environment: what the runs would be trained on, here and now.
    """

    study: Study
    home: Home
    data: DataSet
    data_folder: Path
    parameters: Mapping[str, int]
    runs: tuple[PlannedRun, ...]
    environment: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """The study's own folder."""
        return study_folder(self.home, self.study.name)


def prepare(
    study: Study,
    *,
    home: Path | None = None,
    data_folder: Path | None = None,
    allow_code: bool = True,
    announce: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Check everything a study needs before it trains: home, data, splits, networks.

    Args:
        study: as declared.
        home: ``--home``; None for ``CETERIS_HOME`` or ``~/.ceteris``.
        data_folder: ``CETERIS_DATA``.
        allow_code: False refuses a study that would execute a user's own file.
        announce: told the file before it is executed.

    Raises:
        CeterisError: whatever is wrong with what was given. No study has been made or changed; a
            data set that was parsed before the mistake was found stays in the cache.
    """
    with making_home(home) as opened:
        study_folder(opened, study.name)  # a name that is no folder's name is refused here
        _permit_code(study.arms, allow_code, announce)
        sources = {repr(arm.recipe.data.source): arm.recipe.data.source for arm in study.arms}
        if len(sources) > 1:
            raise CeterisError(
                "the arms learn from different data sets, so they cannot be compared",
                received="; ".join(source.name for source in sources.values()),
                expected="one data set in all arms",
                fix="make a study for each data set",
            )
        source = next(iter(sources.values()))
        data, parsed = open_data(source, cache=opened.cache, data_folder=data_folder)
        parameters = {arm.name: _count(arm, data) for arm in study.arms}
        _check_equal_size(study, data, parameters)
        frozen = environment()
        splits = _Splits(data)
        runs = tuple(
            _planned(arm, seed, study, splits, frozen)
            for seed in range(study.spec.seeds)
            for arm in study.arms
        )
    return Plan(study, opened, data, parsed, parameters, runs, frozen)


def tasks_of(
    plan: Plan, runs: Sequence[PlannedRun] | None = None, *, checkpoint_every_s: float = 30.0
) -> list[Task]:
    """What workers are sent for the runs of a plan, all of them if not said which."""
    arms = {arm.name: arm for arm in plan.study.arms}
    return [
        _task(plan, planned, arms[planned.arm], checkpoint_every_s)
        for planned in (plan.runs if runs is None else runs)
    ]


def declaration(plan: Plan) -> dict[str, Any]:
    """What was declared, with the digest of the data it was declared for."""
    declared = plan.study.to_json()
    declared["data"] = {**declared["data"], "digest": plan.data.digest}
    return declared


class _Splits:
    """Each split drawn once: runs that share one share its arrays, however many they are."""

    def __init__(self, data: DataSet) -> None:
        self.data = data
        self._drawn: dict[tuple[SplitRecipe, int], tuple[Rows, str]] = {}

    def of(self, recipe: SplitRecipe, seed: int) -> tuple[Rows, str]:
        """The rows of a split, and its digest."""
        key = (recipe, seed if recipe.resample else 0)
        if key not in self._drawn:
            split = make_split(self.data, recipe, replicate=seed)
            rows = Rows(split.train, split.validation, split.test)
            self._drawn[key] = (rows, split_digest(split))
        return self._drawn[key]


def _planned(
    arm: Arm, seed: int, study: Study, splits: _Splits, frozen: Mapping[str, Any]
) -> PlannedRun:
    rows, digest = splits.of(arm.recipe.data.split, seed)
    _check_length(arm, rows)
    identity: dict[str, Any] = plain(
        {
            **arm.recipe.identity(),
            "data": splits.data.digest,
            "split": digest,
            "environment": dict(frozen),
            "root_seed": study.spec.root_seed,
            "seed": seed,
        }
    )
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return PlannedRun(
        run_id=hashlib.sha256(text.encode()).hexdigest()[:32],
        arm=arm.name,
        seed=seed,
        rows=rows,
        identity=identity,
    )


def _check_length(arm: Arm, rows: Rows) -> None:
    train = arm.recipe.train
    if train.steps_per_epoch(len(rows.train)) == 0:
        raise CeterisError(
            f"arm '{arm.name}' would drop every batch",
            received=f"batch_size = {train.batch_size}, last_batch = 'drop', "
            f"{len(rows.train)} training images",
            expected=f"a batch of {len(rows.train)} images or fewer",
            fix="lower train.batch_size, or keep the last batch",
        )


def _permit_code(arms: Sequence[Arm], allowed: bool, announce: Callable[[str], None]) -> None:
    """Name every file before it is executed, once; refuse it where code is not allowed."""
    references = {
        reference.digest: reference
        for arm in arms
        if isinstance(reference := arm.recipe.network.reference, CodeReference)
    }
    for reference in references.values():
        if not allowed:
            raise CeterisError(
                "this study executes code of its own, and --no-code refuses that",
                received=f"{reference.file}, function {reference.function}",
                expected="a study without network code",
                fix="read the file, then run without --no-code",
            )
        announce(f"executing {reference.file} (code digest {reference.digest[:12]})")


def _count(arm: Arm, data: DataSet) -> int:
    """Trained parameters of an arm's network; a user's own module is made once to count them."""
    network = arm.recipe.network
    if network.reference is None:
        return count_parameters(network.layers, data.shape, data.num_classes).trainable
    return count_module(network, data.shape, data.num_classes)


def _check_equal_size(study: Study, data: DataSet, parameters: Mapping[str, int]) -> None:
    """Arms held equal in parameters or multiply-adds must be, to within a hundredth."""
    budget = study.spec.budget
    if budget == "parameters":
        sizes = dict(parameters)
    elif budget == "multiply_adds":
        sizes = {arm.name: _multiply_adds(arm, data) for arm in study.arms}
    else:
        return
    if max(sizes.values()) > min(sizes.values()) * (1 + _EQUAL_WITHIN):
        raise CeterisError(
            f"the arms do not have equal {budget}",
            received="; ".join(f"{name}: {count:,}" for name, count in sizes.items()),
            expected=f"numbers within {_EQUAL_WITHIN:.0%} of each other, since budget = '{budget}'",
            fix="change a width, or remove budget",
        )


def _multiply_adds(arm: Arm, data: DataSet) -> int:
    """Multiply-adds of one image's forward pass, of layers Ceteris can count."""
    network = arm.recipe.network
    if network.reference is not None:
        raise CeterisError(
            f"the multiply-adds of arm '{arm.name}' cannot be counted",
            received="a network made by code",
            expected="a network described layer by layer, or by name",
            fix="describe the network, or choose another budget",
        )
    return sum(r.multiply_adds for r in account(network.layers, data.shape, data.num_classes))


def _task(plan: Plan, planned: PlannedRun, arm: Arm, checkpoint_every_s: float) -> Task:
    network = arm.recipe.network
    return Task(
        run_id=planned.run_id,
        arm=arm.name,
        seed=planned.seed,
        root_seed=plan.study.spec.root_seed,
        recipe=replace(arm.recipe, network=replace(network, function=None)),
        make=by_value(network.function) if network.function is not None else b"",
        data=plan.data_folder,
        rows=planned.rows,
        checkpoints=plan.folder / "checkpoints" / planned.run_id,
        checkpoint_every_s=checkpoint_every_s,
        keep_weights=plan.study.spec.keep_weights,
    )
