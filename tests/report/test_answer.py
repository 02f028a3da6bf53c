"""An answer is read from the store alone, and its JSON has the keys that are promised."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ceteris.errors import CeterisError
from ceteris.report import Answer, as_json, read_answer
from ceteris.store import Store

CLASSES = [str(digit) for digit in range(10)]
DOCS = Path(__file__).parent.parent.parent / "docs" / "json.md"


def made_up(folder: Path, runs: dict[tuple[str, int], Any], **about: Any) -> Answer:
    """A store with runs that were never trained: value, or status for those that ended badly."""
    arms = list(dict.fromkeys(arm for arm, _ in runs))
    resolved = {
        "name": "made-up",
        "question": "Which?",
        "seeds": len({seed for _, seed in runs}),
        "looks": 1,
        "primary_metric": "test_accuracy",
        "baseline": arms[0],
        "comparisons": "baseline",
        "resample_split": False,
        "classes": CLASSES,
        "loss": "cross_entropy",
        **about,
    }
    with Store.create(folder) as store:
        store.add_design(
            "",
            {"declared": {"name": "made-up"}, "resolved": resolved},
            "",
            [(arm, {}, 100) for arm in arms],
            [(arm, seed, f"{arm}-{seed}", {}, 0) for arm, seed in runs],
        )
        for (arm, seed), found in runs.items():
            if found is None:
                continue
            store.start(f"{arm}-{seed}")
            good = isinstance(found, float)
            metrics = {"test_accuracy": found, "train_loss": 1 - found} if good else {}
            store.finish(
                f"{arm}-{seed}",
                status="finished" if good else found,
                sentence="as made up",
                steps=10,
                duration_s=1.0,
                metrics=metrics,
                arrays={},
                digest="d" if good else None,
            )
    answer = read_answer(folder)
    assert answer is not None
    return answer


def six(a: float, b: Any) -> dict[tuple[str, int], Any]:
    values: dict[tuple[str, int], Any] = {("a", s): a + 0.01 * s for s in range(6)}
    return values | {
        ("b", s): b + 0.01 * s + 0.001 * (s % 2) if isinstance(b, float) else b for s in range(6)
    }


def test_rows_and_comparisons(tmp_path: Path) -> None:
    answer = made_up(tmp_path / "s", six(0.5, 0.7))
    assert [(arm.name, arm.is_baseline, arm.seeds) for arm in answer.arms] == [
        ("a", True, 6),
        ("b", False, 6),
    ]
    assert answer.arms[0].summaries["test_accuracy"].mean == pytest.approx(0.525)
    (deciding,) = answer.comparisons
    assert deciding.difference == pytest.approx(0.2005)
    assert deciding.verdict == "higher"
    assert {c.metric for c in answer.exploratory} == {"train_loss"}
    assert all(c.sentence.startswith("Exploratory: ") for c in answer.exploratory)


def test_a_diverged_arm_counts_as_chance_and_is_counted(tmp_path: Path) -> None:
    answer = made_up(tmp_path / "s", six(0.5, "diverged"))
    assert answer.arms[1].counts == {"diverged": 6}
    assert answer.arms[1].summaries["test_accuracy"].mean == pytest.approx(0.1)
    assert answer.comparisons[0].difference == pytest.approx(0.1 - 0.525)
    assert "Diverged or failed, counted as chance" in answer.comparisons[0].sentence


def test_an_arm_at_chance_is_named(tmp_path: Path) -> None:
    runs = {("a", s): 0.5 for s in range(3)} | {("b", s): -1.3026 + s for s in range(3)}
    answer = made_up(tmp_path / "s", runs)
    assert [arm.num_at_chance for arm in answer.arms] == [0, 1]
    assert "b: 1 of 3 runs have not learned" in answer.notes[0]


def test_a_diverged_run_is_not_said_to_have_ended_at_chance(tmp_path: Path) -> None:
    answer = made_up(tmp_path / "s", six(0.5, "diverged"))
    assert answer.arms[1].num_at_chance == 0
    assert not any("not learned" in note for note in answer.notes)


def test_why_a_run_failed_is_said(tmp_path: Path) -> None:
    answer = made_up(tmp_path / "s", six(0.5, "failed"))
    assert answer.notes[0] == "b: a run failed: as made up"
    assert "b: a run failed: as made up" in str(answer)


def test_what_one_image_is_worth(tmp_path: Path) -> None:
    few = made_up(tmp_path / "few", six(0.5, 0.7), images={"test": 90})
    assert "measured on 90 images, so one image is worth 0.01111" in few.notes[-1]
    many = made_up(tmp_path / "many", six(0.5, 0.7), images={"test": 10_000})
    assert many.notes == ()


def test_another_baseline_after_the_fact_decides_nothing(tmp_path: Path) -> None:
    made_up(tmp_path / "s", six(0.5, 0.7))
    answer = read_answer(tmp_path / "s", baseline="b")
    assert answer is not None
    assert answer.comparisons[0].baseline == "b"
    assert answer.comparisons[0].role == "exploratory"
    assert "declared the baseline a" in answer.notes[-1]
    with pytest.raises(CeterisError, match="there is no arm 'c'"):
        read_answer(tmp_path / "s", baseline="c")


def test_a_margin_is_of_the_primary_metric_alone(tmp_path: Path) -> None:
    answer = made_up(tmp_path / "s", six(0.5, 0.5005), margin=0.01)
    (deciding,) = answer.comparisons
    assert deciding.equivalence is not None
    assert deciding.equivalence.verdict == "equivalent"
    assert "within 0.01, the margin declared beforehand" in str(answer)
    assert all(c.equivalence is None for c in answer.exploratory)
    first, *others = as_json(answer)["comparisons"]
    assert first["equivalence"]["verdict"] == "equivalent"
    assert first["equivalence"]["p"] < 0.05
    assert [c["equivalence"] for c in others] == [None]
    without = made_up(tmp_path / "t", six(0.5, 0.5005))  # as in stores from before there were any
    assert without.comparisons[0].equivalence is None


def test_losses_of_different_kinds_are_not_compared(tmp_path: Path) -> None:
    answer = made_up(tmp_path / "s", six(0.5, 0.7), loss=None)
    assert {c.metric for c in (*answer.comparisons, *answer.exploratory)} == {"test_accuracy"}


def test_one_arm_has_no_comparison(tmp_path: Path) -> None:
    answer = made_up(tmp_path / "s", {("a", s): 0.5 + s / 100 for s in range(3)})
    assert answer.comparisons == ()
    assert not answer.arms[0].is_baseline


def test_a_variant_that_was_never_run(tmp_path: Path) -> None:
    made_up(tmp_path / "s", six(0.5, 0.7))
    assert read_answer(tmp_path / "s", "quick") is None


def _keys(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield prefix + key
            if prefix + key not in ("arms[].means", "arms[].levels", "runs[].metrics"):
                yield from _keys(inner, f"{prefix}{key}.")
    elif isinstance(value, list) and value:
        yield from _keys(value[0], prefix.rstrip(".") + "[].")


def test_the_json_has_the_documented_keys_and_no_others(tmp_path: Path) -> None:
    found = as_json(made_up(tmp_path / "s", six(0.5, "diverged"), margin=0.01))
    text = json.dumps(found, allow_nan=False)
    assert json.loads(text) == found
    keys = set(_keys(found)) - {"study", "arms", "runs", "comparisons", "notes"}
    documented: set[str] = set()
    table = DOCS.read_text("utf-8").partition("`ceteris compare ...")[0]
    for line in re.findall(r"^\| (`.*?) \|", table, re.M):
        head = ""
        for name in re.findall(r"`([^`]*)`", line):
            if name.startswith("."):
                name = head + name
            head = name.rpartition(".")[0] or name
            documented.add(name.removesuffix("[]"))
    assert keys | {"notes"} == documented


def test_numbers_that_are_not_finite_become_null(tmp_path: Path) -> None:
    found = as_json(made_up(tmp_path / "s", {("a", 0): 0.5, ("b", 0): 0.7}))
    (first, *_) = found["comparisons"]
    assert first["low"] is None
    assert first["p_adjusted"] is None
    assert "one seed" in first["sentence"].lower()
