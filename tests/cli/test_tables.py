"""Answers at 80 columns and narrower, with and without the characters a terminal may lack."""

import io
import sys

import pytest
from rich.console import Console

from ceteris.cli import tables
from ceteris.evaluate import Result, compare


def _printed(width: int, **how: object) -> str:
    names = ["plain", "a rather long name of an arm, dropout=0.25"]
    results = [
        Result(
            arm, seed, 0.8 + 0.01 * seed + 0.02 * (arm != "plain") + 0.001 * (seed % 2), "finished"
        )
        for arm in names
        for seed in range(6)
    ]
    found = compare(
        results, metric="test_accuracy", baseline="plain", chance=0.1, better="higher", **how
    )  # type: ignore[arg-type]
    out = Console(file=io.StringIO(), width=width, highlight=False)
    tables.print_comparisons(out, found)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


@pytest.mark.parametrize("width", [60, 80, 100])
def test_names_are_folded_and_never_left_out(width: int) -> None:
    text = _printed(width)
    table = text.partition("\n\n")[0]
    assert "a rather" in table
    assert max(len(line) for line in text.splitlines()) <= width


def _equivalence(width: int, margin: float | None) -> str:
    values = {"plain": [0.81, 0.83, 0.82], "a long name": [0.812, 0.833, 0.821]}
    results = [
        Result(arm, seed, value, "finished")
        for arm, seeds in values.items()
        for seed, value in enumerate(seeds)
    ]
    found = compare(
        results, metric="m", baseline="plain", chance=0.1, better="higher", margin=margin
    )
    out = Console(file=io.StringIO(), width=width, highlight=False)
    tables.print_comparisons(out, found)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


@pytest.mark.parametrize(
    ("margin", "interval", "verdict"),
    [
        (0.0037, "[+0.00031, +0.00369]", "yes"),  # +0.0037 would not be inside
        (0.0036, "[+0.0003, +0.0037]", "not shown"),
    ],
)
def test_equivalence_has_a_table_where_a_margin_was_declared(
    margin: float, interval: str, verdict: str
) -> None:
    assert "quivalen" not in _equivalence(80, None)
    text = _equivalence(80, margin)
    assert max(len(line) for line in text.splitlines()) <= 80
    table = text.partition(f"Equivalence within {margin} in m to plain\n")[2].partition("\n\n")[0]
    heading, _, row = table.splitlines()
    assert heading.split("  ")[0] == "arm"
    assert "[90% interval]" in heading
    assert row.startswith("a long name ")
    assert interval in row
    assert " 0.00369 " in row
    assert row.rstrip().endswith(verdict)
    assert "two one-sided" in text
    assert max(len(line) for line in _equivalence(60, margin).splitlines()) <= 60


def test_equivalence_without_an_interval_has_a_row_of_dashes() -> None:
    results = [Result(arm, 0, 0.8, "finished") for arm in ("plain", "other")]
    found = compare(results, metric="m", baseline="plain", chance=0.1, better="higher", margin=0.01)
    out = Console(file=io.StringIO(), width=80, highlight=False)
    tables.print_comparisons(out, found)
    assert isinstance(out.file, io.StringIO)
    row = out.file.getvalue().partition("margin needed")[2].splitlines()[2]
    assert row.split() == ["other", "-", "-", "-", "-"]


def test_the_baseline_is_named_once() -> None:
    assert "Difference in test_accuracy from plain, the baseline" in _printed(80)


def test_a_terminal_without_plus_minus(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, possible in (("utf-8", True), ("ascii", False), ("no such encoding", False)):
        stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        monkeypatch.setattr(sys, "stdout", _Named(stream, encoding))
        assert tables.can_print("±") is possible


class _Named:
    """A stream that says it has this encoding."""

    def __init__(self, stream: io.TextIOBase, encoding: str) -> None:
        self._stream = stream
        self.encoding = encoding

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def test_no_comparison_prints_nothing() -> None:
    out = Console(file=io.StringIO(), width=80)
    tables.print_comparisons(out, [])
    assert isinstance(out.file, io.StringIO)
    assert out.file.getvalue() == ""
