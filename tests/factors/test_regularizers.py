"""Weight decay: its two forms, whom they spare, and whose default is which."""

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.errors import CeterisError
from ceteris.factors import DECAYS, OPTIMIZERS, PRESETS, apply_decoupled, apply_l2, decay_options

MASK = torch.tensor([1.0, 0.0, 1.0, 0.0, 1.0], dtype=torch.float64)


def _vector(seed: int) -> torch.Tensor:
    return torch.randn(5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_l2_is_the_gradient_of_half_the_squares() -> None:
    p, g = _vector(0).requires_grad_(), _vector(1)
    penalty = 0.3 / 2 * (MASK * p**2).sum()
    (expected,) = torch.autograd.grad(penalty, p)
    gradient, before = g.clone(), p.detach().clone()
    apply_l2(p.detach(), g, MASK, 0.3)
    torch.testing.assert_close(g, gradient + expected)
    assert torch.equal(p.detach(), before)


def test_decoupled_shrinks_by_rate_times_strength() -> None:
    p = _vector(0)
    before = p.clone()
    apply_decoupled(p, MASK, 0.3, 0.1)
    torch.testing.assert_close(p, before * (1 - 0.03 * MASK))


@pytest.mark.parametrize("decay", DECAYS)
def test_a_form_works_in_place_and_spares_what_the_mask_spares(decay: str) -> None:
    p, g = _vector(0), _vector(1)
    addresses = p.data_ptr(), g.data_ptr()
    before = p.clone(), g.clone()
    DECAYS[decay].apply(p, g, MASK, 0.3, 0.1)
    assert (p.data_ptr(), g.data_ptr()) == addresses
    changed = (p != before[0]) | (g != before[1])
    assert changed.tolist() == MASK.bool().tolist()


@pytest.mark.parametrize("decay", DECAYS)
@given(strength=st.floats(0, 10), rate=st.floats(1e-6, 1))
@settings(deadline=None, max_examples=25)
def test_under_plain_sgd_both_forms_are_one(decay: str, strength: float, rate: float) -> None:
    p, g = _vector(0), _vector(1)
    expected = p - rate * (g + strength * MASK * p)
    DECAYS[decay].apply(p, g, MASK, strength, rate)
    OPTIMIZERS["sgd"].update(p, g, {}, 1, rate, {}, torch.empty_like(p))
    torch.testing.assert_close(p, expected)


@pytest.mark.parametrize("decay", DECAYS)
def test_no_strength_is_no_decay(decay: str) -> None:
    p, g = _vector(0), _vector(1)
    DECAYS[decay].apply(p, g, MASK, 0.0, 0.1)
    assert torch.equal(p, _vector(0))
    assert torch.equal(g, _vector(1))


@pytest.mark.parametrize(
    ("optimizer", "preset", "expected"),
    [
        ("sgd", "keras", {"weight_decay": 0.0, "decay": "decoupled"}),
        ("sgd", "book", {"weight_decay": 0.0, "decay": "l2"}),
        ("adam", "torch", {"weight_decay": 0.0, "decay": "l2"}),
        ("adamw", "keras", {"weight_decay": 0.004, "decay": "decoupled"}),
        ("adamw", "book", {"weight_decay": 0.01, "decay": "decoupled"}),
        ("adamw", "torch", {"weight_decay": 0.01, "decay": "decoupled"}),
    ],
)
def test_a_preset_fills_in_its_frameworks_defaults(
    optimizer: str, preset: str, expected: dict[str, Any]
) -> None:
    assert decay_options(optimizer, preset, {}) == expected


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_form_an_optimizer_has_is_accepted(optimizer: str, preset: str) -> None:
    for form in OPTIMIZERS[optimizer].decays:
        given = {"weight_decay": 1, "decay": form}
        found = decay_options(optimizer, preset, given)
        assert found == {"weight_decay": 1.0, "decay": form}
        assert isinstance(found["weight_decay"], float)


def test_adamw_with_l2_is_refused() -> None:
    with pytest.raises(CeterisError) as caught:
        decay_options("adamw", "keras", {"decay": "l2"}, "a.toml, train")
    assert str(caught.value) == (
        "adamw has no decay 'l2'\n"
        "  received: decay = 'l2'  (a.toml, train.decay)\n"
        "  expected: decay = 'decoupled', which adamw is defined by\n"
        "  fix:      remove decay, or use one of sgd, momentum, nesterov, adagrad, rmsprop, adam"
    )


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), "0.1", True, None])
def test_a_strength_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(CeterisError) as caught:
        decay_options("sgd", "book", {"weight_decay": value}, "a.toml, train")
    assert caught.value.what.startswith("'weight_decay' cannot be ")
    assert caught.value.received.endswith("(a.toml, train.weight_decay)")
    assert caught.value.expected == "a number, 0 or more"


@pytest.mark.parametrize("form", ["L2", "l1", None, 2, ["l2"]])
def test_an_unknown_form_is_refused(form: object) -> None:
    with pytest.raises(CeterisError) as caught:
        decay_options("sgd", "book", {"decay": form}, "a.toml, train")
    assert caught.value.what.startswith("there is no decay ")
    assert caught.value.received.endswith("(a.toml, train.decay)")
    assert caught.value.expected == "one of decoupled, l2"


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(CeterisError) as caught:
        decay_options("sgd", "book", {"weight_decya": 0.1})
    assert caught.value.fix == "did you mean 'weight_decay'?"
