"""Every name a study may vary, its place, and whether it is value or program."""

import pytest

from ceteris.errors import CeterisError
from ceteris.factors import (
    FACTORS,
    INITIALIZERS,
    OPTIMIZERS,
    OPTION_OWNERS,
    SCHEDULES,
    find_factor,
)


def test_a_factor_is_filed_under_its_name_at_a_place_in_the_study() -> None:
    for name, factor in FACTORS.items():
        assert factor.name == name
        table, _, key = factor.path.partition(".")
        assert table in ("data", "network", "train")
        assert key
        assert factor.kind in ("value", "program")
        assert factor.title
    assert len({factor.path for factor in FACTORS.values()}) == len(FACTORS)


def test_every_option_of_every_register_may_be_varied() -> None:
    for register in (OPTIMIZERS, INITIALIZERS, SCHEDULES):
        for entry in register.values():
            for option in entry.options:
                factor = FACTORS[option.name]
                assert factor.path == f"train.{option.name}"
                assert factor.kind == option.kind


def test_no_option_belongs_to_two_registers_nor_has_another_keys_name() -> None:
    # A key of [train] has one meaning, whatever is chosen beside it.
    for owner, register in (
        ("optimizer", OPTIMIZERS),
        ("initializer", INITIALIZERS),
        ("schedule", SCHEDULES),
    ):
        for entry in register.values():
            for option in entry.options:
                assert OPTION_OWNERS[option.name] == owner
    assert not set(OPTION_OWNERS) & {"optimizer", "initializer", "schedule", "weight_decay"}


@pytest.mark.parametrize(
    ("name", "path", "kind"),
    [
        ("learning_rate", "train.learning_rate", "value"),
        ("optimizer", "train.optimizer", "program"),
        ("batch_size", "train.batch_size", "program"),
        ("loss", "train.loss", "program"),
        ("initializer", "train.initializer", "value"),
        ("initial_std", "train.initial_std", "value"),
        ("schedule", "train.schedule", "value"),
        ("warmup_steps", "train.warmup_steps", "value"),
        ("weight_decay", "train.weight_decay", "value"),
        ("decay", "train.decay", "program"),
        ("momentum", "train.momentum", "value"),
        ("epsilon_form", "train.epsilon_form", "program"),
        ("dropout", "network.dropout", "value"),
        ("hidden", "network.hidden", "program"),
        ("network", "network.name", "program"),
        ("images", "data.images", "program"),
        ("scale", "data.scale", "value"),
    ],
)
def test_places_and_kinds(name: str, path: str, kind: str) -> None:
    factor = find_factor(name)
    assert (factor.path, factor.kind) == (path, kind)


def test_a_factor_that_does_not_exist_is_answered_with_the_nearest() -> None:
    with pytest.raises(CeterisError) as caught:
        find_factor("lerning_rate", "lr.toml, factors")
    assert caught.value.what == "there is no factor 'lerning_rate'"
    assert caught.value.received == "'lerning_rate'  (lr.toml, factors)"
    assert caught.value.fix == "did you mean 'learning_rate'?"
