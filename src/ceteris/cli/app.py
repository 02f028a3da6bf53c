"""The verbs, one short function each. Whatever is heavy is imported inside its verb."""

from pathlib import Path
from typing import Annotated

import typer

from ceteris.cli.data import data_app
from ceteris.cli.options import HomeFolder, Json, NoCode, data_folder
from ceteris.cli.quiz import quiz_app
from ceteris.cli.verbs import Verbs

app = typer.Typer(
    name="ceteris",
    cls=Verbs,
    help="Controlled experiments on neural-network training.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(data_app)
app.add_typer(quiz_app)

StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="A built-in study's name, or a .toml file.")
]
Stored = Annotated[
    str,
    typer.Argument(metavar="STUDY", help="A study that was run; NAME@VARIANT for a variant."),
]


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
    no_code: NoCode = False,
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
    """List the built-in studies, the networks that have a name, and the studies that were run."""
    from ceteris.cli.reading import print_list

    print_list(home, json=json)


@app.command("explain")
def explain_network(
    network: Annotated[
        str,
        typer.Argument(
            metavar="NETWORK",
            help="A name, a report's item (r0.6), a study, a .toml of layers, file.py:function.",
        ),
    ],
    input_shape: Annotated[
        str | None, typer.Option("--input", metavar="HxWxC", help="Images.  [the network's own]")
    ] = None,
    classes: Annotated[int | None, typer.Option(help="Classes.  [the network's own]")] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="An argument: --set n1=64."),
    ] = None,
    batch: Annotated[int, typer.Option(help="Images in a step, for memory.")] = 32,
    optimizer: Annotated[str, typer.Option(help="Whose states take memory.")] = "adam",
    convention: Annotated[
        str, typer.Option(help="Operations: of weights, or everything.")
    ] = "weights",
    match: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE", help="parameters=N, multiply_adds=N, trainable=N; or of a NETWORK."
        ),
    ] = None,
    vary: Annotated[
        str | None, typer.Option(metavar="WIDTH", help="With --match: what may change.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="As Markdown.")] = False,
    latex: Annotated[bool, typer.Option("--latex", help="As LaTeX, with booktabs.")] = False,
    diagram: Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw it, too.")] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --diagram: replace another drawing.")
    ] = False,
    no_code: NoCode = False,
    json: Json = False,
) -> None:
    """Explain a network layer by layer, with the arithmetic shown; or solve a width (--match)."""
    from ceteris.cli.explaining import explain_networks, match_network, shown_as

    given = {"json": json, "markdown": markdown, "latex": latex}
    how = shown_as(
        convention=convention,
        batch=batch,
        optimizer=optimizer,
        forms=[form for form, asked in given.items() if asked],
        diagram=diagram,
        overwrite=overwrite,
    )
    if match is None and vary is None:
        explain_networks(
            network,
            overrides=overrides or [],
            input_shape=input_shape,
            classes=classes,
            how=how,
            allow_code=not no_code,
        )
    else:
        match_network(
            network,
            overrides=overrides or [],
            input_shape=input_shape,
            classes=classes,
            wanted=match,
            vary=vary,
            how=how,
        )


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


@app.command("predict")
def predict_pictures(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY[:ARM[:SEED]]|RUN", help="A study that was run, or a run's id."
        ),
    ],
    images: Annotated[list[Path], typer.Argument(metavar="IMAGES", help="Files or folders.")],
    fit: Annotated[
        str | None,
        typer.Option(
            help="Another aspect ratio: pad, crop, stretch.  [pad; after a folder: stretch]"
        ),
    ] = None,
    ground: Annotated[
        str, typer.Option(help="What transparent pictures are laid on: white or black.")
    ] = "white",
    invert: Annotated[
        str, typer.Option(help="no says where it is suspected, auto inverts those, yes all.")
    ] = "no",
    csv: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write a table.")] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html|.png", help="Draw each picture and the network's view."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files that are there.")
    ] = False,
    no_likeness: Annotated[
        bool, typer.Option("--no-likeness", help="Do not compare with the training images.")
    ] = False,
    views: Annotated[
        str | None,
        typer.Option(
            metavar="OPTIONS",
            help="Average over views: flip=true,shift_pixels=1.  [as the run was evaluated]",
        ),
    ] = None,
    no_code: NoCode = False,
    home: HomeFolder = None,
    json: Json = False,
) -> None:
    """Say what pictures of your own show, and when not to trust it. All seeds of an arm vote."""
    from ceteris.cli.predicting import Files, print_predictions

    code = print_predictions(
        study,
        images,
        Files(csv, sheet, overwrite),
        fit=fit,
        ground=ground,
        invert=invert,
        likeness=not no_likeness,
        views=views,
        home=home,
        data_folder=data_folder(),
        allow_code=not no_code,
        json=json,
    )
    raise typer.Exit(code)


@app.command("export")
def export_network(
    network: Annotated[
        str,
        typer.Argument(metavar="RUN|STUDY:ARM[:SEED]", help="A trained run, by id or by name."),
    ],
    to: Annotated[
        str | None, typer.Option("--to", help="onnx, torch or safetensors.  [to be said]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="PATH", help="What to make.  [the run's name, here]")
    ] = None,
    no_code: NoCode = False,
    home: HomeFolder = None,
    json: Json = False,
) -> None:
    """Write a trained network for use elsewhere: preprocessing and class names inside."""
    from ceteris.cli.exporting import print_export

    print_export(network, to, out, home, allow_code=not no_code, json=json)


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
