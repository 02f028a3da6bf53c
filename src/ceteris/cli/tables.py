"""Answers and plans on a terminal: 80 columns, with or without colour."""

import json as json_module
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ceteris.conduct import Plan, dropped_of, dropped_sentences, overlap_of
from ceteris.evaluate import ArmRow as Summary
from ceteris.evaluate import (
    Comparison,
    arm_text,
    exact_text,
    interval_text,
    level_text,
    number,
    p_text,
    rounded_up_text,
    within_text,
)
from ceteris.report import Answer, ArmRow, as_json
from ceteris.study import views_sentences
from ceteris.study.design import level_text as level_name

if TYPE_CHECKING:
    from ceteris.engine.forecast import Forecast

_LEVELS = "what it changes"
_NARROWEST_NAME = 10  # characters of an arm's name on a line, however narrow the terminal
_START_UP_COUNTS_S = 60  # two workers took 4 s to start: above, less than the forecast's error
_BESIDE_AT_MOST = 3  # metrics beside the primary one that fit into 80 columns


def print_json(content: dict[str, Any]) -> None:
    """One object on standard output, and a newline."""
    sys.stdout.write(json_module.dumps(content, indent=2, allow_nan=False, ensure_ascii=True))
    sys.stdout.write("\n")


def print_answer(answer: Answer, *, json: bool) -> None:
    """The table of arms, the comparisons, and what must be known about them."""
    if json:
        print_json(as_json(answer))
        return
    out = console()
    name = answer.study + (f"  ({answer.variant})" if answer.variant else "")
    out.print(Text(name, style="bold"))
    if answer.question:
        out.print(Text(answer.question))
    out.print()
    out.print(_primary_table(answer))
    out.print()
    if len(answer.shown) > 1:
        out.print(_beside_table(answer))
        out.print()
    print_comparisons(out, answer.comparisons)
    for note in answer.notes:
        out.print(Text(f"Note: {note}"))
    out.print(Text(f"kept in {answer.folder}", style="dim"), soft_wrap=True)


def print_comparisons(out: Console, comparisons: Sequence[Comparison]) -> None:
    """A table of differences, then what each of them allows to be said."""
    if not comparisons:
        return
    first = comparisons[0]
    one_baseline = len({item.baseline for item in comparisons}) == 1
    out.print(
        Text(
            f"Difference in {first.metric}"
            + (f" from {first.baseline}, the baseline" if one_baseline else "")
        )
    )
    table = _table(
        "arm", f"difference\n[{level_text(first.level)} interval]", "p", "sign-flip p", "r"
    )
    for item in comparisons:
        known = item.difference is not None
        table.add_row(
            _compared(item, one_baseline=one_baseline),
            interval_text(item.difference or 0.0, item.low, item.high, signed=True)
            if known
            else "-",
            _p(item.p_adjusted),
            _p(item.p_sign_flip),
            "-" if item.correlation is None else f"{item.correlation:.2f}",
        )
    out.print(table)
    out.print()
    _print_equivalence(out, comparisons, one_baseline=one_baseline)
    shared = [note for note in first.notes if all(note in item.notes for item in comparisons)]
    for item in comparisons:
        out.print(Padding(Text(item.sentence), (0, 0, 0, 2)))
        for note in item.notes:
            if note not in shared:
                out.print(Padding(Text(note, style="dim"), (0, 0, 0, 4)))
    out.print()
    for note in shared:
        out.print(Text(note, style="dim"))
    out.print(
        Text(
            f"p: {first.method}; r: correlation between the arms over seeds, what pairing gains"
            + ("" if first.equivalence is None else "; p of equivalence: two one-sided t tests"),
            style="dim",
        )
    )


def _compared(item: Comparison, *, one_baseline: bool) -> Text:
    return Text(item.arm if one_baseline else f"{item.arm} - {item.baseline}")


def _print_equivalence(
    out: Console, comparisons: Sequence[Comparison], *, one_baseline: bool
) -> None:
    """Whether the differences are shown to be smaller than the margin, where there is one."""
    found = [(item, item.equivalence) for item in comparisons if item.equivalence is not None]
    if not found:
        return
    first, margin = found[0][0], exact_text(found[0][1].margin)
    out.print(
        Text(
            f"Equivalence within {margin} in {first.metric}"
            + (f" to {first.baseline}" if one_baseline else "")
        )
    )
    level = level_text(found[0][1].level)
    table = _table("arm", f"[{level} interval]", "p", "margin needed", "equivalent")
    for item, tested in found:
        known = tested.low is not None and tested.high is not None
        table.add_row(
            _compared(item, one_baseline=one_baseline),
            within_text(tested.low or 0.0, tested.high or 0.0, tested.margin) if known else "-",
            _p(tested.p),
            "-" if tested.smallest_margin is None else rounded_up_text(tested.smallest_margin),
            {"equivalent": "yes", "not shown": "not shown", "none": "-"}[tested.verdict],
        )
    out.print(table)
    out.print()


def _primary_table(answer: Answer) -> Table:
    table = _table("arm", "parameters", "runs", f"{answer.metric.name}\n[95% interval]")
    for arm in answer.arms:
        summary = arm.summaries.get(answer.metric.name)
        table.add_row(
            Text(arm.name + ("  (baseline)" if arm.is_baseline else "")),
            f"{arm.parameters:,}",
            _runs(arm),
            _arm_cell(arm, summary),
        )
    return table


def _arm_cell(arm: ArmRow, summary: Summary | None) -> str:
    if summary is None:
        return "-"
    ended_well = arm.counts.get("finished", 0) + arm.counts.get("stopped", 0)
    return arm_text(summary) if ended_well or summary.mean is None else "counts as chance"


def _beside_table(answer: Answer) -> Table:
    beside = answer.shown[1 : 1 + _BESIDE_AT_MOST]
    sign = "±" if can_print("±") else "+-"
    table = _table(
        f"also measured\n({sign} half of a 95% interval)", *(metric.name for metric in beside)
    )
    for arm in answer.arms:
        cells = [_plus_minus(arm.summaries.get(metric.name)) for metric in beside]
        table.add_row(Text(arm.name), *cells)
    return table


def _table(*headings: str) -> Table:
    """Names on the left, numbers on the right, two blanks between."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        if heading == headings[0]:  # an arm's name is folded and never left out
            table.add_column(heading, overflow="fold", min_width=_NARROWEST_NAME)
        elif heading == _LEVELS:
            table.add_column(heading)
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    return table


def print_plan(plan: Plan, forecast: "Forecast", workers: int, *, json: bool) -> None:
    """What would be trained: arms, runs, parameters, time and disk."""
    seconds = forecast.seconds / workers
    dropped, shared = dropped_of(plan), overlap_of(plan)
    views = {arm.name: v for arm in plan.study.arms if (v := arm.recipe.train.views) is not None}
    if json:
        print_json(
            {
                "study": {"name": plan.study.name, "variant": plan.study.variant},
                "arms": [
                    {
                        "name": arm.name,
                        "parameters": plan.parameters[arm.name],
                        "frozen": plan.beginnings[arm.name].num_frozen,
                    }
                    for arm in plan.study.arms
                ],
                "seeds": plan.study.spec.seeds,
                "runs": len(plan.runs),
                "workers": workers,
                "dropped": {arm: asdict(found) for arm, found in dropped.items()},
                "views": {arm: found.identity() for arm, found in views.items()},
                "overlap": asdict(shared),
                "seconds": seconds,
                "bytes": forecast.bytes_kept,
            }
        )
        return
    out = console()
    frozen = {name: found.num_frozen for name, found in plan.beginnings.items()}
    some = any(frozen.values())
    table = _table(
        "arm", "parameters", *(["frozen"] if some else []), "steps a run", "batch", _LEVELS
    )
    images = {run.arm: len(run.rows.train) for run in plan.runs}
    for arm in plan.study.arms:
        train = arm.recipe.train
        table.add_row(
            Text(arm.name + ("  (baseline)" if arm.name == plan.study.baseline else "")),
            f"{plan.parameters[arm.name]:,}",
            *([f"{frozen[arm.name]:,}"] if some else []),
            f"{train.total_steps(images[arm.name]):,}",
            str(train.batch_size),
            Text(", ".join(f"{key}={level_name(value)}" for key, value in arm.levels.items())),
        )
    out.print(Text(plan.study.name, style="bold"))
    out.print(table)
    rows = plan.runs[0].rows
    seeds = plan.study.spec.seeds
    out.print(
        f"{many(len(plan.runs), 'run')} ({many(len(plan.study.arms), 'arm')} x "
        f"{many(seeds, 'seed')}) on {many(workers, 'worker')}"
    )
    out.print(
        f"{len(rows.train):,} training, {len(rows.validation):,} validation, "
        f"{len(rows.test):,} test images"
    )
    for sentence in dropped_sentences(dropped, len(plan.study.arms)):
        out.print(Text(sentence))
    for sentence in views_sentences(views, len(plan.study.arms)):
        out.print(Text(sentence))
    for sentence in shared.sentences:
        out.print(Text(sentence))
    if seconds == 0:
        out.print("everything is trained already; nothing was trained now")
    else:
        out.print(
            f"about {duration_text(seconds)} {_still(seconds, workers)}; about "
            f"{bytes_text(forecast.bytes_kept)} kept on disk; nothing was trained"
        )


def _still(seconds: float, workers: int) -> str:
    """What the forecast is of; starting processes is most of a study that takes seconds."""
    if seconds >= _START_UP_COUNTS_S:
        return "still to train"
    return f"of training, and a few seconds to start {many(workers, 'worker')}"


def many(count: int, noun: str) -> str:
    """A count and its noun.

    Example:
        >>> many(1, "arm"), many(2, "arm")
        ('1 arm', '2 arms')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def console() -> Console:
    """Standard output, never wider than 100 columns, plain where it is not a terminal."""
    width = min(Console().width, 100)
    return Console(width=width, highlight=False)


def duration_text(seconds: float) -> str:
    """A length of time a person can use.

    Example:
        >>> duration_text(0.2), duration_text(75), duration_text(7300)
        ('1 s', '75 s', '2 h 2 min')
    """
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def bytes_text(count: float) -> str:
    """A size in bytes as a person says it.

    Example:
        >>> bytes_text(1_500_000)
        '1.5 MB'
    """
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _runs(arm: ArmRow) -> str:
    finished = arm.counts.get("finished", 0) + arm.counts.get("stopped", 0)
    odd = [f"{arm.counts[s]} {s}" for s in ("diverged", "failed") if arm.counts.get(s)]
    if arm.num_at_chance:
        odd.append(f"{arm.num_at_chance} at chance")
    return ", ".join([f"{finished}/{arm.seeds}", *odd])


def _plus_minus(row: Summary | None) -> str:
    if row is None or row.mean is None:
        return "-"
    if row.low is None or row.high is None:
        return number(row.mean)
    half = (row.high - row.low) / 2
    sign = "±" if can_print("±") else "+-"
    return f"{number(row.mean, half)} {sign}{number(half, half)}"


def can_print(text: str) -> bool:
    """Whether standard output's encoding has these characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _p(value: float | None) -> str:
    if value is None:
        return "-"
    return p_text(value).removeprefix("p ").removeprefix("= ")
