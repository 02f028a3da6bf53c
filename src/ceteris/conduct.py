"""The one place where study, engine and store meet: from a declared study to runs in its store.

:func:`prepare` does everything that can fail because of what the user gave, and writes nothing to
the study; :func:`run` trains what is not trained yet. A command repeated is a command resumed.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ceteris.data import DataSet, Split, make_split, open_data, split_digest
from ceteris.engine import (
    Ended,
    Event,
    Rows,
    Started,
    Task,
    Workers,
    available_bytes,
    choose_workers,
    environment,
    remove_checkpoints,
    usable_cores,
)
from ceteris.errors import CeterisError, shown
from ceteris.nets import CodeReference, count_parameters
from ceteris.store import (
    FINAL,
    Design,
    Home,
    Look,
    Store,
    is_ours,
    making_home,
    set_aside,
    study_folder,
)
from ceteris.study import Arm, Study

if TYPE_CHECKING:
    from ceteris.engine.forecast import Forecast



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


@dataclass(frozen=True)
class Conducted:
    """What :func:`run` leaves behind.

    Args:
        folder: the study's own folder.
        design: id of the design in its store.
        interrupted: asked to stop before every run had ended; the same command resumes.
        num_reused: runs that were already there.
        changes: dotted keys in which the study differs from the one that was run before.
    """

    folder: Path
    design: int
    interrupted: bool
    num_reused: int
    changes: tuple[str, ...]


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
        CeterisError: whatever is wrong with what was given; nothing has been changed on disk.
    """
    with making_home(home) as opened:
        study_folder(opened, study.name)  # a name that is no folder's name is refused here
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
        _permit_code(study.arms, allow_code, announce)
        parameters = {arm.name: _count(arm, data) for arm in study.arms}
        _check_equal_parameters(study, parameters)
        frozen = environment()
        runs = tuple(
            _planned(arm, seed, study, data, frozen)
            for seed in range(study.spec.seeds)
            for arm in study.arms
        )
    return Plan(study, opened, data, parsed, parameters, runs, frozen)


def run(
    plan: Plan,
    *,
    workers: int,
    stop: Callable[[], bool] = lambda: False,
    listen: Callable[[Event], None] = lambda _: None,
    fresh: bool = False,
    checkpoint_every_s: float = 30.0,
) -> Conducted:
    """Train every run of the plan that has not ended yet, and keep each as it ends.

    Args:
        plan: of :func:`prepare`.
        workers: processes; 1 or more.
        stop: asked a few times a second; once true, runs are checkpointed and left.
        listen: told every event, for a progress display.
        fresh: set the study's folder aside (NAME~1) and train everything anew.
        checkpoint_every_s: seconds of training between two checkpoints of a run.

    Raises:
        CeterisError: the study is in use, was frozen on another machine or version, has more seeds
            already, or its disk is full. Runs that had ended are kept.
    """
    folder = plan.folder
    if fresh and is_ours(folder):
        set_aside(folder)
    with Store.open(folder, write=True) if is_ours(folder) else Store.create(folder) as store:
        before = store.latest(plan.study.variant)
        _refuse_fewer_seeds(plan, before)
        _refuse_other_machine(plan, store)
        store.freeze(dict(plan.environment))
        design = store.add_design(
            plan.study.variant,
            _record(plan),
            plan.study.origin.source,
            [(a.name, _jsonable(a.levels), plan.parameters[a.name]) for a in plan.study.arms],
            [
                (r.arm, r.seed, r.run_id, dict(r.identity), plan.study.spec.root_seed)
                for r in plan.runs
            ],
        )
        ended = {r.run_id for r in store.runs(design) if r.status in FINAL}
        waiting = [r for r in plan.runs if r.run_id not in ended]
        interrupted = _train(plan, waiting, store, workers, stop, listen, checkpoint_every_s)
        if not interrupted:
            _look(store, design)
    return Conducted(
        folder=folder,
        design=design.id,
        interrupted=interrupted,
        num_reused=len(ended),
        changes=_changes(before, design),
    )


def _train(
    plan: Plan,
    waiting: Sequence[PlannedRun],
    store: Store,
    count: int,
    stop: Callable[[], bool],
    listen: Callable[[Event], None],
    checkpoint_every_s: float,
) -> bool:
    """Train the runs; True if some of them were left unfinished."""
    if not waiting:
        return False
    tasks = tasks_of(plan, waiting, checkpoint_every_s=checkpoint_every_s)
    left = {task.run_id for task in tasks}
    with Workers(count) as workers:
        for event in workers.train(tasks, stop=stop):
            if isinstance(event, Started):
                store.start(event.run_id)
            elif isinstance(event, Ended):
                _keep(event, store)
                left.discard(event.run_id)
                if event.outcome.status != "failed":
                    remove_checkpoints(plan.folder / "checkpoints" / event.run_id)
            listen(event)
    return bool(left)


def _keep(event: Ended, store: Store) -> None:
    outcome = event.outcome
    store.finish(
        event.run_id,
        status=outcome.status,
        sentence=" ".join([outcome.sentence, *_last_lines(event.warnings)]),
        steps=outcome.steps,
        duration_s=outcome.duration_s,
        metrics=dict(outcome.metrics),
        arrays={name: dict(arrays) for name, arrays in outcome.arrays.items()},
        digest=outcome.digest or None,
    )


def _record(plan: Plan) -> dict[str, Any]:
    """The study as the store keeps it: what was declared, and what reading it needs to know.

    Reading a study must not execute anything, so it cannot resolve the declaration once more.
    """
    study = plan.study
    losses = {arm.recipe.train.loss for arm in study.arms}
    return {
        "declared": study.to_json(),
        "resolved": {
            "name": study.name,
            "question": study.spec.question,
            "seeds": study.spec.seeds,
            "looks": study.spec.looks,
            "primary_metric": study.spec.primary_metric,
            "baseline": study.baseline,
            "comparisons": study.spec.comparisons,
            "resample_split": any(arm.recipe.data.split.resample for arm in study.arms),
            "classes": list(plan.data.classes),
            "loss": losses.pop() if len(losses) == 1 else None,
        },
    }


def _look(store: Store, design: Design) -> None:
    """Write down that a complete comparison of so many seeds is shown, unless it was before.

    The first looks, as many as the study declared, decide; each pays its share of the error
    rate. One more than declared is exploratory: it was taken after seeing a result.
    """
    seeds = int(design.spec["resolved"]["seeds"])
    same = same_question_looks(store, design)
    if all(look.seeds != seeds for look in same):
        declared = int(design.spec["resolved"]["looks"])
        store.add_look(design, seeds, "deciding" if len(same) < declared else "exploratory")


def same_question_looks(store: Store, design: Design) -> list[Look]:
    """The looks at designs that differ from this one in the number of seeds alone."""
    revisions = {
        other.revision
        for other in store.designs()
        if other.variant == design.variant and _question(other) == _question(design)
    }
    return [look for look in store.looks(design) if look.revision in revisions]


def _question(design: Design) -> dict[str, Any]:
    return {k: v for k, v in design.spec["declared"].items() if k not in ("seeds", "notes", "quick")}


def _planned(
    arm: Arm, seed: int, study: Study, data: DataSet, frozen: Mapping[str, Any]
) -> PlannedRun:
    split = make_split(data, arm.recipe.data.split, replicate=seed)
    _check_length(arm, split)
    identity = {
        **arm.recipe.identity(),
        "data": data.digest,
        "split": split_digest(split),
        "environment": dict(frozen),
        "root_seed": study.spec.root_seed,
        "seed": seed,
    }
    text = json.dumps(_jsonable(identity), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return PlannedRun(
        run_id=hashlib.sha256(text.encode()).hexdigest()[:32],
        arm=arm.name,
        seed=seed,
        rows=Rows(split.train, split.validation, split.test),
        identity=_jsonable(identity),
    )


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


def _permit_code(
    arms: Sequence[Arm], allowed: bool, announce: Callable[[str], None]
) -> None:
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
        announce(f"executing {reference.file} (sha256 {reference.digest[:12]})")


def _count(arm: Arm, data: DataSet) -> int:
    """Trained parameters of an arm's network; a user's own module is made once to count them."""
    network = arm.recipe.network
    if network.reference is None:
        return count_parameters(network.layers, data.shape, data.num_classes).trainable
    from ceteris.engine import count_module

    return count_module(network, data.shape, data.num_classes)


def _check_equal_parameters(study: Study, parameters: Mapping[str, int]) -> None:
    if study.spec.budget != "parameters":
        return
    least, most = min(parameters.values()), max(parameters.values())
    if most > least * 1.01:
        raise CeterisError(
            "the arms do not have equal numbers of parameters",
            received="; ".join(f"{name}: {count:,}" for name, count in parameters.items()),
            expected="numbers within 1% of each other, since budget = 'parameters'",
            fix="change a width, or remove budget",
        )


def tasks_of(
    plan: Plan, runs: Sequence[PlannedRun] | None = None, *, checkpoint_every_s: float = 30.0
) -> list[Task]:
    """What workers are sent for the runs of a plan, all of them if not said which."""
    arms = {arm.name: arm for arm in plan.study.arms}
    return [
        _task(plan, planned, arms[planned.arm], checkpoint_every_s)
        for planned in (plan.runs if runs is None else runs)
    ]


def _task(plan: Plan, planned: PlannedRun, arm: Arm, checkpoint_every_s: float) -> Task:
    from ceteris.engine import by_value

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


def _last_lines(warnings: Sequence[str]) -> list[str]:
    """The last line of each warning or traceback: enough to find it, short enough for a table."""
    return [text.strip().splitlines()[-1] for text in warnings[:3] if text.strip()]


def _refuse_fewer_seeds(plan: Plan, before: Design | None) -> None:
    had = int(before.spec["resolved"]["seeds"]) if before else 0
    if plan.study.spec.seeds < had:
        raise CeterisError(
            "the study already has more seeds, and leaving some out would choose among results",
            received=f"seeds = {plan.study.spec.seeds}, the study has {had}",
            expected=f"{had} seeds or more",
            fix=f"run it with {had} seeds, or with --fresh (keeps the old results aside)",
        )


def _refuse_other_machine(plan: Plan, store: Store) -> None:
    frozen = store.environment
    if frozen is None or frozen == dict(plan.environment):
        return
    differ = [k for k in sorted({*frozen, *plan.environment}) if frozen.get(k) != plan.environment.get(k)]
    raise CeterisError(
        "the study was begun on another machine or with other versions, and runs from both "
        "must not be mixed in one comparison",
        received="; ".join(f"{k}: {shown(plan.environment.get(k))}" for k in differ),
        expected="; ".join(f"{k}: {shown(frozen.get(k))}" for k in differ),
        fix="go on where it was begun, or start anew here with --fresh (keeps the old results aside)",
    )


def _changes(before: Design | None, now: Design) -> tuple[str, ...]:
    if before is None or before.id == now.id:
        return ()
    old, new = _flat(before.spec["declared"]), _flat(now.spec["declared"])
    return tuple(
        f"{key}: {shown(old.get(key))} -> {shown(new.get(key))}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    )


def _flat(spec: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in spec.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return getattr(value, "__name__", value) if callable(value) else value


def num_workers(plan: Plan, asked: int | None) -> int:
    """Worker processes for a plan: one a core, as memory allows, no more than runs."""
    # Weights, gradient, scratch, up to two optimizer states, and the copy kept as the best.
    run_bytes = 6 * 4 * max(plan.parameters.values())
    return choose_workers(
        len(plan.runs),
        asked=asked,
        cores=usable_cores(),
        memory=available_bytes(),
        run_bytes=run_bytes,
    )


def forecast_plan(plan: Plan, *, fresh: bool) -> "Forecast":
    """Time and disk of the runs that are not trained yet; nothing is written."""
    from ceteris.engine.forecast import forecast

    ended: set[str] = set()
    if is_ours(plan.folder) and not fresh:
        with Store.open(plan.folder, write=False) as store:
            design = store.latest(plan.study.variant)
            runs = store.runs(design) if design is not None else []
            ended = {r.run_id for r in runs if r.status in FINAL}
    waiting = [r for r in plan.runs if r.run_id not in ended]
    return forecast(tasks_of(plan, waiting))
