"""A network explained on a terminal: 80 columns, what Keras shows and where it comes from."""

import textwrap
from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ceteris.cli.tables import bytes_text, console
from ceteris.factors import Optimizer
from ceteris.nets import (
    CONVENTIONS,
    SYMBOLS,
    ExplainedLayer,
    Explanation,
    Growth,
    TrainingMemory,
)
from ceteris.report import input_text, sheet


def print_explanation(
    explained: Explanation,
    *,
    said: str,
    convention: str,
    batch: int,
    optimizer: Optimizer,
    memory: TrainingMemory | None,
) -> None:
    """The table, its totals, every formula with its numbers, memory and growth.

    Args:
        explained: the network.
        said: where the images' shape is known from; empty where it was given.
        convention: which operations the table counts.
        batch: images in a step.
        optimizer: whose states are part of the memory.
        memory: of a training step; None where what is kept was not measured.
    """
    out = console()
    out.print(Text(explained.title, style="bold"), soft_wrap=True)
    out.print(Text(input_text(explained) + (f"  ({said})" if said else "")))
    out.print()
    out.print(_table(explained, convention))
    out.print()
    _print_totals(out, explained, convention)
    _print_formulas(out, explained, convention)
    _print_memory(out, explained, batch, optimizer, memory)
    if explained.growth is not None:
        _print_growth(out, explained.growth)
    _print_forgotten(out, explained)
    for note in explained.notes:
        _say(out, f"Note: {note}")


def _table(explained: Explanation, convention: str) -> Table:
    found = sheet(explained, convention, full_names=False)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for place, heading in enumerate(found.headings):
        if place < 2:
            table.add_column(heading, overflow="fold")
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    for row in found.rows:
        table.add_row(*(Text(cell) for cell in row))
    table.add_section()
    table.add_row(*(Text(cell) for cell in found.totals))
    return table


def _print_totals(out: Console, explained: Explanation, convention: str) -> None:
    lines = [
        ("parameters", explained.parameters),
        ("  trainable", explained.trainable),
        *(("    frozen, see note", count) for count in sorted(set(explained.frozen))),
        ("  not trainable", explained.fixed),
        ("multiply-adds", explained.multiply_adds),
        *((f"operations, {name}", explained.operations(name).total) for name in CONVENTIONS),
    ]
    width = max(len(f"{value:,}") for _, value in lines)
    for name, value in lines:
        out.print(Text(f"{name:<24}{value:>{width},}"))
    out.print()
    weights, everything = (CONVENTIONS[name].title for name in ("weights", "everything"))
    others = "" if convention == "weights" else "; others: comparisons, exponentials, divisions"
    _say(
        out,
        f"Operations are those of one image, forward. weights: {weights}. everything: "
        f"{everything}. The table shows --convention {convention}{others}.",
    )
    _say(
        out,
        "A multiply-add is one multiplication with a weight and the addition it goes into. "
        '"FLOPs" mean multiply-adds in many papers and tools, and twice as many in others: '
        f"{explained.multiply_adds:,} or {2 * explained.multiply_adds:,}.",
    )
    if explained.uncounted:
        _say(out, f"Operations not counted, of: {', '.join(explained.uncounted)}.")
    out.print()


def _print_formulas(out: Console, explained: Explanation, convention: str) -> None:
    """What each number of the table comes from; layers without any are left out."""
    out.print(Text("How it is calculated", style="bold"))
    for layer in explained.layers:
        lines = list(_calculated(layer, convention))
        if lines or layer.note:
            detail = f"  {layer.detail}" if layer.detail else ""
            out.print(Text(layer.name + detail), soft_wrap=True)
        for what, formula in lines:
            out.print(Text(f"  {what:<16}{formula}"), soft_wrap=True)
        if layer.note:
            _say(out, layer.note, indent=2)
    out.print()


def _calculated(layer: ExplainedLayer, convention: str) -> Iterator[tuple[str, str]]:
    if layer.shape_formula:
        what = "values" if len(layer.output_shape) == 1 else "side"
        yield what, layer.shape_formula
    arithmetic = layer.arithmetic
    if arithmetic is None:
        return
    if arithmetic.parameters.text and arithmetic.parameters.value == layer.parameters:
        yield "parameters", str(arithmetic.parameters) + _not_trained(layer)
    if arithmetic.products.text:
        weighted = arithmetic.weighted
        fewer = weighted.multiplications - weighted.additions
        also = f"; {fewer:,} fewer additions" if fewer else "; as many additions"
        yield "multiplications", str(arithmetic.products) + also
    if arithmetic.beside_said and convention == "everything":
        yield "a value", arithmetic.beside_said


def _not_trained(layer: ExplainedLayer) -> str:
    return f", {layer.fixed:,} of them not trainable" if layer.fixed else ""


def _print_memory(
    out: Console,
    explained: Explanation,
    batch: int,
    optimizer: Optimizer,
    memory: TrainingMemory | None,
) -> None:
    out.print(Text(f"Memory in float32, batch of {batch:,}", style="bold"))
    if memory is None:
        _say(out, "What training keeps could not be measured: the module failed in training mode.")
    else:
        states = len(optimizer.states)
        each = f"{states} number{'' if states == 1 else 's'} a trained parameter"
        _lines(
            out,
            [
                ("parameters", memory.parameters, ""),
                ("gradients", memory.gradients, ""),
                (f"{optimizer.name}'s states", memory.states, each),
                (
                    "kept activations",
                    memory.activations,
                    f"{explained.kept_bytes:,} bytes an image",
                ),
                ("training", memory.total, "together"),
            ],
        )
    if explained.peak_bytes is not None:
        numbers = 4 * explained.parameters
        _lines(
            out,
            [
                (
                    "evaluation",
                    numbers + batch * explained.peak_bytes,
                    f"parameters, {explained.peak_bytes:,} bytes an image",
                )
            ],
        )
    out.print()


def _lines(out: Console, lines: Sequence[tuple[str, int, str]]) -> None:
    for name, count, said in lines:
        end = f"  {said}" if said else ""
        out.print(Text(f"  {name:<20}{bytes_text(count):>10}{end}"), soft_wrap=True)


def _print_growth(out: Console, growth: Growth) -> None:
    out.print(Text("Growth of the convolutions (He and Sun 2015)", style="bold"))
    out.print(Text(f"  {SYMBOLS}"), soft_wrap=True)
    width = max(len(term.name) for term in growth.terms)
    for term in growth.terms:
        out.print(Text(f"  {term.name:<{width}}  {term.text}  {term.side}"), soft_wrap=True)
    out.print(Text(f"  sum  {growth.value:,}"))
    share = (growth.value - growth.printed) / growth.value
    _say(
        out,
        f"With m = floor((n - k)/s), without padding and the 1, it would be {growth.printed:,}: "
        f"{share:.0%} too few.",
        indent=2,
    )
    out.print()


def _print_forgotten(out: Console, explained: Explanation) -> None:
    forgotten = explained.forgotten
    if forgotten is None:
        return
    out.print(Text("If the flatten layer were forgotten", style="bold"))
    _say(
        out,
        "Keras then applies each dense layer to the last axis, at every pixel, and does not "
        "complain:",
        indent=2,
    )
    for name, formula in forgotten.layers:
        out.print(Text(f"  {name}  {formula}"), soft_wrap=True)
    _say(
        out,
        f"{forgotten.parameters:,} parameters instead of {explained.parameters:,}, and an output "
        f"of {forgotten.output_shape} where ({explained.num_classes},) is wanted.",
        indent=2,
    )
    out.print()


def _say(out: Console, said: str, *, indent: int = 0) -> None:
    """A paragraph, without blanks at the ends of its lines."""
    for line in textwrap.wrap(said, out.width - indent):
        out.print(Text(" " * indent + line))
