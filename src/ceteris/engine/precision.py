"""The number types of products: their names, and setting one for the dense layers'."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@contextmanager
def products_in(precision: str) -> Iterator[None]:
    """Within, the factors of float32 matrix products are rounded to bfloat16 if that is asked for.

    Sums and results stay float32. It is a setting of the whole process; it is put back afterwards.

    Args:
        precision: ``"float32"`` or ``"bfloat16"``.
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium" if precision == "bfloat16" else "highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
