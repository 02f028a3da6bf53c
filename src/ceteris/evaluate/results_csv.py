"""Runs trained elsewhere: a CSV file of results, read strictly.

Columns: ``arm``, ``seed``, one or more metrics, and optionally ``status``, in any order. One line
per run. Nothing is guessed: an empty value could be a run that diverged or one that nobody has
made, and the two mean opposite things, so it is an error. ``nan`` and ``inf`` say that a run
diverged.
"""

import csv
import io
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ceteris.errors import CeterisError, nearest, shown, unknown_name
from ceteris.evaluate.pairing import STATUSES
from ceteris.evaluate.rows import Result

LARGEST_BYTES = 16 * 2**20  # some 300,000 runs; a data set given by mistake is refused unread
_LONGEST_NAME = 200  # characters; names stand in sentences and tables
# More than a table of results holds; every step below is linear in each, none in their product.
_MOST = {"column": 1_000, "arm": 1_000, "seed": 10_000}
# No digit can be matched in two ways, so a line of a million digits is refused at once.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|[+-]?(nan|inf|infinity)", re.I | re.A)
_SEED = re.compile(r"(\d{1,18})(\.0+)?", re.A)  # pandas writes whole numbers as 3.0 after a gap
_ENDED_BADLY = ("diverged", "failed")
_NOT_THERE = ("pending", "running")


@dataclass(frozen=True)
class ResultRow:
    """One line: a run and its metrics; None where it has none."""

    arm: str
    seed: int
    status: str
    values: Mapping[str, float | None]


@dataclass(frozen=True)
class Results:
    """A whole file.

    Args:
        source: its name, for messages.
        metrics: the metric columns, in the file's order.
        rows: one per run, in the file's order.
    """

    source: str
    metrics: tuple[str, ...]
    rows: tuple[ResultRow, ...]

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms, in the order in which they first appear."""
        return tuple(dict.fromkeys(row.arm for row in self.rows))

    def of(self, metric: str) -> list[Result]:
        """One metric of every run, as :func:`ceteris.evaluate.compare` takes it.

        Raises:
            CeterisError: the file has no such column.
        """
        if metric not in self.metrics:
            raise unknown_name("metric", metric, self.metrics, where=self.source)
        return [Result(row.arm, row.seed, row.values[metric], row.status) for row in self.rows]


def read_results(path: Path) -> Results:
    """Read the results in a CSV file.

    Raises:
        CeterisError: the file cannot be read or is too large, or as :func:`parse_results`.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise CeterisError(
            f"the results {shown(str(path))} cannot be read",
            received=f"{path}: {error.strerror or error}",
            expected="a CSV file with the columns arm, seed and one or more metrics",
            fix="check the name and that the file may be read",
        ) from None
    if len(content) > LARGEST_BYTES:
        raise _too_large(max(size, len(content)), path.name)
    return parse_results(content, path.name)


def parse_results(content: str | bytes, source: str) -> Results:
    r"""Parse the results in the text of a CSV file.

    Args:
        content: text, or bytes in UTF-8, with or without a byte order mark, any line ends.
        source: the file's name, for messages.

    Raises:
        CeterisError: anything that is not one run a line, with the line and the column.

    Example:
        >>> found = parse_results("arm,seed,accuracy\nsgd,0,0.91\nsgd,1,nan\n", "runs.csv")
        >>> [(run.seed, run.value) for run in found.of("accuracy")]
        [(0, 0.91), (1, nan)]
    """
    lines = _lines(_text(content, source), source)
    if not lines:
        raise CeterisError(
            "the results are empty",
            received=f"no lines  ({source})",
            expected="a first line with the columns arm, seed and one or more metrics",
            fix="write the results into the file, one line per run",
        )
    header = [name.strip() for name in lines[0][1]]
    _check_count(len(header), "column", f"{source}, line {lines[0][0]}")
    metrics = _check_header(header, lines[0][0], source)
    rows: list[ResultRow] = []
    first_line: dict[tuple[str, int], int] = {}
    for line, fields in lines[1:]:
        if len(fields) != len(header):
            raise CeterisError(
                f"line {line} has {_count(len(fields), 'field')}, and the first line names "
                f"{_count(len(header), 'column')}",
                received=f"{shown(','.join(fields))}  ({source}, line {line})",
                expected=f"one value each for {_list(header)}",
                fix="complete the line; put a name that holds a comma in double quotes",
            )
        row = _row(dict(zip(header, fields, strict=True)), metrics, f"{source}, line {line}")
        key = (row.arm, row.seed)
        if key in first_line:
            raise CeterisError(
                f"arm {shown(row.arm)} has seed {row.seed} twice",
                received=f"lines {first_line[key]} and {line}, columns arm and seed  ({source})",
                expected="one line for each arm and seed",
                fix="remove one of the two lines, or give one another seed",
            )
        first_line[key] = line
        rows.append(row)
    if not rows:
        raise CeterisError(
            "the results hold no runs",
            received=f"a line of column names and nothing below  ({source})",
            expected="one line per run",
            fix="add the runs",
        )
    _check_count(len({row.arm for row in rows}), "arm", source)
    _check_count(len({row.seed for row in rows}), "seed", source)
    return Results(source, metrics, tuple(rows))


def _text(content: str | bytes, source: str) -> str:
    size = len(content) if isinstance(content, bytes) else len(content.encode(errors="replace"))
    if size > LARGEST_BYTES:
        raise _too_large(size, source)
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise CeterisError(
            "the results are not text in UTF-8",
            received=f"the byte 0x{content[error.start]:02x}  ({source}, line {line})",
            expected="a CSV file saved as UTF-8",
            fix="save it again as 'CSV UTF-8'",
        ) from None


def _lines(text: str, source: str) -> list[tuple[int, list[str]]]:
    """List the lines that are not blank, each with the number of the line it begins on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    lines: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                lines.append((begins, fields))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise CeterisError(
            f"line {begins} is not CSV",
            received=f"{error}  ({source}, line {begins})",
            expected="values separated by commas, quotes closed",
            fix="close the quotes; write a quote inside a quoted name twice",
        ) from None
    return lines


def _check_header(header: list[str], line: int, source: str) -> tuple[str, ...]:
    where = f"{source}, line {line}"
    received = f"the columns {_list(header)}  ({where})"
    for needed in ("arm", "seed"):
        if needed in header:
            continue
        separator = next((c for c in ";\t" if len(header) == 1 and c in header[0]), None)
        guess = nearest(needed, [name.lower() for name in header])
        near = next((name for name in header if name.lower() == guess), None)
        fix = f"name the column that holds the {needed} '{needed}'"
        if separator:
            name = "semicolons" if separator == ";" else "tabs"
            fix = f"the values are separated by {name}; save the file with commas"
        elif near is not None:
            fix = f"rename the column {shown(near)} to '{needed}'"
        raise CeterisError(
            f"there is no column '{needed}'",
            received=received,
            expected="the columns arm, seed and one or more metrics, separated by commas",
            fix=fix,
        )
    for place, name in enumerate(header):
        if name in header[:place]:
            raise CeterisError(
                f"the column {shown(name)} is there twice",
                received=received,
                expected="every column once",
                fix="remove or rename one of them",
            )
        _check_name(name, f"the name of column {place + 1}", where)
    metrics = tuple(name for name in header if name not in {"arm", "seed", "status"})
    if not metrics:
        raise CeterisError(
            "there is no metric to compare",
            received=received,
            expected="one or more columns with numbers, for example test_accuracy",
            fix="add a column with the metric",
        )
    return metrics


def _row(fields: dict[str, str], metrics: tuple[str, ...], where: str) -> ResultRow:
    arm = fields["arm"].strip()
    _check_name(arm, "the arm", f"{where}, column arm")
    seed = _SEED.fullmatch(fields["seed"].strip())
    if seed is None:
        raise CeterisError(
            f"{shown(fields['seed'])} is not a seed",
            received=f"{shown(fields['seed'])}  ({where}, column seed)",
            expected="a whole number, 0 or more",
            fix="write the seed that the run was started with, or number the runs of each arm; "
            "the same number in two arms means that they are paired",
        )
    status = fields.get("status", "finished").strip().lower()
    if status not in STATUSES:
        raise unknown_name("status", status, STATUSES, where=f"{where}, column status")
    values = {
        name: _value(fields[name].strip(), status, f"{where}, column {name}") for name in metrics
    }
    return ResultRow(arm, int(seed[1]), status, values)


def _value(text: str, status: str, where: str) -> float | None:
    if not text:
        if status in _ENDED_BADLY or status in _NOT_THERE:
            return None
        raise CeterisError(
            "a value is empty, which could mean that the run diverged or that it was never made",
            received=f"nothing  ({where})",
            expected="a number, or nan for a run that diverged",
            fix="write nan if the run diverged; if it was not made, leave its line out",
        )
    if _NUMBER.fullmatch(text) is None:
        comma = re.fullmatch(r"[+-]?\d+,\d+", text, re.A)
        fix = "write a number, or nan for a run that diverged"
        if comma:
            fix = f"write it with a point: {text.replace(',', '.')}"
        raise CeterisError(
            f"{shown(text)} is not a number",
            received=f"{shown(text)}  ({where})",
            expected="a number such as 0.91 or 9.1e-1",
            fix=fix,
        )
    value = float(text)
    return value if math.isfinite(value) else math.nan


def _check_name(name: str, what: str, where: str) -> None:
    if name and len(name) <= _LONGEST_NAME and name.isprintable():
        return
    raise CeterisError(
        f"{what} cannot be {shown(name)}",
        received=f"{shown(name)}, {_count(len(name), 'character')}  ({where})",
        expected=f"1 to {_LONGEST_NAME} printable characters",
        fix="give it a short name",
    )


def _check_count(number: int, noun: str, where: str) -> None:
    if number <= _MOST[noun]:
        return
    raise CeterisError(
        f"the results hold too many {noun}s",
        received=f"{number:,} {noun}s  ({where})",
        expected=f"at most {_MOST[noun]:,}",
        fix="keep only what is to be compared; check that each column holds what its name says",
    )


def _too_large(size: int, source: str) -> CeterisError:
    return CeterisError(
        "the results are too large",
        received=f"{size / 2**20:.1f} MiB  ({source})",
        expected=f"at most {LARGEST_BYTES // 2**20} MiB: one line per run",
        fix="give the table of results, not the data; keep only the columns that are compared",
    )


def _list(names: list[str]) -> str:
    # Bounded: a file without line ends is one line with a million columns.
    text = ", ".join(shown(name) for name in names[:20])
    return text + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
