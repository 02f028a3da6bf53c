"""Every mistake in a study is refused when it is declared, in four parts that name the place."""

from collections.abc import Mapping
from typing import Any

import pytest

from ceteris.errors import CeterisError
from ceteris.study import Study
from ceteris.study.design import level_text

BASE: Mapping[str, Any] = {
    "name": "rates",
    "preset": "book",
    "data": {"name": "digits"},
    "network": {"name": "mlp", "hidden": [20]},
    "train": {"steps": 30, "optimizer": "sgd"},
}


def declare(**changed: Any) -> Study:
    """The base study with whole keys replaced; `train__steps` replaces one key of a table."""
    table: dict[str, Any] = {k: dict(v) if isinstance(v, Mapping) else v for k, v in BASE.items()}
    for key, value in changed.items():
        place, _, inner = key.partition("__")
        if inner:
            table[place][inner] = value
        else:
            table[place] = value
    return Study(**table)


def test_a_grid_has_every_combination_in_order() -> None:
    study = declare(factors={"learning_rate": [0.1, 0.01], "hidden": [[10], [10, 10]]})
    assert [arm.name for arm in study.arms] == [
        "learning_rate=0.1, hidden=10",
        "learning_rate=0.1, hidden=10x10",
        "learning_rate=0.01, hidden=10",
        "learning_rate=0.01, hidden=10x10",
    ]
    assert study.arms[2].recipe.train.optimizer_options["learning_rate"] == 0.01
    assert study.baseline == "learning_rate=0.1, hidden=10"


def test_explicit_arms_keep_their_names_and_their_own_options() -> None:
    arms = {
        "plain": {"optimizer": "sgd", "learning_rate": 0.1},
        "adam": {"optimizer": "adam", "beta1": 0.8},
    }
    plain, adam = declare(arms=arms).arms
    assert (plain.name, adam.name) == ("plain", "adam")
    assert adam.recipe.train.optimizer_options["beta1"] == 0.8
    assert "beta1" not in plain.recipe.train.optimizer_options


def test_a_study_without_factors_has_one_arm_named_after_it() -> None:
    assert [arm.name for arm in declare().arms] == ["rates"]


def test_baseline_by_name_and_by_levels() -> None:
    factors = {"learning_rate": [0.1, 0.01]}
    assert declare(factors=factors, baseline="learning_rate=0.01").baseline == "learning_rate=0.01"
    by_levels = declare(factors=factors, baseline={"learning_rate": 0.01})
    assert by_levels.baseline == "learning_rate=0.01"


def test_presets_fill_in_what_is_not_said() -> None:
    book, keras = declare().arms[0].recipe.train, declare(preset="keras").arms[0].recipe.train
    assert (book.sampling, book.initializer, book.loss_recorded) == (
        "replacement",
        "he_normal",
        "after",
    )
    assert (keras.sampling, keras.initializer, keras.loss_recorded) == (
        "permutation",
        "xavier_uniform",
        "before",
    )


def test_what_is_said_wins_over_the_preset() -> None:
    train = declare(train__sampling="permutation", train__initializer="he_uniform").arms[0].recipe
    assert train.train.sampling == "permutation"
    assert train.train.initializer == "he_uniform"


def test_batch_norm_takes_the_preset_of_its_framework() -> None:
    layers = declare(network__batch_norm=True).arms[0].recipe.network.layers
    found = [layer.to_dict() for layer in layers if layer.to_dict()["layer"] == "batch_norm"]
    assert [(item["momentum"], item["epsilon"]) for item in found] == [(0.9, 1e-6)]


def test_the_name_of_an_arm_is_not_part_of_what_a_run_is() -> None:
    one = declare(arms={"a": {"learning_rate": 0.1}, "b": {"learning_rate": 0.2}})
    two = declare(arms={"x": {"learning_rate": 0.2}, "y": {"learning_rate": 0.1}})
    assert one.arms[0].recipe.identity() == two.arms[1].recipe.identity()
    assert one.arms[0].recipe.identity() != one.arms[1].recipe.identity()


def test_every_budget_word_that_needs_counting_is_left_to_the_conductor() -> None:
    study = declare(factors={"hidden": [[10], [20]]}, budget="parameters")
    assert len(study.arms) == 2


def test_arms_may_differ_in_length_only_where_the_study_says_so() -> None:
    study = declare(factors={"steps": [10, 20]}, budget="none")
    assert [arm.recipe.train.steps for arm in study.arms] == [10, 20]


@pytest.mark.parametrize(
    ("changed", "what", "part"),
    [
        ({"train__optimizer": "adm"}, "there is no optimizer 'adm'", "did you mean 'adam'?"),
        ({"train__learning_rate": "fast"}, "'learning_rate' cannot be 'fast'", "a number"),
        ({"train__learning_rate": float("nan")}, "'learning_rate' cannot be nan", "a number"),
        ({"train__learning_rate": -0.1}, "'learning_rate' cannot be -0.1", "a number more than 0"),
        ({"train": {"epochs": 0}}, "'train.epochs' cannot be 0", "1 or more"),
        ({"train__steps": 2.5}, "'train.steps' cannot be 2.5", "a whole number"),
        ({"train__steps": True}, "'train.steps' cannot be True", "a whole number"),
        ({"train__epochs": 3}, "the length of a run is said twice", "exactly one of steps"),
        ({"train": {}}, "the length of a run is not said", "exactly one of steps"),
        ({"train__batch_size": 0}, "'train.batch_size' cannot be 0", "1 or more"),
        ({"train__views": True}, "'train.views' cannot be True", "write views = { flip = true }"),
        ({"train__freeze": True}, "'train.freeze' cannot be True", 'write freeze = "body"'),
        ({"train__start": True}, "'train.start' cannot be True", 'write start = "STUDY:ARM"'),
        ({"train__augment": True}, "'train.augment' cannot be True", "augment = { rotation = 10"),
        ({"data__views": {}}, "there is no key 'views' in [data]", "did you mean 'train.views'?"),
        ({"data__start": "a"}, "there is no key 'start' in [data]", "did you mean 'train.start'?"),
        ({"train__scale": "unit"}, "no key 'scale' in [train]", "did you mean 'data.scale'?"),
        ({"evaluate_every": 3}, "'evaluate_every' in a study", "mean 'train.evaluate_every'?"),
        ({"train__step": 3}, "there is no key 'step' in [train]", "did you mean 'steps'?"),
        ({"train__beta1": 0.9}, "'train.beta1' is used by no arm", "optimizer adam"),
        ({"train__loss": "mae"}, "there is no loss 'mae'", "cross_entropy"),
        ({"train__schedule": "cosin"}, "there is no schedule 'cosin'", "did you mean 'cosine'?"),
        ({"train__initializer": "he"}, "there is no initializer 'he'", "he_normal"),
        ({"train__weight_decay": -1.0}, "'train.weight_decay' cannot be -1.0", "0 or more"),
        ({"data": {"name": "digit"}}, "there is no data set 'digit'", "did you mean 'digits'?"),
        ({"data__validation": 1.5}, "'data.validation' cannot be 1.5", "a fraction above 0"),
        ({"data__test": 0}, "'data.test' cannot be 0", "a fraction above 0"),
        ({"train__evaluate_every": "epo"}, "'train.evaluate_every' cannot be 'epo'", "'epoch'"),
        ({"network": "mpl"}, "there is no network 'mpl'", "did you mean 'mlp'?"),
        ({"network": {}}, "a network is one of: a name, a list of layers, code", "none of them"),
        ({"factors": {"learning_rate": [0.1]}}, "has one level", "move learning_rate to [train]"),
        ({"factors": {"learning_rate": []}}, "has no level", "two or more distinct levels"),
        ({"factors": {"learning_rate": [0.1, 0.1]}}, "names the level 0.1 twice", "distinct"),
        ({"factors": {"lerning_rate": [1, 2]}}, "there is no factor", "'learning_rate'?"),
        ({"factors": {"train.bogus": [1, 2]}}, "there is no factor 'train.bogus'", "one of"),
        ({"arms": {"a": {}}}, "the study has one arm", "two or more arms"),
        ({"arms": {"a": {}, "b": {}}}, "the arms 'a' and 'b' are the same", "differ"),
        ({"arms": {"a\x1b": {}, "b": {}}}, "an arm cannot be named 'a\\x1b'", "printable"),
        ({"arms": {"a": {"beta1": 0.5}, "b": {}}}, "the level 'beta1' changes nothing", "adam"),
        ({"factors": {"steps": [10, 20]}}, "the arms do not have equal steps", 'budget = "none"'),
        ({"budget": "epochs"}, "the budget 'epochs' is not what [train] says", "steps"),
        ({"primary_metric": "acuracy"}, "there is no metric 'acuracy'", "test_accuracy"),
        ({"primary_metric": "validation_loss"}, "needs validation images", "validation = 0.2"),
        (
            {
                "primary_metric": "train_loss",
                "train": {"steps": 1, "optimizer": "sgd", "measure_train": "never"},
            },
            "is not measured in this study",
            'measure_train = "end"',
        ),
        ({"baseline": "sdg"}, "there is no arm 'sdg'", "one of rates"),
        ({"baseline": {"learning_rate": 3}}, "the baseline is none of the arms", "rates"),
        ({"seeds": 0}, "'seeds' cannot be 0", "1 or more"),
        ({"margin": 0}, "'margin' cannot be 0", "more than 0"),
        ({"margin": -0.003}, "'margin' cannot be -0.003", "more than 0"),
        ({"margin": float("inf")}, "'margin' cannot be inf", "a finite number"),
        ({"margin": "0.3%"}, "'margin' cannot be '0.3%'", "a number"),
        ({"margin": 1.0}, "every difference in test_accuracy lies within", "margin = 0.01"),
        ({"presett": "book"}, "there is no key 'presett' in a study", "did you mean 'preset'?"),
        ({"preset": "kers"}, "'preset' cannot be 'kers'", "'keras'"),
    ],
)
def test_mistakes(changed: dict[str, Any], what: str, part: str) -> None:
    with pytest.raises(CeterisError) as caught:
        declare(**changed)
    message = str(caught.value)
    assert what in caught.value.what, message
    assert part in message
    assert all(f"  {head}" in message for head in ("received:", "expected:", "fix:"))


def test_factors_and_arms_exclude_each_other() -> None:
    with pytest.raises(CeterisError, match="factors or arms, not both"):
        declare(factors={"learning_rate": [1, 2]}, arms={"a": {}, "b": {}})


def test_losses_of_different_kinds_are_not_compared() -> None:
    factors = {"loss": ["cross_entropy", "mse"]}
    with pytest.raises(CeterisError, match="different losses"):
        declare(factors=factors, primary_metric="train_loss")
    assert len(declare(factors=factors).arms) == 2


def test_a_margin_of_a_loss_may_be_large() -> None:
    assert declare(margin=1.5, primary_metric="test_loss").spec.margin == 1.5
    assert declare(margin=0.003).to_json()["margin"] == 0.003
    assert "margin" not in declare().to_json()


def test_a_missing_table_is_named() -> None:
    table = {key: value for key, value in BASE.items() if key != "data"}
    with pytest.raises(CeterisError, match="'data' is missing"):
        Study(**table)


@pytest.mark.parametrize(
    ("level", "text"),
    [
        (1e-05, "1e-05"),
        ([5, 5], "5x5"),
        (False, "false"),
        ({"name": "mlp", "hidden": [3]}, "mlp hidden 3"),
    ],
)
def test_level_text(level: object, text: str) -> None:
    assert level_text(level) == text
