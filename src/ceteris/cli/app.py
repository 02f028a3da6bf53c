"""The verbs, one short function each. Whatever is heavy is imported inside its verb."""

import os
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="ceteris",
    help="Controlled experiments on neural-network training.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="A built-in study's name, or a .toml file.")
]
Stored = Annotated[
    str,
    typer.Argument(metavar="STUDY", help="A study that was run; NAME@VARIANT for a variant."),
]
HomeFolder = Annotated[
    Path | None,
    typer.Option("--home", help="Where studies are kept.  [CETERIS_HOME, else ~/.ceteris]"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


def data_folder() -> Path | None:
    """The read-only folder of data sets, if there is one."""
    found = os.environ.get("CETERIS_DATA")
    return Path(found) if found else None


@app.callback(invoke_without_command=True)
def top(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Controlled experiments on neural-network training.

    You name a data set, a network and what to vary. Ceteris trains every arm on paired seeds with
    equal budgets, keeps every run, and says with intervals what made a difference.
    """
    if version:
        from importlib.metadata import version as of

        typer.echo(f"ceteris {of('ceteris')}")
        raise typer.Exit


@app.command()
def init(
    path: Annotated[Path, typer.Argument(help="The study file to write, for example study.toml.")],
    images: Annotated[
        Path | None, typer.Option(help="A folder of images, one subfolder a class.")
    ] = None,
    template: Annotated[
        str | None, typer.Option(help="Start from a built-in study instead.")
    ] = None,
) -> None:
    """Write a commented study to start from."""
    from ceteris.cli.starting import write_study

    write_study(path, images=images, template=template)


@app.command()
def run(
    study: StudyName,
    seeds: Annotated[int | None, typer.Option(help="Another number of seeds.")] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one key, as a named variant."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="The study's small variant.")] = False,
    max_time: Annotated[
        str | None, typer.Option(metavar="TIME", help="Stop, resumable, after 90s, 20m or 2h.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes.  [one a core, as memory allows]")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be trained, and how long.")
    ] = False,
    checkpoint_every: Annotated[
        float, typer.Option(metavar="SECONDS", help="Between two checkpoints of a run.")
    ] = 30.0,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Set earlier results aside and start anew.")
    ] = False,
    no_code: Annotated[
        bool, typer.Option("--no-code", help="Refuse a study that executes code of its own.")
    ] = False,
    home: HomeFolder = None,
    json: Json = False,
) -> None:
    """Train a study's runs and say what can be concluded. The same command again resumes."""
    from ceteris.cli.running import run_study
    from ceteris.study import load

    declared = load(study, overrides=overrides or [], quick=quick, seeds=seeds)
    code = run_study(
        declared,
        home=home,
        data_folder=data_folder(),
        workers=workers,
        max_time=max_time,
        checkpoint_every_s=checkpoint_every,
        dry_run=dry_run,
        fresh=fresh,
        allow_code=not no_code,
        json=json,
    )
    raise typer.Exit(code)


@app.command("list")
def list_studies(home: HomeFolder = None, json: Json = False) -> None:
    """List the built-in studies and those that were run."""
    from ceteris.cli.reading import print_list

    print_list(home, json=json)


@app.command()
def show(study: Stored, home: HomeFolder = None, json: Json = False) -> None:
    """Show a study's results. Nothing is trained and nothing is executed."""
    from ceteris.cli.reading import print_study

    print_study(study, home, json=json)


@app.command()
def compare(
    source: Annotated[
        str, typer.Argument(metavar="STUDY|FILE.csv", help="A study that was run, or results.csv.")
    ],
    metric: Annotated[str | None, typer.Option(help="Which metric.  [the primary one]")] = None,
    baseline: Annotated[str | None, typer.Option(help="Which arm is the baseline.")] = None,
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="For a CSV metric that is not a loss.")
    ] = False,
    classes: Annotated[
        int | None, typer.Option(help="For a CSV: classes, so that diverged runs count as chance.")
    ] = None,
    home: HomeFolder = None,
    json: Json = False,
) -> None:
    """Compare arms on paired seeds: of a study, or of runs trained elsewhere (a CSV file)."""
    from ceteris.cli.reading import print_comparison

    print_comparison(
        source,
        home,
        metric=metric,
        baseline=baseline,
        lower=lower_is_better,
        classes=classes,
        json=json,
    )


@app.command()
def verify(
    study: Annotated[
        str, typer.Argument(metavar="STUDY", help="A study that was run, or its folder.")
    ],
    home: HomeFolder = None,
    json: Json = False,
) -> None:
    """Derive every digest of a study again. Nothing is written and nothing is executed."""
    from ceteris.cli.verifying import print_verdict

    raise typer.Exit(print_verdict(study, home, json=json))


@app.command()
def remove(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study that was run.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    home: HomeFolder = None,
) -> None:
    """Delete a study's folder with all its runs."""
    from ceteris.cli.starting import remove_study

    remove_study(study, home, yes=yes)


@app.command()
def doctor(home: HomeFolder = None, json: Json = False) -> None:
    """Say what this machine offers, and check one training step against float64 arithmetic."""
    from ceteris.cli.checking import print_checkup

    raise typer.Exit(print_checkup(home, data_folder(), json=json))
