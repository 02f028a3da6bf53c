"""``init`` and ``remove``: the first and the last thing done with a study."""

import shlex
import sys
from pathlib import Path

import typer
from rich.console import Console

from ceteris.conduct import Overlap
from ceteris.data import look_at_folder
from ceteris.data.look import FolderLook
from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.report import images_study, starter_study
from ceteris.store import check_name, open_home
from ceteris.store import remove_study as remove_stored
from ceteris.study import catalogue, catalogue_text

_LARGEST_SIDE = 64  # pixels proposed for one's own pictures: more is slow on two cores
_FEW_IMAGES = 500


def write_study(path: Path, *, images: Path | None, template: str | None) -> None:
    """Write a commented study file; an existing file is never overwritten.

    Args:
        path: the file to write.
        images: a folder of images by class to learn from.
        template: a built-in study to start from instead.
    """
    if images is not None and template is not None:
        raise CeterisError(
            "a study starts from a folder of images or from a built-in study, not both",
            received=f"--images {images} --template {template}",
            expected="one of them, or neither",
            fix="leave one out",
        )
    if path.suffix != ".toml" or path.exists() or not path.absolute().parent.is_dir():
        raise CeterisError(
            f"the new study cannot be {shown(str(path))}",
            received="a file that is there already" if path.exists() else shown(str(path)),
            expected="a new file that ends in .toml, in a folder that exists",
            fix="choose another path, for example study.toml",
        )
    name = check_name(path.stem)
    look = None
    if template is not None:
        if template not in catalogue():
            raise unknown_name("built-in study", template, catalogue())
        text = catalogue_text(template).replace(f'name = "{template}"', f'name = "{name}"', 1)
    elif images is not None:
        look = look_at_folder(images)
        text = _study_of_images(path, name, images, look)
    else:
        text = starter_study(name=name, file=path.name)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    say = Console(highlight=False, stderr=True)
    say.print(f"wrote {path}; next:  ceteris run {path} --dry-run", markup=False, soft_wrap=True)
    if look is not None:
        for sentence in _shared(look):
            text = f"{sentence}; `ceteris data check {shlex.quote(str(images))} --list` names them"
            say.print(text, markup=False, soft_wrap=True)


def remove_study(name: str, home: Path | None, *, yes: bool) -> None:
    """Delete a study that was run, after asking."""
    opened = open_home(home, create=False)
    if not yes and not sys.stdin.isatty():
        raise CeterisError(
            "removing a study deletes its runs, and there is nobody to ask",
            received=f"ceteris remove {shown(name)} without a terminal",
            expected="--yes",
            fix=f"ceteris remove {shown(name)} --yes",
        )
    if not yes and not typer.confirm(f"delete {name} with all its runs?", err=True):
        raise typer.Exit(1)
    remove_stored(opened, name)
    Console(stderr=True, highlight=False).print(f"removed {name}", markup=False)


def _shared(look: FolderLook) -> tuple[str, ...]:
    """What equal files alone tell, before anything is decoded."""
    return Overlap(look.num_leaked, 0, look.num_test, 0, look.num_conflicting, ()).sentences


def _study_of_images(path: Path, name: str, images: Path, look: FolderLook) -> str:
    height, width = look.size
    scale = min(1.0, _LARGEST_SIDE / max(height, width))
    inside = images.absolute().is_relative_to(path.absolute().parent)
    where = images.absolute().relative_to(path.absolute().parent) if inside else images.absolute()
    return images_study(
        name=name,
        file=path.name,
        path=where.as_posix(),
        size=(max(1, round(height * scale)), max(1, round(width * scale))),
        colour=look.colour,
        batch_size=16 if look.num_train < _FEW_IMAGES else 64,
        has_test=look.num_test > 0,
    )
