"""Starting from stored runs: which weights, what is said, what is refused, what a run is."""

import contextlib
import re
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import ceteris

from ceteris.conduct import Plan, forecast_plan, prepare, run
from ceteris.conduct.starting_words import starting_warnings
from ceteris.conduct.trained import open_trained
from ceteris.engine import Held, Taken
from ceteris.errors import CeterisError
from ceteris.report import as_json, read_answer
from ceteris.store import RunRecord, Store, read_arrays
from ceteris.study import Study

LAST = {"layer": "dense", "units": "classes"}
CONV = {"layer": "conv", "filters": 2, "kernel": 3, "stride": 2}
DEEP = {"layers": [CONV, "batch_norm", "relu", "flatten", {"layer": "dense", "units": 6}, LAST]}
SOURCE: Mapping[str, Any] = {
    "name": "source",
    "seeds": 2,
    "data": {"name": "digits", "validation": 0.2},
    "network": DEEP,
    "train": {"steps": 12, "optimizer": "adam"},
    "factors": {"learning_rate": [0.01, 0.02]},
}
FIRST = "source:learning_rate=0.01"


def study(**changed: Any) -> Study:
    """A study of its own name that starts from the first arm of the source."""
    table = {**SOURCE, "name": "after", "factors": {}, **changed}
    table["train"] = {"steps": 4, "optimizer": "adam", "start": FIRST, **changed.get("train", {})}
    return Study(**table)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the source was run."""
    home = tmp_path_factory.mktemp("starting") / "home"
    run(prepare(Study(**SOURCE), home=home), workers=2)
    return home


def runs(plan: Plan) -> dict[tuple[str, int], RunRecord]:
    run(plan, workers=2)
    with Store.open(plan.folder, write=False) as store:
        design = store.latest("")
        assert design is not None
        return {(r.arm, r.seed): r for r in store.runs(design)}


def said(home: Path, **changed: Any) -> tuple[Plan, str]:
    lines: list[str] = []
    return prepare(study(**changed), home=home, announce=lines.append), "\n".join(lines)


def test_each_seed_starts_from_its_own_and_what_is_frozen_stays(home: Path) -> None:
    plan, text = said(home, train={"freeze": "body"})
    assert "starts from source:learning_rate=0.01, seed by seed: conv_1, batch_norm_1" in text
    assert "keeps conv_1, batch_norm_1, dense_1 as they start: 138 of 208 parameters" in text
    sources = open_trained(home, FIRST)
    found = runs(plan)
    for seed, source in enumerate(sources):
        record = found["after", seed]
        assert record.status == "finished"
        after = read_arrays(plan.folder, record.arrays["weights"])
        for name, before in source.weights.items():
            assert np.array_equal(after[name], before) == (not name.startswith("dense_2")), name
    assert not np.array_equal(
        sources[0].weights["conv_1.weight"], sources[1].weights["conv_1.weight"]
    )
    assert plan.parameters == {"after": 70}
    assert run(plan, workers=1).num_reused == 2
    shutil.rmtree(plan.folder)


def test_one_run_by_its_id_starts_every_seed(home: Path) -> None:
    source = open_trained(home, FIRST)[1]
    for words in (source.run_id[:10], f"{FIRST}:1"):
        plan, text = said(home, train={"start": words})
        assert f"run {source.run_id[:12]} ({FIRST}:1), all seeds from this one" in text
        files = {plan.beginnings["after"].starts[seed].file for seed in (0, 1)}
        assert {file.stem for file in files if file} == {source.arrays["weights"]}


def test_an_identity_holds_digests_and_names_and_nothing_of_what_is_not_used(home: Path) -> None:
    plain = prepare(study(train={"start": False}), home=home)
    assert not {"start", "frozen"} & plain.runs[0].identity.keys()
    assert not {"start", "freeze"} & plain.runs[0].identity["train"].keys()
    begun, frozen = prepare(study(), home=home), prepare(study(train={"freeze": "body"}), home=home)
    ids = {p.runs[0].run_id for p in (plain, begun, frozen)}
    assert len(ids) == 3
    assert begun.runs[0].identity["start"] == begun.beginnings["after"].starts[0].digest
    assert begun.runs[0].identity["start"] != begun.runs[1].identity["start"]
    # Other words for the same thing are the same runs.
    again = study(train={"start": f"{FIRST}", "freeze": ["conv", "batch_norm_1", "dense_1"]})
    assert prepare(again, home=home).runs[0].run_id == frozen.runs[0].run_id
    spelled = open_trained(home, FIRST)[0].run_id
    by_id = prepare(study(train={"start": spelled}), home=home)
    assert by_id.runs[0].run_id == begun.runs[0].run_id
    assert by_id.runs[1].run_id != begun.runs[1].run_id


def test_what_differs_is_said(home: Path) -> None:
    other = {
        "layers": [CONV, {"layer": "batch_norm", "epsilon": 1e-5}, "tanh", *DEEP["layers"][3:]]
    }
    other["layers"][-2] = {"layer": "dense", "units": 7}
    _, text = said(home, network=other, data={**SOURCE["data"], "scale": "none"})
    assert "conv_1, batch_norm_1 taken over" in text
    assert "dense_1 starts fresh (weight is (7, 18) here, (6, 18) there)" in text
    assert "dense_2 starts fresh (weight is (10, 7) here, (10, 6) there)" in text
    assert "was trained on (pixel - 0) / 16, and is given (pixel - 0) / 1" in text
    assert "batch_norm_1 was trained with epsilon = 0.001, and has epsilon = 1e-05" in text
    assert "its activation is tanh, and was relu in source" in text
    _, text = said(home, train={"freeze": ["conv_1"], "start": False})
    assert "18 of 208" not in text  # a filter has a bias
    assert "20 of 208 parameters are frozen, as they are drawn" in text


def test_a_last_layer_for_other_classes_is_said(home: Path) -> None:
    plan = prepare(study(), home=home)
    sources = open_trained(home, FIRST)
    names = ("conv_1", "batch_norm_1", "dense_1", "dense_2")
    held = [Held(f"{name}.weight", (1,), True) for name in names]
    splits = [run.split for run in plan.runs]

    def lines(taken: tuple[str, ...], classes: tuple[str, ...]) -> str:
        others = [replace(source, classes=classes) for source in sources]
        found = Taken((), taken, {})
        return "\n".join(
            starting_warnings(plan.study.arms[0], plan.data, held, splits, others, found)
        )

    other = tuple("abcdefghij")
    assert "the classes of source are other ones, and dense_2" in lines(names, other)
    assert "other ones" not in lines(names[:-1], other)
    assert "other ones" not in lines(names, plan.data.classes)


def test_validation_images_seen_before_are_said_and_test_images_refused(home: Path) -> None:
    plan, text = said(home, data={**SOURCE["data"], "split_seed": 0, "validation": 0.3})
    (count,) = {
        len(set(run.split.validation) & set(source.split.train))
        for run, source in zip(plan.runs, open_trained(home, FIRST), strict=True)
    }
    assert count > 0
    assert (
        f"warning: after: in every seed {count} of its 431 validation images were training images"
        " of source, so its validation figures flatter it"
    ) in text
    _, text = said(home, data={**SOURCE["data"], "validation": 0.3, "resample_split": True})
    assert re.search(r"after: up to \d+ of its 431 validation images \(seed [01]\) were", text)
    with pytest.raises(CeterisError, match="tested on images that its start was trained on") as e:
        prepare(study(data={**SOURCE["data"], "split_seed": 5}), home=home)
    assert "of 360 test images" in e.value.received


@pytest.mark.parametrize(
    ("changed", "what", "received"),
    [
        ({"train": {"start": "sauce"}}, "no study 'sauce' has been run", "train.start"),
        ({"train": {"start": "source"}}, "runs to start from are of several arms", "rate=0.02"),
        ({"train": {"start": "source:x"}}, "what to start from", "train.start"),
        ({"seeds": 4}, "2 of 4 seeds have no run to start from", "seeds are 0, 1"),
        ({"train": {"freeze": "conv_2"}}, "no layer 'conv_2' to freeze", "train"),
        ({"network": {"name": "mlp", "hidden": [9]}}, "no layer has the name and shape", "conv_1"),
    ],
)
def test_what_cannot_be_started_from_is_refused(
    home: Path, changed: dict[str, Any], what: str, received: str
) -> None:
    with pytest.raises(CeterisError, match=what) as caught:
        prepare(study(**changed), home=home)
    assert received in caught.value.received
    assert not (home / "studies" / "after").exists()


@pytest.mark.parametrize("start", ["", 3, ["a"], True])
def test_start_is_words(start: object) -> None:
    with pytest.raises(CeterisError, match="start") as caught:
        study(train={"start": start})
    assert "the name of trained runs" in caught.value.expected


@pytest.mark.parametrize("freeze", [3, [""], [1], True])
def test_freeze_is_names(freeze: object) -> None:
    with pytest.raises(CeterisError, match="freeze") as caught:
        study(train={"freeze": freeze})
    assert "names of layers" in caught.value.expected


def test_both_can_be_varied_and_equal_budgets_count_what_is_trained(home: Path) -> None:
    levels = {"start": [False, FIRST], "freeze": [False, ["conv_1", "dense_1"]]}
    plan = prepare(study(factors=levels), home=home)
    assert [arm.name for arm in plan.study.arms][-1] == f"start={FIRST}, freeze=conv_1+dense_1"
    assert list(plan.parameters.values()) == [208, 74, 208, 74]
    assert forecast_plan(plan, fresh=False).seconds > 0
    with pytest.raises(CeterisError, match="do not have equal parameters"):
        prepare(study(factors=levels, budget="parameters"), home=home)


def test_a_dry_run_shows_what_is_trained_and_frozen(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "after.toml"
    path.write_text(
        'name = "after"\nseeds = 2\ndata = { name = "digits", validation = 0.2 }\n'
        "network = { layers = [{ layer = 'conv', filters = 2, kernel = 3, stride = 2 }, "
        "'batch_norm', 'relu', 'flatten', { layer = 'dense', units = 6 }, "
        "{ layer = 'dense', units = 'classes' }] }\n"
        f'train = {{ steps = 4, start = "{FIRST}", freeze = "body" }}\n'
    )
    done = ceteris("run", str(path), "--dry-run", "--home", str(home))
    assert done.returncode == 0, done.stderr
    assert "parameters   frozen   steps a run" in done.stdout
    assert "70      138             4" in done.stdout
    assert "starts from source:learning_rate=0.01, seed by seed" in done.stderr


def test_without_the_source_what_has_ended_is_kept_and_the_rest_refused(
    home: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "home"
    shutil.copytree(home, moved)
    done = runs(prepare(study(seeds=1), home=moved))
    shutil.rmtree(moved / "studies" / "source")
    plan = prepare(study(seeds=1), home=moved)
    assert plan.runs[0].run_id == done["after", 0].run_id
    assert run(plan, workers=1).num_reused == 1
    with pytest.raises(CeterisError, match="the runs it starts from are gone") as caught:
        run(plan, workers=1, fresh=True)
    assert "no study 'source'" in caught.value.received
    assert plan.folder.is_dir()
    with pytest.raises(CeterisError, match="no study 'source' has been run"):
        prepare(study(seeds=2), home=moved)
    with pytest.raises(CeterisError, match="no study 'source' has been run"):
        prepare(study(seeds=1, train={"start": "source:learning_rate=0.02"}), home=moved)


def test_warnings_are_kept_with_the_study_and_outlive_its_start(home: Path, tmp_path: Path) -> None:
    moved = tmp_path / "home"
    shutil.copytree(home, moved)
    changed: dict[str, Any] = {
        "data": {**SOURCE["data"], "validation": 0.3, "scale": "none"},
        "factors": {"start": [False, FIRST]},
        "primary_metric": "validation_accuracy",
    }
    plan = prepare(study(**changed), home=moved)
    run(plan, workers=2)
    answer = read_answer(plan.folder)
    assert answer is not None
    notes = "\n".join(answer.notes)
    assert f"start={FIRST} scales pixels otherwise than source did: it was trained on" in notes
    assert "of its 431 validation images were training images of source" in notes
    # One arm has seen the images the conclusion would be about: it must not decide.
    assert answer.role == "exploratory"
    assert "the comparison is not fair: it is exploratory and decides nothing." in notes
    (row,) = answer.comparisons
    assert row.sentence.startswith("Exploratory: ")
    assert row.notes[0] == (
        f"Not a fair comparison: the start of start={FIRST} was trained on images that "
        "validation_accuracy is measured on, and what start=false has learned from holds none of "
        "them."
    )
    assert as_json(answer)["notes"] == list(answer.notes)
    shutil.rmtree(moved / "studies" / "source")
    lines: list[str] = []
    again = prepare(study(**changed), home=moved, announce=lines.append)
    assert run(again, workers=1).num_reused == 4
    after = read_answer(plan.folder)
    assert after is not None
    assert (after.notes, after.comparisons) == (answer.notes, answer.comparisons)
    assert "warning: " in "\n".join(lines)


def test_a_test_metric_decides_whatever_validation_images_were_seen(home: Path) -> None:
    changed: dict[str, Any] = {"data": {**SOURCE["data"], "validation": 0.3}}
    plan = prepare(study(**changed, factors={"start": [False, FIRST]}), home=home)
    run(plan, workers=2)
    answer = read_answer(plan.folder)
    assert answer is not None
    assert answer.role == "deciding"
    assert not any("Not a fair" in note for row in answer.comparisons for note in row.notes)
    notes = {row.metric: row.notes for row in answer.exploratory}
    assert notes["validation_loss"][0].startswith("Not a fair comparison: ")
    shutil.rmtree(plan.folder)


def test_weights_that_were_not_kept_cannot_be_started_from(home: Path, tmp_path: Path) -> None:
    moved = tmp_path / "home"
    shutil.copytree(home, moved)
    with contextlib.closing(sqlite3.connect(moved / "studies/source/study.sqlite")) as database:
        database.execute("DELETE FROM arrays WHERE name = 'weights'")  # as keep_weights = "none"
        database.commit()
    with pytest.raises(CeterisError, match="weights of these runs were not kept"):
        prepare(study(), home=moved)
