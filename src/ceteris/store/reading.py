"""What is in a study's database, as frozen values. Each function is one or a few SELECTs.

The caller holds a transaction, so that several SELECTs see one state.
"""

import sqlite3
from collections import defaultdict

from ceteris.store.records import Arm, Design, Look, RunRecord, from_column, parsed


def environment(connection: sqlite3.Connection) -> str | None:
    """Return the text of what the study was frozen on."""
    row = connection.execute("SELECT value FROM study WHERE key = 'environment'").fetchone()
    return None if row is None else str(row[0])


def designs(connection: sqlite3.Connection, variant: str | None = None) -> list[Design]:
    """All designs, or all of one variant, in the order they were added."""
    arms: dict[int, list[Arm]] = defaultdict(list)
    for design_id, name, levels, parameters in connection.execute(
        "SELECT design_id, name, levels, parameters FROM arms ORDER BY design_id, position"
    ):
        arms[design_id].append(Arm(name=name, levels=parsed(levels), parameters=int(parameters)))
    rows = connection.execute(
        "SELECT id, variant, revision, spec, source, environment FROM designs"
        " WHERE ?1 IS NULL OR variant = ?1 ORDER BY created_order",
        (variant,),
    )
    return [
        Design(
            id=int(design_id),
            variant=name,
            revision=int(revision),
            spec=parsed(spec),
            source=source,
            environment=None if frozen_on is None else parsed(frozen_on),
            arms=tuple(arms[design_id]),
        )
        for design_id, name, revision, spec, source, frozen_on in rows
    ]


def latest(connection: sqlite3.Connection, variant: str) -> Design | None:
    """Return the newest revision of a variant."""
    found = designs(connection, variant)
    return found[-1] if found else None


def plan(connection: sqlite3.Connection, design_id: int) -> set[tuple[str, int, str]]:
    """Which run stands at which arm and seed of a design."""
    return set(
        connection.execute(
            "SELECT arm, seed, run_id FROM design_runs WHERE design_id = ?", (design_id,)
        )
    )


def runs(connection: sqlite3.Connection, design_id: int) -> list[RunRecord]:
    """Return the runs of a design, by arm in the order of declaration, then by seed."""
    metrics: dict[str, dict[str, float]] = defaultdict(dict)
    for run_id, name, value in connection.execute(
        "SELECT run_id, name, value FROM metrics WHERE run_id IN"
        " (SELECT run_id FROM design_runs WHERE design_id = ?) ORDER BY name",
        (design_id,),
    ):
        metrics[run_id][name] = from_column(value)
    arrays: dict[str, dict[str, str]] = defaultdict(dict)
    for run_id, name, digest in connection.execute(
        "SELECT run_id, name, digest FROM arrays WHERE run_id IN"
        " (SELECT run_id FROM design_runs WHERE design_id = ?) ORDER BY name",
        (design_id,),
    ):
        arrays[run_id][name] = digest
    rows = connection.execute(
        "SELECT r.id, d.arm, d.seed, r.status, r.sentence, r.steps, r.duration_s, r.attempts,"
        " r.digest, r.recipe, r.root_seed, r.environment"
        " FROM design_runs d JOIN runs r ON r.id = d.run_id"
        " JOIN arms a ON a.design_id = d.design_id AND a.name = d.arm"
        " WHERE d.design_id = ? ORDER BY a.position, d.seed",
        (design_id,),
    )
    return [
        RunRecord(
            run_id=run_id,
            arm=arm,
            seed=int(seed),
            status=status,
            sentence=sentence,
            steps=int(steps),
            duration_s=float(duration_s),
            attempts=int(attempts),
            metrics=dict(metrics[run_id]),
            arrays=dict(arrays[run_id]),
            digest=digest,
            recipe=parsed(recipe),
            root_seed=int(root_seed),
            environment=None if ran_on is None else parsed(ran_on),
        )
        for (
            run_id, arm, seed, status, sentence, steps, duration_s, attempts,
            digest, recipe, root_seed, ran_on,
        ) in rows
    ]  # fmt: skip


def looks(connection: sqlite3.Connection, variant: str) -> list[Look]:
    """Return the looks at a variant, in order."""
    rows = connection.execute(
        "SELECT l.number, d.revision, l.seeds, l.role"
        " FROM looks l JOIN designs d ON d.id = l.design_id"
        " WHERE d.variant = ? ORDER BY l.number",
        (variant,),
    )
    return [
        Look(number=int(number), revision=int(revision), seeds=int(seeds), role=role)
        for number, revision, seeds, role in rows
    ]


def array_digest(connection: sqlite3.Connection, run_id: str, name: str) -> str | None:
    """Return the digest of one set of arrays of a run."""
    row = connection.execute(
        "SELECT digest FROM arrays WHERE run_id = ? AND name = ?", (run_id, name)
    ).fetchone()
    return None if row is None else str(row[0])
