"""Everything a study's folder says of itself, derived once more from what it holds.

Array files against their names, runs against their identities, splits and outcomes against their
digests, the numbers in the database against the curves they were taken from. Nothing is written,
trained or executed, and torch is not needed.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ceteris.conduct.plan import run_id_of
from ceteris.data import Split, split_digest
from ceteris.engine.checkpoint import is_whole, list_checkpoints
from ceteris.engine.digest import outcome_digest
from ceteris.errors import CeterisError, shown
from ceteris.store import ENDED, FINAL, Design, RunRecord, Store
from ceteris.store.faults import place

_FIX = "put back a copy of the folder, or run the study again with --fresh"

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Verdict:
    """What :func:`verify` found.

    Args:
        folder: of the study.
        checked: what was derived again and agrees -> how many of it.
        problems: what does not agree; empty for a study that is whole.
        notes: what could not be derived again and why, and what lies about; each a sentence.
    """

    folder: Path
    checked: Mapping[str, int]
    problems: tuple[CeterisError, ...]
    notes: tuple[str, ...]


@dataclass
class _Findings:
    folder: Path
    checked: Counter[str] = field(default_factory=Counter)
    problems: list[CeterisError] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def compare(self, kind: str, about: str, there: object, derived: object) -> None:
        """Count one thing that was derived again, or say that it differs."""
        if there == derived:
            self.checked[kind] += 1
            return
        self.problems.append(
            CeterisError(
                f"{about} is not what the rest of the study says it is",
                received=f"{shown(there)}  ({place(self.folder)})",
                expected=shown(derived),
                fix=_FIX,
            )
        )


def verify(folder: Path) -> Verdict:
    """Derive every digest of a study again; read-only.

    Args:
        folder: of the study; may be read-only, copied, or in use by a run.
    """
    found = _Findings(folder)
    try:
        with Store.open(folder, write=False) as store:
            audit = store.audit()
            found.checked["array files"] = audit.num_whole
            found.problems += audit.problems
            if audit.orphans:
                found.notes["files that no run refers to (harmless)"] = len(audit.orphans)
            for design in store.designs():
                _verify_design(store, design, found)
            for run in _unique_runs(store):
                _verify_run(store, run, found)
    except CeterisError as error:  # what cannot be opened cannot be looked at any further
        found.problems.append(error)
    _verify_checkpoints(folder, found)
    return Verdict(
        folder=folder,
        checked={kind: number for kind, number in found.checked.items() if number},
        problems=tuple(found.problems),
        notes=tuple(f"{number} {what}" for what, number in found.notes.items()),
    )


def _verify_design(store: Store, design: Design, found: _Findings) -> None:
    """A design has every run it declares, and each is of its data and of its machine."""
    about = f"revision {design.revision} of {shown(design.variant or 'the study')}"
    runs = store.runs(design)
    seeds = range(int(design.spec["resolved"]["seeds"]))
    declared = {(arm.name, seed) for arm in design.arms for seed in seeds}
    found.compare("designs", about, sorted((r.arm, r.seed) for r in runs), sorted(declared))
    data = design.spec["declared"]["data"].get("digest")
    for run in runs:
        where = f"the data of run {shown(run.arm)}, seed {run.seed}"
        found.compare("runs of the declared data", where, run.recipe.get("data"), data)


def _unique_runs(store: Store) -> Iterator[RunRecord]:
    """Every run once: designs share those that are the same."""
    runs = {run.run_id: run for design in store.designs() for run in store.runs(design)}
    yield from runs.values()


def _verify_run(store: Store, run: RunRecord, found: _Findings) -> None:
    name = f"run {shown(run.arm)}, seed {run.seed}"
    found.compare("run identities", f"the id of {name}", run.run_id, run_id_of(run.recipe))
    drawn = (run.recipe.get("seed"), run.recipe.get("root_seed"))
    found.compare("seeds", f"the seed of {name}", drawn, (run.seed, run.root_seed))
    if run.status in ENDED:
        machine = run.recipe.get("environment")
        found.compare("machines", f"the machine of {name}", run.environment, machine)
    if run.status not in FINAL:
        return
    try:
        curves = store.arrays(run.run_id, "curves")
        split = store.arrays(run.run_id, "split")
        found.checked["finished runs"] += 1
        _verify_split(name, split, run, found)
        _verify_metrics(name, curves, run, found)
        _verify_outcome(name, store, curves, run, found)
    except KeyError as error:
        found.problems.append(_incomplete(name, error, found.folder))
    except CeterisError:
        return  # a damaged file, which the audit has said


def _verify_split(name: str, split: Arrays, run: RunRecord, found: _Findings) -> None:
    if "unused" not in split:
        found.notes["runs whose split was kept without its unused images: not derived"] += 1
        return
    derived = split_digest(Split(**split))
    found.compare("splits", f"the split of {name}", run.recipe.get("split"), derived)


def _verify_metrics(name: str, curves: Arrays, run: RunRecord, found: _Findings) -> None:
    """The numbers of the last evaluation stand in the curves as well."""
    for key, values in curves.items():
        metric = key.removeprefix("evaluated_")
        if metric in run.metrics and metric != key and len(values):
            where = f"{metric} of {name}"
            found.compare("metrics", where, run.metrics[metric], float(values[-1]))


def _verify_outcome(
    name: str, store: Store, curves: Arrays, run: RunRecord, found: _Findings
) -> None:
    weights: Arrays | None = None
    if run.status != "diverged":
        kept = _final_weights(curves, run)
        if kept is None:
            found.notes[
                "runs whose last weights were not kept: their digest is not derived, "
                "the files they have are whole"
            ] += 1
            return
        weights = store.arrays(run.run_id, kept)
    derived = outcome_digest(curves, weights)
    found.compare("outcome digests", f"the digest of {name}", run.digest, derived)


def _final_weights(curves: Arrays, run: RunRecord) -> str | None:
    """The set of arrays that holds the weights a run ended with; None if none does."""
    every = f"weights_step_{run.steps:09d}"
    if every in run.arrays:
        return every
    if "weights" not in run.arrays:
        return None
    losses = curves.get("evaluated_validation_loss")
    # The best evaluation's weights are kept: the first of the lowest loss.
    is_last = losses is None or int(np.argmin(losses)) == len(losses) - 1
    return "weights" if is_last else None


def _verify_checkpoints(folder: Path, found: _Findings) -> None:
    for run_folder in sorted((folder / "checkpoints").glob("*")):
        for path in list_checkpoints(run_folder):
            if is_whole(path):
                found.checked["checkpoints"] += 1
            else:
                found.notes["damaged checkpoints, which will be passed over"] += 1


def _incomplete(name: str, error: KeyError, folder: Path) -> CeterisError:
    return CeterisError(
        f"{name} is not complete",
        received=f"{error.args[0]}  ({place(folder)})",
        expected="the curves and the split of every run that has ended",
        fix=_FIX,
    )
