"""A contact sheet: each picture beside what the network sees of it, with what it says.

As HTML one self-contained file that asks for nothing and runs nothing; as rows of equal cells it is
what :mod:`ceteris.report.pictures` draws into a PNG.
"""

import base64
from html import escape

import numpy as np

from ceteris.data.dataset import Images
from ceteris.data.gallery import Gallery
from ceteris.data.own_pictures import encode_png
from ceteris.predict.doubts import doubt_name
from ceteris.predict.names import in_room, short_names
from ceteris.predict.rows import Prediction, Predictions

CELL = 128  # pixels of a picture's side on the sheet
MOST_DRAWN = 20  # pictures of a PNG, whose sides are bounded
_LETTERS = 30  # of a line beside a picture
_LINES = 7
_MOST_LEFT_OUT = 8  # files that are named below it
_AROUND = 232  # a light grey, so that a white picture ends somewhere

# Nothing may be fetched and nothing may run, whatever a file or a class is called.
_ASKS_NOTHING = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)
_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #222; background: #fff; margin: 1.5em auto;
  max-width: 62em; padding: 0 1em; }
h1 { font-size: 1.25em; margin: 0 0 .2em; overflow-wrap: anywhere; }
h2 { font-size: 1.05em; margin: 1.4em 0 .3em; }
.card { display: flex; flex-wrap: wrap; gap: .8em; border-top: 1px solid #ddd; padding: .8em 0; }
figure { margin: 0; width: 128px; }
figcaption { color: #555; font-size: .8em; }
img { width: 128px; height: 128px; object-fit: contain; background: #e8e8e8;
  image-rendering: pixelated; display: block; }
.words { flex: 1 1 18em; min-width: 0; overflow-wrap: anywhere; }
.label { font-size: 1.25em; font-weight: 600; }
.name { color: #555; }
.doubt { color: #8a3b00; }
.small, dd, li { color: #555; font-size: .92em; }
dt { color: #8a3b00; }
dd { margin: 0 0 .4em 1.2em; }
dl, ul { overflow-wrap: anywhere; }
"""


def as_html(found: Predictions, *, top: int) -> bytes:
    """The sheet as one HTML file; whatever a file or a class is called, it is text.

    Args:
        found: its rows with their originals.
        top: classes of each picture that are named.
    """
    title = _text(f"{_whose(found)}: {_counted(found)}")
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        _ASKS_NOTHING,
        f"<title>{title}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{title}</h1>",
        f'<p class="small">{_text(_about(found))}</p>',
        *(_card(row, top) for row in found.rows),
    ]
    if found.meanings:
        lines.append("<h2>What the doubts mean</h2><dl>")
        lines += [
            f"<dt>{_text(doubt_name(kind))}</dt><dd>{_text(meaning)}</dd>"
            for kind, meaning in found.meanings.items()
        ]
        lines.append("</dl>")
    if found.left_out:
        lines.append("<h2>Left out</h2><ul>")
        lines += [
            f"<li><b>{_text(item.name)}</b>: {_text(item.reason)}</li>" for item in found.left_out
        ]
        lines.append("</ul>")
    lines += [f'<p class="small">{_text(note)}</p>' for note in found.notes]
    lines.append("</body></html>")
    return ("\n".join(lines) + "\n").encode("utf-8")


def as_gallery(found: Predictions) -> Gallery:
    """The first pictures of the sheet as a table of cells with words beside them."""
    rows = found.rows[:MOST_DRAWN]
    names = short_names([row.name for row in found.rows])[: len(rows)]
    cells = np.full((len(rows), 2, CELL, CELL, 3), _AROUND, dtype=np.uint8)
    for i, row in enumerate(rows):
        _put(cells[i, 0], row.original)
        _put(cells[i, 1], row.view)
    drawn = "" if len(rows) == len(found.rows) else f"the first {len(rows)} of "
    return Gallery(
        title=f"{_whose(found)}: {drawn}{_counted(found)}",
        cells=cells,
        filled=np.ones((len(rows), 2), dtype=np.bool_),
        shown=np.full((len(rows), 2), -1, dtype=np.int64),
        headings=("picture", "the network sees"),
        names=tuple(_beside(row, name) for row, name in zip(rows, names, strict=True)),
        notes=_left_out(found),
    )


def _whose(found: Predictions) -> str:
    variant = f"@{found.variant}" if found.variant else ""
    return f"{found.study}{variant}, {found.arm}" if found.arm != found.study else found.study


def _counted(found: Predictions) -> str:
    return f"{len(found.rows):,} picture" + ("" if len(found.rows) == 1 else "s")


def _about(found: Predictions) -> str:
    """Whose answer it is, and how good it was on images with a known answer."""
    said = f"Arm {found.arm}" + (f" ({found.reason})" if found.reason else "")
    if found.validation_accuracy is not None and "accuracy" not in found.reason:
        said += f", validation accuracy {found.validation_accuracy:.3f}"
    if len(found.seeds) == 1:
        voting = f"Seed {found.seeds[0]} alone."
    else:
        voting = (
            f"{len(found.seeds)} of {found.num_seeds} seeds vote; probabilities are their means."
        )
    pixels = found.normalisation.removeprefix("pixels ")
    return f"{said}. {voting} Pixels for the network: {pixels}."


def _card(row: Prediction, top: int) -> str:
    classes = list(row.probabilities.items())[:top]
    said = ", ".join(f"{name} {value:.1%}" for name, value in classes[1:])
    votes = ", ".join(f"{count} for {name}" for name, count in row.votes.items())
    several = sum(row.votes.values()) > 1
    steps = "; ".join(row.steps) or "taken as it is"
    doubts = "".join(
        f'<div class="doubt">? {_text(f"{doubt_name(doubt.kind)}: {doubt.sentence}")}</div>'
        for doubt in row.doubts
    )
    return (
        f'<div class="card">{_figure(row.original, "the picture")}'
        f"{_figure(row.view, 'what the network sees')}"
        f'<div class="words"><div class="name">{_text(row.name)}</div>'
        f'<div><span class="label">{_text(row.label)}</span> {row.probability:.1%}'
        f"{_text(_interval(row))}</div>"
        f'<div class="small">then {_text(said)}</div>'
        + (f'<div class="small">seeds: {_text(votes)}</div>' if several else "")
        + f'{doubts}<div class="small">{_text(steps)}</div></div></div>'
    )


def _interval(row: Prediction) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"  [{row.low:.1%}, {row.high:.1%}]"


def _text(text: str) -> str:
    """Text as HTML shows it; what cannot be printed is a question mark."""
    return escape("".join(letter if letter.isprintable() else "?" for letter in text))


def _figure(pixels: Images, what: str) -> str:
    data = base64.b64encode(encode_png(pixels)).decode("ascii")
    image = f'<img src="data:image/png;base64,{data}" alt="{what}">'
    return f"<figure>{image}<figcaption>{what}</figcaption></figure>"


def _left_out(found: Predictions) -> tuple[str, ...]:
    """A line for each file that is not on the sheet, at most some."""
    if not found.left_out:
        return ()
    some = found.left_out[:_MOST_LEFT_OUT]
    names = short_names([item.name for item in found.left_out])
    lines = [
        f"{in_room(name, _LETTERS)}: {item.reason}" for name, item in zip(names, some, strict=False)
    ]
    more = len(found.left_out) - len(some)
    return (
        "",
        f"Left out: {len(found.left_out):,}",
        *lines,
        *([f"and {more:,} more"] if more else []),
    )


def _beside(row: Prediction, name: str) -> str:
    """The words beside a drawn picture: few and short, the rest is in the table."""
    lines = [in_room(name, _LETTERS), f"{in_room(row.label, _LETTERS)}  {row.probability:.1%}"]
    if len(row.votes) > 1:
        total = sum(row.votes.values())
        lines.append(f"{row.votes.get(row.label, 0)} of {total} seeds")
    lines += [f"? {doubt_name(doubt.kind)}" for doubt in row.doubts]
    return "\n".join(lines[:_LINES])


def _put(cell: Images, pixels: Images) -> None:
    """Pixels in the middle of a cell, enlarged by a whole number and never blurred."""
    enlarged = max(1, CELL // max(pixels.shape[:2]))
    every = -(-max(pixels.shape[:2]) // CELL)
    large = pixels[::every, ::every].repeat(enlarged, axis=0).repeat(enlarged, axis=1)
    height, width = large.shape[:2]
    top, left = (CELL - height) // 2, (CELL - width) // 2
    cell[top : top + height, left : left + width] = large  # one channel is written to all three
