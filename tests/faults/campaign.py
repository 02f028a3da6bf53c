"""The fault campaign: ``python -m tests.faults.campaign [--small] [--only KIND] [--json FILE]``.

Every kind of fault that a study may meet is injected, the command is given again, and the books
are kept: is every run that had finished still there, was none trained again, and are the digests
those of the undisturbed study that the same campaign trained on this machine? POSIX only.
"""

import argparse
import errno
import json
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults import damage, sudden
from tests.faults.stage import LARGE, TINY, Case, Tally, import_all, reference_of, scratch


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Args:
        inject: does it, so many times, and keeps the books.
        full, small: how many times: in a whole campaign, and in the test suite.
    """

    inject: Callable[[sudden.MakeCase, Tally, int], None]
    full: int
    small: int


EVERY = sys.maxsize

KINDS: dict[str, Kind] = {
    "kill -9 at random instants": Kind(sudden.random_kills, 100, 5),
    "kill -9 of a command from a shell": Kind(sudden.real_kills, 6, 1),
    "kill -9 at every write and statement": Kind(sudden.kills_at_every_call, EVERY, 5),
    "SIGTERM": Kind(sudden.terminations, 10, 1),
    "a worker killed": Kind(sudden.killed_workers, 10, 1),
    "a worker that hangs": Kind(sudden.hanging_workers, 3, 1),
    "disk full at every write": Kind(
        sudden.errors_at_every_call(errno.ENOSPC, lasting=True), EVERY, 4
    ),
    "I/O error at every write": Kind(
        sudden.errors_at_every_call(errno.EIO, lasting=False), EVERY, 4
    ),
    "a small disk": Kind(damage.full_disks, 20, 2),
    "a limit on the size of files": Kind(damage.limited_files, 10, 2),
    "damaged checkpoints": Kind(damage.damaged_checkpoints, 40, 3),
    "a database cut short": Kind(damage.cut_databases, 20, 3),
    "a moved folder": Kind(damage.moved_folders, 6, 2),
    "a copied folder": Kind(damage.copied_folders, 3, 1),
    "a read-only disk": Kind(damage.read_only_folders, 3, 1),
    "a clock set back": Kind(sudden.set_back_clocks, 3, 1),
    "two processes at once": Kind(sudden.two_at_once, 10, 2),
    "readers while it is written": Kind(sudden.readers, 5, 1),
}


def run_campaign(*, small: bool, only: str = "") -> dict[str, Tally]:
    """Inject faults of every kind and return what each came to."""
    tallies: dict[str, Tally] = {}
    with scratch() as root:
        references = {str(shape["name"]): reference_of(root, shape) for shape in (LARGE, TINY)}
        import_all()
        for name, kind in KINDS.items():
            if only not in name:
                continue
            tally = tallies[name] = Tally()
            began = time.monotonic()
            try:
                wanted = kind.small if small else kind.full
                kind.inject(_maker(root, tally, references), tally, wanted)
            except Exception:  # the other kinds go on
                tally.surprise(traceback.format_exc())
            print(_line(name, tally, time.monotonic() - began), flush=True)
    return tallies


def _maker(
    root: Path, tally: Tally, references: dict[str, dict[tuple[str, int], str]]
) -> sudden.MakeCase:
    def make(shape: dict[str, object]) -> Case:
        number = sum(1 for _ in root.iterdir())
        return Case(root / f"case {number}", shape, tally, references[str(shape["name"])])

    return make


def _line(name: str, tally: Tally, seconds: float) -> str:
    if tally.skipped:
        return f"{name}: skipped, {tally.skipped}"
    line = f"{name}: {_counts(tally)}  ({seconds:.0f} s)"
    return "\n".join([line, *(f"  surprise: {text}" for text in tally.surprises[:5])])


def _counts(tally: Tally) -> str:
    counts = f"{tally.injected} / {tally.lost} / {tally.twice} / {tally.differ}"
    return counts + (f", {len(tally.surprises)} surprises" if tally.surprises else "")


def total(tallies: dict[str, Tally]) -> Tally:
    """All kinds together."""
    every = tallies.values()
    return Tally(
        injected=sum(t.injected for t in every),
        lost=sum(t.lost for t in every),
        twice=sum(t.twice for t in every),
        differ=sum(t.differ for t in every),
        surprises=[text for t in every for text in t.surprises],
    )


def main() -> int:
    """Run the campaign; 0 if nothing was lost, trained twice, different or surprising."""
    parser = argparse.ArgumentParser(description="Inject faults into studies and count.")
    parser.add_argument("--small", action="store_true", help="a sample of every kind")
    parser.add_argument("--only", default="", metavar="KIND", help="kinds whose name holds this")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the counts there")
    given = parser.parse_args()
    began = time.monotonic()
    tallies = run_campaign(small=given.small, only=given.only)
    if given.json:
        given.json.write_text(json.dumps({name: asdict(t) for name, t in tallies.items()}))
    whole = total(tallies)
    print(
        "faults injected / runs lost / runs trained twice / digests that differ: "
        f"{_counts(whole)}  ({time.monotonic() - began:.0f} s)"
    )
    return 1 if whole.lost or whole.twice or whole.differ or whole.surprises else 0


if __name__ == "__main__":
    sys.exit(main())
