"""``export``: a trained network for use elsewhere."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from ceteris.cli.tables import bytes_text, console, print_json
from ceteris.conduct import Trained, open_trained
from ceteris.errors import CeterisError, shown
from ceteris.export import FORMS, Exported, export


def print_export(
    words: str, to: str | None, out: Path | None, home: Path | None, *, allow_code: bool, json: bool
) -> None:
    """Write the network and say what was written."""
    if to is None:
        raise CeterisError(
            "it is not said in which form the network is to be written",
            received="no --to",
            expected="; ".join(f"--to {form.name}: {form.title}" for form in FORMS.values()),
            fix=f"for example: ceteris export {words} --to {next(iter(FORMS))}",
        )
    say = Console(stderr=True, highlight=False)

    def announce(text: str) -> None:
        say.print(Text(text), soft_wrap=True)

    # Only ONNX needs the network itself; the other forms need what is stored.
    executes = to == "onnx"
    runs = open_trained(
        home,
        words,
        allow_code=allow_code or not executes,
        announce=announce if executes else lambda _: None,
    )
    trained = choose_run(runs, words)
    if len(runs) > 1:
        name = trained.name.rpartition(":")[0]
        announce(
            f"{len(runs)} seeds are trained; this is seed {trained.seed}, the first and not the"
            f" best: write {name}:SEED for another"
        )
    written = export(trained, to, out)
    if json:
        print_json(_as_json(written))
    else:
        _print(written)


def choose_run(runs: tuple[Trained, ...], words: str) -> Trained:
    """The run that is meant: the first seed of the one arm.

    Never the best seed: a number that was the best of several promises too much.

    Raises:
        CeterisError: the runs are of several arms.
    """
    arms = list(dict.fromkeys(run.arm for run in runs))
    if len(arms) > 1:
        raise CeterisError(
            "one network is exported, and these are runs of several arms",
            received=f"{shown(words)}: {', '.join(arms)}",
            expected="one arm of the study",
            fix=f"name it: {words}:{arms[0]}",
        )
    return min(runs, key=lambda run: run.seed)


def _print(written: Exported) -> None:
    out, facts = console(), written.facts
    out.print(Text(f"wrote {written.path} ({bytes_text(written.num_bytes)})"), soft_wrap=True)
    out.print(Text(f"  {FORMS[written.form.name].title}"))
    lines = {
        "network": facts.name,
        "input": facts.input_sentence,
        "classes": ", ".join(facts.classes),
        "data": f"{facts.about['data']}; licence: {facts.about['data_licence']}",
    }
    for key, text in lines.items():
        out.print(Text(f"  {key:<8} {text}"), soft_wrap=True)
    if "views" in facts.about:
        out.print(
            Text(
                "  Note: its evaluations were averaged over views of each image; what was written"
                " looks at an image once"
            )
        )
    if facts.about["precision"] == "bfloat16":
        out.print(
            Text(
                "  Note: it was trained with products in bfloat16; what was written is computed in"
                " float32, so probabilities can differ in the third digit"
            )
        )


def _as_json(written: Exported) -> dict[str, object]:
    return {
        "path": str(written.path),
        "form": written.form.name,
        "bytes": written.num_bytes,
        **written.facts.header,
    }
