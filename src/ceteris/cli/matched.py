"""``ceteris explain --match``: a width solved for, and what to write into a study."""

import re
from collections.abc import Sequence

from rich.text import Text

from ceteris.cli.tables import console
from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.nets import QUANTITIES, account, layer_dial, match, network_dial
from ceteris.report import Solved, layers_lines, network_line
from ceteris.study import Images, NamedNetwork

_WORDS = {
    "parameters": "parameters",
    "trainable": "trained parameters",
    "multiply_adds": "multiply-adds",
}


def solve(
    found: Sequence[NamedNetwork],
    quantity: str,
    target: str,
    others: Sequence[NamedNetwork],
    vary: str | None,
    images: Images,
) -> Solved:
    """Find the width whose network has the wanted size.

    Args:
        found: the network to change; one, described layer by layer.
        quantity: of :data:`ceteris.nets.QUANTITIES`.
        target: the number wanted, or the name of the network that has it.
        others: the network of that name; none where a number was given.
        vary: the width to change.
        images: what both stand on.

    Raises:
        CeterisError: something of that is missing, or not known.
    """
    if quantity not in QUANTITIES:
        raise unknown_name("quantity to match", quantity, QUANTITIES, where="--match")
    named, other = _one(found, "the network to change"), None
    if others:
        other = _one(others, "the network to match")
        wanted = _size(other, quantity, images)
    else:
        wanted = _number(target)
    if vary is None:
        raise CeterisError(
            "what to vary is not said",
            received=f"--match {quantity}={target} without --vary",
            expected="--vary and a width: an argument of the network, or a layer's name",
            fix="write for example --vary hidden, or --vary dense_1",
        )
    if named.network is not None:
        dial = network_dial(named.network, named.arguments, vary)
    else:
        dial = layer_dial(named.recipe.layers, vary)
    solved = match(dial, quantity, wanted, images.shape, images.num_classes)
    if named.network is not None and dial.arguments is not None:
        lines = network_line(named.network.name, dial.arguments(solved.width))
    else:
        lines = layers_lines(dial.layers(solved.width))
    return Solved(
        title=named.title,
        vary=vary,
        match=solved,
        value=dial.value(solved.width),
        other_value=None if solved.other_width is None else dial.value(solved.other_width),
        like="" if other is None else other.title,
        before=_size(named, quantity, images),
        lines=lines,
    )


def print_match(solved: Solved, images: Images) -> None:
    """What was wanted, what is nearest, and the line for a study."""
    out, found = console(), solved.match
    noun = _WORDS[found.quantity]
    sides = " x ".join(str(side) for side in images.shape)
    said = f"  ({images.said})" if images.said else ""
    out.print(Text(solved.title, style="bold"), soft_wrap=True)
    out.print(Text(f"input {sides}, {images.num_classes} classes{said}"))
    out.print()
    of = f" of {solved.like}" if solved.like else ""
    width = max(len(f"{n:,}") for n in (found.wanted, found.found, solved.before))
    out.print(Text(f"wanted    {found.wanted:>{width},} {noun}{of}"))
    out.print(Text(f"as it is  {solved.before:>{width},}"))
    out.print(Text(f"nearest   {found.found:>{width},}  {_difference(found.remainder, solved)}"))
    out.print()
    out.print(Text(f"{solved.vary} = {solved.value}"))
    if found.other_found is not None:
        remainder = found.other_found - found.wanted
        out.print(
            Text(f"on the other side: {solved.other_value}, {_difference(remainder, solved)}"),
            soft_wrap=True,
        )
    else:
        out.print(Text("no width on the other side: this is as far as it goes"))
    out.print()
    out.print(Text("For a study:"))
    out.print(Text(solved.lines), soft_wrap=True)


def _difference(remainder: int, solved: Solved) -> str:
    if not remainder:
        return "exactly"
    share = abs(remainder) / solved.match.wanted
    sort = "more" if remainder > 0 else "fewer"
    return f"{abs(remainder):,} {sort} ({share:,.3%})"


def _one(networks: Sequence[NamedNetwork], what: str) -> NamedNetwork:
    if len(networks) > 1:
        raise CeterisError(
            f"{what} is several",
            received=f"a study whose arms have {len(networks)} networks",
            expected="one network",
            fix="name a network, or a file with its layers",
        )
    if networks[0].recipe.reference is not None:
        raise CeterisError(
            f"{what} is made by code, and widths are solved for described networks only",
            received=networks[0].title,
            expected="a network's name, or a file with layers",
            fix="describe it layer by layer",
        )
    return networks[0]


def _size(named: NamedNetwork, quantity: str, images: Images) -> int:
    rows = account(named.recipe.layers, images.shape, images.num_classes, named.title)
    return sum(QUANTITIES[quantity](row) for row in rows)


def _number(text: str) -> int:
    digits = re.sub(r"[,_ ]", "", text)
    if not digits.isascii() or not digits.isdigit() or not 1 <= int(digits[:19]) <= 10**18:
        raise CeterisError(
            "--match does not say how many",
            received=shown(text),
            expected="a whole number above 0, or the name of a network",
            fix="write for example --match parameters=5927239, or --match parameters=r2.1",
        )
    return int(digits)
