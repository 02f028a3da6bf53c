import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ceteris.errors import CeterisError
from ceteris.store import Arm, Design, Look, Store

Declare = Callable[..., Design]
End = Callable[..., None]


def by_id(store: Store, design: Design) -> dict[str, Any]:
    return {run.run_id: run for run in store.runs(design)}


def files(folder: Path) -> set[str]:
    return {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}


def test_the_environment_is_frozen_once(store: Store) -> None:
    store.freeze({"torch": "2.13.0", "threads": 1})
    store.freeze({"threads": 1, "torch": "2.13.0"})
    assert store.environment == {"torch": "2.13.0", "threads": 1}
    with pytest.raises(CeterisError) as caught:
        store.freeze({"torch": "2.14.0", "threads": 1, "device": "cuda"})
    assert str(caught.value) == (
        "the study was frozen on another environment\n"
        f"  received: device = 'cuda', torch = '2.14.0'  ({store.folder})\n"
        "  expected: device = None, torch = '2.13.0'\n"
        "  fix:      run it where it was begun, or start afresh here with --fresh"
    )
    assert store.environment == {"torch": "2.13.0", "threads": 1}


def test_runs_say_what_they_ran_on(store: Store, declare: Declare, end: End) -> None:
    design = declare(store)
    assert design.environment is None
    end(store, "a0")
    store.freeze({"threads": 1})
    end(store, "a1")
    end(store, "b0", environment={"threads": 2})
    ran_on = {i: run.environment for i, run in by_id(store, design).items()}
    assert ran_on == {"a0": None, "a1": {"threads": 1}, "b0": {"threads": 2}, "b1": None}
    assert declare(store, seeds=3).environment == {"threads": 1}


def test_a_design_comes_back(store: Store, declare: Declare) -> None:
    design = declare(store, seeds=2, note="déjà\x00\u2028")
    assert (design.variant, design.revision) == ("main", 1)
    assert design.spec == {"seeds": 2, "note": "déjà\x00\u2028"}
    assert design.source == "seeds = 2"
    assert design.arms == (Arm("b", {"rate": 0.1}, 20), Arm("a", {"rate": 0.2}, 10))
    assert store.designs() == [design]
    assert store.latest("main") == design


def test_runs_are_in_order_of_arm_and_seed_and_pending(store: Store, declare: Declare) -> None:
    runs = store.runs(declare(store, seeds=11))
    assert [(r.arm, r.seed) for r in runs] == [(a, s) for a in "ba" for s in range(11)]
    assert {(r.status, r.sentence, r.steps, r.attempts, r.digest) for r in runs} == {
        ("pending", "", 0, 0, None)
    }
    assert runs[0].recipe == {"arm": "b", "seed": 0}
    assert runs[0].root_seed == 7


def test_the_same_design_is_there_already(store: Store, declare: Declare) -> None:
    first = declare(store)
    again = store.add_design(
        "main",
        first.spec,
        "# another comment\nseeds = 2",
        [(arm.name, arm.levels, arm.parameters) for arm in first.arms],
        [(r.arm, r.seed, r.run_id, r.recipe, r.root_seed) for r in store.runs(first)],
    )
    assert again == first
    assert store.designs() == [first]


def test_a_changed_design_is_a_new_revision_and_shares_runs(
    store: Store, declare: Declare, end: End
) -> None:
    first = declare(store, seeds=1)
    end(store, "a0")
    more = declare(store, seeds=2)
    assert (more.revision, store.latest("main")) == (2, more)
    assert by_id(store, more)["a0"].status == "finished"
    assert len(store.runs(first)) == 2
    assert len(store.runs(more)) == 4
    other = declare(store, seeds=2, variant="quick")
    assert other.revision == 1
    back = declare(store, seeds=1)  # as the first, but it is the latest word now
    assert back.revision == 3
    assert store.designs() == [first, more, other, back]
    assert by_id(store, back)["a0"].metrics == {"loss": 0.25}


@pytest.mark.parametrize("changed", ["spec", "arms", "levels", "parameters", "order", "runs"])
def test_every_part_of_a_design_counts(store: Store, declare: Declare, changed: str) -> None:
    first = declare(store)
    spec = dict(first.spec)
    arms: list[tuple[str, dict[str, Any], int]] = [
        (arm.name, dict(arm.levels), arm.parameters) for arm in first.arms
    ]
    runs = [(r.arm, r.seed, r.run_id, r.recipe, r.root_seed) for r in store.runs(first)]
    if changed == "spec":
        spec["epochs"] = 1
    elif changed == "arms":
        arms.append(("c", {"rate": 0.3}, 10))
    elif changed == "levels":
        arms[0][1]["rate"] = 0.11
    elif changed == "parameters":
        arms[0] = (*arms[0][:2], 21)
    elif changed == "order":
        arms.reverse()
    else:
        runs[0] = ("b", 0, "other", {"arm": "other"}, 7)
    assert store.add_design("main", spec, first.source, arms, runs).revision == 2


def test_one_identity_has_one_recipe(store: Store, declare: Declare) -> None:
    declare(store)
    with pytest.raises(RuntimeError, match="run 'a0' is known with another recipe"):
        store.add_design("x", {}, "", [("a", {}, 1)], [("a", 0, "a0", {"other": 1}, 7)])
    assert len(store.designs()) == 1


def test_a_root_seed_may_be_any_integer(store: Store) -> None:
    root = 2**200 + 1
    design = store.add_design("main", {}, "", [("a", {}, 1)], [("a", 0, "r", {}, root)])
    assert store.runs(design)[0].root_seed == root


def test_a_run_comes_back_as_it_ended(store: Store, declare: Declare) -> None:
    design = declare(store)
    store.start("a1")
    assert by_id(store, design)["a1"].status == "running"
    store.finish(
        "a1",
        status="stopped",
        sentence="no better for 3 epochs",
        steps=1200,
        duration_s=12.75,
        metrics={"loss": 0.5, "nan": math.nan, "inf": math.inf, "minus": -math.inf, "Güte": 1},
        arrays={
            "curves": {"loss": np.arange(3.0), "step": np.arange(3)},
            "weights": {"dense_1.weight": np.ones((2, 3), np.float32)},
            "none": {},
        },
        digest="d1",
    )
    run = by_id(store, design)["a1"]
    assert (run.arm, run.seed, run.status) == ("a", 1, "stopped")
    assert (run.sentence, run.steps, run.duration_s) == ("no better for 3 epochs", 1200, 12.75)
    assert (run.attempts, run.digest) == (1, "d1")
    assert math.isnan(run.metrics.pop("nan"))
    assert run.metrics == {"loss": 0.5, "inf": math.inf, "minus": -math.inf, "Güte": 1.0}
    assert run.arrays.keys() == {"curves", "weights", "none"}
    assert store.arrays("a1", "curves")["step"].tolist() == [0, 1, 2]
    assert store.arrays("a1", "weights")["dense_1.weight"].shape == (2, 3)
    assert store.arrays("a1", "none") == {}


@pytest.mark.parametrize("status", ["finished", "stopped", "diverged"])
def test_a_result_is_never_overwritten(
    store: Store, declare: Declare, end: End, status: str
) -> None:
    design = declare(store)
    end(store, "a0", status=status)
    before, there = by_id(store, design), files(store.folder)
    with pytest.raises(RuntimeError, match=f"run 'a0' is {status}: a result is never overwritten"):
        store.start("a0")
    with pytest.raises(RuntimeError, match="a result is never overwritten"):
        end(store, "a0", arrays={"curves": {"loss": np.ones(1)}})
    assert by_id(store, design) == before
    assert files(store.folder) == there


def test_a_failed_run_may_be_tried_again(store: Store, declare: Declare, end: End) -> None:
    design = declare(store)
    store.start("a0")
    end(store, "a0", status="failed", sentence="the worker was killed", digest=None)
    store.start("a0")
    run = by_id(store, design)["a0"]
    assert (run.status, run.attempts, run.sentence, run.steps) == ("running", 2, "", 0)
    assert (run.metrics, run.arrays) == ({}, {})
    end(store, "a0", metrics={"other": 1.0}, arrays={})
    run = by_id(store, design)["a0"]
    assert (run.status, run.metrics, run.arrays) == ("finished", {"other": 1.0}, {})


def test_an_interrupted_run_is_started_again(store: Store, declare: Declare, end: End) -> None:
    design = declare(store)
    for attempt in (1, 2, 3):
        store.start("a0")
        assert by_id(store, design)["a0"].attempts == attempt
        store.close()
        store = Store.open(store.folder, write=True)
    end(store, "a0")
    store.close()


@pytest.mark.parametrize("status", ["pending", "running", "done", ""])
def test_a_run_ends_in_a_status_that_is_an_end(
    store: Store, declare: Declare, end: End, status: str
) -> None:
    declare(store)
    with pytest.raises(ValueError, match="a run ends as one of"):
        end(store, "a0", status=status)


def test_unknown_runs_and_arrays_are_our_mistake(store: Store, declare: Declare, end: End) -> None:
    declare(store)
    with pytest.raises(KeyError, match="there is no run 'zz'"):
        store.start("zz")
    with pytest.raises(KeyError, match="there is no run 'zz'"):
        end(store, "zz")
    with pytest.raises(KeyError, match="run 'a0' has no arrays 'weights'"):
        store.arrays("a0", "weights")
    assert files(store.folder) == {"lock", "study.sqlite"}


def test_arrays_are_verified_when_they_are_read(store: Store, declare: Declare, end: End) -> None:
    design = declare(store)
    end(store, "a0")
    digest = by_id(store, design)["a0"].arrays["curves"]
    path = store.folder / "arrays" / digest[:2] / f"{digest}.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    with pytest.raises(CeterisError, match="damaged: its content has changed") as caught:
        store.arrays("a0", "curves")
    assert str(store.folder) in caught.value.received
    assert store.arrays("a0", "curves", verify=False)["loss"].shape == (5,)


def test_an_array_name_from_a_foreign_database_is_no_path(
    store: Store, declare: Declare, end: End
) -> None:
    declare(store)
    end(store, "a0")
    store._connection.execute("UPDATE arrays SET digest = '../../../../etc/passwd'")
    with pytest.raises(CeterisError, match="the name of an array file is not a digest"):
        store.arrays("a0", "curves")


def test_text_that_we_did_not_write_is_damage(store: Store, declare: Declare) -> None:
    design = declare(store)
    store._connection.execute("UPDATE runs SET recipe = '{'")
    with pytest.raises(CeterisError) as caught:
        store.runs(design)
    assert caught.value.what == "the study's database is damaged"
    assert str(store.folder) in caught.value.received


def test_looks_belong_to_the_variant(store: Store, declare: Declare) -> None:
    first = declare(store, seeds=2)
    assert store.looks(first) == []
    look = Look(number=1, revision=1, seeds=2, role="deciding")
    assert store.add_look(first, 2, "deciding") == look
    assert store.add_look(first, 2, "exploratory") == look  # shown again: no new look
    more = declare(store, seeds=3)
    assert store.add_look(more, 3, "exploratory") == Look(2, 2, 3, "exploratory")
    other = declare(store, seeds=3, variant="quick")
    assert store.add_look(other, 3, "deciding") == Look(1, 1, 3, "deciding")
    assert store.looks(first) == store.looks(more)
    assert [look.number for look in store.looks(more)] == [1, 2]
    assert len(store.looks(other)) == 1


def test_the_size_of_everything(store: Store, declare: Declare, end: End) -> None:
    declare(store)
    before = store.disk_bytes()
    assert before == sum((store.folder / name).stat().st_size for name in files(store.folder))
    end(store, "a0", arrays={"weights": {"w": np.random.default_rng(0).random(10_000)}})
    assert store.disk_bytes() > before + 80_000
