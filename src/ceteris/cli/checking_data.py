"""``data check``: what must be known of a data set before it is believed, worst first."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ceteris.cli.tables import console, many, print_json
from ceteris.data import DataSource, open_data
from ceteris.data.checking import DataCheck, check_data
from ceteris.data.naming import named_source
from ceteris.store import making_home
from ceteris.study import load

_UNBALANCED = 3.0  # images of the largest class for one of the smallest, worth a sentence


@dataclass(frozen=True)
class Finding:
    """One thing that is not as one would wish.

    Args:
        sentence: what was found.
        rows: which, each one row or the rows that belong together.
        drop: the word of ``drop`` that leaves such training images out; empty where none does.
    """

    sentence: str
    rows: tuple[tuple[int, ...], ...] = ()
    drop: str = ""


def print_data_check(
    words: str,
    home: Path | None,
    data_folder: Path | None,
    *,
    near: bool,
    list_rows: bool,
    json: bool,
) -> None:
    """Check a set that is named, or that lies at a path, and print what was found."""
    with making_home(home) as opened:
        data, _ = open_data(_source(words), cache=opened.cache, data_folder=data_folder)
    say = Console(stderr=True, highlight=False)
    if near and len(data.images) > 10_000:
        say.print("looking for near duplicates, up to a minute; --exact leaves it out")
    found = check_data(data, near=near)
    if json:
        print_json(_as_json(found))
    else:
        _print(console(), found, list_rows=list_rows)


def findings(check: DataCheck) -> tuple[Finding, ...]:
    """What is wrong, in plain sentences, worst first."""
    sizes = {part.name: part.images for part in check.parts}
    conflicting = sum(len(group.rows) for group in check.conflicts)
    near_inside = _near_inside(check)
    found = [
        *(
            Finding(
                f"{len(shared.rows):,} of {sizes[shared.part]:,} {shared.part} images are in "
                f"{shared.other} too, pixel by pixel.",
                _each(shared.rows),
                "leaked" if shared.other == check.parts[0].name else "",
            )
            for shared in check.shared
            if shared.rows
        ),
        *(
            [
                Finding(
                    f"{many(len(check.conflicts), 'group')} of identical images "
                    f"{'has' if len(check.conflicts) == 1 else 'have'} different labels: "
                    f"{conflicting:,} images.",
                    tuple(group.rows for group in check.conflicts),
                    "conflicting",
                )
            ]
            if check.conflicts
            else []
        ),
        *(
            Finding(
                f"{len(shared.near):,} {'more ' if shared.rows else ''}{shared.part} images have "
                f"a near duplicate in {shared.other}: the same picture but for light, a "
                "pixel's shift or a mirror.",
                _each(shared.near),
            )
            for shared in check.shared
            if shared.near
        ),
        *(
            [
                Finding(
                    f"{many(len(check.flat), 'image')} {'is' if len(check.flat) == 1 else 'are'} "
                    "one colour from corner to corner.",
                    _each(check.flat),
                    "flat",
                )
            ]
            if check.flat
            else []
        ),
        *(
            Finding(
                f"{len(part.copies):,} of {part.images:,} images of {part.name} are copies of "
                "another one there.",
                _each(part.copies),
                "duplicates" if part is check.parts[0] else "",
            )
            for part in check.parts
            if part.copies
        ),
        *(
            [
                Finding(
                    f"{many(len(near_inside), 'pair')} of near duplicates within a part.",
                    near_inside,
                )
            ]
            if near_inside
            else []
        ),
        *(
            Finding(_balance_sentence(check, index))
            for index, part in enumerate(check.parts)
            if part.balance >= _UNBALANCED
        ),
    ]
    return tuple(found)


def _source(words: str) -> DataSource:
    if words.endswith(".toml"):
        return load(words).arms[0].recipe.data.source
    return named_source(words)


def _near_inside(check: DataCheck) -> tuple[tuple[int, ...], ...]:
    ends = [part.first + part.images for part in check.parts]
    return tuple(
        (pair.first, pair.second)
        for pair in check.near.pairs
        if all((pair.first < end) == (pair.second < end) for end in ends)
    )


def _balance_sentence(check: DataCheck, index: int) -> str:
    part = check.parts[index]
    most = max(range(len(check.classes)), key=lambda label: part.by_class[label])
    least = min(range(len(check.classes)), key=lambda label: part.by_class[label])
    return (
        f"The classes of {part.name} are unequal: {part.by_class[most]:,} images of "
        f"{check.classes[most]}, {part.by_class[least]:,} of {check.classes[least]}."
    )


def _each(rows: Iterable[int]) -> tuple[tuple[int, ...], ...]:
    return tuple((row,) for row in rows)


def _print(out: Console, check: DataCheck, *, list_rows: bool) -> None:
    size = "x".join(map(str, check.shape))
    copies = check.images - check.distinct
    counted = (
        f"{check.images:,} images, all different"
        if not copies
        else (f"{check.images:,} images, {check.distinct:,} of them distinct")
    )
    out.print(Text(f"{check.name}: {counted}; {size}, {len(check.classes)} classes"))
    if check.known:
        out.print(Text("Every image and label is as published: the digest is the known one."))
    else:
        out.print(Text(f"digest {check.digest[:16]}, of your own data", style="dim"))
    out.print()
    out.print(_class_table(check))
    out.print()
    found = findings(check)
    for finding in found:
        out.print(Text(finding.sentence))
        if list_rows and finding.rows:
            out.print(Padding(Text(_rows_text(finding.rows), style="dim"), (0, 0, 0, 2)))
    if check.near.not_searched:
        out.print(Text(f"Near duplicates were not looked for: {check.near.not_searched}."))
    elif not check.near.pairs:
        out.print(Text("No near duplicates were found; there may be some that are not alike."))
    if not any(finding.rows for finding in found):
        out.print(Text("No copies, no conflicting labels, no flat images."))
    words = list(dict.fromkeys(finding.drop for finding in found if finding.drop))
    if words:
        quoted = ", ".join(f'"{word}"' for word in words)
        out.print()
        out.print(Text(f"To leave these out of training, write drop = [{quoted}] in [data]."))
    for note in check.notes:
        out.print()
        out.print(Text(f"Note: {note}"))
    if found and not list_rows and any(finding.rows for finding in found):
        out.print(Text("--list prints the rows, counted from 0; --json all of it.", style="dim"))


def _class_table(check: DataCheck) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("class", overflow="fold")
    for part in check.parts:
        table.add_column(part.name, justify="right")
    for label, name in enumerate(check.classes):
        table.add_row(Text(name), *(f"{part.by_class[label]:,}" for part in check.parts))
    table.add_row("together", *(f"{part.images:,}" for part in check.parts))
    return table


def _rows_text(rows: Iterable[tuple[int, ...]]) -> str:
    return ", ".join("=".join(map(str, together)) for together in rows)


def _as_json(check: DataCheck) -> dict[str, Any]:
    return {
        "name": check.name,
        "shape": list(check.shape),
        "digest": check.digest,
        "as_published": check.known,
        "classes": list(check.classes),
        "images": check.images,
        "distinct": check.distinct,
        "parts": [
            {
                "name": part.name,
                "first_row": part.first,
                "images": part.images,
                "by_class": list(part.by_class),
                "copies": list(part.copies),
                "flat": list(part.flat),
            }
            for part in check.parts
        ],
        "shared": [
            {
                "part": shared.part,
                "other": shared.other,
                "rows": list(shared.rows),
                "near": list(shared.near),
            }
            for shared in check.shared
        ],
        "conflicts": [
            {"rows": list(group.rows), "labels": list(group.labels)} for group in check.conflicts
        ],
        "near": {
            "searched": not check.near.not_searched,
            "why_not": check.near.not_searched,
            "pairs": [
                {
                    "rows": [pair.first, pair.second],
                    "mirrored": pair.mirrored,
                    "detail": pair.detail,
                }
                for pair in check.near.pairs
            ],
        },
        "findings": [
            {"sentence": finding.sentence, "drop": finding.drop} for finding in findings(check)
        ],
        "notes": list(check.notes),
    }
