"""Looks: seeds added after seeing a result pay for it, or decide nothing."""

from pathlib import Path
from typing import Any

import pytest

from ceteris.conduct import prepare, run
from ceteris.errors import CeterisError
from ceteris.report import Answer, read_answer
from ceteris.study import Study


def ask(home: Path, seeds: int, **changed: Any) -> Answer:
    study = Study(
        **{
            "name": "looked",
            "seeds": seeds,
            "data": {"name": "digits", "images": 200},
            "network": {"name": "mlp", "hidden": [8]},
            "train": {"steps": 20, "batch_size": 32, "optimizer": "sgd"},
            "factors": {"learning_rate": [0.5, 0.01]},
            **changed,
        }
    )
    conducted = run(prepare(study, home=home), workers=2)
    answer = read_answer(conducted.folder)
    assert answer is not None
    return answer


def test_an_undeclared_look_is_exploratory_and_stays_so(tmp_path: Path) -> None:
    first = ask(tmp_path / "home", 2)
    assert first.role == "deciding"
    assert not any("look" in note for note in first.notes)
    second = ask(tmp_path / "home", 3)
    assert second.role == "exploratory"
    assert "after looks at 2 seeds" in second.notes[-1]
    assert {c.role for c in second.comparisons} == {"exploratory"}
    assert ask(tmp_path / "home", 3).role == "exploratory"
    with pytest.raises(CeterisError, match="already has more seeds"):
        ask(tmp_path / "home", 2)


def test_declared_looks_decide_and_pay(tmp_path: Path) -> None:
    first = ask(tmp_path / "home", 2, looks=2)
    second = ask(tmp_path / "home", 3, looks=2)
    assert (first.role, second.role) == ("deciding", "deciding")
    assert first.comparisons[0].level == pytest.approx(1 - 0.05 / 2)
    assert "Look 2 of 2 declared (before: 2 seeds)" in second.notes[-1]
    third = ask(tmp_path / "home", 4, looks=2)
    assert third.role == "exploratory"


@pytest.mark.parametrize(
    "changed",
    [
        {"primary_metric": "train_loss"},
        {"baseline": "learning_rate=0.01"},
        {"factors": {"learning_rate": [0.5, 0.01, 0.1]}},
        {"looks": 2},
        {"margin": 0.05},
    ],
)
def test_a_question_changed_after_a_look_decides_nothing(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    assert ask(tmp_path / "home", 2).role == "deciding"
    other = ask(tmp_path / "home", 2, **changed)
    assert other.role == "exploratory"
    assert "changed after a look" in other.notes[-1]
    assert ask(tmp_path / "home", 2).role == "deciding", "the first question stands as it was"
    assert ask(tmp_path / "home", 2, **changed).role == "exploratory"


def test_a_margin_declared_beforehand_decides_and_one_changed_after_a_look_does_not(
    tmp_path: Path,
) -> None:
    def said(margin: float | None) -> tuple[str, str]:
        answer = ask(tmp_path / "home", 3, **({} if margin is None else {"margin": margin}))
        return answer.role, answer.comparisons[0].sentence

    role, sentence = said(0.9)
    assert role == "deciding"
    assert "within 0.9, the margin declared beforehand" in sentence
    role, sentence = said(0.8)
    assert role == "exploratory"
    assert "within the margin of 0.8" in sentence
    assert "beforehand" not in sentence
    assert said(None)[0] == "exploratory", "a margin taken away is another question, too"
    assert said(0.9)[0] == "deciding"


def test_what_is_not_the_question_may_be_changed(tmp_path: Path) -> None:
    ask(tmp_path / "home", 2)
    assert ask(tmp_path / "home", 2, question="Which rate?", notes="n").role == "deciding"


def test_another_question_may_have_fewer_seeds(tmp_path: Path) -> None:
    ask(tmp_path / "home", 3)
    assert ask(tmp_path / "home", 2, root_seed=1).role == "exploratory"


def test_an_unfinished_study_decides_nothing(tmp_path: Path) -> None:
    study = Study(
        name="unfinished",
        seeds=2,
        data={"name": "digits"},
        network="mlp",
        train={"steps": 100_000, "optimizer": "sgd"},
        factors={"learning_rate": [0.5, 0.01]},
    )
    conducted = run(prepare(study, home=tmp_path / "home"), workers=1, stop=lambda: True)
    assert conducted.interrupted
    answer = read_answer(conducted.folder)
    assert answer is not None
    assert answer.role == "exploratory"
    assert "0 of 4 runs have ended" in answer.notes[-1]
