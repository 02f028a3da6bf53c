"""Everything that can fail because of what the user gave, checked before anything trains."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ceteris.conduct.permission import permit_code
from ceteris.conduct.settle import Settled, settle
from ceteris.conduct.starting import Beginning, begin_arms
from ceteris.data import DataSet, Split, SplitRecipe, make_split, open_data, split_digest
from ceteris.engine import Rows, Task, by_value, count_module, environment
from ceteris.errors import CeterisError
from ceteris.nets import account, count_parameters
from ceteris.store import Home, making_home, study_folder
from ceteris.study import Arm, AugmentSpec, Study, ViewsSpec, plain

_EQUAL_WITHIN = 0.01  # whole widths rarely give exactly equal counts


@dataclass(frozen=True)
class PlannedRun:
    """One run of the plan: its identity, and what a worker needs to train it."""

    run_id: str
    arm: str
    seed: int
    split: Split
    identity: Mapping[str, Any]

    @property
    def rows(self) -> Rows:
        """The parts of the split that the run may use."""
        return Rows(self.split.train, self.split.validation, self.split.test)


@dataclass(frozen=True)
class Plan:
    """A study ready to be trained.

    Args:
        study: as declared, its number of seeds in force.
        home: checked and writable.
        data: the opened set, and the folder of parsed arrays it is mapped from.
        parameters: arm -> number of trained parameters, without those that are frozen.
        settled: arm -> how it is trained on this machine.
        beginnings: arm -> the stored weights its runs start from, and what is frozen.
        runs: every run of the study, seed by seed so that what is finished is paired.
        environment: what the runs would be trained on, here and now.
    """

    study: Study
    home: Home
    data: DataSet
    data_folder: Path
    parameters: Mapping[str, int]
    settled: Mapping[str, Settled]
    beginnings: Mapping[str, Beginning]
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
        announce: told the file before it is executed, and that something is being measured.

    Raises:
        CeterisError: whatever is wrong with what was given. No study has been made or changed; a
            data set that was parsed before the mistake was found stays in the cache.
    """
    with making_home(home) as opened:
        study_folder(opened, study.name)  # a name that is no folder's name is refused here
        permit_code([arm.recipe.network for arm in study.arms], allow_code, announce)
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
        for note in data.notes:
            announce(note)
        for arm in study.arms:
            check_crop(arm.recipe.train.augment, data.shape, f"arm '{arm.name}'")
            check_views(arm.recipe.train.views, data.shape, f"arm '{arm.name}'")
        splits = _Splits(data)
        beginnings = begin_arms(
            study.arms,
            data,
            lambda arm, seed: splits.of(arm.recipe.data.split, seed)[0],
            seeds=study.spec.seeds,
            label=study.origin.label,
            home=home,
            folder=study_folder(opened, study.name),
            variant=study.variant,
            announce=announce,
        )
        parameters = {
            arm.name: _count(arm, data) - beginnings[arm.name].num_frozen for arm in study.arms
        }
        _check_equal_size(study, data, parameters)
        frozen = environment()
        settled = settle(
            study.arms,
            data,
            home=opened,
            folder=study_folder(opened, study.name),
            machine=frozen,
            announce=announce,
        )
        runs = tuple(
            _planned(settled[arm.name], beginnings[arm.name], seed, study, splits, frozen)
            for seed in range(study.spec.seeds)
            for arm in study.arms
        )
    return Plan(study, opened, data, parsed, parameters, settled, beginnings, runs, frozen)


def tasks_of(
    plan: Plan, runs: Sequence[PlannedRun] | None = None, *, checkpoint_every_s: float = 30.0
) -> list[Task]:
    """What workers are sent for the runs of a plan, all of them if not said which."""
    return [
        _task(plan, planned, plan.settled[planned.arm], checkpoint_every_s)
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
        self._drawn: dict[tuple[SplitRecipe, int], tuple[Split, str]] = {}

    def of(self, recipe: SplitRecipe, seed: int) -> tuple[Split, str]:
        """A split and its digest."""
        key = (recipe, seed if recipe.resample else 0)
        if key not in self._drawn:
            split = make_split(self.data, recipe, replicate=seed)
            self._drawn[key] = (split, split_digest(split))
        return self._drawn[key]


def _planned(
    settled: Settled,
    beginning: Beginning,
    seed: int,
    study: Study,
    splits: _Splits,
    frozen: Mapping[str, Any],
) -> PlannedRun:
    arm = settled.arm
    split, digest = splits.of(arm.recipe.data.split, seed)
    _check_length(arm, split)
    identity: dict[str, Any] = plain(
        {
            **settled.identity,
            **beginning.identity(seed),
            "data": splits.data.digest,
            "split": digest,
            "environment": dict(frozen),
            "root_seed": study.spec.root_seed,
            "seed": seed,
        }
    )
    return PlannedRun(
        run_id=run_id_of(identity), arm=arm.name, seed=seed, split=split, identity=identity
    )


def run_id_of(identity: Mapping[str, Any]) -> str:
    """What a run is known by: the digest of everything its result depends on.

    Example:
        >>> run_id_of({"seed": 0, "data": "d"}) == run_id_of({"data": "d", "seed": 0})
        True
    """
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _check_length(arm: Arm, split: Split) -> None:
    train = arm.recipe.train
    if train.steps_per_epoch(len(split.train)) == 0:
        raise CeterisError(
            f"arm '{arm.name}' would drop every batch",
            received=f"batch_size = {train.batch_size}, last_batch = 'drop', "
            f"{len(split.train)} training images",
            expected=f"a batch of {len(split.train)} images or fewer",
            fix="lower train.batch_size, or keep the last batch",
        )


def check_crop(augment: AugmentSpec | None, shape: tuple[int, int, int], whose: str) -> None:
    """Refuse windows that may lie beside the image.

    Args:
        augment: what changes the images, or None.
        shape: (H, W, C) of one.
        whose: what the error is about: an arm, or an option.
    """
    height, width, _ = shape
    if augment is not None and augment.crop >= min(height, width):
        raise CeterisError(
            f"{whose} would crop images away whole",
            received=f"train.augment.crop = {augment.crop}, images of {height} x {width} pixels",
            expected=f"0 to {min(height, width) - 1} pixels",
            fix="lower train.augment.crop; an eighth of the image's side is usual",
        )


def check_views(views: ViewsSpec | None, shape: tuple[int, ...], whose: str) -> None:
    """Refuse views that show less than half of the image.

    Args:
        views: what the evaluation of an image is averaged over, or None.
        shape: (H, W, C) of one.
        whose: what the error is about: an arm, or an option.
    """
    height, width = shape[:2]
    if views is not None and 2 * views.shift_pixels >= min(height, width):
        most = (min(height, width) - 1) // 2
        raise CeterisError(
            f"{whose} would move images out of sight",
            received=f"shift_pixels = {views.shift_pixels}, images of {height} x {width} pixels",
            expected=f"0 to {most} pixels, less than half of the shorter side",
            fix="lower shift_pixels; 1 or 2 are usual",
        )


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


def _task(plan: Plan, planned: PlannedRun, settled: Settled, checkpoint_every_s: float) -> Task:
    arm, network = settled.arm, settled.arm.recipe.network
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
        ways=settled.ways,
        start=plan.beginnings[arm.name].starts.get(planned.seed),
        frozen=plan.beginnings[arm.name].frozen,
    )
