"""Losses: value and hand gradient against their formulas, autograd and finite differences."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.factors import LOSSES, find_loss

every_loss = pytest.mark.parametrize("name", LOSSES)
sizes = pytest.mark.parametrize(("num_images", "num_classes"), [(1, 2), (7, 10), (128, 3)])


def _batch(num_images: int, num_classes: int, scale: float = 2.0) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(num_images)
    logits = scale * torch.randn(num_images, num_classes, generator=generator, dtype=torch.float64)
    return logits, torch.randint(num_classes, (num_images,), generator=generator)


def _softmax(z: np.ndarray) -> np.ndarray:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))


def _cross_entropy(z: np.ndarray, y: np.ndarray) -> float:
    return float(-np.log(_softmax(z)[np.arange(len(y)), y]).mean())


def _mse(z: np.ndarray, y: np.ndarray) -> float:
    onehot = np.eye(z.shape[1])[y]
    return float(((_softmax(z) - onehot) ** 2).mean(axis=1).mean())


REFERENCE = {"cross_entropy": _cross_entropy, "mse": _mse}


def test_every_loss_of_the_register_has_a_reference() -> None:
    assert set(REFERENCE) == set(LOSSES)
    assert {loss.kind for loss in LOSSES.values()} == {"program"}


@every_loss
@sizes
def test_the_value_is_its_formula(name: str, num_images: int, num_classes: int) -> None:
    z, y = _batch(num_images, num_classes)
    expected = REFERENCE[name](z.numpy(), y.numpy())
    assert float(LOSSES[name].value(z, y)) == pytest.approx(expected, rel=1e-12)
    value, _ = LOSSES[name].value_and_gradient(z, y)
    assert value.shape == ()
    assert float(value) == pytest.approx(expected, rel=1e-12)


@every_loss
@sizes
def test_the_hand_gradient_is_autograds(name: str, num_images: int, num_classes: int) -> None:
    z, y = _batch(num_images, num_classes)
    z.requires_grad_()
    (expected,) = torch.autograd.grad(LOSSES[name].value(z, y), z)
    torch.testing.assert_close(LOSSES[name].gradient(z, y), expected, rtol=1e-11, atol=1e-15)


@every_loss
def test_the_hand_gradient_is_the_slope(name: str) -> None:
    z, y = _batch(5, 4)
    gradient = LOSSES[name].gradient(z, y).numpy()
    points, labels, step = z.numpy(), y.numpy(), 1e-6
    for place in np.ndindex(points.shape):
        up, down = points.copy(), points.copy()
        up[place] += step
        down[place] -= step
        slope = (REFERENCE[name](up, labels) - REFERENCE[name](down, labels)) / (2 * step)
        assert gradient[place] == pytest.approx(slope, abs=1e-8)


@every_loss
@sizes
def test_float32_is_float64_to_its_rounding(name: str, num_images: int, num_classes: int) -> None:
    z, y = _batch(num_images, num_classes)
    value, gradient = LOSSES[name].value_and_gradient(z, y)
    single_value, single_gradient = LOSSES[name].value_and_gradient(z.float(), y)
    assert single_value.dtype == single_gradient.dtype == torch.float32
    torch.testing.assert_close(single_value.double(), value, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(single_gradient.double(), gradient, rtol=1e-4, atol=1e-7)


@every_loss
@given(seed=st.integers(0, 10**6), scale=st.floats(0.0, 1e4), num_classes=st.integers(2, 12))
@settings(deadline=None, max_examples=50)
def test_a_rows_gradient_sums_to_zero_and_a_shift_changes_nothing(
    name: str, seed: int, scale: float, num_classes: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    z = scale * torch.randn(6, num_classes, generator=generator, dtype=torch.float64)
    y = torch.randint(num_classes, (6,), generator=generator)
    value, gradient = LOSSES[name].value_and_gradient(z, y)
    assert value.isfinite()
    assert value >= 0
    assert gradient.isfinite().all()
    torch.testing.assert_close(gradient.sum(1), torch.zeros(6, dtype=torch.float64))
    shifted, _ = LOSSES[name].value_and_gradient(z + 3.0, y)
    torch.testing.assert_close(shifted, value, rtol=1e-9, atol=1e-9)


@every_loss
@pytest.mark.parametrize("num_classes", [2, 10, 100])
def test_chance_is_the_loss_of_knowing_nothing(name: str, num_classes: int) -> None:
    z = torch.zeros(3, num_classes, dtype=torch.float64)
    y = torch.tensor([0, 1, num_classes - 1])
    assert LOSSES[name].chance(num_classes) == pytest.approx(float(LOSSES[name].value(z, y)))


def test_chance_in_numbers() -> None:
    assert find_loss("cross_entropy").chance(10) == pytest.approx(math.log(10))
    assert find_loss("mse").chance(10) == pytest.approx(0.09)


@every_loss
def test_the_logits_are_left_alone_and_no_graph_is_built(name: str) -> None:
    z, y = _batch(4, 3)
    before, labels = z.clone(), y.clone()
    z.requires_grad_()
    value, gradient = LOSSES[name].value_and_gradient(z, y)
    assert torch.equal(z.detach(), before)
    assert torch.equal(y, labels)
    assert not value.requires_grad
    assert not gradient.requires_grad


@every_loss
def test_it_is_a_mean_over_images_whatever_their_number(name: str) -> None:
    z, y = _batch(4, 3)
    once, gradient = LOSSES[name].value_and_gradient(z, y)
    twice, halves = LOSSES[name].value_and_gradient(torch.cat([z, z]), torch.cat([y, y]))
    torch.testing.assert_close(twice, once)
    torch.testing.assert_close(halves, torch.cat([gradient, gradient]) / 2)


@every_loss
def test_the_same_again_gives_the_same_bits(name: str) -> None:
    z, y = _batch(128, 10)
    first = LOSSES[name].value_and_gradient(z.float(), y)
    second = LOSSES[name].value_and_gradient(z.float(), y)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
