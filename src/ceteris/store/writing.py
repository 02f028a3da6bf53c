"""What goes into a study's database. Each function is a few statements of one transaction.

The caller has begun the transaction and ends it; texts are canonical JSON by now.
"""

import sqlite3
from dataclasses import dataclass

from ceteris.store import reading
from ceteris.store.records import FINAL, Design, Look, canonical


@dataclass(frozen=True)
class Outcome:
    """How a run ended, as columns.

    Args:
        status, sentence, steps, duration_s, digest: of the run.
        environment: text of what it ran on; None for what the study is frozen on.
        metrics: (name, value).
        arrays: (name of the set, digest, size in bytes), of files that are on the disk.
    """

    status: str
    sentence: str
    steps: int
    duration_s: float
    digest: str | None
    environment: str | None
    metrics: list[tuple[str, float]]
    arrays: list[tuple[str, str, int]]


def add_design(
    connection: sqlite3.Connection,
    variant: str,
    spec: str,
    source: str,
    arms: list[tuple[str, str, int]],
    runs: list[tuple[str, int, str, str, int]],
) -> Design:
    """Add a design and the runs that are not there yet, unless it is the latest already."""
    for _, seed, run_id, recipe, root_seed in runs:
        _add_run(connection, run_id, recipe, seed, root_seed)
    latest = reading.latest(connection, variant)
    if (
        latest is not None
        and canonical(latest.spec) == spec
        and [(a.name, canonical(a.levels), a.parameters) for a in latest.arms] == arms
        and reading.plan(connection, latest.id) == {row[:3] for row in runs}
    ):
        return latest
    revision = 1 if latest is None else latest.revision + 1
    design_id = connection.execute(
        "INSERT INTO designs (variant, revision, spec, source, environment, created_order) VALUES"
        " (?, ?, ?, ?, ?, (SELECT COALESCE(MAX(created_order), 0) + 1 FROM designs))",
        (variant, revision, spec, source, reading.environment(connection)),
    ).lastrowid
    connection.executemany(
        "INSERT INTO arms (design_id, position, name, levels, parameters) VALUES (?, ?, ?, ?, ?)",
        [(design_id, position, *row) for position, row in enumerate(arms)],
    )
    connection.executemany(
        "INSERT INTO design_runs (design_id, arm, seed, run_id) VALUES (?, ?, ?, ?)",
        [(design_id, *row[:3]) for row in runs],
    )
    return reading.designs(connection, variant)[-1]


def _add_run(
    connection: sqlite3.Connection, run_id: str, recipe: str, seed: int, root_seed: int
) -> None:
    row = connection.execute("SELECT recipe FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO runs (id, recipe, seed, root_seed) VALUES (?, ?, ?, ?)",
            (run_id, recipe, seed, str(root_seed)),
        )
    elif row[0] != recipe:
        raise RuntimeError(f"run {run_id!r} is known with another recipe: {row[0]}")


def start(connection: sqlite3.Connection, run_id: str) -> None:
    """Count one more attempt at a run, and forget what the one before left."""
    refuse_final(connection, run_id)
    _forget_outcome(connection, run_id)
    connection.execute(
        "UPDATE runs SET status = 'running', attempts = attempts + 1, sentence = '', steps = 0,"
        " duration_s = 0, digest = NULL, environment = NULL, finished_order = NULL WHERE id = ?",
        (run_id,),
    )


def finish(connection: sqlite3.Connection, run_id: str, outcome: Outcome) -> None:
    """Write down how a run ended."""
    refuse_final(connection, run_id)
    _forget_outcome(connection, run_id)
    ran_on = outcome.environment
    connection.execute(
        "UPDATE runs SET status = ?, sentence = ?, steps = ?, duration_s = ?, digest = ?,"
        " environment = ?,"
        " finished_order = (SELECT COALESCE(MAX(finished_order), 0) + 1 FROM runs) WHERE id = ?",
        (
            outcome.status,
            outcome.sentence,
            outcome.steps,
            outcome.duration_s,
            outcome.digest,
            reading.environment(connection) if ran_on is None else ran_on,
            run_id,
        ),
    )
    connection.executemany(
        "INSERT INTO metrics (run_id, name, value) VALUES (?, ?, ?)",
        [(run_id, *row) for row in outcome.metrics],
    )
    connection.executemany(
        "INSERT INTO arrays (run_id, name, digest, size_bytes) VALUES (?, ?, ?, ?)",
        [(run_id, *row) for row in outcome.arrays],
    )


def refuse_final(connection: sqlite3.Connection, run_id: str) -> None:
    """Raise for a run that has a result, or that nobody asked for.

    Raises:
        KeyError: for an unknown run.
        RuntimeError: when it has a result.
    """
    row = connection.execute("SELECT status FROM runs WHERE id = ?", (run_id,)).fetchone()
    if row is None:
        raise KeyError(f"there is no run {run_id!r}")
    if row[0] in FINAL:
        raise RuntimeError(f"run {run_id!r} is {row[0]}: a result is never overwritten")


def _forget_outcome(connection: sqlite3.Connection, run_id: str) -> None:
    connection.execute("DELETE FROM metrics WHERE run_id = ?", (run_id,))
    connection.execute("DELETE FROM arrays WHERE run_id = ?", (run_id,))


def add_look(connection: sqlite3.Connection, design: Design, seeds: int, role: str) -> Look:
    """Add a look at a design, unless it was looked at with as many seeds before."""
    connection.execute(
        "INSERT OR IGNORE INTO looks (design_id, number, seeds, role) VALUES (?,"
        " (SELECT COALESCE(MAX(l.number), 0) + 1 FROM looks l"
        "  JOIN designs d ON d.id = l.design_id WHERE d.variant = ?), ?, ?)",
        (design.id, design.variant, seeds, role),
    )
    return next(
        look
        for look in reading.looks(connection, design.variant)
        if (look.revision, look.seeds) == (design.revision, seeds)
    )
