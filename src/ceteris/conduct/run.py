"""From a plan to runs in its store: what has ended is kept, what has not is trained."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ceteris.atomic import make_folder
from ceteris.conduct.history import changes, look, refuse_fewer_seeds, refuse_other_machine
from ceteris.conduct.overlap import dropped_of, dropped_sentences, overlap_of
from ceteris.conduct.plan import Plan, PlannedRun, declaration, tasks_of
from ceteris.conduct.starting import refuse_lost
from ceteris.engine import (
    Ended,
    Event,
    Paused,
    Started,
    Task,
    Workers,
    available_bytes,
    choose_workers,
    remove_checkpoints,
    usable_cores,
)
from ceteris.store import FINAL, Store, is_ours, set_aside
from ceteris.store.faults import told
from ceteris.study import plain

if TYPE_CHECKING:
    from ceteris.engine.forecast import Forecast


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


def run(
    plan: Plan,
    *,
    workers: int,
    stop: Callable[[], bool] = lambda: False,
    listen: Callable[[Event], None] = lambda _: None,
    announce: Callable[[str], None] = lambda _: None,
    fresh: bool = False,
    checkpoint_every_s: float = 30.0,
) -> Conducted:
    """Train every run of the plan that has not ended yet, and keep each as it ends.

    Args:
        plan: of :func:`prepare`.
        workers: processes; 1 or more.
        stop: asked a few times a second; once true, runs are checkpointed and left.
        listen: told every event, for a progress display.
        announce: told, before anything trains, what differs from the last time and is reused,
            which images are left out or both trained on and tested on, and
            each warning of a run when it comes up for the first time.
        fresh: set the study's folder aside (NAME~1) and train everything anew.
        checkpoint_every_s: seconds of training between two checkpoints of a run; 0 for as often
            as 2% of the time allow.

    Raises:
        CeterisError: the study is in use, was frozen on another machine or version, has more seeds
            already, or its disk is full. Runs that had ended are kept.
    """
    folder = plan.folder
    _refuse_lost(plan, trained_before(plan, fresh=fresh))
    if fresh and is_ours(folder):
        announce(f"earlier results are set aside as {set_aside(folder).name}")
    with Store.open(folder, write=True) if is_ours(folder) else Store.create(folder) as store:
        before = store.latest(plan.study.variant)
        refuse_fewer_seeds(plan, before)
        refuse_other_machine(plan, store)
        store.freeze(dict(plan.environment))
        design = store.add_design(
            plan.study.variant,
            _record(plan),
            plan.study.origin.source,
            [(a.name, plain(a.levels), plan.parameters[a.name]) for a in plan.study.arms],
            [
                (r.arm, r.seed, r.run_id, dict(r.identity), plan.study.spec.root_seed)
                for r in plan.runs
            ],
        )
        ended = {r.run_id for r in store.runs(design) if r.status in FINAL}
        waiting = [r for r in plan.runs if r.run_id not in ended]
        for run_id in ended:  # killed between keeping the outcome and this
            remove_checkpoints(_checkpoints(plan) / run_id)
        for change in (changed := changes(before, design)):
            announce(f"changed since the last time: {change}")
        if ended:
            announce(f"{len(ended)} of {len(plan.runs)} runs were already trained")
        if waiting:
            _tell_images(plan, announce)
        tasks = tasks_of(plan, waiting, checkpoint_every_s=checkpoint_every_s)
        interrupted = _train(plan, waiting, tasks, store, workers, stop, listen, announce)
        if not interrupted:
            look(store, design)
    return Conducted(
        folder=folder,
        design=design.id,
        interrupted=interrupted,
        num_reused=len(ended),
        changes=changed,
    )


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

    ended = trained_before(plan, fresh=fresh)
    _refuse_lost(plan, ended)
    return forecast(tasks_of(plan, [r for r in plan.runs if r.run_id not in ended]))


def _refuse_lost(plan: Plan, ended: frozenset[str]) -> None:
    """What is still to be trained needs the weights it starts from."""
    refuse_lost(plan.beginnings, {run.arm for run in plan.runs if run.run_id not in ended})


def trained_before(plan: Plan, *, fresh: bool) -> frozenset[str]:
    """The runs of a plan that have ended already; refuses what :func:`run` would refuse."""
    if fresh or not is_ours(plan.folder):
        return frozenset()
    with Store.open(plan.folder, write=False) as store:
        refuse_fewer_seeds(plan, store.latest(plan.study.variant))
        refuse_other_machine(plan, store)
        ended = {
            run.run_id
            for design in store.designs()
            for run in store.runs(design)
            if run.status in FINAL
        }
    return frozenset(run.run_id for run in plan.runs if run.run_id in ended)


def _train(
    plan: Plan,
    waiting: Sequence[PlannedRun],
    tasks: Sequence[Task],
    store: Store,
    count: int,
    stop: Callable[[], bool],
    listen: Callable[[Event], None],
    announce: Callable[[str], None],
) -> bool:
    """Train the runs; True if some of them were left unfinished."""
    if not waiting:
        return False
    with told(plan.folder, "making the folder of checkpoints"):
        make_folder(_checkpoints(plan))
    planned = {run.run_id: run for run in waiting}
    left = set(planned)
    said: set[str] = set()
    with Workers(count) as workers:
        for event in workers.train(tasks, stop=stop):
            if isinstance(event, Started):
                store.start(event.run_id)
            elif isinstance(event, Ended):
                _keep(event, planned[event.run_id], store)
                left.discard(event.run_id)
                if event.outcome.status != "failed":
                    remove_checkpoints(_checkpoints(plan) / event.run_id)
            if isinstance(event, Ended | Paused):
                for line in _last_lines(event.warnings):
                    if line not in said:
                        about = planned[event.run_id]
                        announce(f"{about.arm}, seed {about.seed}: {line}")
                        said.add(line)
            listen(event)
    return bool(left)


def _tell_images(plan: Plan, announce: Callable[[str], None]) -> None:
    """Say which images are left out, and which are trained on and tested on."""
    for sentence in dropped_sentences(dropped_of(plan), len(plan.study.arms)):
        announce(sentence)
    for sentence in overlap_of(plan).sentences:
        announce(sentence)


def _checkpoints(plan: Plan) -> Path:
    """The folder that holds one folder per run in training."""
    return plan.folder / "checkpoints"


def _keep(event: Ended, planned: PlannedRun, store: Store) -> None:
    """Store an outcome, with the split it was trained on: runs that share one share its file."""
    outcome = event.outcome
    store.finish(
        event.run_id,
        status=outcome.status,
        sentence="; ".join([outcome.sentence, *_last_lines(event.warnings)]),
        steps=outcome.steps,
        duration_s=outcome.duration_s,
        metrics=dict(outcome.metrics),
        arrays={
            **{name: dict(arrays) for name, arrays in outcome.arrays.items()},
            "split": dict(vars(planned.split)),
        },
        digest=outcome.digest or None,
    )


def _record(plan: Plan) -> dict[str, Any]:
    """The study as the store keeps it: what was declared, and what reading it needs to know.

    Reading a study must not execute anything, so it cannot resolve the declaration once more.
    """
    study = plan.study
    losses = {arm.recipe.train.loss for arm in study.arms}
    begins = {name: dict(found.record) for name, found in plan.beginnings.items() if found.record}
    return {
        "declared": declaration(plan),
        "resolved": {
            "name": study.name,
            "question": study.spec.question,
            "seeds": study.spec.seeds,
            "looks": study.spec.looks,
            "primary_metric": study.spec.primary_metric,
            "margin": study.spec.margin,
            "baseline": study.baseline,
            "comparisons": study.spec.comparisons,
            "resample_split": any(arm.recipe.data.split.resample for arm in study.arms),
            "classes": list(plan.data.classes),
            "input_shape": list(plan.data.shape),
            "pixel_max": plan.data.pixel_max,
            "data_notes": list(plan.data.notes),
            "images": {
                part: len(getattr(plan.runs[0].rows, part))
                for part in ("train", "validation", "test")
            },
            "dropped": {arm: asdict(dropped) for arm, dropped in dropped_of(plan).items()},
            "loss": losses.pop() if len(losses) == 1 else None,
            "views": {
                arm.name: views.identity()
                for arm in study.arms
                if (views := arm.recipe.train.views) is not None
            },
        }
        | ({"begins": begins} if begins else {}),
    }


def _last_lines(warnings: Sequence[str]) -> list[str]:
    """The last line of each warning: enough to find it, short enough for a table."""
    return [text.strip().splitlines()[-1] for text in warnings[:3] if text.strip()]
