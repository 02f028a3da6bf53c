"""The doctor's check passes here, and fails where a step is wrong."""

import numpy as np
import pytest
import torch

from ceteris.engine import learner, selfcheck
from ceteris.engine.kernels import convolution, dense
from ceteris.engine.reference import reference_gradient
from ceteris.errors import CeterisError
from ceteris.factors import OPTIMIZERS


@pytest.fixture(autouse=True)
def _checked_anew() -> None:
    selfcheck.checked.cache_clear()


def test_every_step_is_right_on_this_machine() -> None:
    checks = selfcheck.check_steps()
    gradients = [
        f"gradient, {precision}, {way}"
        for precision in selfcheck.precisions_here()
        for way in ("direct", "columns")
    ]
    assert [c.name for c in checks] == ["dropout mask", *gradients, *OPTIMIZERS]
    assert all(c.passed for c in checks), checks


def test_the_reference_equals_differences() -> None:
    """The reference itself, against (f(w + h) - f(w - h)) / 2h of float64 autograd-free losses."""
    images, labels = selfcheck._images()
    x, y = images.permute(0, 2, 3, 1).double().numpy()[:4], labels.numpy()[:4]
    weights, mask = selfcheck._weights(), selfcheck._mask()[:4]
    gradients = reference_gradient(x, y, weights, mask)
    module = selfcheck._learner("float32", "direct", "sgd").module.double().train()
    parts = dict(module.named_children())
    parts["dropout_1"] = torch.nn.Identity()

    def loss(changed: dict[str, np.ndarray]) -> float:
        h = torch.from_numpy(x).permute(0, 3, 1, 2)
        for name, part in parts.items():
            state = {
                key.removeprefix(f"{name}."): torch.from_numpy(value)
                for key, value in changed.items()
                if key.startswith(f"{name}.")
            }
            h = torch.func.functional_call(part, state, (h,))
            if name == "dropout_1":
                h = h * torch.from_numpy(mask).permute(0, 3, 1, 2)
        return float(torch.nn.functional.cross_entropy(h, torch.from_numpy(y)))

    step = 1e-6
    for name, gradient in gradients.items():
        index = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        sides = []
        for sign in (1, -1):
            moved = weights[name].copy()
            moved[index] += sign * step
            sides.append(loss({**weights, name: moved}))
        assert (sides[0] - sides[1]) / (2 * step) == pytest.approx(gradient[index], rel=1e-4)


@pytest.mark.parametrize(
    ("kernel", "seen"),
    [
        (dense.DenseKernel, ["direct", "columns"]),
        (convolution.ConvolutionKernel, ["direct", "columns"]),
    ],
)
def test_a_wrong_gradient_is_found(
    kernel: type, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = kernel.backward  # type: ignore[attr-defined]
    monkeypatch.setattr(kernel, "backward", lambda self, g, wanted: real(self, g * 1.5, wanted))
    wrong = {c.name for c in selfcheck.check_steps() if not c.passed}
    assert wrong >= {f"gradient, {p}, {w}" for p in selfcheck.precisions_here() for w in seen}
    with pytest.raises(CeterisError, match="computes a training step wrongly"):
        selfcheck.checked("float32", "sgd")


def test_columns_alone_can_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    real = convolution.ConvolutionKernel._unfold
    monkeypatch.setattr(
        convolution.ConvolutionKernel, "_unfold", lambda *given: real(*given).roll(1, -1)
    )
    found = {c.name: c.passed for c in selfcheck.check_precision("float32")}
    assert found == {"gradient, float32, direct": True, "gradient, float32, columns": False}


def test_a_wrong_update_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(p: torch.Tensor, *_: object) -> None:
        p.mul_(0.9)

    monkeypatch.setattr(learner, "fused_update", lambda *_: wrong)
    assert not any(c.passed for c in selfcheck.check_steps() if c.name in OPTIMIZERS)


def test_a_number_that_is_none_is_no_pass() -> None:
    assert not selfcheck.Check("x", float("nan"), 1.0).passed


def test_a_wrong_mask_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    real = selfcheck.draw_mask
    monkeypatch.setattr(selfcheck, "draw_mask", lambda shape, kept: real(shape, kept - 3000))
    assert not selfcheck.check_mask().passed
