"""Number types and ways: settled once for a study, part of every run's identity."""

import errno
from pathlib import Path
from typing import Any

import pytest

from ceteris.conduct import prepare, run, settle
from ceteris.engine import Ways, WaysFile, has_bfloat16
from ceteris.errors import CeterisError
from ceteris.study import Study

CNN = [
    {"layer": "conv", "filters": 3, "kernel": 3},
    "relu",
    "flatten",
    {"layer": "dense", "units": "classes"},
]
# Its convolution stands inside.
BLOCK = {
    "layer": "residual",
    "layers": [{"layer": "conv", "filters": 1, "kernel": 3, "padding": "same"}],
}


def study(**changed: Any) -> Study:
    table: dict[str, Any] = {
        "name": "cnn",
        "data": {"name": "digits", "images": 64},
        "network": {"layers": CNN},
        "train": {"steps": 3, "batch_size": 16, "measure_train": "end"},
        "factors": {"learning_rate": [0.1, 0.01]},
        "seeds": 2,
    }
    return Study(**{**table, **changed})


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every measurement answers "columns" and is written down here."""
    calls: list[str] = []

    def answer(convolutions: Any) -> dict[str, Ways]:
        calls.extend(c.key for c in convolutions)
        return {c.key: Ways("columns", "columns", "direct") for c in convolutions}

    monkeypatch.setattr(settle, "measure_ways", answer)
    return calls


def test_a_convolution_is_measured_once_for_all_studies_of_a_home(
    measured: list[str], tmp_path: Path
) -> None:
    said: list[str] = []
    plan = prepare(study(), home=tmp_path / "home", announce=said.append)
    assert len(measured) == 1
    assert said == ["measuring 1 convolution on this machine, once"]
    arm = plan.settled["learning_rate=0.1"]
    assert arm.ways == {"conv_1": Ways("columns", "columns", "direct")}
    assert plan.runs[0].identity["ways"] == {measured[0]: "columns columns direct"}
    prepare(study(name="another"), home=tmp_path / "home")
    assert len(measured) == 1


def test_a_study_keeps_its_ways_when_the_cache_is_lost(
    measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plan = prepare(study(), home=tmp_path / "home")
    run(plan, workers=1)
    (plan.home.cache / "ways.json").unlink()
    monkeypatch.setattr(settle, "measure_ways", lambda found: {c.key: Ways() for c in found})
    again = prepare(study(), home=tmp_path / "home")
    assert [r.run_id for r in again.runs] == [r.run_id for r in plan.runs]
    assert run(again, workers=1).num_reused == 4
    other = prepare(study(name="another"), home=tmp_path / "home")
    assert other.settled["learning_rate=0.1"].ways == {"conv_1": Ways()}


def test_ways_are_part_of_what_a_run_is(
    measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = prepare(study(), home=tmp_path / "one")
    monkeypatch.setattr(settle, "measure_ways", lambda found: {c.key: Ways() for c in found})
    two = prepare(study(), home=tmp_path / "two")
    assert {r.run_id for r in one.runs}.isdisjoint(r.run_id for r in two.runs)


def test_dense_networks_have_no_ways_and_measure_nothing(
    measured: list[str], tmp_path: Path
) -> None:
    plan = prepare(study(network="mlp"), home=tmp_path / "home")
    assert measured == []
    assert "ways" not in plan.runs[0].identity


@pytest.mark.parametrize(
    ("has", "network", "expected"),
    [
        (True, {"layers": CNN}, "bfloat16"),
        (False, {"layers": CNN}, "float32"),
        (True, {"layers": [BLOCK, *CNN[1:]]}, "bfloat16"),
        (True, "mlp", "float32"),
    ],
)
def test_auto_takes_bfloat16_for_convolutions_where_the_machine_has_it(
    has: bool,
    network: Any,
    expected: str,
    measured: list[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(settle, "has_bfloat16", lambda: has)
    train = {"steps": 3, "precision": "auto"}
    plan = prepare(study(network=network, train=train), home=tmp_path / "home")
    assert plan.runs[0].identity["train"]["precision"] == expected
    assert plan.settled["learning_rate=0.1"].arm.recipe.train.precision == expected


def test_bfloat16_is_refused_where_the_machine_has_none(
    measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(settle, "has_bfloat16", lambda: False)
    train = {"steps": 3, "precision": "bfloat16"}
    with pytest.raises(CeterisError) as caught:
        prepare(study(train=train), home=tmp_path / "home")
    assert "no instructions for it" in caught.value.what
    assert 'precision = "auto"' in caught.value.fix


@pytest.mark.skipif(not has_bfloat16(), reason="this processor has no bfloat16 instructions")
def test_precision_is_a_factor_and_both_arms_train(tmp_path: Path) -> None:
    plan = prepare(
        study(factors={"precision": ["float32", "bfloat16"]}, seeds=1), home=tmp_path / "home"
    )
    assert not run(plan, workers=1).interrupted
    assert {r.identity["train"]["precision"] for r in plan.runs} == {"float32", "bfloat16"}


def test_a_disk_that_takes_no_ways_is_an_error_in_four_parts(
    measured: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(self: WaysFile, found: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(WaysFile, "add", full)
    with pytest.raises(CeterisError) as caught:
        prepare(study(), home=tmp_path / "home")
    assert "the disk is full while remembering how convolutions are computed" in caught.value.what
    assert "free some space" in caught.value.fix
