"""``data list``: which data sets there are, and whether they are here."""

from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ceteris.cli.tables import console, print_json
from ceteris.data.listing import SetRow, list_data
from ceteris.store import open_home


def print_sets(
    name: str | None, home: Path | None, data_folder: Path | None, *, json: bool
) -> None:
    """A line for each set, or all that is known of one."""
    opened = open_home(home, create=False)
    rows = list_data(cache=opened.cache, data_folder=data_folder, name=name)
    if json:
        print_json({"sets": [row.as_json() for row in rows]})
        return
    out = console()
    if name is None:
        _print_all(out, rows)
    else:
        _print_one(out, rows[0])


def _print_all(out: Console, rows: tuple[SetRow, ...]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("data set", "image"):
        table.add_column(heading, header_style="bold", no_wrap=True)
    for heading in ("classes", "train", "between", "test"):
        table.add_column(heading, header_style="bold", justify="right")
    table.add_column("here", header_style="bold", no_wrap=True)
    for row in (row for row in rows if row.state != "yours"):
        entry = row.entry
        table.add_row(
            entry.name,
            "x".join(map(str, entry.shape or ())),
            str(len(entry.classes)),
            _count(row.num_train),
            _count(entry.num_between),
            _count(row.num_test),
            row.state,
        )
    out.print(table)
    out.print()
    own = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    own.add_column("your own", header_style="bold", no_wrap=True)
    own.add_column("", header_style="bold")
    for row in (row for row in rows if row.state == "yours"):
        own.add_row(row.entry.name, row.entry.title)
    out.print(own)
    out.print()
    states = Counter(row.state for row in rows)
    if states["missing"]:
        out.print(Text("A missing set is got by:     ceteris data fetch NAME"))
    out.print(Text("Source, licence, citation:   ceteris data list NAME"))


def _print_one(out: Console, row: SetRow) -> None:
    entry = row.entry
    facts = {
        "shape": "x".join(map(str, entry.shape or ())),
        "classes": ", ".join(entry.classes),
        "images": _parts(row),
        "published at": entry.published_at,
        "licence": entry.licence,
        "citation": entry.citation,
        "digest": entry.digest or "",
        "note": entry.note,
        "here": row.state if row.place is None else f"{row.state}, in {row.place}",
        "to get it": row.to_get,
    }
    out.print(Text(f"{entry.name}: {entry.title}", style="bold"))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for key, value in facts.items():
        if value:
            table.add_row(key, Text(value, overflow="fold"))
    out.print(table)


def _parts(row: SetRow) -> str:
    if row.entry.parts:
        return ", ".join(f"{name} {count:,}" for name, count in row.entry.parts)
    if row.entry.num_images is None:
        return ""
    return f"{row.entry.num_images:,}, of which {row.num_test} are split off as the test part"


def _count(number: int | None) -> str:
    return f"{number:,}" if number else ""
