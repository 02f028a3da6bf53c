"""From measured times to rows, and from rows to the table that the documents show.

``python -m benchmarks.table RESULTS.json...`` prints the table of earlier measurements and puts it
into docs/performance.md again.
"""

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.operations import LAYERS, work_operations
from benchmarks.works import WORKS, Bar, scaled

BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
CETERIS = "ceteris"

_COLUMNS = (
    *("work", "who", "numbers, threads", "seconds", "peer / Ceteris"),
    *("must", "aim", "reached", "memory", "accuracy"),
)
_SHARE_COLUMNS = (
    *("work", "numbers", "operations", "peak of the machine, 10^9/s", "by"),
    *("share, whole command", "share, training alone"),
)


@dataclass(frozen=True)
class Spread:
    """Median, least and largest of some numbers."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Summarise one number or more."""
        return cls(statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Row:
    """One contestant at one work.

    Args:
        work, who: which.
        wall_s: of its repeats.
        ratio: its wall time / Ceteris's in the same repeat; None for Ceteris.
        bar: what that ratio must reach.
        told: what it said of itself: accuracy, numbers, threads, memory.
    """

    work: str
    who: str
    wall_s: Spread
    ratio: Spread | None
    bar: Bar
    told: Mapping[str, Any]

    @property
    def reached(self) -> str:
        """``aim``, ``must`` or ``no``, by the median ratio; empty without a bar."""
        if self.ratio is None or (self.bar.must is None and self.bar.aim is None):
            return ""
        if self.bar.aim is not None and self.ratio.median >= self.bar.aim:
            return "aim"
        if self.bar.must is not None and self.ratio.median >= self.bar.must:
            return "must"
        return "no"


@dataclass(frozen=True)
class Share:
    """Which part of the machine's peak a work reached.

    Args:
        work: which.
        numbers: number type.
        peak: 10^9 operations a second, all cores.
        operations: of the whole work.
        of_wall: share over the median wall time.
        of_training: share over the time in runs alone: without start-up and what stands between.
    """

    work: str
    numbers: str
    peak: float
    operations: int
    of_wall: float
    of_training: float


def rows_of(results: Mapping[str, Any]) -> list[Row]:
    """A row for each contestant, Ceteris first in each work."""
    rows = []
    for name, found in results["works"].items():
        ours = found[CETERIS]["wall_s"] if CETERIS in found else []
        for who in sorted(found, key=lambda who: (who != CETERIS, who)):
            times = found[who]["wall_s"]
            # Pairs by repeat: what disturbed the machine then disturbed both.
            ratios = [theirs / own for theirs, own in zip(times, ours, strict=False)]
            rows.append(
                Row(
                    work=name,
                    who=who,
                    wall_s=Spread.of(times),
                    ratio=None if who == CETERIS or not ratios else Spread.of(ratios),
                    bar=WORKS[name].bars.get(who, Bar(None, None)),
                    told=found[who],
                )
            )
    return rows


def shares_of(results: Mapping[str, Any]) -> list[Share]:
    """The share of the peak, for the works whose operations are counted."""
    shares = []
    for name, found in results["works"].items():
        if name not in LAYERS or CETERIS not in found:
            continue
        ours = found[CETERIS]
        numbers = ours["numbers"]
        if numbers not in results["peaks"]:
            continue
        peak = results["peaks"][numbers]["total"]
        operations = work_operations(scaled(WORKS[name], results["scale"]))
        of_wall, of_training = (
            operations / statistics.median(ours[time]) / (peak * 1e9)
            for time in ("wall_s", "training_s")
        )
        shares.append(Share(name, numbers, peak, operations, of_wall, of_training))
    return shares


def markdown(results: Mapping[str, Any]) -> str:
    """The tables of one machine, under a line that says which."""
    machine, scale = results["machine"], results["scale"]
    lines = [
        f"{results['date']}, {machine['processor']}, {machine['cores']} cores, "
        f"{' '.join(machine['instructions']) or 'no vector instructions of note'}, "
        f"{machine['memory_gib']} GiB; {machine['system']}; "
        + ", ".join(f"{name} {number}" for name, number in sorted(results["versions"].items()))
        + f"; load beforehand {machine['load']}.",
        "",
    ]
    if scale != 1:
        lines += [f"**Scaled to {scale:g} of each work: a quick look, not the measurement.**", ""]
    for name in results["works"]:
        lines.append(f"- {name}: {WORKS[name].title}")
    lines += [
        "",
        *_head(_COLUMNS),
        *(_line(row) for row in rows_of(results)),
    ]
    if shares := shares_of(results):
        lines += [
            "",
            *_head(_SHARE_COLUMNS),
            *(_share_line(share, results["peaks"]) for share in shares),
        ]
    return "\n".join(lines)


def replaced(page: str, block: str) -> str:
    """The page with another block between its two marks; appended where it has none.

    Example:
        >>> print(replaced(f"head {BEGIN} old {END} tail", "new"))
        head <!-- bench:begin -->
        new
        <!-- bench:end --> tail
    """
    marked = f"{BEGIN}\n{block}\n{END}"
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        return f"{page.rstrip()}\n\n{marked}\n"
    return f"{head}{marked}{tail}"


def publish(block: str) -> None:
    """Put the block into docs/performance.md."""
    page = PAGE.read_text("utf-8") if PAGE.exists() else "# Performance\n"
    PAGE.write_text(replaced(page, block), "utf-8")


def _head(columns: Sequence[str]) -> list[str]:
    return [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]


def _line(row: Row) -> str:
    told = row.told
    cells = [
        row.work,
        row.who,
        f"{told['numbers']}, {told['threads']}",
        _spread(row.wall_s, 1),
        _spread(row.ratio, 2) if row.ratio else "",
        _number(row.bar.must),
        _number(row.bar.aim),
        row.reached,
        f"{told['together_bytes'] / 1e6:,.0f} MB" if told["together_bytes"] else "",
        f"{told['accuracy']:.4f}",
    ]
    return f"| {' | '.join(cells)} |"


def _share_line(share: Share, peaks: Mapping[str, Any]) -> str:
    cells = [
        share.work,
        share.numbers,
        f"{share.operations / 1e12:.2f} x 10^12",
        f"{share.peak:,.0f}",
        peaks[share.numbers]["by"],
        f"{share.of_wall:.0%}",
        f"{share.of_training:.0%}",
    ]
    return f"| {' | '.join(cells)} |"


def _spread(spread: Spread, digits: int) -> str:
    low, high = f"{spread.low:.{digits}f}", f"{spread.high:.{digits}f}"
    return f"{spread.median:.{digits}f} ({low} to {high})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


if __name__ == "__main__":
    found = [json.loads(Path(path).read_text("utf-8")) for path in sys.argv[1:]]
    text = "\n\n".join(markdown(results) for results in found)
    print(text)
    publish(text)
