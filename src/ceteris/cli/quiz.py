"""``ceteris quiz ...``: one short function for each quiz; nothing heavy is imported before it."""

from typing import Annotated

import typer

from ceteris.cli.options import Json
from ceteris.cli.verbs import Verbs

quiz_app = typer.Typer(
    name="quiz",
    cls=Verbs,
    help="Questions to practise on, with the mistakes explained.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@quiz_app.callback()
def top() -> None:
    """Questions to practise on, with the mistakes explained."""


@quiz_app.command("shapes")
def quiz_shapes(
    questions: Annotated[int, typer.Option(help="How many.")] = 5,
    seed: Annotated[
        int, typer.Option(help="Another number, other questions; 0 begins with the reports'.")
    ] = 0,
    answers: Annotated[
        str | None, typer.Option(metavar="FILE", help="An answer a line; - is standard input.")
    ] = None,
    json: Json = False,
) -> None:
    """Ask for shapes and numbers of parameters, and explain what went wrong.

    Answers look like (127, 127, 5), 127x127x5 or 9,216. An empty line gives up a question.
    """
    from ceteris.cli.quizzing import run_quiz

    raise typer.Exit(run_quiz(questions, seed, answers=answers, json=json))
