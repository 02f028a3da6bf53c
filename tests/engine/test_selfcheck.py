"""The doctor's check passes here, and fails where a step is wrong."""

import pytest
import torch

from ceteris.engine import learner, selfcheck
from ceteris.factors import OPTIMIZERS


def test_every_step_is_right_on_this_machine() -> None:
    checks = selfcheck.check_steps()
    assert [c.name for c in checks] == ["gradient", *OPTIMIZERS]
    assert all(c.passed for c in checks), checks


def test_a_wrong_gradient_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = torch.Tensor.backward

    def wrong(self: torch.Tensor, gradient: torch.Tensor) -> None:
        real(self, gradient * 1.01)

    monkeypatch.setattr(torch.Tensor, "backward", wrong)
    by_name = {c.name: c.passed for c in selfcheck.check_steps()}
    assert not by_name["gradient"]


def test_a_wrong_update_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(p: torch.Tensor, *_: object) -> None:
        p.mul_(0.9)

    monkeypatch.setattr(learner, "fused_update", lambda *_: wrong)
    assert not any(c.passed for c in selfcheck.check_steps() if c.name in OPTIMIZERS)
