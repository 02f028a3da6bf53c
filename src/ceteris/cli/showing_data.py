"""``data show``: images of a set in one picture, as they are or as training changes them."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ceteris.atomic import write_whole
from ceteris.cli.tables import console, print_json
from ceteris.conduct import check_crop
from ceteris.data import DataSet, DataSource, Split, SplitRecipe, make_split, open_data
from ceteris.data.dataset import Rows
from ceteris.data.gallery import MOST_CLASSES, Gallery, beside, by_class, grid, in_chance_order
from ceteris.data.naming import named_source
from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.store import making_home
from ceteris.store.faults import told
from ceteris.study import load
from ceteris.study.design import level_text
from ceteris.study.inline import read_augment

_MOST = 50  # rows or columns of a picture in which anything can still be seen
_ROWS, _COLUMNS = 10, 10


@dataclass(frozen=True)
class Wanted:
    """What is to be drawn, as the command line says it.

    Args:
        part: ``"train"`` or ``"test"``.
        seed: of the order in which images are picked, and of the changes.
        rows, columns: of the picture; None for ten.
        by_class: so many images of each class, a row each; None for images of any class.
        augment: options, or a study; None for images as they are.
    """

    part: str = "train"
    seed: int = 0
    rows: int | None = None
    columns: int | None = None
    by_class: int | None = None
    augment: str | None = None


def show_set(
    words: str,
    wanted: Wanted,
    *,
    out: Path | None,
    overwrite: bool,
    home: Path | None,
    data_folder: Path | None,
    json: bool,
) -> None:
    """Draw images of a data set into a PNG and say where it is."""
    _check(wanted)
    source, recipe, name = _named(words)
    kind = "augmented" if wanted.augment else "by-class" if wanted.by_class else ""
    parts = [name, *(["test"] if wanted.part == "test" else []), *([kind] if kind else [])]
    path = out if out is not None else Path("-".join(parts) + ".png")
    _check_path(path, overwrite=True)
    with making_home(home) as opened:
        data, _ = open_data(source, cache=opened.cache, data_folder=data_folder)
    gallery = gather(data, make_split(data, recipe), wanted, name)
    if wanted.part == "test":
        say = Console(stderr=True, highlight=False)
        say.print("this is a look at the test part: what is chosen after it, was chosen by it")
    from ceteris.report.pictures import draw_gallery

    content = draw_gallery(gallery)
    there = path.is_file() and path.read_bytes() == content
    if not there:
        _check_path(path, overwrite=overwrite)
        with told(path, "writing the picture"):
            write_whole(path, content)
    if json:
        print_json(_as_json(path, gallery, data, wanted))
        return
    console().print(Text(f"{'the same as before: ' if there else 'wrote '}{path}"), soft_wrap=True)
    console().print(Text(gallery.title))


def _named(words: str) -> tuple[DataSource, SplitRecipe, str]:
    """What a set's name, a path or a study's file names; how it is split; what to call it."""
    if words.endswith(".toml"):
        study = load(words)
        recipe = study.arms[0].recipe.data
        return recipe.source, recipe.split, study.name
    source = named_source(words)
    return source, SplitRecipe(), source.name if source.path is None else Path(source.path).stem


def gather(data: DataSet, split: Split, wanted: Wanted, name: str) -> Gallery:
    """The images that are drawn and the words beside them.

    Raises:
        CeterisError: what augmentation is asked for is no augmentation, or fits no image.
    """
    every = split.train if wanted.part == "train" else split.test
    rows = in_chance_order(every, wanted.seed)
    part = {"train": "training", "test": "test"}[wanted.part]
    of = f"of {len(rows):,} {part} images, seed {wanted.seed}"
    if wanted.augment is not None:
        return _augmented(data, rows, wanted, f"{name}: {{:,}} {of}")
    if wanted.by_class is not None:
        some = min(data.num_classes, MOST_CLASSES)
        classes = f"{some} of {data.num_classes:,}" if some < data.num_classes else "all"
        title = f"{name}: {part} images of {classes} classes and how many there are"
        return by_class(
            data, rows, num_columns=wanted.by_class, title=f"{title}, seed {wanted.seed}"
        )
    num_rows, num_columns = wanted.rows or _ROWS, wanted.columns or _COLUMNS
    title = f"{name}: {min(len(rows), num_rows * num_columns):,} {of}"
    return grid(data, rows, num_rows=num_rows, num_columns=num_columns, title=title)


def _augmented(data: DataSet, rows: Rows, wanted: Wanted, title: str) -> Gallery:
    from ceteris.engine.preview import preview

    augment, where = read_augment(wanted.augment or "")
    check_crop(augment, data.shape, where or "--augment")
    options = ", ".join(f"{key} {level_text(v)}" for key, v in augment.identity().items())
    chosen = rows[: wanted.rows or _ROWS]
    draws = (wanted.columns or _COLUMNS) - 1
    changed = preview(
        data.images[chosen],
        augment,
        num_draws=draws,
        seed=wanted.seed,
        pixel_max=data.pixel_max,
    )
    return beside(
        data,
        chosen,
        changed,
        headings=("as it is", *(f"step {step + 1}" for step in range(draws))),
        title=title.format(len(chosen)) + f"; {options}" + (f" ({where})" if where else ""),
    )


def _check(wanted: Wanted) -> None:
    for option in ("rows", "columns", "by_class"):
        value = getattr(wanted, option)
        least = 2 if option == "columns" and wanted.augment else 1
        if value is not None and not least <= value <= _MOST:
            raise CeterisError(
                f"--{option.replace('_', '-')} is not a number of pictures",
                received=str(value),
                expected=f"{least} to {_MOST}",
                fix="leave it out for 10" if option != "by_class" else "write --by-class 10",
            )
    if wanted.seed < 0:
        raise CeterisError(
            "--seed is not a seed",
            received=str(wanted.seed),
            expected="a whole number, 0 or more",
            fix="leave it out for 0",
        )
    if wanted.part not in ("train", "test"):
        raise unknown_name("part", wanted.part, ("train", "test"), where="--part")
    if wanted.part == "test" and wanted.augment is not None:
        raise CeterisError(
            "test images are never augmented",
            received="--part test --augment",
            expected="--augment with training images",
            fix="leave --part test out",
        )
    others = [o for o in ("rows", "columns", "augment") if getattr(wanted, o) is not None]
    if wanted.by_class is not None and others:
        raise CeterisError(
            f"--by-class says what is in each row, so --{others[0]} has nothing to say",
            received=f"--by-class {wanted.by_class} --{others[0]} {getattr(wanted, others[0])}",
            expected="--by-class alone",
            fix=f"leave --{others[0]} out",
        )


def _check_path(path: Path, *, overwrite: bool) -> None:
    if path.suffix.lower() != ".png" or not path.absolute().parent.is_dir() or path.is_dir():
        raise CeterisError(
            f"the picture cannot be {shown(str(path))}",
            received=shown(str(path)),
            expected="a file that ends in .png, in a folder that exists",
            fix="choose another path, for example --out picture.png",
        )
    if path.exists() and not overwrite:
        raise CeterisError(
            f"{shown(str(path))} is there already, and is another picture",
            received=shown(str(path)),
            expected="a new file",
            fix="choose another with --out, or replace it with --overwrite",
        )


def _as_json(path: Path, gallery: Gallery, data: DataSet, wanted: Wanted) -> dict[str, object]:
    rows = gallery.shown[:, 0] if wanted.augment else gallery.shown
    return {
        "file": str(path),
        "title": gallery.title,
        "part": wanted.part,
        "seed": wanted.seed,
        "images": [
            {"row": row, "class": data.classes[data.labels[row]]}
            for row in rows.ravel().tolist()
            if row >= 0
        ],
    }
