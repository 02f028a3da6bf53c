"""The store of one study: a folder that holds everything that is known about it.

What the store promises:

*The folder is the study.* It holds ``study.sqlite`` (what was asked, what came out), ``arrays/``
(curves, predictions, weights) and ``lock``. Nothing in it names a path, so it can be copied,
moved, renamed and read elsewhere, from a read-only disk too.

*No run is lost.* :meth:`Store.finish` returns when the run is on the disk: first its arrays, each
whole or not there, then everything else in one transaction. Killed at any moment, by whatever, the
run is there with all its metrics and arrays, or it is still "running" and has none. A full or
failing disk is told as an error, and leaves everything finished before as it was; the same
``finish`` can be tried again.

*No run is changed.* A run that finished, stopped or diverged is a result and can never be
started, ended or removed again; that would be a mistake of ours and raises ``RuntimeError``. A
failed run is the machine's doing, not a result of the recipe, and may be started again.

*No declaration is forgotten.* A changed declaration is a new revision beside the old one. Runs are
known by identity, not by the design that asked for them: a design finds the runs it shares with
earlier ones already done.

*One writer.* A store opened for writing holds the folder's lock until it is closed; who comes
second is told which process has it. Readers need no lock, see only what was committed, hold the
database for moments, and never write.

*Nothing but what it was given.* No clock, no position in a list, no random number goes in, so that
what is made from a store is a function of what was learned.

*Errors.* What the machine or another program did is a :class:`CeterisError` that shows the folder;
what only our code can have done keeps its traceback. A store belongs to the thread that opened it.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ceteris.atomic import UNFINISHED, make_folder, unmake_folders
from ceteris.errors import CeterisError, shown
from ceteris.store import database, reading, writing
from ceteris.store.arrays import array_path, read_arrays, sweep_arrays, write_arrays
from ceteris.store.audit import Audit, audit_database, audit_files, references
from ceteris.store.faults import damaged, moved, place, told
from ceteris.store.lock import LOCK, hold
from ceteris.store.records import ENDED, Design, Look, RunRecord, canonical, parsed
from ceteris.store.schema import roll_back

if TYPE_CHECKING:
    import numpy as np


class Store:
    """One study's store, open; made by :meth:`create` or :meth:`open`.

    Example:
        >>> import tempfile
        >>> scratch = tempfile.TemporaryDirectory()
        >>> folder = Path(scratch.name) / "lr"
        >>> with Store.create(folder) as store:
        ...     design = store.add_design("main", {"steps": 9}, "steps = 9", [("a", {}, 10)],
        ...                               [("a", 0, "run-1", {"steps": 9}, 0)])
        ...     store.start("run-1")
        ...     store.finish("run-1", status="finished", sentence="", steps=9, duration_s=0.1,
        ...                  metrics={"test_accuracy": 0.5}, arrays={}, digest=None)
        >>> with Store.open(folder, write=False) as store:
        ...     [run.metrics for run in store.runs(store.designs()[0])]
        [{'test_accuracy': 0.5}]
        >>> scratch.cleanup()
    """

    def __init__(
        self, folder: Path, connection: sqlite3.Connection, *, write: bool, held: ExitStack
    ) -> None:
        self.folder = folder
        self.writes = write
        self._connection = connection
        self._held = held

    @classmethod
    def create(cls, folder: Path) -> Self:
        """Make the store of a new study and open it for writing.

        Args:
            folder: missing, or empty but for what a process killed right here left behind.

        Raises:
            CeterisError: when it holds something, or cannot be written; it is then as before.
        """
        folder = folder.absolute()
        leftovers = {LOCK, *(f"{database.DATABASE}{UNFINISHED}{end}" for end in ("", "-journal"))}
        with told(folder, "creating the study"):
            made = make_folder(folder)
            try:
                found = set(os.listdir(folder)) - leftovers
                if found:
                    raise _occupied(folder, found)
                with hold(folder):
                    _create_in(folder, new=bool(made))
            except BaseException:
                unmake_folders(made)
                raise
        return cls.open(folder, write=True)

    @classmethod
    def open(cls, folder: Path, *, write: bool) -> Self:
        """Open the store of a study.

        Args:
            folder: the study's folder.
            write: take the lock and allow changes; without it nothing is ever written.

        Raises:
            CeterisError: when there is no study of ours, it is damaged or from a newer Ceteris,
                or (to write) in use or not writable.
        """
        folder = folder.absolute()
        with told(folder, "opening the study"), ExitStack() as held:
            database.check(folder)
            if write:
                held.enter_context(hold(folder))
                connection = database.open_to_write(folder)
                sweep_arrays(folder)
            else:
                connection = database.open_to_read(folder)
            held.callback(connection.close)
            return cls(folder, connection, write=write, held=held.pop_all())

    def close(self) -> None:
        """Close the database, then free the lock."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def environment(self) -> dict[str, Any] | None:
        """What the study runs on, once it is frozen."""
        with self._reading() as connection:
            text = reading.environment(connection)
            return None if text is None else parsed(text)

    def freeze(self, environment: Mapping[str, Any]) -> None:
        """Write down what the study runs on, once for all.

        Raises:
            CeterisError: when the study is frozen on something else.
        """
        text = canonical(environment)
        with self._writing("writing the study's environment") as connection:
            there = reading.environment(connection)
            if there is None:
                connection.execute("INSERT INTO study VALUES ('environment', ?)", (text,))
            elif there != text:
                raise _frozen_otherwise(self.folder, parsed(there), parsed(text))

    def add_design(
        self,
        variant: str,
        spec: Mapping[str, Any],
        source: str,
        arms: Iterable[tuple[str, Mapping[str, Any], int]],
        runs: Iterable[tuple[str, int, str, Mapping[str, Any], int]],
    ) -> Design:
        """Write down a declaration; runs that are known already keep what is known of them.

        Args:
            variant: the variant of the study.
            spec: the complete study; it, the arms and the runs decide what is "the same".
            source: the text it was declared in; does not decide.
            arms: (name, factor -> level, parameters) in order.
            runs: (arm, seed, run id, recipe, root seed), each one arm with one seed.

        Returns:
            the variant's latest design if this is the same, else its next revision.
        """
        text = canonical(spec)
        arm_rows = [(name, canonical(levels), int(number)) for name, levels, number in arms]
        run_rows = [(a, s, run_id, canonical(recipe), root) for a, s, run_id, recipe, root in runs]
        with self._writing("writing the study's design") as connection:
            return writing.add_design(connection, variant, text, source, arm_rows, run_rows)

    def designs(self) -> list[Design]:
        """All declarations, in the order they were made."""
        with self._reading() as connection:
            return reading.designs(connection)

    def latest(self, variant: str) -> Design | None:
        """Return the newest revision of a variant, or None."""
        with self._reading() as connection:
            return reading.latest(connection, variant)

    def runs(self, design: Design) -> list[RunRecord]:
        """Return the runs of a design, by arm in the order of declaration, then by seed."""
        with self._reading() as connection:
            return reading.runs(connection, design.id)

    def start(self, run_id: str) -> None:
        """Note that a run begins, or begins again after an interruption or a failure.

        Raises:
            KeyError: for an unknown run.
            RuntimeError: when it has a result.
        """
        with self._writing(f"writing run {shown(run_id)}") as connection:
            writing.start(connection, run_id)

    def finish(
        self,
        run_id: str,
        *,
        status: str,
        sentence: str,
        steps: int,
        duration_s: float,
        metrics: Mapping[str, float],
        arrays: "Mapping[str, Mapping[str, np.ndarray]]",
        digest: str | None,
        environment: Mapping[str, Any] | None = None,
    ) -> None:
        """Write down how a run ended. When this returns it is on the disk, whole.

        Args:
            run_id: the run.
            status: finished, stopped, diverged or failed.
            sentence: what there is to say about it.
            steps: trained.
            duration_s: seconds of training.
            metrics: name -> value; nan and infinities are kept.
            arrays: name of the set -> name -> array.
            digest: over final weights and curves; None where there are none.
            environment: what it ran on, where that is not what the study is frozen on.

        Raises:
            KeyError: for an unknown run.
            RuntimeError: when it has a result.
            CeterisError: when the disk cannot take it; nothing of the run is visible then.
        """
        if status not in ENDED:
            raise ValueError(f"a run ends as one of {sorted(ENDED)}, not as {status!r}")
        numbers = [(name, float(value)) for name, value in metrics.items()]
        ran_on = None if environment is None else canonical(environment)
        self._check_writes()
        with self._reading() as connection:  # before anything is written
            writing.refuse_final(connection, run_id)
        files = [(name, *self._write_set(arrays[name])) for name in arrays]
        outcome = writing.Outcome(
            status, sentence, int(steps), float(duration_s), digest, ran_on, numbers, files
        )
        with self._writing(f"writing run {shown(run_id)}") as connection:
            writing.finish(connection, run_id, outcome)

    def arrays(self, run_id: str, name: str, *, verify: bool = True) -> "dict[str, np.ndarray]":
        """One set of arrays of a run, checked against its digest.

        Raises:
            KeyError: when the run has no set of this name.
            CeterisError: when the file is missing or damaged.
        """
        with self._reading() as connection:
            digest = reading.array_digest(connection, run_id, name)
        if digest is None:
            raise KeyError(f"run {run_id!r} has no arrays {name!r}")
        return read_arrays(self.folder, digest, verify=verify)

    def add_look(self, design: Design, seeds: int, role: str) -> Look:
        """Write down that a complete comparison was shown; the same one twice is one look.

        Args:
            design: what was looked at.
            seeds: number of seeds that the comparison had.
            role: ``"deciding"`` or ``"exploratory"``; the first one said for this look stands.
        """
        with self._writing("writing a look") as connection:
            return writing.add_look(connection, design, seeds, role)

    def looks(self, design: Design) -> list[Look]:
        """Return the looks at the design's variant, in all its revisions, in order."""
        with self._reading() as connection:
            return reading.looks(connection, design.variant)

    def audit(self) -> Audit:
        """Compare every page, reference and file with what was written."""
        with self._reading() as connection:
            wrong = audit_database(self.folder, connection)
            expected = references(connection)
        found = audit_files(self.folder, expected)  # outside: a writer must not wait for this
        return replace(found, problems=(*wrong, *found.problems))

    def disk_bytes(self) -> int:
        """Return the size of all files in the folder."""
        total = 0
        for parent, _, files in os.walk(self.folder):
            for name in files:
                with contextlib.suppress(FileNotFoundError):  # a writer may be replacing it
                    total += os.lstat(os.path.join(parent, name)).st_size
        return total

    def _write_set(self, arrays: "Mapping[str, np.ndarray]") -> tuple[str, int]:
        with self._told("writing arrays"):
            self.folder.stat()  # if it was moved, nothing must be begun in its old place
            digest = write_arrays(self.folder, arrays)
            return digest, array_path(self.folder, digest).stat().st_size

    def _check_writes(self) -> None:
        if not self.writes:
            raise RuntimeError("the store was opened for reading")

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        """Name what the machine did in the block; with the folder gone, everything is that."""
        try:
            with told(self.folder, doing):
                yield
        except CeterisError as error:
            if self.folder.is_dir():
                raise
            raise moved(self.folder, doing) from error

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """One state of the database, held for as long as the block: keep it short."""
        with self._told("reading the study"):
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            except (TypeError, ValueError) as error:  # text that is not what we wrote
                raise damaged(self.folder, str(error)) from error
            finally:
                roll_back(self._connection)

    @contextmanager
    def _writing(self, doing: str) -> Iterator[sqlite3.Connection]:
        """One transaction: on the disk when the block is left, or without a trace."""
        self._check_writes()
        with self._told(doing):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):  # the first error is the one to tell
                    roll_back(self._connection)
                raise


def _create_in(folder: Path, *, new: bool) -> None:
    # A process that was faster has made it between our look and our lock.
    if (folder / database.DATABASE).exists():
        return
    try:
        database.create(folder)
    except BaseException:
        if new:  # while we hold it: another's lock must never be taken away
            with contextlib.suppress(OSError):
                (folder / LOCK).unlink()
        raise


def _occupied(folder: Path, found: set[str]) -> CeterisError:
    if database.DATABASE in found:
        return CeterisError(
            "there is a study in this folder already",
            received=place(folder),
            expected="a new or empty folder",
            fix="run the study again to go on with it, or set it aside with --fresh",
        )
    return CeterisError(
        "the study's folder holds something else",
        received=f"{place(folder)}, which holds {shown(min(found))}",
        expected="a new or empty folder",
        fix="choose another name for the study",
    )


def _frozen_otherwise(folder: Path, there: dict[str, Any], given: dict[str, Any]) -> CeterisError:
    keys = sorted(k for k in there.keys() | given.keys() if there.get(k) != given.get(k))
    return CeterisError(
        "the study was frozen on another environment",
        received=", ".join(f"{k} = {shown(given.get(k))}" for k in keys) + f"  ({place(folder)})",
        expected=", ".join(f"{k} = {shown(there.get(k))}" for k in keys),
        fix="run it where it was begun, or start afresh here with --fresh",
    )
