"""What a study was before: its machine, its seeds, its declaration, and when it was looked at."""

from collections.abc import Mapping
from typing import Any

from ceteris.conduct.plan import Plan
from ceteris.errors import CeterisError, shown
from ceteris.store import Design, Look, Store


def refuse_fewer_seeds(plan: Plan, before: Design | None) -> None:
    """Seeds are added and never left out: leaving some out would choose among results."""
    had = int(before.spec["resolved"]["seeds"]) if before else 0
    if plan.study.spec.seeds < had:
        raise CeterisError(
            "the study already has more seeds, and leaving some out would choose among results",
            received=f"seeds = {plan.study.spec.seeds}, the study has {had}",
            expected=f"{had} seeds or more",
            fix=f"run it with {had} seeds, or with --fresh (keeps the old results aside)",
        )


def refuse_other_machine(plan: Plan, store: Store) -> None:
    """A study goes on where it was begun: other bits must not be mixed into one comparison."""
    frozen = store.environment
    if frozen is None or frozen == dict(plan.environment):
        return
    differ = [
        k for k in sorted({*frozen, *plan.environment}) if frozen.get(k) != plan.environment.get(k)
    ]
    raise CeterisError(
        "the study was begun on another machine or with other versions, and runs from both "
        "must not be mixed in one comparison",
        received="; ".join(f"{k}: {shown(plan.environment.get(k))}" for k in differ),
        expected="; ".join(f"{k}: {shown(frozen.get(k))}" for k in differ),
        fix="go on where it was begun, or start anew with --fresh (keeps the old results aside)",
    )


def changes(before: Design | None, now: Design) -> tuple[str, ...]:
    """The dotted keys in which a study differs from what was run under its name before."""
    if before is None or before.id == now.id:
        return ()
    old, new = _flat(before.spec["declared"]), _flat(now.spec["declared"])
    return tuple(
        f"{key}: {shown(old.get(key))} -> {shown(new.get(key))}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    )


def look(store: Store, design: Design) -> None:
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
    return {
        k: v for k, v in design.spec["declared"].items() if k not in ("seeds", "notes", "quick")
    }


def _flat(spec: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in spec.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found
