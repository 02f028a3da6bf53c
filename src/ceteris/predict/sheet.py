"""A contact sheet: each picture beside what the network sees of it, with what it says.

As HTML one self-contained file that asks for nothing and runs nothing; as rows of equal cells it is
what :mod:`ceteris.report.pictures` draws into a PNG.
"""

import base64
from html import escape
from pathlib import PurePath

import numpy as np

from ceteris.data.dataset import Images
from ceteris.data.gallery import Gallery
from ceteris.data.own_pictures import encode_png
from ceteris.predict.rows import Prediction, Predictions

CELL = 128  # pixels of a picture's side on the sheet
MOST_DRAWN = 20  # pictures of a PNG, whose sides are bounded
_LETTERS = 30  # of a line beside a picture
_LINES = 7
_AROUND = 232  # a light grey, so that a white picture ends somewhere

# Nothing may be fetched and nothing may run, whatever a file or a class is called.
_ASKS_NOTHING = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">"
)
_STYLE = """
body { font: 14px/1.45 system-ui, sans-serif; color: #222; background: #fff; margin: 2em auto;
  max-width: 62em; padding: 0 1em; }
h1 { font-size: 1.25em; margin-bottom: .2em; }
table { border-collapse: collapse; width: 100%; }
td, th { vertical-align: top; text-align: left; padding: .7em .9em .7em 0;
  border-top: 1px solid #ddd; }
img { width: 128px; height: 128px; object-fit: contain; background: #e8e8e8;
  image-rendering: pixelated; display: block; }
.label { font-size: 1.25em; font-weight: 600; }
.name { overflow-wrap: anywhere; color: #555; }
.doubt { color: #8a3b00; }
.small { color: #555; font-size: .92em; }
td.words { overflow-wrap: anywhere; }
"""


def as_html(found: Predictions, *, top: int) -> bytes:
    """The sheet as one HTML file; whatever a file or a class is called, it is text.

    Args:
        found: its rows with their originals.
        top: classes of each picture that are named.
    """
    title = escape(f"{_whose(found)}: {len(found.rows):,} pictures")
    lines = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        _ASKS_NOTHING,
        f"<title>{title}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{title}</h1>",
        f'<p class="small">{escape(_seeds(found))}</p>',
        "<table><tr><th>picture</th><th>what the network sees</th><th>what it says</th></tr>",
        *(_html_row(row, found, top) for row in found.rows),
        "</table>",
    ]
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
    cells = np.full((len(rows), 2, CELL, CELL, 3), _AROUND, dtype=np.uint8)
    for i, row in enumerate(rows):
        _put(cells[i, 0], row.original)
        _put(cells[i, 1], row.view)
    drawn = "" if len(rows) == len(found.rows) else f"the first {len(rows)} of "
    return Gallery(
        title=f"{_whose(found)}: {drawn}{len(found.rows):,} pictures",
        cells=cells,
        filled=np.ones((len(rows), 2), dtype=np.bool_),
        shown=np.full((len(rows), 2), -1, dtype=np.int64),
        headings=("picture", "the network sees"),
        names=tuple(_beside(row) for row in rows),
    )


def _whose(found: Predictions) -> str:
    variant = f"@{found.variant}" if found.variant else ""
    return f"{found.study}{variant}, {found.arm}" if found.arm != found.study else found.study


def _seeds(found: Predictions) -> str:
    count = len(found.seeds)
    return (
        f"{count} of {found.num_seeds} seeds vote; probabilities are means over them. "
        f"Every picture is {found.normalisation} before the network."
    )


def _html_row(row: Prediction, found: Predictions, top: int) -> str:
    classes = list(row.probabilities.items())[:top]
    said = ", ".join(f"{name} {value:.1%}" for name, value in classes[1:])
    votes = ", ".join(f"{count} for {name}" for name, count in row.votes.items())
    steps = "; ".join(row.steps) or "taken as it is"
    doubts = "".join(f'<div class="doubt">? {_text(d.sentence)}</div>' for d in row.doubts)
    return (
        f"<tr><td>{_image(row.original, 'the picture')}</td>"
        f"<td>{_image(row.view, 'what the network sees')}</td>"
        f'<td class="words"><div class="name">{_text(row.name)}</div>'
        f'<div><span class="label">{_text(row.label)}</span> {row.probability:.1%}'
        f"{_text(_interval(row))}</div>"
        f'<div class="small">then {_text(said)}</div>'
        f'<div class="small">seeds: {_text(votes)}</div>'
        f'{doubts}<div class="small">{_text(steps)}</div></td></tr>'
    )


def _interval(row: Prediction) -> str:
    if row.low is None or row.high is None:
        return ""
    return f"  [{row.low:.1%}, {row.high:.1%}]"


def _text(text: str) -> str:
    """Text as HTML shows it; what cannot be printed is a question mark."""
    return escape("".join(letter if letter.isprintable() else "?" for letter in text))


def _image(pixels: Images, what: str) -> str:
    data = base64.b64encode(encode_png(pixels)).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="{what}">'


def _beside(row: Prediction) -> str:
    """The words beside a drawn picture: few and short, the rest is in the table."""
    lines = [_cut(PurePath(row.name).name), f"{_cut(row.label)}  {row.probability:.1%}"]
    if len(row.votes) > 1:
        total = sum(row.votes.values())
        lines.append(f"{row.votes.get(row.label, 0)} of {total} seeds")
    lines += [f"? {doubt.kind.replace('_', ' ')}" for doubt in row.doubts]
    return "\n".join(lines[:_LINES])


def _cut(text: str) -> str:
    return text if len(text) <= _LETTERS else text[: _LETTERS - 1] + "…"


def _put(cell: Images, pixels: Images) -> None:
    """Pixels in the middle of a cell, enlarged by a whole number and never blurred."""
    enlarged = max(1, CELL // max(pixels.shape[:2]))
    every = -(-max(pixels.shape[:2]) // CELL)
    large = pixels[::every, ::every].repeat(enlarged, axis=0).repeat(enlarged, axis=1)
    height, width = large.shape[:2]
    top, left = (CELL - height) // 2, (CELL - width) // 2
    cell[top : top + height, left : left + width] = large  # one channel is written to all three
