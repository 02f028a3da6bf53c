"""Dropout's masks: their share, their independence of the type, and another one each time."""

import pytest
import torch

from ceteris.engine.kernels.pointwise import DropoutKernel, draw_mask


@pytest.mark.parametrize("kept", [1, 19661, 32768, 65535])
def test_the_share_that_is_kept(kept: int) -> None:
    torch.manual_seed(0)
    count = 400_001  # no multiple of the four masks in a draw
    mask = draw_mask(torch.Size((count,)), kept)
    share = kept / 65536
    assert set(mask.unique().tolist()) <= {0, 1}
    assert abs(float(mask.double().mean()) - share) < 5 * (share * (1 - share) / count) ** 0.5


def test_neighbours_are_independent() -> None:
    torch.manual_seed(0)
    mask = draw_mask(torch.Size((400_000,)), 32768).double() - 0.5
    for lag in (1, 2, 3, 4, 8, 64):
        correlation = float((mask[:-lag] * mask[lag:]).mean()) * 4
        assert abs(correlation) < 5 / 400_000**0.5


def test_same_seed_same_mask_next_draw_another() -> None:
    torch.manual_seed(0)
    one, two = (draw_mask(torch.Size((50, 8)), 32768) for _ in range(2))
    torch.manual_seed(0)
    assert torch.equal(one, draw_mask(torch.Size((50, 8)), 32768))
    assert not torch.equal(one, two)


@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.999999])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_kept_is_scaled_so_that_the_mean_stays(rate: float, dtype: torch.dtype) -> None:
    torch.manual_seed(1)
    kernel = DropoutKernel(rate)
    x = torch.ones(200, 200, dtype=dtype)
    y = kernel.forward(x, training=True)
    assert y.dtype == dtype
    values = set(y.float().unique().tolist())
    assert len(values) <= 2
    largest = max(values)
    kept = float((y > 0).double().mean())
    if largest:
        # bfloat16 holds the factor to 8 bits.
        assert largest == pytest.approx(1 / max(1 - rate, 1 / 65536), rel=0.005)
        assert abs(kept - 1 / largest) < 5 * (kept / 40_000) ** 0.5 + 0.005
    assert torch.equal(kernel.forward(x, training=False), x)
