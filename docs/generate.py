"""Write docs/reference.md from the registers. `tests/test_docs.py` checks that it is fresh."""

from pathlib import Path
from typing import Any

from typer.main import get_command

from ceteris.cli.app import app
from ceteris.data import DATA_SETS
from ceteris.factors import (
    FACTORS,
    INITIALIZERS,
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    default_initializer,
)
from ceteris.nets import LAYERS, NETWORKS
from ceteris.study import METRICS, PRESETS, catalogue, load
from ceteris.study.spec import AugmentSpec, DataSpec, StudySpec, TrainSpec, ViewsSpec

HERE = Path(__file__).parent


def reference() -> str:
    """The reference page, whole."""
    parts = [
        "# Reference",
        "Generated from the code by `python docs/generate.py`; do not edit.",
        _verbs(),
        _studies(),
        _keys(),
        _options("Optimizers", OPTIMIZERS, "`train.optimizer`"),
        _options("Initial weights", INITIALIZERS, "`train.initializer`"),
        _options(
            "Schedules", SCHEDULES, "`train.schedule`, what the learning rate is multiplied by"
        ),
        _losses(),
        _presets(),
        _networks(),
        _layers(),
        _data(),
        _metrics(),
        _factors(),
    ]
    return "\n\n".join(parts) + "\n"


def _table(headings: list[str], rows: list[list[Any]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(_cell(c) for c in line) + " |" for line in lines)


def _cell(content: Any) -> str:
    return str(content).replace("|", "\\|").replace("\n", " ")


def _verbs() -> str:
    rows = [[f"`ceteris {name}`", text] for name, text in _verbs_of(get_command(app), ())]
    text = "Each says its options with `--help`."
    return f"## Verbs\n\n{text}\n\n" + _table(["verb", ""], rows)


def _verbs_of(group: Any, above: tuple[str, ...]) -> list[tuple[str, str]]:
    """Each verb with the first line of its docstring, those of a group under the group's name."""
    found = []
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found += _verbs_of(command, (*above, name))
        else:
            found.append((" ".join((*above, name)), (command.help or "").splitlines()[0]))
    return found


def _studies() -> str:
    rows = []
    for name in catalogue():
        spec = load(name).spec
        rows.append([f"`{name}`", " ".join(spec.report), spec.question])
    return "## Built-in studies\n\n" + _table(["study", "report", "question"], rows)


def _described(model: Any) -> dict[str, str]:
    """Field -> its line of the docstring's Args."""
    lines = (model.__doc__ or "").partition("Args:")[2].splitlines()
    found: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        head, colon, text = line.strip().partition(": ")
        if line.startswith("        ") and not line.startswith("         ") and colon:
            names = [name.strip() for name in head.split(",")]
            found |= dict.fromkeys(names, text)
        elif names and line.strip():
            found |= {name: f"{found[name]} {line.strip()}" for name in names}
    return found


def _keys() -> str:
    out = ["## Keys of a study"]
    for title, model in (
        ("At the top", StudySpec),
        ("`[data]`", DataSpec),
        ("`[train]`", TrainSpec),
        ("`[train.augment]`", AugmentSpec),
        ("`[train.views]`", ViewsSpec),
    ):
        words = _described(model)
        rows = [
            [f"`{name}`", _default(field), words[name]]
            for name, field in model.model_fields.items()
        ]
        out.append(f"### {title}\n\n" + _table(["key", "default", "meaning"], rows))
    return "\n\n".join(out)


def _default(field: Any) -> str:
    if field.is_required():
        return "must be said"
    value = field.get_default(call_default_factory=True)
    return (
        ""
        if value in (None, "", (), {}, AugmentSpec(), ViewsSpec())
        else f"`{str(value).lower() if isinstance(value, bool) else value}`"
    )


def _options(title: str, register: Any, key: str) -> str:
    out = [f"## {title}\n\nThe value of {key}."]
    rows = []
    for name, entry in register.items():
        options = ", ".join(f"`{o.name}` = {o.default}" for o in entry.options)
        rows.append([f"`{name}`", entry.title, f"`{entry.formula}`", options])
    out.append(_table(["name", "", "formula", "options and defaults"], rows))
    seen = {o.name: o for entry in register.values() for o in entry.options}
    out.append(
        _table(
            ["option", "accepts", "meaning"],
            [[f"`{o.name}`", o.expected(), o.doc] for o in seen.values()],
        )
    )
    return "\n\n".join(out)


def _losses() -> str:
    rows = [[f"`{n}`", x.title, f"`{x.formula}`", f"{x.chance(10):.4f}"] for n, x in LOSSES.items()]
    return "## Losses\n\n" + _table(["name", "", "formula", "chance, 10 classes"], rows)


def _presets() -> str:
    rows = [
        [
            f"`{n}`",
            f"`{default_initializer(n)}`",
            p.sampling,
            p.last_batch,
            p.loss_recorded,
            p.batch_norm_momentum,
            p.batch_norm_epsilon,
            p.source,
        ]
        for n, p in PRESETS.items()
    ]
    headings = [
        "preset",
        "initializer",
        "sampling",
        "last batch",
        "loss recorded",
        "batch norm momentum",
        "epsilon",
        "source",
    ]
    return "## Presets\n\n" + _table(headings, rows)


def _networks() -> str:
    rows = []
    for name, network in NETWORKS.items():
        arguments = ", ".join(f"`{a.name}` = {a.default}" for a in network.arguments)
        rows.append([f"`{name}`", network.title, " ".join(network.reports), arguments])
    return "## Networks\n\n" + _table(["name", "", "report", "arguments"], rows)


def _layers() -> str:
    rows = []
    for kind, layer in LAYERS.items():
        first = (layer.__doc__ or "").strip().splitlines()[0]
        rows.append([f"`{kind}`", first])
    return "## Layers\n\n" + _table(["layer", ""], rows)


def _data() -> str:
    rows = []
    for name, entry in DATA_SETS.items():
        rows.append([f"`{name}`", entry.title, entry.note, entry.licence, entry.published_at])
    return "## Data sets\n\n" + _table(["name", "", "note", "licence", "published at"], rows)


def _metrics() -> str:
    rows = [[f"`{n}`", m.better, m.title] for n, m in METRICS.items()]
    return "## Metrics\n\n" + _table(["name", "better", ""], rows)


def _factors() -> str:
    rows = [[f"`{n}`", f"`{f.path}`", f.kind, f.title] for n, f in FACTORS.items()]
    text = (
        "Every name that may stand in `[factors]` or in an arm. Any dotted key of `[data]` and "
        "`[train]`, and `network.<argument>`, may be varied too."
    )
    return f"## Factors\n\n{text}\n\n" + _table(["factor", "place", "kind", ""], rows)


if __name__ == "__main__":
    (HERE / "reference.md").write_text(reference(), encoding="utf-8")
