"""Whether a study's folder still holds what was written into it: every page, reference and file.

Nothing is written and nothing is parsed that is not named by its own digest.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ceteris.errors import CeterisError, shown
from ceteris.store.arrays import ARRAYS, array_path, read_arrays
from ceteris.store.faults import damaged, place
from ceteris.store.records import FINAL

_SHOWN = 3  # of what SQLite finds, which may be hundreds of lines


@dataclass(frozen=True)
class Audit:
    """What was found.

    Args:
        num_whole: array files that runs refer to and that hold what their names say.
        problems: what is not as it was written.
        orphans: files beside them that no run refers to, relative to the folder; they cost room
            only: a process was killed between writing them and writing down its run.
    """

    num_whole: int
    problems: tuple[CeterisError, ...]
    orphans: tuple[str, ...]


def audit_database(folder: Path, connection: sqlite3.Connection) -> list[CeterisError]:
    """Pages, references, and runs that say of themselves what cannot be."""
    found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check")]
    found = [] if found == ["ok"] else found
    found += [f"{row[0]}: refers to nothing" for row in connection.execute(_BROKEN)]
    for run_id, status, digest, parts in connection.execute(_RUNS):
        if status in FINAL and not digest:
            found.append(f"run {shown(run_id)} is {status} and has no digest")
        if status not in FINAL and status != "failed" and (digest or parts):
            found.append(f"run {shown(run_id)} is {status} and has a result")
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return [damaged(folder, "; ".join(found[:_SHOWN]) + more)] if found else []


def references(connection: sqlite3.Connection) -> dict[str, int]:
    """Digest of every array file that runs refer to -> its size in bytes."""
    return {
        str(digest): int(size)
        for digest, size in connection.execute("SELECT digest, size_bytes FROM arrays")
    }


def audit_files(folder: Path, expected: dict[str, int]) -> Audit:
    """Read every array file of a folder and compare it with its name.

    Args:
        folder: of the study.
        expected: of :func:`references`.
    """
    problems = []
    for digest, size in expected.items():
        try:
            read_arrays(folder, digest)
            found = array_path(folder, digest).stat().st_size
            if found != size:  # the file is as it was written; the database was changed
                problems.append(_other_size(folder, digest, size, found))
        except CeterisError as error:
            problems.append(error)
    known = {f"{digest}.safetensors" for digest in expected}
    there: Iterable[Path] = (folder / ARRAYS).rglob("*")
    orphans = (p for p in there if p.is_file() and p.name not in known)
    return Audit(
        num_whole=len(expected) - len(problems),
        problems=tuple(problems),
        orphans=tuple(sorted(p.relative_to(folder).as_posix() for p in orphans)),
    )


_BROKEN = "SELECT \"table\" || ' ' || rowid FROM pragma_foreign_key_check"
_RUNS = """
    SELECT id, status, digest, (SELECT COUNT(*) FROM metrics m WHERE m.run_id = r.id)
        + (SELECT COUNT(*) FROM arrays a WHERE a.run_id = r.id) FROM runs r
"""


def _other_size(folder: Path, digest: str, size: int, found: int) -> CeterisError:
    return CeterisError(
        "the database gives another size for an array file than it has",
        received=f"{place(array_path(folder, digest))}: {found:,} bytes, {size:,} in the database",
        expected="a database that only Ceteris has written",
        fix="put back a copy of the folder, or run the study again with --fresh",
    )
