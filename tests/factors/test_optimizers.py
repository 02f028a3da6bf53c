"""The register of optimizers: what a study gets when it says little or something wrong."""

import pytest
import torch

from ceteris.errors import CeterisError
from ceteris.factors import OPTIMIZERS, find_optimizer, initial_states, optimizer_options
from ceteris.factors.options import Value


def test_the_register_holds_the_seven() -> None:
    assert list(OPTIMIZERS) == [
        "sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw",
    ]  # fmt: skip
    assert all(entry.kind == "program" for entry in OPTIMIZERS.values())
    assert all(entry.options[0].name == "learning_rate" for entry in OPTIMIZERS.values())


@pytest.mark.parametrize(
    ("name", "preset", "expected"),
    [
        ("sgd", "keras", {"learning_rate": 0.01}),
        ("sgd", "torch", {"learning_rate": 0.001}),
        (
            "momentum",
            "book",
            {"learning_rate": 0.01, "momentum": 0.9, "velocity_form": "with_rate"},
        ),
        (
            "adagrad",
            "keras",
            {
                "learning_rate": 0.001,
                "epsilon": 1e-7,
                "epsilon_form": "inside",
                "initial_accumulator": 0.1,
            },
        ),
        (
            "adagrad",
            "book",
            {
                "learning_rate": 0.01,
                "epsilon": 1e-7,
                "epsilon_form": "outside",
                "initial_accumulator": 0.0,
            },
        ),
        (
            "rmsprop",
            "book",
            {"learning_rate": 0.01, "rho": 0.99, "epsilon": 1e-7, "epsilon_form": "outside"},
        ),
        (
            "adam",
            "keras",
            {
                "learning_rate": 0.001,
                "beta1": 0.9,
                "beta2": 0.999,
                "epsilon": 1e-7,
                "epsilon_form": "outside",
            },
        ),
        (
            "adam",
            "torch",
            {
                "learning_rate": 0.001,
                "beta1": 0.9,
                "beta2": 0.999,
                "epsilon": 1e-8,
                "epsilon_form": "corrected",
            },
        ),
    ],
)
def test_a_preset_fills_in_its_frameworks_defaults(
    name: str, preset: str, expected: dict[str, Value]
) -> None:
    assert optimizer_options(name, preset, {}) == expected


def test_adagrad_starts_where_its_option_says() -> None:
    p = torch.zeros(4, dtype=torch.float64)
    for preset, start in (("keras", 0.1), ("book", 0.0)):
        options = optimizer_options("adagrad", preset, {})
        states = initial_states(OPTIMIZERS["adagrad"], p, options)
        assert states["sum_of_squares"].tolist() == [start] * 4


@pytest.mark.parametrize("preset", ["keras", "book", "torch"])
@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"])
def test_the_other_states_start_at_zero(name: str, preset: str) -> None:
    options = optimizer_options(name, preset, {})
    for state in initial_states(OPTIMIZERS[name], torch.ones(3), options).values():
        assert state.tolist() == [0.0, 0.0, 0.0]


def test_a_misspelt_optimizer_is_answered_with_the_nearest() -> None:
    with pytest.raises(CeterisError) as caught:
        find_optimizer("admaw", "lr.toml, train.optimizer")
    assert str(caught.value) == (
        "there is no optimizer 'admaw'\n"
        "  received: 'admaw'  (lr.toml, train.optimizer)\n"
        "  expected: one of adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd\n"
        "  fix:      did you mean 'adamw'?"
    )


@pytest.mark.parametrize(
    ("value", "shown"), [("fast", "'fast'"), (float("nan"), "nan"), (-1, "-1"), (0, "0")]
)
def test_a_learning_rate_that_is_none_is_refused(value: object, shown: str) -> None:
    with pytest.raises(CeterisError) as caught:
        optimizer_options("adam", "keras", {"learning_rate": value}, "lr.toml, train")
    assert str(caught.value) == (
        f"'learning_rate' cannot be {shown}\n"
        f"  received: learning_rate = {shown}  (lr.toml, train.learning_rate)\n"
        "  expected: a number more than 0\n"
        "  fix:      change learning_rate, for example to 0.001"
    )


def test_an_option_of_another_optimizer_is_refused() -> None:
    with pytest.raises(CeterisError, match="there is no sgd option 'momentum'"):
        optimizer_options("sgd", "keras", {"momentum": 0.9})


def test_an_epsilon_that_float32_would_lose_is_refused() -> None:
    with pytest.raises(CeterisError, match="'epsilon' cannot be 1e-50"):
        optimizer_options("adam", "keras", {"epsilon": 1e-50})
    assert float(torch.tensor(1e-30, dtype=torch.float32)) > 0


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("momentum", "momentum"),
        ("nesterov", "momentum"),
        ("rmsprop", "rho"),
        ("adam", "beta1"),
        ("adam", "beta2"),
        ("adamw", "beta1"),
        ("adamw", "beta2"),
    ],
)
def test_a_memory_that_never_forgets_is_refused(name: str, option: str) -> None:
    # At 1 nothing new is learned, and Adam's correction 1 - beta^t is zero.
    assert optimizer_options(name, "keras", {option: 0})[option] == 0.0
    with pytest.raises(CeterisError) as caught:
        optimizer_options(name, "keras", {option: 1})
    assert caught.value.expected == "a number from 0 to 1, 1 itself excluded"
