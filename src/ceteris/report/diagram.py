"""A network drawn: its layers as blocks with shapes, and of a small dense one its nodes too."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ceteris.nets import ACTIVATIONS, ExplainedLayer, Explanation, Wire, wires
from ceteris.report.explained import indented, input_text, shape_text
from ceteris.report.nodes import draw_nodes
from ceteris.report.svg import FAINT, box, document, path, text, width_of

# Okabe and Ito's colours, which the colour-blind can tell apart, with a light tint to write on.
_FAMILIES: Mapping[str, tuple[str, str]] = {
    "conv": ("#d4e7f3", "#0072b2"),
    "dense": ("#fbe0d0", "#d55e00"),
    "pool": ("#d3efe6", "#009e73"),
    "norm": ("#f6e3ee", "#cc79a7"),
    "sum": ("#faf6c8", "#8a7d00"),
    "other": ("#f2f2f2", "#7f7f7f"),
}
_FAMILY_OF: Mapping[str, str] = {
    "conv": "conv",
    "dense": "dense",
    "linear": "dense",
    "max_pool": "pool",
    "average_pool": "pool",
    "global_max_pool": "pool",
    "global_average_pool": "pool",
    "batch_norm": "norm",
    "residual": "sum",
    **dict.fromkeys(ACTIVATIONS, "other"),
}
_MARGIN = 24.0
_LANE = 14.0  # pixels between two ways around
_GAP = 14.0  # between two blocks, for the arrow
_HEIGHT = 26.0
_INDENT = 10.0
_NARROWEST = 240.0  # room for the headings above the blocks
_RULE = "#bfbfbf"
_SHAPES = "output shape"


@dataclass(frozen=True)
class Block:
    """One block of the drawing.

    Args:
        label: the layer's name, two blanks in for each residual block around it.
        detail: its options.
        parameters: how many, in digits; empty for none.
        shape: of its output.
        fill, stroke: colours of its kind.
        depth: how many residual blocks it is inside.
    """

    label: str
    detail: str
    parameters: str
    shape: str
    fill: str
    stroke: str
    depth: int


@dataclass(frozen=True)
class Lane:
    """A way from one block to another that is not the next, left of the blocks.

    Args:
        start, end: numbers of the blocks; -1 is the input.
        place: 0 is nearest to the blocks.
    """

    start: int
    end: int
    place: int


def blocks(explained: Explanation) -> tuple[Block, ...]:
    """What is drawn, layer by layer."""
    return tuple(
        _block(layer, indented(layer), layer.detail)
        if explained.described
        else _block(layer, layer.name, layer.kind)
        for layer in explained.layers
    )


def lanes(arrays: Sequence[Wire]) -> tuple[Lane, ...]:
    """The ways around, each as near to the blocks as those already there allow.

    Example:
        >>> from ceteris.nets import wires
        >>> lanes(wires(["residual_1.dense_1", "residual_1.dense_2", "residual_1"]))
        (Lane(start=-1, end=2, place=0),)
    """
    around = [
        (read - 1, wire.makes - 1)
        for wire in arrays
        for read in sorted(set(wire.reads))
        if read != wire.makes - 1
    ]
    placed: list[Lane] = []
    for start, end in sorted(around, key=lambda way: (way[1] - way[0], way)):
        taken = {lane.place for lane in placed if lane.start < end and start < lane.end}
        placed.append(Lane(start, end, next(i for i in range(len(around)) if i not in taken)))
    return tuple(placed)


def draw_network(explained: Explanation) -> str:
    """The drawing as SVG, the same bytes for the same network.

    Example:
        >>> import ceteris.nets as nets
        >>> found = nets.explain([nets.Flatten(), nets.Dense("classes")], (2, 2, 1), 3, title="a")
        >>> drawn = draw_network(found)
        >>> drawn.startswith("<svg"), "dense_1" in drawn, drawn == draw_network(found)
        (True, True, True)
    """
    drawn = blocks(explained)
    arrays = wires([layer.name for layer in explained.layers]) if explained.described else ()
    around = lanes(arrays)
    said = (
        f"{input_text(explained)};  {explained.parameters:,} parameters;  "
        f"{explained.multiply_adds:,} multiply-adds"
    )
    parts = [
        text(_MARGIN, _MARGIN + 12, explained.title, size=16, bold=True),
        text(_MARGIN, _MARGIN + 32, said, fill=FAINT),
    ]
    top, widest = _MARGIN + 60, max(width_of(explained.title, 17), width_of(said))
    nodes = draw_nodes(explained, _MARGIN, top)
    if nodes is not None:
        parts += nodes.parts
        top, widest = nodes.bottom + 30, max(widest, nodes.right - _MARGIN)
    left = _MARGIN + _LANE * (1 + max((lane.place for lane in around), default=-1))
    list_parts, right, bottom = _draw_blocks(explained, drawn, arrays, around, left, top)
    parts += list_parts
    width = max(_MARGIN + widest, right) + _MARGIN
    return document(width, bottom + _MARGIN, f"Network {explained.title}", parts)


def _draw_blocks(
    explained: Explanation,
    drawn: Sequence[Block],
    arrays: Sequence[Wire],
    around: Sequence[Lane],
    left: float,
    top: float,
) -> tuple[list[str], float, float]:
    """The column of blocks, its right edge, and its bottom."""
    wide = max(
        _INDENT * b.depth + width_of(b.label.strip(), 13) + width_of(b.detail + b.parameters, 11.5)
        for b in drawn
    )
    wide = max(wide + 56, _NARROWEST)  # 56 for the gaps between the three texts and at both ends
    seen = [b.shape for b in drawn] + [shape_text(explained.input_shape)]
    shapes = max(*(width_of(shape) for shape in seen), width_of(_SHAPES, 12.5))
    center = left + wide / 2
    first = top + 16  # the input's block stands here, below the headings
    tops = [first + (place + 1) * (_HEIGHT + _GAP) for place in range(len(drawn))]
    right = left + wide + 14 + shapes
    parts = [
        text(left + 10, top + 2, "layer", size=11.5, bold=True, fill=FAINT),
        text(
            left + wide - 8, top + 2, "parameters", size=11.5, anchor="end", bold=True, fill=FAINT
        ),
        text(left + wide + 14, top + 2, _SHAPES, size=11.5, bold=True, fill=FAINT),
        path([(left, top + 8), (right, top + 8)], stroke=_RULE),
        box(left, first, wide, _HEIGHT, fill="#ffffff", stroke=FAINT, dashed=True),
        text(left + 10, first + 17, "input", size=13),
        text(left + wide + 14, first + 17, shape_text(explained.input_shape)),
    ]
    for place, (block, y) in enumerate(zip(drawn, tops, strict=True)):
        if arrays and place in arrays[place].reads:
            parts.append(path([(center, y - _GAP), (center, y)], arrow=True))
        x = left + _INDENT * block.depth
        parts += _draw_block(block, x, y, left + wide - x)
        parts.append(text(left + wide + 14, y + 17, block.shape))
    for lane in around:
        x = left - _LANE * (lane.place + 0.5)
        start = (first if lane.start < 0 else tops[lane.start]) + _HEIGHT + 4
        end = (left + _INDENT * drawn[lane.end].depth, tops[lane.end] + _HEIGHT / 2)
        parts.append(path([(center, start), (x, start), (x, end[1]), end], arrow=True))
    return parts, right, tops[-1] + _HEIGHT


def _draw_block(block: Block, x: float, y: float, width: float) -> list[str]:
    name = block.label.strip()
    return [
        box(x, y, width, _HEIGHT, fill=block.fill, stroke=block.stroke),
        text(x + 10, y + 17, name, size=13),
        text(x + 22 + width_of(name, 12.5), y + 17, block.detail, size=11.5, fill=FAINT),
        text(x + width - 8, y + 17, block.parameters, size=11.5, anchor="end"),
    ]


def _block(layer: ExplainedLayer, label: str, detail: str) -> Block:
    fill, stroke = _FAMILIES[_family(layer)]
    return Block(
        label=label,
        detail=detail,
        parameters=f"{layer.parameters:,}" if layer.parameters else "",
        shape=shape_text(layer.output_shape),
        fill=fill,
        stroke=stroke,
        depth=(len(label) - len(label.lstrip())) // 2,
    )


def _family(layer: ExplainedLayer) -> str:
    kind = layer.kind.lower()
    if kind in _FAMILY_OF:
        return _FAMILY_OF[kind]
    # A module's class: Conv2d, MaxPool2d, BatchNorm1d.
    return next((family for family in ("conv", "pool", "norm") if family in kind), "other")
