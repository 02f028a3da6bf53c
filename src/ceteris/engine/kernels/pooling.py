"""Pooling: the largest value or the mean of each window.

The library's kernels, on images with channels last. Of a maximum the place is kept, the first of
equal ones row by row, and the gradient goes there.
"""

import torch
from torch import Tensor

_LIBRARY = torch.ops.aten


class MaxPoolKernel:
    """The largest value of each window.

    Args:
        size: side of the window.
        stride: pixels between two windows.
    """

    fresh = True

    def __init__(self, size: int, stride: int) -> None:
        self._size, self._stride = [size, size], [stride, stride]
        self._x = self._place = torch.empty(0)

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """(B, H, W, C) to (B, H', W', C)."""
        first = x.permute(0, 3, 1, 2)
        y, place = _LIBRARY.max_pool2d_with_indices(first, self._size, self._stride)
        if training:
            self._x, self._place = first, place
        out: Tensor = y.permute(0, 2, 3, 1).contiguous()
        return out

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """(B, H', W', C) to (B, H, W, C)."""
        if not wanted:
            return None
        dx = _LIBRARY.max_pool2d_with_indices_backward(
            gradient.permute(0, 3, 1, 2),
            self._x,
            self._size,
            self._stride,
            [0, 0],
            [1, 1],
            False,
            self._place,
        )
        out: Tensor = dx.permute(0, 2, 3, 1).contiguous()
        return out


class AvgPoolKernel:
    """The mean of each window.

    Args:
        size: side of the window.
        stride: pixels between two windows.
    """

    fresh = True

    def __init__(self, size: int, stride: int) -> None:
        self._size, self._stride = [size, size], [stride, stride]
        self._x = torch.empty(0)

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """(B, H, W, C) to (B, H', W', C)."""
        first = x.permute(0, 3, 1, 2)
        if training:
            self._x = first
        y = _LIBRARY.avg_pool2d(first, self._size, self._stride)
        out: Tensor = y.permute(0, 2, 3, 1).contiguous()
        return out

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """(B, H', W', C) to (B, H, W, C)."""
        if not wanted:
            return None
        dx = _LIBRARY.avg_pool2d_backward(
            gradient.permute(0, 3, 1, 2),
            self._x,
            self._size,
            self._stride,
            [0, 0],
            False,
            True,
            None,
        )
        out: Tensor = dx.permute(0, 2, 3, 1).contiguous()
        return out
