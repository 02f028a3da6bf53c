"""Batch normalisation against Keras's, and the modules PyTorch has under other conventions."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.nets.modules import BatchNormalization, FlattenLast


def keras_layer(momentum, epsilon, scale, shift, axis=-1):
    keras = pytest.importorskip("keras")
    layer = keras.layers.BatchNormalization(axis=axis, momentum=momentum, epsilon=epsilon)
    layer.build((None, len(scale)) if axis == -1 else (None, len(scale), 5, 4))
    layer.gamma.assign(scale)
    layer.beta.assign(shift)
    return layer


class Formula:
    """The published formula in float64, and Keras's running statistics."""

    def __init__(self, momentum, epsilon, scale, shift):
        self.momentum, self.epsilon = momentum, epsilon
        self.scale, self.shift = (
            torch.from_numpy(v).double().requires_grad_() for v in (scale, shift)
        )
        self.mean = torch.zeros(len(scale), dtype=torch.float64)
        self.variance = torch.ones(len(scale), dtype=torch.float64)

    def __call__(self, x, training):
        mean, variance = self.mean, self.variance
        if training:
            rows = x.movedim(1, -1).flatten(0, -2)
            mean = rows.mean(0)
            variance = (rows - mean).square().mean(0)
            kept = self.momentum
            self.mean = kept * self.mean + (1 - kept) * mean.detach()
            self.variance = kept * self.variance + (1 - kept) * variance.detach()
        columns = [v.view(-1, *[1] * (x.dim() - 2)) for v in (mean, variance)]
        scale, shift = (v.view(-1, *[1] * (x.dim() - 2)) for v in (self.scale, self.shift))
        return (x - columns[0]) / (columns[1] + self.epsilon).sqrt() * scale + shift


def ours(momentum, epsilon, scale, shift):
    module = BatchNormalization(len(scale), momentum, epsilon)
    with torch.no_grad():
        module.scale.copy_(torch.from_numpy(scale))
        module.shift.copy_(torch.from_numpy(shift))
    return module


def close(got, expected, tolerance, size=0.0):
    """Equal up to a share of the largest value, or of ``size``: that of what was subtracted."""
    expected = expected.detach().numpy()
    size = max(size, np.abs(expected).max())
    np.testing.assert_allclose(
        got.detach().numpy(), expected, rtol=tolerance, atol=tolerance * size
    )


def batches(shape, steps=5):
    """Batches whose mean and scale move, and a gradient to send back through each."""
    rng = np.random.default_rng(1)
    for step in range(steps):
        values = rng.normal(0.5 * step, 1 + step, shape).astype(np.float32)
        yield torch.from_numpy(values), torch.from_numpy(rng.normal(size=shape).astype(np.float32))


SCALE, SHIFT = np.random.default_rng(2).normal(1, 0.3, (2, 6)).astype(np.float32)
SETTINGS = [(0.99, 1e-3), (0.9, 1e-5), (0.0, 0.1)]


@pytest.mark.parametrize(("momentum", "epsilon"), SETTINGS)
@pytest.mark.parametrize("shape", [(7, 6), (7, 6, 5, 4), (1, 6, 5, 4)])
def test_it_is_keras_over_several_steps_of_training_and_evaluation(momentum, epsilon, shape):
    module = ours(momentum, epsilon, SCALE, SHIFT)
    layer = keras_layer(momentum, epsilon, SCALE, SHIFT, axis=-1 if len(shape) == 2 else 1)
    # Keras's variance is E[x^2] - E[x]^2, which loses a digit more than float32 has to.
    tolerance = 3e-5
    for x, upstream in batches(shape):
        mine, theirs = (x.clone().requires_grad_() for _ in range(2))
        out, expected = module.train()(mine), layer(theirs, training=True)
        close(out, expected, tolerance)
        module.zero_grad()
        layer.zero_grad()
        out.backward(upstream)
        expected.backward(upstream)
        close(mine.grad, theirs.grad, tolerance)
        close(module.scale.grad, layer.gamma.value.grad, tolerance)
        close(module.shift.grad, layer.beta.value.grad, tolerance)
        close(module.running_mean, layer.moving_mean.value, tolerance)
        close(module.running_variance, layer.moving_variance.value, tolerance)
        close(module.eval()(mine), layer(theirs, training=False), tolerance)


@pytest.mark.parametrize(("momentum", "epsilon"), SETTINGS)
@pytest.mark.parametrize("shape", [(2, 6), (7, 6), (7, 6, 5, 4), (1, 6, 5, 4)])
def test_it_is_the_published_formula(momentum, epsilon, shape):
    module = ours(momentum, epsilon, SCALE, SHIFT)
    formula = Formula(momentum, epsilon, SCALE, SHIFT)
    for x, upstream in batches(shape):
        mine, theirs = x.clone().requires_grad_(), x.double().requires_grad_()
        out, expected = module.train()(mine), formula(theirs, training=True)
        close(out, expected, 1e-5)
        module.zero_grad()
        formula.scale.grad = formula.shift.grad = None
        out.backward(upstream)
        expected.backward(upstream.double())
        # Of two values the gradient is a difference of nearly equal numbers of this size.
        size = upstream.abs().max().item() / mine.std(0).min().item() if len(x) == 2 else 0.0
        close(mine.grad, theirs.grad, 1e-5, size)
        close(module.scale.grad, formula.scale.grad, 1e-5)
        close(module.shift.grad, formula.shift.grad, 1e-5)
        close(module.running_mean, formula.mean, 1e-5)
        close(module.running_variance, formula.variance, 1e-5)
        close(module.eval()(mine), formula(theirs, training=False), 1e-5)


def test_running_variance_is_biased_unlike_torchs():
    x = torch.tensor([[0.0], [2.0]])
    module = BatchNormalization(1, 0.0, 1e-3)
    module(x)
    assert module.running_variance.item() == pytest.approx(1.0, rel=1e-5)  # 1/n: torch would say 2
    torchs = torch.nn.BatchNorm1d(1, eps=1e-3, momentum=1.0)
    torchs(x)
    assert torchs.running_var.item() == pytest.approx(2.0)


def test_a_batch_of_one_gives_the_shift():
    module = BatchNormalization(3, 0.9, 1e-3)
    with torch.no_grad():
        module.shift.copy_(torch.tensor([1.0, 2.0, 3.0]))
    x = torch.tensor([[5.0, -5.0, 0.5]], requires_grad=True)
    out = module(x)
    assert out.tolist() == [pytest.approx([1.0, 2.0, 3.0], abs=1e-4)]
    out.sum().backward()
    assert torch.isfinite(x.grad).all()
    assert module.running_mean.tolist() == pytest.approx([0.5, -0.5, 0.05])
    assert (module.running_variance >= 0).all()


@settings(deadline=None, max_examples=60)
@given(
    value=st.floats(-1e4, 1e4, width=32),
    rows=st.integers(1, 9),
    epsilon=st.floats(1e-7, 0.1),
)
def test_the_running_variance_of_equal_values_is_never_negative(value, rows, epsilon):
    module = BatchNormalization(2, 0.0, epsilon)
    module(torch.full((rows, 2), value))
    assert (module.running_variance >= 0).all()
    assert torch.isfinite(module.eval()(torch.full((1, 2), value))).all()


def test_evaluation_changes_nothing():
    module = BatchNormalization(3, 0.5, 1e-3)
    module(torch.rand(4, 3))
    before = {name: value.clone() for name, value in module.state_dict().items()}
    module.eval()(torch.rand(4, 3))
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert set(before) == {"scale", "shift", "running_mean", "running_variance"}


def test_flatten_goes_row_by_row_channels_last_and_copies_nothing_there():
    images = torch.arange(2 * 3 * 4 * 5).view(2, 3, 4, 5)  # (B, H, W, C)
    flat = FlattenLast()(images.permute(0, 3, 1, 2))
    assert torch.equal(flat, images.flatten(1))
    assert flat.data_ptr() == images.data_ptr()
    assert torch.equal(FlattenLast()(images.permute(0, 3, 1, 2).contiguous()), images.flatten(1))
    assert torch.equal(FlattenLast()(flat), flat)
