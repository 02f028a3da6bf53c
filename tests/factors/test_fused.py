"""The one-pass kernels: the same formula as the rule, or not used at all."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch

from ceteris.factors import OPTIMIZERS, fused_update, initial_states, optimizer_options

# Which rules PyTorch has a kernel for, and the private operation it needs.
KERNELS = [
    ("momentum", {"velocity_form": "without_rate"}, "_fused_sgd_"),
    ("nesterov", {"velocity_form": "without_rate"}, "_fused_sgd_"),
    ("adagrad", {"epsilon_form": "outside"}, "_fused_adagrad_"),
    ("adagrad", {"epsilon_form": "outside", "initial_accumulator": 0.1}, "_fused_adagrad_"),
    ("rmsprop", {"epsilon_form": "outside"}, "_fused_adam_"),
    ("adam", {"epsilon_form": "outside"}, "_fused_adam_"),
    ("adam", {"epsilon_form": "corrected"}, "_fused_adam_"),
    ("adam", {"epsilon_form": "outside", "beta1": 0.0, "beta2": 0.5}, "_fused_adam_"),
    ("adamw", {"epsilon_form": "corrected"}, "_fused_adam_"),
]
NO_KERNEL = [
    ("sgd", {}),
    ("momentum", {"velocity_form": "with_rate"}),
    ("nesterov", {"velocity_form": "with_rate"}),
    ("adagrad", {"epsilon_form": "inside"}),
    ("rmsprop", {"epsilon_form": "inside"}),
]

every_kernel = pytest.mark.parametrize(("name", "given", "operation"), KERNELS)


def _path(
    name: str, update: Any, options: Mapping[str, Any], dtype: torch.dtype
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(3)
    p = torch.randn(101, generator=generator, dtype=torch.float64).to(dtype)
    states = initial_states(OPTIMIZERS[name], p, options)
    sizes = 10.0 ** torch.linspace(-8, 1, 101, dtype=torch.float64)
    for step in range(1, 51):
        g = (torch.randn(101, generator=generator, dtype=torch.float64) * sizes).to(dtype)
        kept = g.clone()
        # Whatever scratch holds, a NaN included, must not matter.
        update(p, g, states, step, 0.02 / step, options, torch.full_like(p, float("nan")))
        assert torch.equal(g, kept)
    return p, states


@every_kernel
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_kernel_computes_what_the_rule_computes(
    name: str, given: dict[str, Any], operation: str, dtype: torch.dtype
) -> None:
    if not hasattr(torch, operation):
        pytest.skip(f"this PyTorch has no {operation}")
    options = optimizer_options(name, "book", given)
    fused = fused_update(name, options)
    assert fused is not None
    p, states = _path(name, fused, options, dtype)
    rule_p, rule_states = _path(name, OPTIMIZERS[name].update, options, dtype)
    close = {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 1e-11, "atol": 0}
    torch.testing.assert_close(p, rule_p, **close)
    torch.testing.assert_close(states, rule_states, **close)


@pytest.mark.parametrize(("name", "given"), NO_KERNEL)
def test_a_form_without_a_kernel_has_none(name: str, given: dict[str, Any]) -> None:
    assert fused_update(name, optimizer_options(name, "book", given)) is None


@every_kernel
def test_a_kernel_that_is_gone_is_not_used(
    name: str, given: dict[str, Any], operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(torch, operation, raising=False)
    assert fused_update(name, optimizer_options(name, "book", given)) is None


@every_kernel
def test_a_kernel_that_computes_something_else_is_not_used(
    name: str, given: dict[str, Any], operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(params: list[torch.Tensor], grads: list[torch.Tensor], *_: Any, **__: Any) -> None:
        params[0].add_(grads[0], alpha=-0.003)

    monkeypatch.setattr(torch, operation, wrong, raising=False)
    assert fused_update(name, optimizer_options(name, "book", given)) is None


@every_kernel
def test_a_kernel_with_another_signature_is_not_used(
    name: str, given: dict[str, Any], operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, operation, lambda: None, raising=False)
    assert fused_update(name, optimizer_options(name, "book", given)) is None
