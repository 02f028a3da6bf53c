"""``list``, ``show`` and ``compare``: what is there, without training or executing anything."""

from pathlib import Path

from rich.table import Table
from rich.text import Text

from ceteris.cli.tables import console, print_answer, print_comparisons, print_json
from ceteris.conduct import find_folder, unknown_variant
from ceteris.errors import CeterisError, shown, unknown_name
from ceteris.evaluate import Comparison, chance, compare, direction, read_results
from ceteris.nets import NETWORKS
from ceteris.report import Answer, comparison_as_json, read_answer, read_variants
from ceteris.store import list_studies, open_home
from ceteris.study import METRICS, catalogue, load


def print_list(home: Path | None, *, json: bool) -> None:
    """The built-in studies with their questions, the networks, and the studies in the home."""
    opened = open_home(home, create=False)
    built_in = [load(name).spec for name in catalogue()]
    names = [*list_studies(opened), *list_studies(opened, aside=True)]
    kept = [
        (name, answer)
        for name in names
        for variant in read_variants(opened.studies / name)
        if (answer := read_answer(opened.studies / name, variant)) is not None
    ]
    if json:
        print_json(
            {
                "built_in": [
                    {"name": s.name, "report": list(s.report), "question": s.question}
                    for s in built_in
                ],
                "networks": [
                    {
                        "name": network.name,
                        "report": list(network.reports),
                        "title": network.title,
                        "arguments": {a.name: a.default for a in network.arguments},
                    }
                    for network in NETWORKS.values()
                ],
                "studies": [
                    {
                        "name": name,
                        "variant": a.variant,
                        "folder": str(a.folder),
                        "runs": len(a.runs),
                        "ended": a.num_ended,
                    }
                    for name, a in kept
                ],
            }
        )
        return
    out = console()
    studies = [(spec.name, spec.report, spec.question) for spec in built_in]
    networks = [(network.name, network.reports, network.title) for network in NETWORKS.values()]
    for first, last, rows in (
        ("built-in study", "question", studies),
        ("network", "what it is", networks),
    ):
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for heading in (first, "report", last):
            table.add_column(heading, header_style="bold")
        for name, reports, text in rows:
            table.add_row(Text(name), Text(" ".join(reports)), Text(text))
        out.print(table)
        out.print()
    if not kept:
        out.print(Text(f"no study has been run yet in {opened.root}"), soft_wrap=True)
        return
    done = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in ("study in this home", "runs ended"):
        done.add_column(heading, header_style="bold")
    for name, answer in kept:
        full = name + (f"@{answer.variant}" if answer.variant else "")
        done.add_row(Text(full), f"{answer.num_ended} of {len(answer.runs)}")
    out.print(done)


def print_study(name: str, home: Path | None, *, json: bool) -> None:
    """The answer of a study that was run."""
    print_answer(find_answer(name, home), json=json)


def find_answer(name: str, home: Path | None, baseline: str | None = None) -> Answer:
    """The answer of a stored study, by its name, ``NAME@VARIANT``, or the path of its folder.

    Raises:
        CeterisError: nothing of that name was run; says what there is.
    """
    study, _, variant = name.partition("@")
    folder = find_folder(study, home)
    answer = read_answer(folder, variant, baseline=baseline)
    if answer is None:
        raise unknown_variant(study, variant, read_variants(folder))
    return answer


def print_comparison(
    source: str,
    home: Path | None,
    *,
    metric: str | None,
    baseline: str | None,
    lower: bool,
    classes: int | None,
    json: bool,
) -> None:
    """The comparisons of a stored study on one metric, or of a CSV file of runs."""
    if source.lower().endswith(".csv"):
        found = _compare_csv(Path(source), metric, baseline, lower=lower, classes=classes)
    else:
        found = _compare_stored(find_answer(source, home, baseline), metric)
    if json:
        print_json({"comparisons": [comparison_as_json(item) for item in found]})
        return
    print_comparisons(console(), found)


def _compare_stored(answer: Answer, metric: str | None) -> list[Comparison]:
    wanted = metric or answer.metric.name
    found = [c for c in (*answer.comparisons, *answer.exploratory) if c.metric == wanted]
    if found:
        return found
    known = [m.name for m in (answer.metric, *(METRICS[c.metric] for c in answer.exploratory))]
    if wanted not in known:
        raise unknown_name("metric", wanted, known, where=f"{answer.study}, --metric")
    raise CeterisError(
        f"the study {shown(answer.study)} has one arm, so nothing can be compared",
        received=answer.arms[0].name,
        expected="two or more arms",
        fix=f"see its results with: ceteris show {answer.study}",
    )


def _compare_csv(
    path: Path, metric: str | None, baseline: str | None, *, lower: bool, classes: int | None
) -> list[Comparison]:
    """Runs trained elsewhere; the first arm is the baseline and the first metric decides."""
    if classes is not None and classes < 2:
        raise CeterisError(
            "--classes is not a number of classes",
            received=str(classes),
            expected="2 or more",
            fix="leave it out unless a run diverged",
        )
    results = read_results(path)
    wanted = metric or results.metrics[0]
    values = results.of(wanted)
    largest = max((run.value for run in values if run.value is not None), default=0.0)
    if classes is not None and "accuracy" in wanted and largest > 1:
        raise CeterisError(
            f"{wanted} is in percent, and chance is a share",
            received=f"{wanted} = {largest:g} with --classes {classes}  ({path.name})",
            expected="accuracies from 0 to 1",
            fix="divide them by 100",
        )
    better = "lower" if lower else direction(wanted)
    if better is None:
        raise CeterisError(
            f"whether a lower {wanted} is better cannot be told from its name",
            received=f"--metric {wanted}  ({path.name})",
            expected="a name that holds accuracy, error or loss, or --lower-is-better",
            fix="rename the column, for example to test_accuracy",
        )
    return compare(
        values,
        metric=wanted,
        baseline=baseline or results.arms[0],
        # The number of classes is not in the file; without a run that diverged it is not needed.
        chance=None if classes is None else chance(wanted, classes),
        better=better,
        split_fixed=None,  # the file does not say how the runs were split
    )
