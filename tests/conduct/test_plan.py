"""What is prepared before anything trains, and what is refused without a trace."""

from pathlib import Path
from typing import Any

import pytest

from ceteris.conduct import forecast_plan, num_workers, prepare, tasks_of
from ceteris.errors import CeterisError
from ceteris.study import Study


def study(**changed: Any) -> Study:
    table: dict[str, Any] = {
        "name": "planned",
        "seeds": 2,
        "data": {"name": "digits"},
        "network": {"name": "mlp", "hidden": [8]},
        "train": {"steps": 20, "batch_size": 32, "optimizer": "sgd"},
        "factors": {"learning_rate": [0.1, 0.01]},
        **changed,
    }
    return Study(**{key: value for key, value in table.items() if value is not None})


def test_views_show_more_than_half_of_an_image(tmp_path: Path) -> None:
    def planned(pixels: int) -> None:
        views = {"shift_pixels": pixels}
        prepare(study(train={"steps": 5, "views": views}, factors={}), home=tmp_path / "home")

    planned(3)
    for pixels in (4, 20):
        with pytest.raises(CeterisError, match="arm 'planned' would move images out of sight") as e:
            planned(pixels)
        assert e.value.received == f"shift_pixels = {pixels}, images of 8 x 8 pixels"
        assert e.value.expected.startswith("0 to 3 pixels")


def test_a_plan_is_paired_seed_by_seed(tmp_path: Path) -> None:
    plan = prepare(study(), home=tmp_path / "home")
    assert [(r.seed, r.arm) for r in plan.runs] == [
        (0, "learning_rate=0.1"),
        (0, "learning_rate=0.01"),
        (1, "learning_rate=0.1"),
        (1, "learning_rate=0.01"),
    ]
    assert len({r.run_id for r in plan.runs}) == 4
    assert plan.parameters == {"learning_rate=0.1": 610, "learning_rate=0.01": 610}
    assert not plan.folder.exists()


def test_identity_is_what_a_run_is_and_not_where_it_stands(tmp_path: Path) -> None:
    def ids(**changed: Any) -> dict[tuple[float, int], str]:
        plan = prepare(study(**changed), home=tmp_path / "home")
        rates = {
            arm.name: float(arm.recipe.train.optimizer_options["learning_rate"])
            for arm in plan.study.arms
        }
        return {(rates[r.arm], r.seed): r.run_id for r in plan.runs}

    base = ids()
    more = ids(factors={"learning_rate": [0.5, 0.01, 0.1]}, seeds=3)
    assert {key: more[key] for key in base} == base
    for changed in (
        {"root_seed": 1},
        {"data": {"name": "digits", "scale": "none"}},
        {"data": {"name": "digits", "validation": 0.1}},
        {"data": {"name": "digits", "split_seed": 1}},
        {"network": {"name": "mlp", "hidden": [9]}},
        {"train": {"steps": 21, "batch_size": 32, "optimizer": "sgd"}},
        {"train": {"steps": 20, "batch_size": 32, "optimizer": "momentum"}},
    ):
        assert not set(ids(**changed).values()) & set(base.values()), changed
    for same in ({"question": "Why?"}, {"keep_weights": "none"}, {"primary_metric": "test_loss"}):
        assert ids(**same) == base


def test_resampled_splits_differ_by_seed_and_not_by_arm(tmp_path: Path) -> None:
    data = {"name": "digits", "validation": 0.2, "resample_split": True}
    tasks = tasks_of(prepare(study(data=data), home=tmp_path / "home"))
    rows = [task.rows.validation.tolist() for task in tasks]
    assert rows[0] == rows[1] != rows[2] == rows[3]
    assert len({tuple(task.rows.test.tolist()) for task in tasks}) == 1


def test_budgets_that_are_counted(tmp_path: Path) -> None:
    factors = {"hidden": [[8], [9]]}
    for budget in ("parameters", "multiply_adds"):
        with pytest.raises(CeterisError, match=f"do not have equal {budget}") as caught:
            prepare(study(factors=factors, budget=budget), home=tmp_path / "home")
        assert "hidden=8: " in caught.value.received
    equal = study(factors={"activation": ["relu", "tanh"]}, budget="multiply_adds")
    assert len(prepare(equal, home=tmp_path / "home").runs) == 4


def test_multiply_adds_of_code_are_not_guessed(tmp_path: Path) -> None:
    def make(width: int = 3) -> Any:
        from torch import nn

        return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, 10))

    own = study(network=make, factors={"network.width": [3, 4]}, budget="multiply_adds")
    with pytest.raises(CeterisError, match="cannot be counted"):
        prepare(own, home=tmp_path / "home")


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"name": "../up"}, "the study's name is a path"),
        ({"name": "a\x1bb"}, "the study's name holds control characters"),
        ({"data": {"name": "fashion-mnist"}}, "fashion-mnist"),
        ({"data": {"name": "digits", "validation": 5000}}, "validation"),
        ({"data": {"name": "folder", "path": "gone", "size": [8, 8]}}, "gone"),
        (
            {"train": {"steps": 5, "batch_size": 2000, "optimizer": "sgd", "last_batch": "drop"}},
            "would drop every batch",
        ),
        (
            {"train": {"steps": 5, "optimizer": "sgd", "augment": {"crop": 8}}},
            "would crop images away whole",
        ),
        (
            {"network": {"layers": [{"layer": "dense", "units": "classes"}]}},
            "flatten",
        ),
        ({"factors": {"data": ["digits", "mnist"]}}, "different data sets"),
    ],
)
def test_what_is_refused_leaves_no_home_behind(
    tmp_path: Path, changed: dict[str, Any], what: str
) -> None:
    home = tmp_path / "deep" / "home"
    with pytest.raises(CeterisError) as caught:
        prepare(study(**changed), home=home, data_folder=tmp_path / "no data")
    assert what in str(caught.value)
    assert not (home / "studies").exists() or list((home / "studies").iterdir()) == []
    if not list(home.rglob("*.npy")):  # the parsed set of a later mistake may stay cached
        assert not (tmp_path / "deep").exists()


def test_a_home_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(CeterisError, match="the home folder holds something else"):
        prepare(study(), home=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_workers_and_forecast(tmp_path: Path) -> None:
    plan = prepare(study(), home=tmp_path / "home")
    assert num_workers(plan, 3) == 3
    assert num_workers(plan, 99) == 4
    found = forecast_plan(plan, fresh=False)
    assert found.seconds > 0
    # Weights, predictions on 360 images, and two numbers a step, of four runs.
    assert found.bytes_kept == 4 * (4 * 610 + 360 * 48 + 20 * 8)
    assert not plan.folder.exists()
