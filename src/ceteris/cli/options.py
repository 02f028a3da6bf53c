"""What several verbs take: the home, ``--json``, ``--no-code``, and the read-only data folder."""

import os
from pathlib import Path
from typing import Annotated

import typer

HomeFolder = Annotated[
    Path | None,
    typer.Option("--home", help="Where studies are kept.  [CETERIS_HOME, else ~/.ceteris]"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
NoCode = Annotated[
    bool, typer.Option("--no-code", help="Refuse a network that is made by code of its own.")
]


def data_folder() -> Path | None:
    """The read-only folder of data sets, if there is one."""
    found = os.environ.get("CETERIS_DATA")
    return Path(found) if found else None
