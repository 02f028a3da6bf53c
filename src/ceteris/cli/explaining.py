"""``ceteris explain``: from the name of a network to what it holds and costs."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from ceteris.atomic import write_whole
from ceteris.cli.explained import print_explanation
from ceteris.cli.matched import print_match, solve
from ceteris.cli.tables import print_json
from ceteris.conduct import permit_code
from ceteris.engine import explain_module, frozen_by, hold
from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.factors import Optimizer, find_optimizer
from ceteris.nets import CONVENTIONS, Explanation, TrainingMemory, explain, training_memory
from ceteris.report import (
    as_latex,
    as_markdown,
    draw_network,
    explanation_as_json,
    match_as_json,
)
from ceteris.study import Images, NamedNetwork, find_networks

DEFAULT_IMAGES = Images((28, 28, 1), 10, "the default; --input for another")
_LARGEST_SIDE = 4096  # as of a folder of pictures
_MOST = 1_000_000  # classes, and images in a batch


@dataclass(frozen=True)
class Shown:
    """How a network is to be shown.

    Args:
        convention: which operations are counted.
        batch: images in a step.
        optimizer: whose states are counted as memory.
        form: ``"text"``, ``"json"``, ``"markdown"`` or ``"latex"``.
        diagram: an SVG file to draw it in; None for none.
        overwrite: whether another drawing may be replaced.
    """

    convention: str
    batch: int
    optimizer: Optimizer
    form: str
    diagram: Path | None
    overwrite: bool = False


def explain_networks(
    word: str,
    *,
    overrides: Sequence[str],
    input_shape: str | None,
    classes: int | None,
    how: Shown,
    allow_code: bool,
) -> None:
    """Explain every network that a word names."""
    found = find_networks(word, overrides)
    if how.diagram is not None and len(found) > 1:
        raise CeterisError(
            "a diagram shows one network",
            received=f"{word}, whose arms have {len(found)} networks",
            expected="the name of one network, or a study with one",
            fix="leave out --diagram, or name a network",
        )
    _permit(found, allow_code)
    explained = [
        (_with_frozen(_explained(named, images), named, images), images.said)
        for named in found
        for images in [images_for([named], input_shape, classes)]
    ]
    drawn = ""
    if how.diagram is not None:
        drawn = draw_network(explained[0][0])
        _refuse_another(how.diagram, drawn, overwrite=how.overwrite)
    for one, said in explained:
        if how.form == "text":
            print_explanation(
                one,
                said=said,
                convention=how.convention,
                batch=how.batch,
                optimizer=how.optimizer,
                memory=_memory(one, how),
            )
        elif how.form != "json":
            text = as_markdown if how.form == "markdown" else as_latex
            sys.stdout.write(text(one, how.convention))
    if how.form == "json":
        content = [explanation_as_json(one, _memory(one, how)) for one, _ in explained]
        print_json({"batch": how.batch, "optimizer": how.optimizer.name, "networks": content})
    if how.diagram is not None:
        _write(how.diagram, drawn)


def match_network(
    word: str,
    *,
    overrides: Sequence[str],
    input_shape: str | None,
    classes: int | None,
    wanted: str | None,
    vary: str | None,
    how: Shown,
) -> None:
    """Solve a width of the network a word names, so that its size is as wanted."""
    if wanted is None:
        raise CeterisError(
            "--vary says what may change, but not which size is wanted",
            received=f"--vary {vary} without --match",
            expected="both of them, or neither",
            fix="write for example --match parameters=5927239",
        )
    if how.form in ("markdown", "latex") or how.diagram is not None:
        raise CeterisError(
            "a width that is solved for is printed as text or as JSON",
            received="--match with --markdown, --latex or --diagram",
            expected="--match with --json, or alone",
            fix="solve the width first, then explain the network with --set",
        )
    found = find_networks(word, overrides)
    quantity, _, target = wanted.partition("=")
    others = find_networks(target) if target and not re.fullmatch(r"[\d,_ ]+", target) else ()
    images = images_for([*found, *others], input_shape, classes)
    solved = solve(found, quantity, target, others, vary, images)
    if how.form == "json":
        print_json(match_as_json(solved))
    else:
        print_match(solved, images)


def shown_as(
    *,
    convention: str,
    batch: int,
    optimizer: str,
    forms: Sequence[str],
    diagram: Path | None,
    overwrite: bool = False,
) -> Shown:
    """Check how a network is to be shown.

    Args:
        convention, optimizer: names in their registers.
        batch: images in a step.
        forms: those of ``json``, ``markdown`` and ``latex`` that were asked for.
        diagram: must end in ``.svg``, in a folder that exists.
        overwrite: whether another drawing there may be replaced.
    """
    if convention not in CONVENTIONS:
        raise unknown_name("convention", convention, CONVENTIONS, where="--convention")
    if not 1 <= batch <= _MOST:
        raise CeterisError(
            "--batch is not a number of images",
            received=str(batch),
            expected=f"1 to {_MOST:,}",
            fix="leave it out for 32",
        )
    if len(forms) > 1:
        raise CeterisError(
            "a network is printed in one form",
            received=" ".join(f"--{form}" for form in forms),
            expected="one of --json, --markdown, --latex",
            fix="keep one of them",
        )
    if diagram is not None and (diagram.suffix != ".svg" or not diagram.absolute().parent.is_dir()):
        raise CeterisError(
            f"a diagram cannot be written to {shown(str(diagram))}",
            received=shown(str(diagram)),
            expected="a file that ends in .svg, in a folder that exists",
            fix="write for example --diagram network.svg",
        )
    chosen = find_optimizer(optimizer, "--optimizer")
    return Shown(convention, batch, chosen, (*forms, "text")[0], diagram, overwrite)


def images_for(
    networks: Sequence[NamedNetwork], input_shape: str | None, classes: int | None
) -> Images:
    """The images networks are counted on: what was said, else the first network's own.

    Args:
        networks: the one to explain first.
        input_shape: ``--input``.
        classes: ``--classes``.
    """
    if classes is not None and not 1 <= classes <= _MOST:
        raise CeterisError(
            "--classes is not a number of classes",
            received=str(classes),
            expected=f"1 to {_MOST:,}",
            fix="leave it out for the network's own",
        )
    if input_shape is not None and classes is not None:
        return Images(parse_input(input_shape), classes, "")
    own = next((images for named in networks if (images := named.images())), DEFAULT_IMAGES)
    shape = own.shape if input_shape is None else parse_input(input_shape)
    said = own.said if input_shape is None else ""
    return Images(shape, own.num_classes if classes is None else classes, said)


def parse_input(text: str) -> tuple[int, int, int]:
    """``--input`` as (H, W, C).

    Example:
        >>> parse_input("28x28x1"), parse_input("(32, 32, 3)")
        ((28, 28, 1), (32, 32, 3))
    """
    sides = re.fullmatch(r"\(?\s*(\d{1,4})\s*[x,]\s*(\d{1,4})\s*[x,]\s*(\d{1,4})\s*\)?", text)
    if sides is None or not all(1 <= int(side) <= _LARGEST_SIDE for side in sides.groups()):
        raise CeterisError(
            "--input is not the shape of an image",
            received=shown(text),
            expected=f"height x width x channels, each 1 to {_LARGEST_SIDE}",
            fix="write for example --input 28x28x1; grey images have 1 channel, coloured ones 3",
        )
    height, width, channels = (int(side) for side in sides.groups())
    return height, width, channels


def _explained(named: NamedNetwork, images: Images) -> Explanation:
    if named.recipe.reference is not None:
        height, width, channels = images.shape
        shape = (height, width, channels)
        return explain_module(named.recipe, shape, images.num_classes, named.title)
    title = named.title
    return explain(named.recipe.layers, images.shape, images.num_classes, title=title, where=title)


def _with_frozen(explained: Explanation, named: NamedNetwork, images: Images) -> Explanation:
    """The network, with a note on what the arms of its study keep as it starts."""
    if not named.freezes:
        return explained
    height, width, channels = images.shape
    held = hold(named.recipe, (height, width, channels), images.num_classes)
    total = sum(one.size for one in held if one.trained)
    notes, counts = [], []
    for words, arms in named.freezes.items():
        own = named.recipe.reference is not None
        frozen = frozen_by(words, held, f"{named.title}, train", own=own)
        count = sum(one.size for one in held if one.name in frozen.parameters)
        counts.append(count)
        layers = dict.fromkeys(name.rpartition(".")[0] or name for name in frozen.parameters)
        notes.append(
            f"Arm{'s' if len(arms) > 1 else ''} {', '.join(arms)}: {count:,} of {total:,} "
            "trainable parameters are frozen "
            f"({', '.join(layers or frozen.still)}), so {total - count:,} are trained."
        )
    return replace(explained, notes=(*explained.notes, *notes), frozen=tuple(counts))


def _permit(networks: Sequence[NamedNetwork], allowed: bool) -> None:
    say = Console(stderr=True, highlight=False)
    permit_code(
        [named.recipe for named in networks],
        allowed,
        lambda text: say.print(text, markup=False, soft_wrap=True),
    )


def _memory(explained: Explanation, how: Shown) -> TrainingMemory | None:
    if explained.kept_bytes is None:
        return None
    return training_memory(
        explained.trainable,
        explained.fixed,
        explained.kept_bytes,
        batch=how.batch,
        states=len(how.optimizer.states),
    )


def _refuse_another(path: Path, text: str, *, overwrite: bool) -> None:
    """A drawing that is there already is kept, unless it is the same one."""
    if overwrite or not path.exists() or (path.is_file() and path.read_bytes() == text.encode()):
        return
    raise CeterisError(
        f"{shown(str(path))} is there already, and is another drawing",
        received=f"--diagram {shown(str(path))}",
        expected="a new file",
        fix="choose another path, or replace it with --overwrite",
    )


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise CeterisError(
            f"{path.name} cannot be written",
            received=f"{path}: {error.strerror}",
            expected="a file that can be written",
            fix="choose another path",
        ) from None
    Console(stderr=True, highlight=False).print(f"wrote {path}", markup=False, soft_wrap=True)
