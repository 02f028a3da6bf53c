"""``predict``: what a study's networks say about pictures, on the terminal and in files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ceteris.atomic import write_whole
from ceteris.cli.tables import console, many, print_json
from ceteris.data.own_pictures import Fit
from ceteris.data.pictures import Ground
from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.predict import Prediction, Predictions, Wanted, predict
from ceteris.predict.doubts import doubt_name
from ceteris.predict.names import in_room, short_names
from ceteris.predict.predicting import Invert
from ceteris.predict.tables import as_csv, as_json
from ceteris.store.faults import told
from ceteris.study.inline import read_views

LEFT_OUT = 2  # the exit code where a file was left out: bad input, the others predicted
_SHOWN_OF = 3  # pictures named where something is said of several
_CLASSES = 3
_FEWEST_LETTERS, _MOST_LETTERS = 12, 20  # of a name in a table
_BETWEEN = 3  # columns of a terminal from one of the table to the next


@dataclass(frozen=True)
class Files:
    """What is to be written beside the table; each None where it is not asked for."""

    csv: Path | None
    sheet: Path | None
    overwrite: bool


def print_predictions(
    words: str,
    images: Sequence[Path],
    files: Files,
    *,
    fit: str | None,
    ground: str,
    invert: str,
    likeness: bool,
    views: str | None,
    home: Path | None,
    data_folder: Path | None,
    allow_code: bool,
    json: bool,
) -> int:
    """Predict, write what was asked for, and print.

    Returns:
        The exit code: 0, or 2 where a file was left out.
    """
    wanted = replace(
        _wanted(fit, ground, invert, likeness=likeness, originals=files.sheet is not None),
        views=None if views is None else read_views(views),
    )
    _check_file(files.csv, (".csv",), "--csv", overwrite=files.overwrite)
    _check_file(files.sheet, (".png", ".html"), "--sheet", overwrite=files.overwrite)
    say = Console(stderr=True, highlight=False)
    found = predict(
        words,
        images,
        wanted=wanted,
        home=home,
        data_folder=data_folder,
        allow_code=allow_code,
        announce=lambda text: say.print(Text(text), soft_wrap=True),
    )
    written = _write(found, files)
    if json:
        print_json({**as_json(found), "files": [str(path) for path in written]})
    else:
        _print(found, written)
    return LEFT_OUT if found.left_out else 0


def _wanted(
    fit: str | None, ground: str, invert: str, *, likeness: bool, originals: bool
) -> Wanted:
    """The options as checked words."""
    for option, given, known in (
        ("--fit", fit, get_args(Fit)),
        ("--ground", ground, get_args(Ground)),
        ("--invert", invert, get_args(Invert)),
    ):
        if given is not None and given not in known:
            raise unknown_name(f"choice of {option}", given, known, where=option)
    return Wanted(fit, ground, invert, likeness, originals)  # type: ignore[arg-type]


def _check_file(
    path: Path | None, suffixes: tuple[str, ...], option: str, *, overwrite: bool
) -> None:
    """A file that can be written, known before anything is computed."""
    if path is None:
        return
    if path.suffix.lower() not in suffixes or not path.absolute().parent.is_dir() or path.is_dir():
        raise CeterisError(
            f"{option} cannot be {shown(str(path))}",
            received=shown(str(path)),
            expected=f"a file that ends in {' or '.join(suffixes)}, in a folder that exists",
            fix=f"choose another path, for example {option} pictures{suffixes[-1]}",
        )
    if path.exists() and not overwrite:
        raise CeterisError(
            f"{shown(str(path))} is there already",
            received=f"{option} {shown(str(path))}",
            expected="a new file",
            fix="choose another path, or replace it with --overwrite",
        )


def _write(found: Predictions, files: Files) -> tuple[Path, ...]:
    """The files that were asked for, each whole or not at all."""
    content: dict[Path, bytes] = {}
    if files.csv is not None:
        content[files.csv] = as_csv(found)
    if files.sheet is not None and found.rows:
        content[files.sheet] = _sheet(found, files.sheet)
    for path, data in content.items():
        with told(path, "writing what was predicted"):
            write_whole(path, data)
    return tuple(content)


def _sheet(found: Predictions, path: Path) -> bytes:
    from ceteris.predict.sheet import as_gallery, as_html

    if path.suffix.lower() == ".html":
        return as_html(found, top=_CLASSES)
    from ceteris.report.pictures import draw_gallery

    return draw_gallery(as_gallery(found))


def _print(found: Predictions, written: Sequence[Path]) -> None:
    out = console()
    out.print(Text(_headline(found), style="bold"))
    for line in _about(found):
        out.print(Text(line))
    out.print()
    if found.rows:
        out.print(_table(found, out.width))
        out.print()
        _print_doubts(out, found)
        _print_steps(out, found)
    if found.left_out:
        out.print(Text(f"Left out: {many(len(found.left_out), 'file')}"))
        for item in found.left_out:
            _print_under(out, item.name, [item.reason])
        out.print()
    for note in found.notes:
        out.print(Text(f"Note: {note}"))
    for path in written:
        out.print(Text(f"wrote {path}"), soft_wrap=True)


def _headline(found: Predictions) -> str:
    variant = f"@{found.variant}" if found.variant else ""
    return f"{found.study}{variant}: {many(len(found.rows), 'picture')}"


def _about(found: Predictions) -> list[str]:
    height, width, channels = found.input_shape
    kind = "grey" if channels == 1 else "RGB"
    arm = f"Arm {found.arm}" + (f" ({found.reason})" if found.reason else "")
    voting = f"{len(found.seeds)} of {found.num_seeds} seeds vote"
    if len(found.seeds) == 1:
        voting = f"seed {found.seeds[0]} alone"
    return [f"{arm}, {voting}; the network sees {width} x {height} pixels, {kind}."]


def _table(found: Predictions, width: int) -> Table:
    several = len(found.seeds) > 1
    interval = any(row.low is not None for row in found.rows)
    headings = [
        "class",
        "probability" + ("\n[95% over seeds]" if interval else ""),
        "then",
        *(["seeds"] if several else []),
    ]
    lines = []
    for row in found.rows:
        second, value = list(row.probabilities.items())[1]
        seeds = [f"{row.votes.get(row.label, 0)}/{len(found.seeds)}"] if several else []
        lines.append([row.label, _share(row), f"{second} {value:.1%}", *seeds])
    doubts = [", ".join(doubt_name(d.kind) for d in row.doubts) or "-" for row in found.rows]
    taken = sum(
        _BETWEEN + max(len(line) for text in column for line in text.split("\n"))
        for column in zip(headings, *lines, strict=True)
    )
    # A name is cut in its middle, where wrapping would break it anywhere.
    longest = max(len(word) for text in [*doubts, "doubts"] for word in text.split())
    room = min(_MOST_LETTERS, max(_FEWEST_LETTERS, width - taken - longest - _BETWEEN))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("picture", no_wrap=True)
    for heading in headings:
        table.add_column(heading, no_wrap=heading not in ("class", "then"), overflow="fold")
    table.add_column("doubts", min_width=longest)
    names = _short_names([row.name for row in found.rows])
    for name, (label, *cells), doubted in zip(names, lines, doubts, strict=True):
        table.add_row(
            Text(in_room(name, room)), Text(label, style="bold"), *map(Text, cells), Text(doubted)
        )
    return table


def _share(row: Prediction) -> str:
    share = f"{row.probability:.1%}"
    if row.low is None or row.high is None:
        return share
    return f"{share} [{row.low * 100:.0f}, {row.high * 100:.0f}]"


def _print_doubts(out: Console, found: Predictions) -> None:
    """Of each picture what was measured, and once what it means."""
    names = _short_names([row.name for row in found.rows])
    if not found.meanings:
        return
    out.print(Text("Why to doubt"))
    for row, name in zip(found.rows, names, strict=True):
        if row.doubts:
            lines = [f"{doubt_name(doubt.kind)}: {doubt.sentence}" for doubt in row.doubts]
            _print_under(out, name, lines)
    out.print()
    out.print(Text("What the doubts mean"))
    for kind, meaning in found.meanings.items():
        _print_under(out, doubt_name(kind), [meaning])
    out.print()


def _print_steps(out: Console, found: Predictions) -> None:
    """What was done to the pictures; those to which the same was done are named together."""
    same: dict[tuple[str, ...], list[str]] = {}
    names = _short_names([row.name for row in found.rows])
    for row, name in zip(found.rows, names, strict=True):
        same.setdefault(row.steps, []).append(name)
    out.print(Text("What was done to them"))
    for steps, of in same.items():
        more = f" and {len(of) - _SHOWN_OF} more" if len(of) > _SHOWN_OF else ""
        room = (
            out.width // min(len(of), _SHOWN_OF) - len(more) - 2 if len(of) > 1 else out.width - 2
        )
        some = ", ".join(in_room(name, max(_FEWEST_LETTERS, room)) for name in of[:_SHOWN_OF])
        _print_under(out, some + more, ["; ".join(steps) or "taken as it is"])
    _print_under(out, "all of them", [f"{found.normalisation}, as the networks were trained"])
    out.print()


def _print_under(out: Console, heading: str, lines: Sequence[str]) -> None:
    out.print(Padding(Text(in_room(_printable(heading), out.width - 2)), (0, 0, 0, 2)))
    for line in lines:
        out.print(Padding(Text(_printable(line)), (0, 0, 0, 4)))


def _short_names(names: Sequence[str]) -> list[str]:
    """Names as short as tells them apart, in letters that can be printed."""
    return [_printable(name) for name in short_names(names)]


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
