from pathlib import Path

import pytest
from benchmarks.works import WORKS, scaled

from ceteris.errors import CeterisError
from ceteris.study import load

STUDIES = Path(__file__).parent.parent.parent / "benchmarks" / "studies"


@pytest.mark.parametrize("name", WORKS)
def test_the_study_is_the_work(name: str) -> None:
    work = WORKS[name]
    study = load(str(STUDIES / f"{name}.toml"))
    assert study.spec.seeds == work.seeds
    assert study.spec.data.name == work.data
    assert len(study.arms) == len(work.arms)
    if len(work.arms) > 1:
        assert tuple(arm.name for arm in study.arms) == work.arms
    for arm in study.arms:
        train = arm.recipe.train
        assert train.batch_size == work.batch_size
        steps = train.total_steps(work.num_train)
        per_epoch = -(-work.num_train // work.batch_size)
        assert steps == (work.steps or (work.epochs or 0) * per_epoch)
        assert (train.sampling == "replacement") == (work.steps is not None)


@pytest.mark.parametrize("name", WORKS)
def test_nothing_is_measured_that_the_peers_do_not_measure(name: str) -> None:
    spec = load(str(STUDIES / f"{name}.toml")).spec
    assert spec.train.measure_train == "never"
    assert spec.data.validation == 0
    assert spec.keep_weights == "none"


@pytest.mark.parametrize("name", ["linear-runs", "linear-images"])
def test_the_studies_of_linearity_resolve(name: str) -> None:
    try:
        assert len(load(str(STUDIES / f"{name}.toml")).arms) == 1
    except CeterisError as error:
        pytest.fail(str(error))


def test_images_trained_are_counted_with_repeats() -> None:
    assert WORKS["A"].images_trained == 32 * 2000 * 128
    assert WORKS["D"].images_trained == 4 * 5 * 60_000


def test_a_smaller_work_has_fewer_seeds_first_and_then_shorter_runs() -> None:
    assert (scaled(WORKS["A"], 0.25).seeds, scaled(WORKS["A"], 0.25).steps) == (2, 2000)
    assert (scaled(WORKS["C"], 0.25).seeds, scaled(WORKS["C"], 0.25).num_train) == (1, 25_000)
    assert scaled(WORKS["D"], 1) == WORKS["D"]


def test_judged_with_the_peers_of_a_work_that_is_the_same_for_them() -> None:
    borrowed, own = WORKS["C32"], WORKS["C"]
    assert borrowed.peers_of == "C"
    for part in ("data", "num_train", "arms", "seeds", "batch_size", "steps", "epochs"):
        assert getattr(borrowed, part) == getattr(own, part)
