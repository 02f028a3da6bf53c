"""``ceteris data ...``: one short function for each verb; nothing heavy is imported before it."""

from pathlib import Path
from typing import Annotated

import typer

from ceteris.cli.options import HomeFolder, Json, data_folder
from ceteris.cli.verbs import Verbs

data_app = typer.Typer(
    name="data",
    cls=Verbs,
    help="Data sets: which there are, getting them, checking them, looking at them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@data_app.command("list")
def list_sets(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="All that is known of this set.")
    ] = None,
    home: HomeFolder = None,
    json: Json = False,
) -> None:
    """List the data sets: their images, where they are from, and whether they are here."""
    from ceteris.cli.listing_data import print_sets

    print_sets(name, home, data_folder(), json=json)


@data_app.command("fetch")
def fetch_data(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A data set's name.")],
    mirror: Annotated[
        str | None,
        typer.Option("--from", metavar="ADDRESS", help="A mirror of your own, http or https."),
    ] = None,
    home: HomeFolder = None,
) -> None:
    """Download a published data set. Files are kept only if they are the published ones."""
    from ceteris.cli.fetching import fetch_set

    fetch_set(name, home, data_folder(), mirror)


@data_app.command("check")
def check_set(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|PATH", help="A data set, a path of your own, or a study's .toml."
        ),
    ],
    exact: Annotated[
        bool, typer.Option("--exact", help="Do not look for near duplicates.")
    ] = False,
    list_rows: Annotated[
        bool, typer.Option("--list", help="Name the images of what is found.")
    ] = False,
    home: HomeFolder = None,
    json: Json = False,
) -> None:
    """Check a data set: counts, copies within and across parts, conflicting labels, balance."""
    from ceteris.cli.checking_data import print_data_check

    print_data_check(name, home, data_folder(), near=not exact, list_rows=list_rows, json=json)


@data_app.command("show")
def show_data(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME|PATH", help="A data set, a path of your own, or a study's .toml."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="The picture to write, .png.  [NAME.png, here]")
    ] = None,
    rows: Annotated[int | None, typer.Option(help="Rows of the picture.  [10]")] = None,
    columns: Annotated[int | None, typer.Option(help="Columns of the picture.  [10]")] = None,
    by_class: Annotated[
        int | None, typer.Option(metavar="N", help="N images of each class, a row each.")
    ] = None,
    augment: Annotated[
        str | None,
        typer.Option(
            metavar="OPTIONS|STUDY",
            help="Beside each image what training makes of it: rotation=10,shift=0.1 or a study.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Another number, other images.")] = 0,
    part: Annotated[str, typer.Option(help="train, or test, which is a look.")] = "train",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a picture that is there.")
    ] = False,
    home: HomeFolder = None,
    json: Json = False,
) -> None:
    """Draw images of a data set, or of a folder of your own, into a picture."""
    from ceteris.cli.showing_data import Wanted, show_set

    show_set(
        name,
        Wanted(part, seed, rows, columns, by_class, augment),
        out=out,
        overwrite=overwrite,
        home=home,
        data_folder=data_folder(),
        json=json,
    )
