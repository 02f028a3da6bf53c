"""Pooling over the whole image: the mean of each channel or its largest value.

To float32, as what follows is dense. Backward, with g the gradient of one channel: of the mean
each of the H W places gets ``g / (H W)``; of the largest value its own place gets all of g, the
first of equal ones row by row.
"""

import torch
from torch import Tensor


class GlobalAvgPoolKernel:
    """The mean of each channel."""

    fresh = True

    def __init__(self) -> None:
        self._shape, self._dtype = torch.Size(), torch.float32

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """(B, H, W, C) to (B, C)."""
        if training:
            self._shape, self._dtype = x.shape, x.dtype
        return x.mean((1, 2), dtype=torch.float32)

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """(B, C) to (B, H, W, C)."""
        if not wanted:
            return None
        places = self._shape[1] * self._shape[2]
        share = (gradient / places).to(self._dtype)
        return share[:, None, None, :].expand(self._shape).contiguous()


class GlobalMaxPoolKernel:
    """The largest value of each channel."""

    fresh = True

    def __init__(self) -> None:
        self._shape, self._dtype = torch.Size(), torch.float32
        self._place = torch.empty(0)

    def forward(self, x: Tensor, training: bool) -> Tensor:
        """(B, H, W, C) to (B, C)."""
        largest, place = x.flatten(1, 2).max(1, keepdim=True)
        if training:
            self._shape, self._dtype, self._place = x.shape, x.dtype, place
        return largest[:, 0].float()

    def backward(self, gradient: Tensor, wanted: bool) -> Tensor | None:
        """(B, C) to (B, H, W, C)."""
        if not wanted:
            return None
        images, height, width, channels = self._shape
        dx = torch.zeros(images, height * width, channels, dtype=self._dtype)
        dx.scatter_(1, self._place, gradient.to(self._dtype)[:, None])
        return dx.view(self._shape)
