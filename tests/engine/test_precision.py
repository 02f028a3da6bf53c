"""Products in bfloat16: set within, put back after, and different where the machine has it."""

import pytest
import torch

from ceteris.engine.machine import has_bfloat16
from ceteris.engine.precision import products_in


def test_the_setting_is_put_back_even_after_an_error() -> None:
    before = torch.get_float32_matmul_precision()
    found = []

    def fail() -> None:
        with products_in("bfloat16"):
            found.append(torch.get_float32_matmul_precision())
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert found == ["medium"]
    assert torch.get_float32_matmul_precision() == before


@pytest.mark.skipif(not has_bfloat16(), reason="this processor has no bfloat16 instructions")
def test_factors_are_rounded_and_sums_are_not() -> None:
    # 1 + 2^-10 is a float32 and no bfloat16 (8 bits); 3000 ones sum to no bfloat16 either.
    x, ones = torch.full((64, 3000), 1 + 2**-10), torch.ones(3000, 64)
    with products_in("float32"):
        exact = (x @ ones)[5, 7].item()
    with products_in("bfloat16"):
        rounded = (x @ ones)[5, 7].item()
    assert exact == pytest.approx(3000 * (1 + 2**-10), rel=1e-6)
    # A library without such products on this processor leaves the factors exact; a sum in bfloat16,
    # 3008, it must never be.
    assert rounded in (3000.0, exact)
