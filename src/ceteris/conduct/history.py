"""What a study was before: its machine, its seeds, its declaration, and when it was looked at."""

from collections.abc import Mapping
from typing import Any

from ceteris.conduct.plan import Plan, declaration
from ceteris.errors import CeterisError, shown
from ceteris.store import Design, Look, Store

# What may change without asking another question.
_NOT_THE_QUESTION = ("seeds", "question", "report", "notes", "quick", "keep_weights")


def refuse_fewer_seeds(plan: Plan, before: Design | None) -> None:
    """Seeds are added and never left out: leaving some out would choose among results."""
    if before is None or _question(before.spec["declared"]) != _question(declaration(plan)):
        return
    had = int(before.spec["resolved"]["seeds"])
    if plan.study.spec.seeds < had:
        raise CeterisError(
            "the study already has more seeds, and leaving some out would choose among results",
            received=f"seeds = {plan.study.spec.seeds}, the study has {had}",
            expected=f"{had} seeds or more",
            fix=f"add --seeds {had}, or start anew with --fresh (keeps the old results aside)",
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
        f"{key}: {_short(old.get(key))} -> {_short(new.get(key))}"
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    )


def _short(value: object) -> str:
    is_digest = isinstance(value, str) and len(value) == 64 and value.isalnum()
    return str(value)[:12] if is_digest else shown(value)


def look(store: Store, design: Design) -> None:
    """Write down that a complete comparison of so many seeds is shown, unless it was before.

    The first looks, as many as the study declared, decide; each pays its share of the error
    rate. One more than declared is exploratory, and so is every look at a question that was
    changed after another was looked at: it was declared after seeing a result.
    """
    seeds = int(design.spec["resolved"]["seeds"])
    same = same_question_looks(store, design)
    if all(look.seeds != seeds for look in same):
        as_declared = len(same) < int(design.spec["resolved"]["looks"])
        changed = len(store.looks(design)) > len(same)
        store.add_look(design, seeds, "deciding" if as_declared and not changed else "exploratory")


def same_question_looks(store: Store, design: Design) -> list[Look]:
    """The looks at designs that differ from this one in the number of seeds alone."""
    revisions = {
        other.revision
        for other in store.designs()
        if other.variant == design.variant
        and _question(other.spec["declared"]) == _question(design.spec["declared"])
    }
    return [look for look in store.looks(design) if look.revision in revisions]


def _question(declared: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in declared.items() if key not in _NOT_THE_QUESTION}


def _flat(spec: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in spec.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found
