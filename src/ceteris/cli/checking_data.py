"""``data check``: what must be known of a data set before it is believed, worst first."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ceteris.cli.data_findings import Finding, findings
from ceteris.cli.tables import console, print_json
from ceteris.conduct import dropped_sentences
from ceteris.data import (
    DataSet,
    DataSource,
    Dropped,
    SplitRecipe,
    count_dropped,
    make_split,
    open_data,
)
from ceteris.data.checking import DataCheck, check_data
from ceteris.data.naming import named_source
from ceteris.data.parsed import file_names
from ceteris.data.places import place_of
from ceteris.store import making_home
from ceteris.study import Study, load

_SAID_BEFORE = 10_000  # images; near duplicates among more take long enough to be announced


@dataclass(frozen=True, eq=False)
class _Checked:
    """What is printed.

    Args:
        check: what was found.
        data, files: the set, and the file of each image; empty where they have none.
        study: whose parts these are; None where they are those of a set.
        dropped: what the study's first arm leaves out.
    """

    check: DataCheck
    data: DataSet
    files: tuple[str, ...]
    study: Study | None = None
    dropped: Dropped | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return findings(self.check, None if self.study is None else _recipe(self.study).drop)

    def named(self, row: int) -> str:
        return str(place_of(self.data, row, self.files))


def print_data_check(
    words: str,
    home: Path | None,
    data_folder: Path | None,
    *,
    near: bool,
    list_rows: bool,
    json: bool,
) -> None:
    """Check a set that is named, lies at a path, or is split by a study; print what was found."""
    study = load(words) if words.endswith(".toml") else None
    source = named_source(words) if study is None else _source(study)
    with making_home(home) as opened:
        data, folder = open_data(source, cache=opened.cache, data_folder=data_folder)
    say = Console(stderr=True, highlight=False)

    def begins(images: int) -> None:
        if images > _SAID_BEFORE:
            say.print("looking for near duplicates, up to a minute; --exact leaves it out")

    parts = dropped = None
    if study is not None:
        recipe = _recipe(study)
        split, dropped = make_split(data, recipe), count_dropped(data, recipe)
        named = ("train", split.train), ("validation", split.validation), ("test", split.test)
        parts = [(name, rows) for name, rows in named if len(rows)]
    check = check_data(data, near=near, parts=parts, begins=begins)
    checked = _Checked(check, data, file_names(folder, len(data.images)), study, dropped)
    if json:
        print_json(_as_json(checked))
    else:
        _print(console(), checked, list_rows=list_rows)


def _source(study: Study) -> DataSource:
    return study.arms[0].recipe.data.source


def _recipe(study: Study) -> SplitRecipe:
    return study.arms[0].recipe.data.split


def _print(out: Console, checked: _Checked, *, list_rows: bool) -> None:
    check = checked.check
    size = "x".join(map(str, check.shape))
    copies = check.images - check.distinct
    counted = (
        f"{check.images:,} images, all different"
        if not copies
        else (f"{check.images:,} images, {check.distinct:,} of them distinct")
    )
    name = check.name if checked.study is None else f"{checked.study.name} ({check.name})"
    out.print(Text(f"{name}: {counted}; {size}, {len(check.classes)} classes"))
    if check.known:
        out.print(Text("Every image and label is as published: the digest is the known one."))
    else:
        out.print(Text(f"digest {check.digest[:16]}, of your own data", style="dim"))
    for sentence in _study_sentences(checked):
        out.print(Text(sentence))
    out.print()
    out.print(_class_table(check))
    out.print()
    found = checked.findings
    for finding in found:
        out.print(Text(finding.sentence))
        if list_rows:
            for together in finding.rows:
                names = f" {'~' if finding.near else '='} ".join(map(checked.named, together))
                out.print(Text(f"  {names}", style="dim"), soft_wrap=True)
    if check.near.not_searched:
        out.print(Text(f"Near duplicates were not looked for: {check.near.not_searched}."))
    elif not check.near.pairs:
        out.print(Text("No near duplicates were found; there may be some that are not alike."))
    if not any(finding.rows for finding in found):
        out.print(Text("No copies, no conflicting labels, no flat images."))
    words = list(dict.fromkeys(finding.drop for finding in found if finding.drop))
    if words:
        had = () if checked.study is None else _recipe(checked.study).drop
        quoted = ", ".join(f'"{word}"' for word in (*had, *words))
        out.print()
        out.print(Text(f"To leave these out of training, write drop = [{quoted}] in [data]."))
    for note in check.notes:
        out.print()
        out.print(Text(f"Note: {note}"))
    if found and not list_rows and any(finding.rows for finding in found):
        out.print(Text("--list names the images; --json prints all of it.", style="dim"))


def _study_sentences(checked: _Checked) -> tuple[str, ...]:
    """What of the set the study's parts are."""
    if checked.study is None or checked.dropped is None:
        return ()
    study, recipe = checked.study, _recipe(checked.study)
    said = []
    if any(arm.recipe.data != study.arms[0].recipe.data for arm in study.arms):
        said.append(f"These are the images of arm {study.arms[0].name}; others take other images.")
    if recipe.resample:
        said.append("These are the images of seed 0; every seed takes others.")
    if recipe.drop:
        said += [f"{text}." for text in dropped_sentences({"": checked.dropped}, num_arms=1)]
    unused = len(checked.data.images) - checked.check.images - checked.dropped.images
    if unused:
        said.append(f"{unused:,} other image{'s are' if unused > 1 else ' is'} in no part.")
    return tuple(said)


def _class_table(check: DataCheck) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("class", overflow="fold")
    for part in check.parts:
        table.add_column(part.name, justify="right")
    for label, name in enumerate(check.classes):
        table.add_row(Text(name), *(f"{part.by_class[label]:,}" for part in check.parts))
    table.add_row("together", *(f"{part.images:,}" for part in check.parts))
    return table


def _as_json(checked: _Checked) -> dict[str, Any]:
    check, study = checked.check, checked.study
    found = checked.findings
    return {
        "name": check.name,
        "study": None if study is None else {"name": study.name, "arm": study.arms[0].name},
        "dropped": None if checked.dropped is None else asdict(checked.dropped),
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
                "originals": list(part.originals),
                "flat": list(part.flat),
            }
            for part in check.parts
        ],
        "shared": [
            {
                "part": shared.part,
                "other": shared.other,
                "rows": list(shared.rows),
                "originals": list(shared.originals),
                "near": list(shared.near),
                "twins": list(shared.twins),
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
        "findings": [{"sentence": finding.sentence, "drop": finding.drop} for finding in found],
        "places": _places(checked, (row for one in found for group in one.rows for row in group)),
        "notes": list(check.notes),
    }


def _places(checked: _Checked, rows: Iterable[int]) -> dict[str, dict[str, Any]]:
    """Where each image that is spoken of is, by its row in the whole set."""
    found = {row: place_of(checked.data, row, checked.files) for row in sorted(set(rows))}
    return {
        str(row): {"part": place.part, "row": place.row, "file": place.file or None}
        for row, place in found.items()
    }
