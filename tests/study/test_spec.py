"""The table of augmentation: what may be said, what it comes to, and how it is varied."""

from pathlib import Path
from typing import Any

import pytest

from ceteris.errors import CeterisError
from ceteris.study import Study, load


def declare(augment: Any = None, **changed: Any) -> Study:
    train = {"steps": 30, "optimizer": "sgd"} | ({} if augment is None else {"augment": augment})
    table: dict[str, Any] = {"name": "moves", "data": {"name": "digits"}, "network": "mlp"}
    return Study(**{**table, "train": train, **changed})


def on(study: Study, arm: int = 0) -> dict[str, Any] | None:
    """What is on in an arm, as its runs' identity holds it."""
    found: dict[str, Any] | None = study.arms[arm].recipe.identity()["train"].get("augment")
    return found


def test_what_is_not_said_is_off_and_leaves_no_trace() -> None:
    unsaid = declare()
    assert unsaid.arms[0].recipe.train.augment is None
    assert "augment" not in unsaid.arms[0].recipe.identity()["train"]
    for off in (False, {}, {"rotation": 0}, {"flip": False, "fill": "zero", "crop": 0}):
        assert declare(off).arms[0].recipe.train.augment is None
        assert declare(off).arms[0].recipe.identity() == unsaid.arms[0].recipe.identity()


def test_the_identity_holds_what_matters_and_nothing_else() -> None:
    assert on(declare({"rotation": 10})) == {"rotation": 10.0, "fill": "edge"}
    assert on(declare({"rotation": 10.0, "zoom": 0.0})) == on(declare({"rotation": 10}))
    assert on(declare({"rotation": 10, "fill": "zero"})) != on(declare({"rotation": 10}))
    # Nothing here brings in what lies outside.
    assert on(declare({"crop": 4, "fill": "zero"})) == on(declare({"crop": 4})) == {"crop": 4}
    full = {"rotation": 10, "shift": 0.1, "zoom": 0.1, "flip": True, "crop": 4}
    full |= {"brightness": 0.1, "erase": 0.1, "fill": "zero"}
    assert on(declare(full)) == full


def test_levels_are_tables_or_false() -> None:
    moves = {"rotation": 10, "shift": 0.1}
    study = declare(factors={"hidden": [[5], [6]], "augment": [False, moves]})
    assert [arm.name for arm in study.arms] == [
        "hidden=5, augment=false",
        "hidden=5, augment=rotation 10 shift 0.1",
        "hidden=6, augment=false",
        "hidden=6, augment=rotation 10 shift 0.1",
    ]
    assert [on(study, i) is None for i in range(4)] == [True, False, True, False]
    assert study.to_json()["factors"]["augment"] == [False, moves]
    by_path = declare(factors={"train.augment": [False, moves]})
    assert [on(by_path, i) for i in (0, 1)] == [on(study, i) for i in (0, 1)]


def test_a_level_replaces_the_table_and_a_dotted_one_adds_to_it() -> None:
    base = {"rotation": 10}
    arms = {
        "as it is": {},
        "another": {"augment": {"flip": True}},
        "more": {"train.augment.flip": True},
        "none": {"augment": False},
        "both": {"augment": {"zoom": 0.1}, "train.augment.flip": True},
    }
    study = declare(base, arms=arms)
    assert [on(study, i) for i in range(5)] == [
        {"rotation": 10.0, "fill": "edge"},
        {"flip": True},
        {"rotation": 10.0, "flip": True, "fill": "edge"},
        None,
        {"zoom": 0.1, "flip": True, "fill": "edge"},
    ]
    assert arms["both"]["augment"] == {"zoom": 0.1}, "what was declared is not changed"
    assert base == {"rotation": 10}


@pytest.mark.parametrize("base", [None, False, {"flip": True}])
def test_one_option_may_be_a_factor(base: Any) -> None:
    study = declare(base, factors={"train.augment.rotation": [10, 20]})
    assert [(on(study, i) or {})["rotation"] for i in (0, 1)] == [10, 20]
    assert study.arms[0].name == "train.augment.rotation=10"
    assert ("flip" in (on(study) or {})) == bool(base)


def test_overrides_reach_into_the_table(tmp_path: Path) -> None:
    path = tmp_path / "moves.toml"
    head = 'name = "moves"\ndata = { name = "digits" }\nnetwork = "mlp"\n[train]\nsteps = 3\n'
    path.write_text(head + "augment = { rotation = 10, flip = true }\n")
    changed = load(str(path), overrides=["train.augment.rotation=20"])
    assert on(changed) == {"rotation": 20.0, "flip": True, "fill": "edge"}
    assert on(load(str(path), overrides=["train.augment=false"])) is None
    path.write_text(head)
    assert on(load(str(path), overrides=["train.augment.crop=2"])) == {"crop": 2}


@pytest.mark.parametrize(
    ("augment", "what", "expected"),
    [
        ({"rotation": 181}, "'train.augment.rotation' cannot be 181", "180.0 or less"),
        ({"rotation": -1}, "'train.augment.rotation' cannot be -1", "0.0 or more"),
        ({"rotation": True}, "'train.augment.rotation' cannot be True", "a number"),
        ({"shift": 1.5}, "'train.augment.shift' cannot be 1.5", "1.0 or less"),
        ({"shift": float("nan")}, "'train.augment.shift' cannot be nan", "a finite number"),
        ({"zoom": 1}, "'train.augment.zoom' cannot be 1", "less than 1.0"),
        ({"crop": 1.5}, "'train.augment.crop' cannot be 1.5", "a whole number"),
        ({"crop": -1}, "'train.augment.crop' cannot be -1", "0 or more"),
        ({"flip": 1}, "'train.augment.flip' cannot be 1", "true or false"),
        ({"brightness": 2}, "'train.augment.brightness' cannot be 2", "1.0 or less"),
        ({"erase": 2}, "'train.augment.erase' cannot be 2", "1.0 or less"),
        ({"fill": "nearest"}, "'train.augment.fill' cannot be 'nearest'", "'edge' or 'zero'"),
        ({"rotaton": 10}, "there is no key 'rotaton' in [train.augment]", "one of brightness"),
        (True, "'train.augment' cannot be True", "or false"),
        ([10], "'train.augment' cannot be [10]", "or false"),
    ],
)
def test_mistakes(augment: Any, what: str, expected: str) -> None:
    varied = {"factors": {"augment": [False, augment]}}
    for study, changed in ((augment, {}), (None, varied)):
        with pytest.raises(CeterisError) as caught:
            declare(study, **changed)
        assert caught.value.what == what
        assert expected in caught.value.expected
        assert caught.value.received
        assert caught.value.fix


def test_a_dotted_factor_that_is_no_option() -> None:
    with pytest.raises(CeterisError, match="no key 'rotaton'") as caught:
        declare(factors={"train.augment.rotaton": [1, 2]})
    assert caught.value.fix == "did you mean 'rotation'?"


def test_two_levels_that_change_nothing_are_the_same_arm() -> None:
    with pytest.raises(CeterisError, match="are the same"):
        declare(factors={"augment": [False, {"fill": "zero"}]})
