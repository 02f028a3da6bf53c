"""A chain of dense layers drawn as nodes and connections, long layers shortened by dots."""

from collections.abc import Sequence
from dataclasses import dataclass

from ceteris.nets import ACTIVATIONS, Explanation
from ceteris.report.svg import FAINT, INK, circle, number, text, width_of

_BESIDE = frozenset({"flatten", "dropout", "batch_norm", *ACTIVATIONS})
_MOST_COLUMNS = 9
_ALL_DRAWN = 10  # nodes of a layer; of a longer one the first five and the last four
_FIRST, _LAST = 5, 4
_STEP = 22.0
_RADIUS = 7.0


@dataclass(frozen=True)
class Column:
    """One column of nodes.

    Args:
        name: ``"input"``, or the dense layer's.
        size: how many nodes it stands for.
        beside: what follows the dense layer: ``"relu"``.
        product: of the input, what its size comes from: ``"28 x 28 x 1"``; else empty.
    """

    name: str
    size: int
    beside: str
    product: str = ""


@dataclass(frozen=True)
class Drawn:
    """Parts of a drawing, and where it ends."""

    parts: list[str]
    right: float
    bottom: float


def columns(explained: Explanation) -> tuple[Column, ...]:
    """The columns of a network of dense layers alone; none for any other, or a longer one.

    Example:
        >>> import ceteris.nets as nets
        >>> found = nets.explain(nets.make_network("fashion-mlp"), (28, 28, 1), 10)  # R3.1
        >>> [(column.size, column.beside) for column in columns(found)]
        [(784, ''), (20, 'relu'), (30, 'relu'), (10, '')]
    """
    layers = explained.layers
    if not explained.described or any(
        layer.kind not in _BESIDE and layer.kind != "dense" for layer in layers
    ):
        return ()
    places = [i for i, layer in enumerate(layers) if layer.kind == "dense"]
    if not places or len(places) >= _MOST_COLUMNS:
        return ()
    sides = explained.input_shape
    product = " x ".join(map(str, sides)) if len(sides) > 1 else ""
    found = [Column("input", layers[places[0]].input_shape[-1], "", product)]
    for place, end in zip(places, [*places[1:], len(layers)], strict=True):
        after = [layer.kind for layer in layers[place + 1 : end] if layer.kind in ACTIVATIONS]
        found.append(Column(layers[place].name, layers[place].output_shape[-1], ", ".join(after)))
    return tuple(found)


def draw_nodes(explained: Explanation, left: float, top: float) -> Drawn | None:
    """Draw the columns, connections first; None where there are none."""
    found = columns(explained)
    if not found:
        return None
    tallest = max(len(_slots(column.size)) for column in found) - 1
    middle = top + 22 + _STEP * tallest / 2
    apart = max(110.0, *(max(width_of(c.name), width_of(_under(c))) + 16 for c in found))
    at = [left + apart / 2 + apart * place for place in range(len(found))]
    rows = [_heights(column.size, middle) for column in found]
    parts = []
    for place in range(len(found) - 1):
        parts += _connections(at[place : place + 2], rows[place : place + 2])
    bottom = middle + _STEP * tallest / 2 + 28
    for column, x, ys in zip(found, at, rows, strict=True):
        parts += [circle(x, y, _RADIUS, fill="#ffffff", stroke="#0072b2") for y in ys if y]
        if column.size > _ALL_DRAWN:
            gap = ys.index(None)
            before, after = ys[gap - 1], ys[gap + 1]
            dots = ((before or 0.0) + (after or 0.0)) / 2
            parts += [circle(x, dots + d, 1.2, fill=INK, stroke=INK) for d in (-6.0, 0.0, 6.0)]
        parts += [
            text(x, top + 2, column.name, anchor="middle"),
            text(x, bottom, f"{column.size:,}", anchor="middle", bold=True, size=13),
            text(x, bottom + 16, _under(column), anchor="middle", fill=FAINT),
        ]
    return Drawn(parts, left + apart * len(found), bottom + 16)


def _under(column: Column) -> str:
    """What is said below the number of nodes."""
    return f"= {column.product}" if column.product else column.beside


def _slots(size: int) -> list[bool]:
    """Which places of a column hold a node; the one that does not holds dots."""
    if size <= _ALL_DRAWN:
        return [True] * size
    return [True] * _FIRST + [False] + [True] * _LAST


def _heights(size: int, middle: float) -> list[float | None]:
    slots = _slots(size)
    start = middle - _STEP * (len(slots) - 1) / 2
    return [start + _STEP * i if node else None for i, node in enumerate(slots)]


def _connections(at: Sequence[float], rows: Sequence[Sequence[float | None]]) -> list[str]:
    """Every drawn node with every one of the next column, as one path."""
    moves = " ".join(
        f"M{number(at[0] + _RADIUS)} {number(a)}L{number(at[1] - _RADIUS)} {number(b)}"
        for a in rows[0]
        for b in rows[1]
        if a is not None and b is not None
    )
    return [f'<path d="{moves}" stroke="#8c8c8c" stroke-width="0.6" fill="none"/>']
