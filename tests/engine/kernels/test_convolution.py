"""Columns and the library's convolution: the same sums for every geometry."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ceteris.engine.kernels import ConvolutionKernel, split_zeros
from ceteris.engine.ways import Way, Ways

_WAYS = st.sampled_from(("direct", "columns"))


@settings(max_examples=60, deadline=None)
@given(
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    zeros=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    sides=st.tuples(st.integers(5, 9), st.integers(5, 9)),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    images=st.integers(1, 3),
    biased=st.booleans(),
    forward=_WAYS,
    to_weights=_WAYS,
    to_input=_WAYS,
)
def test_every_geometry_and_way(
    kernel: int,
    stride: int,
    zeros: tuple[int, int],
    sides: tuple[int, int],
    channels: tuple[int, int],
    images: int,
    biased: bool,
    forward: Way,
    to_weights: Way,
    to_input: Way,
) -> None:
    zeros = (min(zeros[0], kernel - 1), min(zeros[1], kernel - 1))
    generator = torch.Generator().manual_seed(0)
    given_, filters = channels
    weight = torch.randn(filters, kernel, kernel, given_, generator=generator).permute(0, 3, 1, 2)
    bias = torch.randn(filters, generator=generator)
    to_weight, to_bias = torch.empty_like(weight), torch.empty_like(bias)
    ways = Ways(forward, to_weights, to_input if stride == 1 else "direct")
    own = ConvolutionKernel(
        *((weight, bias, to_weight, to_bias) if biased else (weight, None, to_weight, None)),
        stride=stride, zeros=zeros, ways=ways, dtype=torch.float32,
    )  # fmt: skip
    x = torch.randn(images, *sides, given_, generator=generator)
    y = own.forward(x, training=True)
    gradient = torch.randn(y.shape, generator=generator)
    dx = own.backward(gradient, wanted=True)
    leaves = [t.double().requires_grad_() for t in (x, weight, bias)]
    expected = torch.nn.functional.conv2d(
        leaves[0].permute(0, 3, 1, 2), leaves[1], leaves[2] if biased else None, stride, zeros
    ).permute(0, 2, 3, 1)
    expected.backward(gradient.double())
    assert dx is not None
    for found, wanted in (
        (y, expected.detach()),
        (dx, leaves[0].grad),
        (to_weight, leaves[1].grad),
        *([(to_bias, leaves[2].grad)] if biased else []),
    ):
        assert wanted is not None
        assert found.shape == wanted.shape
        # The terms are of size 1: a sum that happens to be small is as exact as a large one.
        assert float((found.double() - wanted).abs().max()) < 1e-5 * max(1.0, wanted.abs().max())


def test_a_border_is_put_on_and_taken_off() -> None:
    border, zeros = split_zeros(((0, 1), (1, 2)))
    assert border is not None
    assert zeros == (0, 0)
    x = torch.arange(12.0).view(1, 2, 3, 2)
    y = border.forward(x, training=True)
    assert y.shape == (1, 3, 6, 2)
    assert float(y.sum()) == float(x.sum())
    back = border.backward(y, wanted=True)
    assert back is not None
    assert torch.equal(back, x)
    assert border.backward(y, wanted=False) is None
