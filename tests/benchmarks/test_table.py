from typing import Any

import pytest
from benchmarks.operations import work_operations
from benchmarks.table import BEGIN, END, markdown, replaced, rows_of, shares_of
from benchmarks.works import WORKS


def told(wall_s: list[float], **more: Any) -> dict[str, Any]:
    return {
        "wall_s": wall_s,
        "training_s": [seconds / 2 for seconds in wall_s],
        "together_bytes": 250_000_000,
        "accuracy": 0.87,
        "numbers": "float32",
        "threads": 2,
    } | more


def results(ours: list[float], theirs: list[float], **more: Any) -> dict[str, Any]:
    return {
        "date": "2026-01-02",
        "scale": 1,
        "machine": {
            "processor": "A Processor",
            "cores": 2,
            "instructions": ["avx2"],
            "memory_gib": 8,
            "system": "Linux",
            "load": 0.1,
        },
        "versions": {"torch": "2"},
        "peaks": {"float32": {"total": 100.0, "per_core": [50.0, 50.0], "by": "a library"}},
        "works": {"A": {"torch": told(theirs), "ceteris": told(ours)}},
    } | more


def test_ratios_are_of_one_repeat_each_and_not_of_the_medians() -> None:
    # The machine was three times as slow in the second repeat: it was for both.
    ours, theirs = rows_of(results([10.0, 30.0, 12.0], [30.0, 90.0, 24.0]))
    assert ours.who == "ceteris"
    assert ours.ratio is None
    assert theirs.ratio is not None
    assert (theirs.ratio.low, theirs.ratio.median, theirs.ratio.high) == (2.0, 3.0, 3.0)
    assert (theirs.wall_s.median, theirs.wall_s.low) == (30.0, 24.0)


@pytest.mark.parametrize(("ratio", "reached"), [(4.0, "aim"), (2.5, "must"), (2.4, "no")])
def test_what_is_reached_is_the_median_ratios_affair(ratio: float, reached: str) -> None:
    rows = rows_of(results([10.0], [10.0 * ratio]))
    assert [row.reached for row in rows] == ["", reached]  # work A, plain PyTorch: 2.5, 4


def test_a_contestant_without_a_bar_reaches_nothing() -> None:
    found = results([10.0], [20.0])
    found["works"]["A"]["keras-tf-tuned"] = told([99.0])
    assert {row.who: row.reached for row in rows_of(found)}["keras-tf-tuned"] == ""


def test_the_share_is_operations_by_time_by_peak() -> None:
    (share,) = shares_of(results([50.0], [100.0]))
    assert share.of_wall == pytest.approx(work_operations(WORKS["A"]) / 50.0 / 100e9)
    assert share.of_training == pytest.approx(2 * share.of_wall)


def test_without_a_peak_in_that_number_type_there_is_no_share() -> None:
    found = results([50.0], [100.0])
    found["works"]["A"]["ceteris"]["numbers"] = "bfloat16"
    assert shares_of(found) == []


def test_the_table_says_machine_bars_and_what_was_reached() -> None:
    text = markdown(results([10.0, 11.0, 12.0], [30.0, 33.0, 36.0]))
    assert "A Processor" in text
    assert (
        "| A | torch | float32, 2 | 33.0 (30.0 to 36.0) | 3.00 (3.00 to 3.00) | 2.5 | 4 | must |"
    ) in text
    assert "quick look" not in text
    columns = {line.count("|") for line in text.splitlines() if line.startswith("| A |")}
    heads = {line.count("|") for line in text.splitlines() if line.startswith("| ---")}
    assert columns == heads


def test_a_scaled_measurement_says_so() -> None:
    assert "Scaled to 0.25" in markdown(results([1.0], [2.0], scale=0.25))


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    page = f"# Performance\n\nprose\n{BEGIN}\nold\n{END}\nmore prose\n"
    once = replaced(page, "new")
    assert once == f"# Performance\n\nprose\n{BEGIN}\nnew\n{END}\nmore prose\n"
    assert replaced(once, "new") == once


def test_a_page_without_marks_gets_them_at_its_end() -> None:
    assert replaced("# Performance\n", "new") == f"# Performance\n\n{BEGIN}\nnew\n{END}\n"
