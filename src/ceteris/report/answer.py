"""What a study came to, as rows: read from its store alone, nothing executed, nothing trained."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ceteris.conduct import dropped_sentences, same_question_looks
from ceteris.data import Dropped
from ceteris.errors import unknown_name
from ceteris.evaluate import ArmRow as Summary
from ceteris.evaluate import (
    Comparison,
    Result,
    arm_text,
    chance,
    compare,
    number,
    summarise_arms,
)
from ceteris.report.starts import is_unfair, start_notes, unfair_note, with_fairness
from ceteris.store import ENDED, Design, RunRecord, Store
from ceteris.study import METRICS, Metric, ViewsSpec, views_sentences

# Shown beside the primary metric where the runs have them, in this order.
_LEARNED = 0.01  # of chance: far above what an untrained network's loss differs from it by

_FEW_IMAGES = 2000  # above, one image is worth less than a twentieth of a percentage point

_BESIDE = ("train_loss_last_100", "train_accuracy", "validation_accuracy", "test_accuracy")


@dataclass(frozen=True)
class ArmRow:
    """One arm of the table.

    Args:
        name, levels, parameters: as declared and counted.
        is_baseline: the arm the others are compared with.
        seeds: runs it should have.
        counts: status -> number of runs.
        num_at_chance: finished runs whose training loss is still that of knowing nothing.
        failure: why the first of its failed runs failed; empty without one.
        summaries: metric -> mean over its runs with a 95% t interval, diverged and failed runs
            counting as chance, as they do in comparisons.
    """

    name: str
    levels: Mapping[str, Any]
    parameters: int
    is_baseline: bool
    seeds: int
    counts: Mapping[str, int]
    num_at_chance: int
    failure: str
    summaries: Mapping[str, Summary]


@dataclass(frozen=True)
class Answer:
    """A study's results and what can be concluded from them.

    Args:
        study, variant, id, folder: which study; the id is a digest of its declaration.
        question: as declared.
        metric: the primary one.
        shown: the metrics of the table, the primary one first.
        arms: in the order of the study.
        runs: every run of the design, ended or not.
        comparisons: on the primary metric.
        exploratory: the same comparisons on every other metric the runs have.
        dropped: arm -> training images that were left out, of the arms that asked for it.
        num_ended: runs that have an outcome, of ``len(runs)``.
        role: ``"deciding"``, or why the comparison does not decide.
        notes: what a reader must know, each a sentence.
    """

    study: str
    variant: str
    id: str
    folder: Path
    question: str
    metric: Metric
    shown: tuple[Metric, ...]
    arms: tuple[ArmRow, ...]
    runs: tuple[RunRecord, ...]
    comparisons: tuple[Comparison, ...]
    exploratory: tuple[Comparison, ...]
    dropped: Mapping[str, Dropped]
    num_ended: int
    role: Literal["deciding", "exploratory"]
    notes: tuple[str, ...]

    def __str__(self) -> str:
        """The means and the sentences, one a line."""
        lines = [self.study + (f"@{self.variant}" if self.variant else ""), self.question]
        for arm in self.arms:
            row = arm.summaries.get(self.metric.name)
            lines.append(f"{arm.name}: {self.metric.name} {arm_text(row) if row else 'no run yet'}")
        lines += [comparison.sentence for comparison in self.comparisons]
        return "\n".join(line for line in (*lines, *self.notes) if line)


def read_answer(folder: Path, variant: str = "", *, baseline: str | None = None) -> Answer | None:
    """The answer of a study's latest design; None if the variant was never run.

    Args:
        folder: of the study; may be read-only, copied, or in use by a run.
        variant: the overrides in words, empty for the study as it stands.
        baseline: another arm to compare with than the study declared; then nothing decides.
    """
    with Store.open(folder, write=False) as store:
        design = store.latest(variant)
        return None if design is None else _answer(store, design, folder, baseline)


def read_variants(folder: Path) -> tuple[str, ...]:
    """The variants of a study that were run, in order; "" is the study as it stands."""
    with Store.open(folder, write=False) as store:
        return tuple(dict.fromkeys(design.variant for design in store.designs()))


def _answer(store: Store, design: Design, folder: Path, baseline: str | None) -> Answer:
    about = dict(design.spec["resolved"])
    metric = METRICS[about["primary_metric"]]
    runs = tuple(store.runs(design))
    num_ended = sum(run.status in ENDED for run in runs)
    role, notes = _role(store, design, num_ended, len(runs))
    if baseline is not None and baseline != about["baseline"]:
        names = [arm.name for arm in design.arms]
        if baseline not in names:
            raise unknown_name("arm", baseline, names, where="--baseline")
        role = "exploratory"
        notes = (
            *notes,
            (
                f"The study declared the baseline {about['baseline']}; comparing with another one "
                "after seeing results decides nothing."
            ),
        )
        about["baseline"] = baseline
    if is_unfair(metric, about, [arm.name for arm in design.arms]):
        role = "exploratory"
        notes = (*notes, unfair_note(metric))
    available = {name for run in runs for name in run.metrics}
    others = [METRICS[name] for name in METRICS if name in available and name != metric.name]
    arms = _arm_rows(design, about, runs, [metric, *others])
    dropped = {arm: Dropped(**of_arm) for arm, of_arm in about.get("dropped", {}).items()}
    return Answer(
        study=about["name"],
        variant=design.variant,
        id=_digest(design.spec["declared"]),
        folder=folder,
        question=about["question"],
        metric=metric,
        shown=(metric, *(m for m in others if m.name in _BESIDE)),
        arms=arms,
        runs=runs,
        comparisons=_compare(runs, metric, about, role, about["looks"], about.get("margin")),
        exploratory=tuple(
            comparison
            for other in others
            for comparison in _compare(runs, other, about, "exploratory", 1)
        ),
        dropped=dropped,
        num_ended=num_ended,
        role=role,
        notes=(
            *_notes_on_arms(arms, about),
            *about.get("data_notes", ()),
            *start_notes(about),
            *(f"{sentence}." for sentence in dropped_sentences(dropped, len(arms))),
            *views_sentences(
                {arm: ViewsSpec(**views) for arm, views in about.get("views", {}).items()},
                len(arms),
            ),
            *_note_on_images(metric, about),
            *notes,
        ),
    )


def _role(
    store: Store, design: Design, num_ended: int, num_runs: int
) -> tuple[Literal["deciding", "exploratory"], tuple[str, ...]]:
    if num_ended < num_runs:
        return "exploratory", (
            f"{num_ended} of {num_runs} runs have ended; until all have, nothing here decides.",
        )
    about = design.spec["resolved"]
    looks = same_question_looks(store, design)
    at_these = [look for look in looks if look.seeds == about["seeds"]]
    earlier = [str(look.seeds) for look in looks if look.seeds != about["seeds"]]
    if at_these and at_these[0].role == "exploratory":
        if any(look.number < looks[0].number for look in store.looks(design)):
            return "exploratory", (
                (
                    "The study was changed after a look at its results, so this comparison is "
                    "exploratory. To decide, run it under a new name with another root_seed."
                ),
            )
        return "exploratory", (
            (
                f"Seeds were added after looks at {' and '.join(earlier)} seeds, more than the "
                f"{about['looks']} the study declared, so this comparison is exploratory."
            ),
        )
    if earlier:
        return "deciding", (
            (
                f"Look {len(earlier) + 1} of {about['looks']} declared (before: "
                f"{', '.join(earlier)} seeds); every look pays its share of the error rate."
            ),
        )
    return "deciding", ()


def _compare(
    runs: Sequence[RunRecord],
    metric: Metric,
    about: Mapping[str, Any],
    role: Literal["deciding", "exploratory"],
    looks: int,
    margin: float | None = None,
) -> tuple[Comparison, ...]:
    if len({run.arm for run in runs}) < 2 or (metric.quantity == "loss" and about["loss"] is None):
        return ()  # losses of different kinds have no difference
    return tuple(
        with_fairness(row, metric, about)
        for row in compare(
            _results(runs, metric),
            metric=metric.name,
            baseline=about["baseline"],
            chance=_chance(metric, about),
            better=metric.better,
            looks=looks,
            role=role,
            all_pairs=about["comparisons"] == "all_pairs",
            split_fixed=not about["resample_split"],
            margin=margin,
        )
    )


def _results(runs: Sequence[RunRecord], metric: Metric) -> list[Result]:
    return [Result(run.arm, run.seed, run.metrics.get(metric.name), run.status) for run in runs]


def _chance(metric: Metric, about: Mapping[str, Any]) -> float | None:
    if metric.quantity == "loss" and about["loss"] is None:
        return None
    return chance(metric.name, len(about["classes"]), loss=about["loss"] or "cross_entropy")


def _arm_rows(
    design: Design,
    about: Mapping[str, Any],
    runs: Sequence[RunRecord],
    metrics: Sequence[Metric],
) -> tuple[ArmRow, ...]:
    summaries: dict[str, dict[str, Summary]] = {arm.name: {} for arm in design.arms}
    for metric in metrics:
        rows = summarise_arms(
            _results(runs, metric), metric=metric.name, chance=_chance(metric, about)
        )
        for row in rows:
            summaries[row.arm][metric.name] = row
    found = []
    for arm in design.arms:
        own = [run for run in runs if run.arm == arm.name]
        statuses = [run.status for run in own]
        found.append(
            ArmRow(
                name=arm.name,
                levels=arm.levels,
                parameters=arm.parameters,
                is_baseline=len(design.arms) > 1 and arm.name == about["baseline"],
                seeds=len(statuses),
                counts={status: statuses.count(status) for status in dict.fromkeys(statuses)},
                num_at_chance=_num_at_chance(own, about),
                failure=next((run.sentence for run in own if run.status == "failed"), ""),
                summaries=summaries[arm.name],
            )
        )
    return tuple(found)


def _num_at_chance(runs: Sequence[RunRecord], about: Mapping[str, Any]) -> int:
    """Finished runs whose loss on the training images is still that of knowing nothing."""
    at_chance = _chance(METRICS["train_loss"], about)
    if at_chance is None:
        return 0
    losses = [r.metrics["train_loss"] for r in runs if "train_loss" in r.metrics]
    return sum(loss > (1 - _LEARNED) * at_chance for loss in losses)


def _notes_on_arms(arms: Sequence[ArmRow], about: Mapping[str, Any]) -> tuple[str, ...]:
    found = []
    for arm in arms:
        if arm.num_at_chance:
            found.append(
                f"{arm.name}: {arm.num_at_chance} of {arm.seeds} runs have not learned; their loss "
                "on the training images ended at that of a network that knows nothing, "
                f"{number(_chance(METRICS['train_loss'], about) or 0.0)}."
            )
        if arm.failure:
            found.append(f"{arm.name}: a run failed: {arm.failure}")
    return tuple(found)


def _note_on_images(metric: Metric, about: Mapping[str, Any]) -> tuple[str, ...]:
    """What one image is worth, where there are so few that a difference may be less."""
    num_images = int(about.get("images", {}).get(metric.part, 0))
    if metric.quantity != "accuracy" or not 0 < num_images < _FEW_IMAGES:
        return ()
    return (
        (
            f"{metric.name} is measured on {num_images:,} images, so one image is worth "
            f"{number(1 / num_images)}."
        ),
    )


def _digest(declared: Mapping[str, Any]) -> str:
    text = json.dumps(declared, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
